/* idx_fuzz.c -- MNIST's files, as they are and packed by gzip. */
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "data/idx.h"

const char *const fuzz_readers[] = {"idx", NULL};

/* The path of the same bytes, packed. */
static const char *packed(const uint8_t *data, size_t size) {
  uLong room = compressBound(size) + 64;
  uint8_t *bytes = malloc(room);
  z_stream stream = {.next_in = (Bytef *)data, .avail_in = (uInt)size, .next_out = bytes, .avail_out = (uInt)room};
  fuzz_require(bytes && deflateInit2(&stream, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK, "no zlib");
  deflate(&stream, Z_FINISH);
  const char *path = fuzz_file("in.gz", bytes, stream.total_out);
  deflateEnd(&stream);
  free(bytes);
  return path;
}

/* Both forms are read alike, unless the bytes are themselves packed. */
void fuzz_one(const uint8_t *data, size_t size) {
  rm_error err;
  rm_tensor *plain = NULL, *unpacked = NULL, *t = NULL;
  bool ok = fuzz_ok(rm_idx_load(fuzz_file("in", data, size), &plain, &err), &err);
  bool both = fuzz_ok(rm_idx_load(packed(data, size), &unpacked, &err), &err);
  if (size < 2 || data[0] != 0x1f || data[1] != 0x8b) {
    fuzz_require(ok == both, "read plain: %d, packed: %d (%s)", ok, both, err.message);
    if (ok)
      fuzz_require(rm_tensor_same_shape(plain, unpacked) &&
                       memcmp(rm_tensor_u8(plain), rm_tensor_u8(unpacked), plain->numel) == 0,
                   "packed bytes are read as another tensor");
  }
  rm_tensor_release(plain);
  rm_tensor_release(unpacked);
  const char *path = fuzz_file("in", data, size);
  if (fuzz_ok(rm_idx_load_images(path, &t, &err), &err)) {
    fuzz_require(t->ndim == 4, "images of %zu dimensions", t->ndim);
    rm_tensor_release(t);
  }
  if (fuzz_ok(rm_idx_load_labels(path, 0, 10, &t, &err), &err)) {
    for (size_t i = 0; i < t->numel; i++)
      fuzz_require(rm_tensor_i64(t)[i] >= 1 && rm_tensor_i64(t)[i] <= 10, "label %d", (int)rm_tensor_i64(t)[i]);
    rm_tensor_release(t);
  }
}
