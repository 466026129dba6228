/* path.c -- see path.h. */
#define _GNU_SOURCE
#include "sys/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static rm_status refused(const char *path, int reason, rm_error *err) {
  return rm_fail(err, RM_ERR_IO, "%s: %s", path, strerror(reason));
}

rm_status rm_path_look(const char *path, rm_path_state *state, rm_error *err) {
  struct stat st;
  if (stat(path, &st) < 0) return refused(path, errno, err);
  state->type = S_ISREG(st.st_mode) ? "file" : S_ISDIR(st.st_mode) ? "directory" : "other";
  state->size = (int64_t)st.st_size;
  state->modified = (double)st.st_mtim.tv_sec + 1e-9 * (double)st.st_mtim.tv_nsec;
  return RM_OK;
}

bool rm_path_exists(const char *path) {
  struct stat st;
  return stat(path, &st) == 0;
}

bool rm_path_is_folder(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Its name is to be there after the power went, with all that is written into it. 0 or an errno. */
static int sync_name(char *path) {
  char *slash = strrchr(path, '/');
  if (slash && slash != path) *slash = '\0';
  int fd = open(!slash ? "." : slash == path ? "/" : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (slash) *slash = '/';
  int reason = fd < 0 || fsync(fd) < 0 ? errno : 0;
  if (fd >= 0) close(fd);
  return reason == EINVAL || reason == EACCES ? 0 : reason; /* cannot be synced, or not by us */
}

rm_status rm_path_make_folder(char *path, rm_error *err) {
  size_t length = strlen(path);
  for (size_t i = 1; i <= length; i++) {
    char here = path[i];
    if (here != '/' && here != '\0') continue;
    path[i] = '\0';
    bool made = mkdir(path, 0777) == 0;
    int reason = made ? sync_name(path) : errno;
    if (reason && (made || !rm_path_is_folder(path))) return refused(path, reason, err);
    path[i] = here;
  }
  return RM_OK;
}

rm_status rm_path_make_new_folder(char *path, rm_error *err) {
  char asked[PATH_MAX];
  snprintf(asked, sizeof asked, "%s", path); /* a failure may leave anything in `path` */
  return mkdtemp(path) ? RM_OK : refused(asked, errno, err);
}

rm_status rm_path_remove(const char *path, rm_error *err) {
  return remove(path) < 0 ? refused(path, errno, err) : RM_OK;
}

rm_status rm_path_rename(const char *from, const char *to, rm_error *err) {
  return rename(from, to) < 0 ? refused(from, errno, err) : RM_OK;
}
