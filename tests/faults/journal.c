/* journal.c -- what would be left after the power went.
 *
 * The promise of fsync is taken at its word and no further: of a file, what it held when it was last synced; of a
 * folder, the names it held when it was last synced. RESMOON_JOURNAL names a folder (on the same file system, outside of
 * what is watched) where that is kept up while the program runs:
 *   ID.data    the bytes of the file ID (its inode) when it was synced
 *   ID.names   the names in the folder ID when it was synced, a line "ID TYPE NAME" each; its first line is its path
 *   ID.link    a link to the file, so that its inode is not given to another one
 * restore.c makes the watched folder what these say. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "faults/shim.h"

/* A file of the journal is there as a whole or not at all: we may be killed here as well. */
static void keep_data(int fd, const struct stat *st, const char *journal) {
  char name[4200], fresh[4200], link_name[4200], self[64];
  snprintf(name, sizeof name, "%s/%lu.data", journal, (unsigned long)st->st_ino);
  snprintf(fresh, sizeof fresh, "%s/%lu.%ld.new", journal, (unsigned long)st->st_ino, (long)getpid());
  snprintf(link_name, sizeof link_name, "%s/%lu.link", journal, (unsigned long)st->st_ino);
  snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
  int from = (int)syscall(SYS_openat, AT_FDCWD, self, O_RDONLY | O_CLOEXEC, 0);
  int to = (int)syscall(SYS_openat, AT_FDCWD, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  off_t at = 0;
  while (from >= 0 && to >= 0 && at < st->st_size && sendfile(to, from, &at, (size_t)(st->st_size - at)) > 0) {
  }
  if (from >= 0) syscall(SYS_close, from);
  if (to >= 0) syscall(SYS_close, to);
  linkat(AT_FDCWD, self, AT_FDCWD, link_name, AT_SYMLINK_FOLLOW);
  renameat(AT_FDCWD, fresh, AT_FDCWD, name);
}

static void keep_names(int fd, const struct stat *st, const char *journal) {
  char name[4200], fresh[4200], self[64], path[4096];
  snprintf(name, sizeof name, "%s/%lu.names", journal, (unsigned long)st->st_ino);
  snprintf(fresh, sizeof fresh, "%s/%lu.%ld.new", journal, (unsigned long)st->st_ino, (long)getpid());
  snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(self, path, sizeof path - 1);
  if (n < 0) return;
  path[n] = '\0';
  DIR *list = opendir(path);
  int to = (int)syscall(SYS_openat, AT_FDCWD, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (list && to >= 0) {
    dprintf(to, "%s\n", path);
    for (struct dirent *entry; (entry = readdir(list));) {
      struct stat of;
      if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
      if (fstatat(fd, entry->d_name, &of, AT_SYMLINK_NOFOLLOW) < 0) continue;
      dprintf(to, "%lu %c %s\n", (unsigned long)of.st_ino, S_ISDIR(of.st_mode) ? 'd' : 'f', entry->d_name);
    }
  }
  if (list) closedir(list);
  if (to >= 0) syscall(SYS_close, to);
  renameat(AT_FDCWD, fresh, AT_FDCWD, name);
}

void fault_journal_synced(int fd) {
  const char *journal = getenv("RESMOON_JOURNAL");
  struct stat st;
  if (!journal || fstat(fd, &st) < 0) return;
  int reason = errno;
  if (S_ISDIR(st.st_mode)) keep_names(fd, &st, journal);
  else keep_data(fd, &st, journal);
  errno = reason;
}
