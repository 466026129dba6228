/* leftovers.c -- see leftovers.h. */
#define _GNU_SOURCE
#include "io/leftovers.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

bool rm_temporary_name(const char *path, char name[], size_t room) {
  static atomic_uint counter;
  const char *slash = strrchr(path, '/');
  const char *last = slash ? slash + 1 : path;
  int n = snprintf(name, room, "%.*s.%s.%ld.%u.tmp", (int)(last - path), path, last, (long)getpid(),
                   atomic_fetch_add(&counter, 1));
  return n >= 0 && (size_t)n < room;
}

/* The digits that end at *end, with a point before them; moves *end to that point. -1: there are none. */
static long number_before(const char *name, const char **end) {
  const char *at = *end;
  while (at > name && isdigit((unsigned char)at[-1])) at--;
  if (at == *end || *end - at > 9 || at == name || at[-1] != '.') return -1;
  *end = at - 1;
  return strtol(at, NULL, 10);
}

/* The process that a temporary file belongs to, or -1 where the name has another form. */
static long owner_of(const char *name) {
  size_t length = strlen(name);
  if (length < 10 || name[0] != '.' || strcmp(name + length - 4, ".tmp") != 0) return -1;
  const char *end = name + length - 4;
  if (number_before(name, &end) < 0) return -1;
  long pid = number_before(name, &end);
  return end - name >= 2 ? pid : -1; /* something stands between the first point and the numbers */
}

static void remove_one(int folder, const char *name) {
  long pid = owner_of(name);
  if (pid <= 0 || kill((pid_t)pid, 0) == 0 || errno != ESRCH) return;
  int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return;
  struct stat st;
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && flock(fd, LOCK_EX | LOCK_NB) == 0) unlinkat(folder, name, 0);
  close(fd);
}

/* Whether a folder is met for the first time; of so many the program remembers that. */
static bool is_new(const struct stat *st) {
  enum { REMEMBERED = 64 };
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static struct {
    dev_t device;
    ino_t number;
  } met[REMEMBERED];
  static size_t count;
  pthread_mutex_lock(&lock);
  bool known = false;
  for (size_t i = 0; i < REMEMBERED && i < count && !known; i++)
    known = met[i].device == st->st_dev && met[i].number == st->st_ino;
  if (!known) {
    met[count % REMEMBERED].device = st->st_dev;
    met[count++ % REMEMBERED].number = st->st_ino;
  }
  pthread_mutex_unlock(&lock);
  return !known;
}

void rm_leftovers_remove(const char *folder) {
  struct stat st;
  if (stat(folder, &st) < 0 || !is_new(&st)) return;
  DIR *list = opendir(folder);
  if (!list) return;
  for (struct dirent *entry; (entry = readdir(list));) remove_one(dirfd(list), entry->d_name);
  closedir(list);
}
