/* lock.c -- see lock.h. */
#define _GNU_SOURCE
#include "io/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct rm_lock {
  int fd;
  char *path;
};

static rm_status system_error(rm_error *err, const char *path) {
  return rm_fail(err, RM_ERR_IO, "lock: cannot lock %s: %s", path, strerror(errno));
}

/* Whether the file that is open is the one that the path names: a holder that lets go removes it. */
static bool is_at(int fd, const char *path) {
  struct stat ours, there;
  return fstat(fd, &ours) == 0 && stat(path, &there) == 0 && ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

static void say_who(int fd, char text[RM_LOCK_TEXT]) {
  ssize_t n = pread(fd, text, RM_LOCK_TEXT - 1, 0);
  text[n > 0 ? n : 0] = '\0';
  text[strcspn(text, "\n")] = '\0';
}

static void sign(int fd) {
  char host[200] = "", text[RM_LOCK_TEXT];
  gethostname(host, sizeof host - 1);
  int n = snprintf(text, sizeof text, "process %ld on %s\n", (long)getpid(), host);
  /* For people only: a lock holds without it. */
  if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)n, 0) < 0) return;
}

static void dispose(rm_lock *lock) {
  if (lock->fd >= 0) close(lock->fd);
  free(lock->path);
  free(lock);
}

/* Opens and locks. Returns 0, an errno, or -1 where the file was replaced in between. */
static int try_once(rm_lock *lock, char text[RM_LOCK_TEXT]) {
  lock->fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (lock->fd < 0) return errno;
  int reason = flock(lock->fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
  if (reason == 0 && is_at(lock->fd, lock->path)) return 0;
  if (reason == EWOULDBLOCK) say_who(lock->fd, text);
  close(lock->fd);
  lock->fd = -1;
  return reason ? reason : -1;
}

rm_status rm_lock_take(const char *path, rm_lock **out, rm_lock_outcome *outcome, char text[RM_LOCK_TEXT],
                       rm_error *err) {
  *out = NULL;
  text[0] = '\0';
  rm_lock *lock = calloc(1, sizeof *lock);
  if (!lock) return rm_fail(err, RM_ERR_MEMORY, "lock: out of memory");
  lock->fd = -1;
  lock->path = strdup(path);
  int reason = lock->path ? -1 : ENOMEM;
  for (int tries = 0; tries < 100 && (reason == -1 || reason == EINTR); tries++) reason = try_once(lock, text);
  if (reason == 0) {
    sign(lock->fd);
    *outcome = RM_LOCK_TAKEN;
    *out = lock;
    return RM_OK;
  }
  rm_status status = RM_OK;
  if (reason == EWOULDBLOCK || reason == -1) *outcome = RM_LOCK_HELD;
  else if (reason == ENOLCK || reason == ENOSYS || reason == EOPNOTSUPP || reason == EINVAL) {
    *outcome = RM_LOCK_UNSUPPORTED;
    snprintf(text, RM_LOCK_TEXT, "%s", strerror(reason));
  } else {
    errno = reason;
    status = system_error(err, path);
  }
  dispose(lock);
  return status;
}

void rm_lock_release(rm_lock *lock) {
  if (!lock) return;
  if (is_at(lock->fd, lock->path)) unlink(lock->path); /* while it is still locked: nobody else holds this one */
  dispose(lock);
}
