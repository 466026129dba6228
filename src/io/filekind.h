/* filekind.h -- what a file is, by its first bytes.
 *
 * People give a program the wrong file: a web page saved as a .gz, an archive that was not unpacked, a pointer of Git
 * LFS in place of the data, weights of another library. A reader that meets such a file says what it is and
 * what can be done, instead of only what it lacks. This is the one place that knows. */
#ifndef RM_IO_FILEKIND_H
#define RM_IO_FILEKIND_H

#include <stdbool.h>
#include <stddef.h>
#include "base/status.h"

typedef struct {
  const char *name;   /* "jpeg", "zip", ...; "unknown" */
  const char *text;   /* "a JPEG image" */
  const char *advice; /* what to do, a clause without a full stop; NULL: nothing to say */
  bool picture;       /* an image, in whatever format */
} rm_file_kind;

enum { RM_KIND_HEAD = 1024 }; /* bytes that are enough to tell */

/* The kind of a file of `size` bytes that begins with the n bytes at `head`. Packed files are not looked into. */
rm_file_kind rm_kind_of_bytes(const void *head, size_t n, size_t size);

/* The same for a file on disk; one packed with gzip is looked into (an archive of tar, or another kind "in gzip").
 * RM_ERR_IO where the file cannot be read. */
rm_status rm_kind_of_file(const char *path, rm_file_kind *kind, rm_error *err);

/* Whether a reader of another format is told more by the kind than by what is wrong: false for unknown bytes, text,
 * nothing, and formats of bytes that anything may look like. */
bool rm_kind_is_foreign(const rm_file_kind *kind);

/* Why a reader refuses: fails with RM_ERR_FORMAT, "PATH: REASON"; where the bytes are of a known other kind,
 * "PATH: is a web page (HTML), expected EXPECTED: the download failed ..." comes instead. */
rm_status rm_kind_refuse(const char *path, const void *bytes, size_t size, const char *expected, const char *reason,
                         rm_error *err);

#endif
