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

/* Looks at the first bytes, RM_FILE_HEAD of them or as many as there are, before more is read: fails where they
 * belong to another format. It may lower *limit to the bytes that they promise; that binds packed files alone,
 * which can hold far more than they take on disk. */
enum { RM_FILE_HEAD = 1024 };
typedef rm_status (*rm_file_look)(void *ctx, const char *path, const uint8_t *head, size_t n, size_t *limit,
                                  rm_error *err);

/* More than `limit` (unpacked) bytes are refused. `look` may be NULL. On success *out is the caller's to free. */
rm_status rm_file_read(const char *path, size_t limit, rm_file_look look, void *ctx, rm_bytes *out, rm_error *err);
void rm_bytes_free(rm_bytes *bytes); /* leaves it empty; an empty one is fine */

#endif
