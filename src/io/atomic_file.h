/* atomic_file.h -- replacing a file so that a crash leaves the old one or the new one.
 *
 * The bytes go to a temporary file in the same folder; commit flushes it to the disk,
 * renames it over the destination and flushes the folder. Without the first flush a
 * power cut may leave the new name with no data behind it; without the second, neither
 * name. Until commit the destination is untouched. */
#ifndef RM_IO_ATOMIC_FILE_H
#define RM_IO_ATOMIC_FILE_H

#include <stddef.h>
#include "base/status.h"

typedef struct rm_atomic_file rm_atomic_file;

/* `op` starts every message: "save". */
rm_status rm_atomic_open(const char *op, const char *path, rm_atomic_file **out, rm_error *err);
rm_status rm_atomic_write(rm_atomic_file *file, const void *bytes, size_t count, rm_error *err);
/* Either way `file` is gone afterwards, and so is the temporary file. */
rm_status rm_atomic_commit(rm_atomic_file *file, rm_error *err);
void rm_atomic_abandon(rm_atomic_file *file); /* NULL is fine */

/* All of it: the file at `path` holds `size` bytes from `data`, or what it held before. */
rm_status rm_atomic_replace(const char *op, const char *path, const void *data, size_t size, rm_error *err);

#endif
