/* atomic_file.c -- see atomic_file.h. */
#include "io/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "io/leftovers.h"

struct rm_atomic_file {
  int fd;
  char *op;        /* starts messages */
  char *path;      /* the destination */
  char *temporary; /* in the same folder: rename cannot cross file systems */
  char *folder;
};

static rm_status system_error(const rm_atomic_file *file, const char *doing, rm_error *err) {
  return rm_fail(err, errno == ENOMEM ? RM_ERR_MEMORY : RM_ERR_IO, "%s: cannot %s %s: %s", file->op, doing, file->path,
                 strerror(errno));
}

static void dispose(rm_atomic_file *file) {
  if (file->fd >= 0) close(file->fd);
  free(file->op);
  free(file->path);
  free(file->temporary);
  free(file->folder);
  free(file);
}

static char *temporary_name(const char *path) {
  size_t room = strlen(path) + 64;
  char *out = malloc(room);
  if (out) rm_temporary_name(path, out, room);
  return out;
}

static char *folder_of(const char *path) {
  const char *slash = strrchr(path, '/');
  if (!slash) return strdup(".");
  return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

rm_status rm_atomic_open(const char *op, const char *path, rm_atomic_file **out, rm_error *err) {
  rm_atomic_file *file = calloc(1, sizeof *file);
  if (!file) return rm_fail(err, RM_ERR_MEMORY, "%s: out of memory", op);
  file->fd = -1;
  file->op = strdup(op);
  file->path = strdup(path);
  file->temporary = temporary_name(path);
  file->folder = folder_of(path);
  if (!file->op || !file->path || !file->temporary || !file->folder) {
    dispose(file);
    return rm_fail(err, RM_ERR_MEMORY, "%s: out of memory", op);
  }
  rm_leftovers_remove(file->folder);
  file->fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file->fd < 0) {
    rm_status status = system_error(file, "write", err);
    dispose(file);
    return status;
  }
  flock(file->fd, LOCK_EX | LOCK_NB); /* until it is closed: it is no leftover */
  *out = file;
  return RM_OK;
}

rm_status rm_atomic_write(rm_atomic_file *file, const void *bytes, size_t count, rm_error *err) {
  const char *next = bytes;
  while (count > 0) {
    ssize_t n = write(file->fd, next, count);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(file, "write", err);
    next += n;
    count -= (size_t)n;
  }
  return RM_OK;
}

static int sync_folder(const char *folder) {
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -1;
  int result = fsync(fd);
  if (result < 0 && errno == EINVAL) result = 0; /* file systems that cannot sync a folder */
  close(fd);
  return result;
}

rm_status rm_atomic_commit(rm_atomic_file *file, rm_error *err) {
  int fd = file->fd;
  file->fd = -1;
  int synced = fsync(fd);
  if (synced < 0 || close(fd) < 0) {
    rm_status status = system_error(file, "write", err);
    if (synced < 0) close(fd);
    rm_atomic_abandon(file);
    return status;
  }
  if (rename(file->temporary, file->path) < 0) {
    rm_status status = system_error(file, "replace", err);
    rm_atomic_abandon(file);
    return status;
  }
  rm_status status = RM_OK;
  if (sync_folder(file->folder) < 0) status = system_error(file, "sync the folder of", err);
  dispose(file);
  return status;
}

void rm_atomic_abandon(rm_atomic_file *file) {
  if (!file) return;
  unlink(file->temporary);
  dispose(file);
}

rm_status rm_atomic_replace(const char *op, const char *path, const void *data, size_t size, rm_error *err) {
  rm_atomic_file *file;
  RM_TRY(rm_atomic_open(op, path, &file, err));
  rm_status status = rm_atomic_write(file, data, size, err);
  if (status == RM_OK) return rm_atomic_commit(file, err);
  rm_atomic_abandon(file);
  return status;
}
