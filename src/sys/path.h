/* path.h -- what is at a path, and changing that. Paths are bytes, passed on as they are.
 *
 * Failures are RM_ERR_IO: "PATH: the system's reason". */
#ifndef RM_SYS_PATH_H
#define RM_SYS_PATH_H

#include <stdbool.h>
#include <stdint.h>
#include "base/status.h"

typedef struct {
  const char *type; /* "file", "directory" or "other" */
  int64_t size;     /* bytes */
  double modified;  /* seconds since 1970 */
} rm_path_state;

rm_status rm_path_look(const char *path, rm_path_state *state, rm_error *err);
bool rm_path_exists(const char *path);
bool rm_path_is_folder(const char *path);

/* Makes a folder and its parents; that it is there already is not a failure. `path` is written to and
 * left as it was, except on failure, when it ends at the folder that could not be made. */
rm_status rm_path_make_folder(char *path, rm_error *err);
/* Makes a new folder: the six X at the end of `path` are replaced. */
rm_status rm_path_make_new_folder(char *path, rm_error *err);

rm_status rm_path_remove(const char *path, rm_error *err); /* a file or an empty folder */
rm_status rm_path_rename(const char *from, const char *to, rm_error *err);

#endif
