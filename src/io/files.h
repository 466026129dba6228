/* files.h -- whole files into memory.
 *
 * A file is read as it is or, when it begins as gzip does, unpacked. Memory grows with
 * what has really been read, never with what a header promises: a file of a few bytes
 * cannot ask for gigabytes. */
#ifndef RM_IO_FILES_H
#define RM_IO_FILES_H

#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

typedef struct {
  uint8_t *data;
  size_t size;     /* bytes that hold something */
  size_t capacity; /* bytes allocated */
} rm_bytes;

/* More than `limit` (unpacked) bytes are refused. On success *out is the caller's to free. */
rm_status rm_file_read(const char *path, size_t limit, rm_bytes *out, rm_error *err);
void rm_bytes_free(rm_bytes *bytes); /* leaves it empty; an empty one is fine */

#endif
