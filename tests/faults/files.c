/* files.c -- calls on watched files that fail, and the process that ends in front of one. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "faults/shim.h"

#define NEXT(name) \
  static __typeof__(&name) next; \
  if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

enum { MOST = 4096 };
static atomic_bool watched[MOST];

static bool is_watched(int fd) { return fd >= 0 && fd < MOST && watched[fd]; }
static bool is_below(const char *path) {
  size_t n = strlen(fault_watch);
  return n > 0 && strncmp(path, fault_watch, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* 0, the number of the error to fail with, or -1: short. */
static int fate(void) {
  if (fault_due(&fault_kill)) kill(getpid(), SIGKILL);
  return fault_due(&fault_io) ? fault_io_errno : 0;
}

/* The same for calls that cannot be short. */
static int failure(void) {
  int reason = fate();
  return reason > 0 ? reason : 0;
}

static int opened(int fd) {
  if (fd >= 0 && fd < MOST) watched[fd] = true;
  return fd;
}

int open(const char *path, int flags, ...) {
  NEXT(open);
  va_list more;
  va_start(more, flags);
  mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0;
  va_end(more);
  if (!is_below(path)) return next(path, flags, mode);
  int reason = failure();
  if (!reason) return opened(next(path, flags, mode));
  errno = reason;
  return -1;
}

int open64(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0;
  va_end(more);
  return open(path, flags, mode);
}

FILE *fopen(const char *path, const char *mode) {
  NEXT(fopen);
  int reason = is_below(path) ? failure() : 0;
  if (reason) {
    errno = reason;
    return NULL;
  }
  FILE *file = next(path, mode);
  if (file && is_below(path)) opened(fileno(file));
  return file;
}

FILE *fopen64(const char *path, const char *mode) { return fopen(path, mode); }

int fclose(FILE *file) {
  NEXT(fclose);
  int fd = fileno(file);
  if (fd >= 0 && fd < MOST) watched[fd] = false;
  return next(file);
}

/* What stdio reads it reads by itself: the failure is put where it would have noted it (glibc's flag for errors). */
size_t fread(void *into, size_t size, size_t n, FILE *file) {
  NEXT(fread);
  int reason = is_watched(fileno(file)) ? failure() : 0;
  if (!reason) return next(into, size, n, file);
  file->_flags |= 0x20;
  errno = reason;
  return 0;
}

ssize_t read(int fd, void *into, size_t n) {
  NEXT(read);
  int reason = is_watched(fd) ? fate() : 0;
  if (reason > 0) {
    errno = reason;
    return -1;
  }
  return next(fd, into, reason < 0 && n > 1 ? n / 2 : n);
}

ssize_t pread(int fd, void *into, size_t n, off_t at) {
  NEXT(pread);
  int reason = is_watched(fd) ? fate() : 0;
  if (reason > 0) {
    errno = reason;
    return -1;
  }
  return next(fd, into, reason < 0 && n > 1 ? n / 2 : n, at);
}

ssize_t pread64(int fd, void *into, size_t n, off_t at) { return pread(fd, into, n, at); }

/* What stdio writes it writes by itself, too: a failed flush writes nothing of what is left. */
int fflush(FILE *file) {
  NEXT(fflush);
  int reason = file && is_watched(fileno(file)) ? failure() : 0;
  if (!reason) return next(file);
  file->_flags |= 0x20;
  errno = reason;
  return EOF;
}

ssize_t write(int fd, const void *from, size_t n) {
  NEXT(write);
  int reason = is_watched(fd) ? fate() : 0;
  if (reason > 0) {
    errno = reason;
    return -1;
  }
  return next(fd, from, reason < 0 && n > 1 ? n / 2 : n);
}

int fsync(int fd) {
  NEXT(fsync);
  if (!is_watched(fd)) return next(fd);
  int reason = failure();
  if (!reason) {
    int result = next(fd);
    if (result == 0) fault_journal_synced(fd);
    return result;
  }
  errno = reason;
  return -1;
}

int close(int fd) {
  NEXT(close);
  if (!is_watched(fd)) return next(fd);
  watched[fd] = false;
  int reason = failure(), result = next(fd);
  if (!reason) return result;
  errno = reason;
  return -1;
}

#define ON_PATH(declaration, path, call) \
  declaration { \
    int reason = is_below(path) ? failure() : 0; \
    if (!reason) return call; \
    errno = reason; \
    return -1; \
  }

static int next_rename(const char *from, const char *to) {
  NEXT(rename);
  return next(from, to);
}
static int next_mkdir(const char *path, mode_t mode) {
  NEXT(mkdir);
  return next(path, mode);
}
static int next_ftruncate(int fd, off_t size) {
  NEXT(ftruncate);
  return next(fd, size);
}

ON_PATH(int rename(const char *from, const char *to), to, next_rename(from, to))
ON_PATH(int mkdir(const char *path, mode_t mode), path, next_mkdir(path, mode))
ON_PATH(int ftruncate(int fd, off_t size), is_watched(fd) ? fault_watch : "", next_ftruncate(fd, size))
