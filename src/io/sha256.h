/* sha256.h -- SHA-256 (FIPS 180-4) of bytes that come in parts, by libcrypto.
 *
 * The digest of what has come so far can be asked for at any time; more may follow it. */
#ifndef RM_IO_SHA256_H
#define RM_IO_SHA256_H

#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

enum { RM_SHA256_TEXT = 65 }; /* 64 hexadecimal digits and the zero behind them */

typedef struct rm_sha256 rm_sha256;

rm_status rm_sha256_new(rm_sha256 **out, rm_error *err);
void rm_sha256_free(rm_sha256 *hash); /* NULL is fine */
rm_status rm_sha256_update(rm_sha256 *hash, const void *bytes, size_t count, rm_error *err);
/* All bytes of a regular file; *size (may be NULL) is how many there were. After an error part of
 * the file may have been taken in: such a hash is of no use any more. */
rm_status rm_sha256_file(rm_sha256 *hash, const char *path, uint64_t *size, rm_error *err);
rm_status rm_sha256_digest(const rm_sha256 *hash, char text[RM_SHA256_TEXT], rm_error *err);

#endif
