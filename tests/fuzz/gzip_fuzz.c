/* gzip_fuzz.c -- packed files, and what a file is by its first bytes. */
#include "fuzz.h"
#include "data/idx.h"
#include "io/filekind.h"
#include "io/files.h"

const char *const fuzz_readers[] = {"gzip", NULL};
enum { LIMIT = 1 << 16 };

void fuzz_one(const uint8_t *data, size_t size) {
  rm_error err;
  rm_bytes bytes = {0};
  rm_file_kind kind;
  const char *path = fuzz_file("in.gz", data, size);
  if (fuzz_ok(rm_file_read(path, LIMIT, NULL, NULL, &bytes, &err), &err)) {
    fuzz_require(bytes.size <= LIMIT, "%zu bytes", bytes.size);
    rm_bytes_free(&bytes);
  }
  if (fuzz_ok(rm_kind_of_file(path, &kind, &err), &err)) fuzz_require(kind.name && kind.text, "a kind without a name");
  rm_kind_refuse(path, data, size, "a picture", "it is none", &err);
  rm_tensor *t;
  if (fuzz_ok(rm_idx_load(path, &t, &err), &err)) rm_tensor_release(t);
}
