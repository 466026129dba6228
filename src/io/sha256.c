/* sha256.c -- see sha256.h. */
#include "io/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct rm_sha256 {
  EVP_MD_CTX *context;
};

/* libcrypto's own words for what failed say nothing to a user: in practice it is memory. */
static rm_status failed(rm_error *err, const char *doing) {
  return rm_fail(err, RM_ERR_MEMORY, "sha256: out of memory: libcrypto could not %s", doing);
}

rm_status rm_sha256_new(rm_sha256 **out, rm_error *err) {
  rm_sha256 *hash = calloc(1, sizeof *hash);
  if (!hash) return rm_fail(err, RM_ERR_MEMORY, "sha256: out of memory");
  hash->context = EVP_MD_CTX_new();
  if (!hash->context || EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) != 1) {
    rm_sha256_free(hash);
    return failed(err, "begin");
  }
  *out = hash;
  return RM_OK;
}

void rm_sha256_free(rm_sha256 *hash) {
  if (!hash) return;
  EVP_MD_CTX_free(hash->context);
  free(hash);
}

rm_status rm_sha256_update(rm_sha256 *hash, const void *bytes, size_t count, rm_error *err) {
  if (count > 0 && EVP_DigestUpdate(hash->context, bytes, count) != 1) return failed(err, "take in more bytes");
  return RM_OK;
}

static rm_status file_error(rm_error *err, const char *path, const char *reason) {
  return rm_fail(err, RM_ERR_IO, "sha256: cannot read %s: %s", path, reason);
}

static rm_status read_all(rm_sha256 *hash, int fd, const char *path, uint64_t *size, rm_error *err) {
  char buffer[1 << 16];
  uint64_t total = 0;
  for (;;) {
    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return file_error(err, path, strerror(errno));
    if (n == 0) break;
    RM_TRY(rm_sha256_update(hash, buffer, (size_t)n, err));
    total += (uint64_t)n;
  }
  if (size) *size = total;
  return RM_OK;
}

rm_status rm_sha256_file(rm_sha256 *hash, const char *path, uint64_t *size, rm_error *err) {
  /* Without O_NONBLOCK the open of a named pipe would wait for somebody to write. */
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return file_error(err, path, strerror(errno));
  struct stat st;
  rm_status status;
  if (fstat(fd, &st) < 0) status = file_error(err, path, strerror(errno));
  else if (!S_ISREG(st.st_mode)) status = file_error(err, path, "it is no regular file");
  else status = read_all(hash, fd, path, size, err);
  close(fd);
  return status;
}

rm_status rm_sha256_digest(const rm_sha256 *hash, char text[RM_SHA256_TEXT], rm_error *err) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned count = 0;
  EVP_MD_CTX *copy = EVP_MD_CTX_new(); /* the original goes on */
  int ok = copy && EVP_MD_CTX_copy_ex(copy, hash->context) == 1 && EVP_DigestFinal_ex(copy, bytes, &count) == 1;
  EVP_MD_CTX_free(copy);
  if (!ok || count != 32) return failed(err, "give the digest");
  for (unsigned i = 0; i < count; i++) {
    text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
    text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
  }
  text[2 * count] = '\0';
  return RM_OK;
}
