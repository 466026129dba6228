/* idx.c -- the header is believed only if it accounts for every byte of the file. */
#include "data/idx.h"

#include <stdio.h>
#include <string.h>
#include "io/filekind.h"
#include "core/view.h"
#include "io/files.h"

enum { IDX_UBYTE = 0x08, IDX_MAX_RANK = 4 };
static const size_t IDX_LIMIT = (size_t)4 << 30;

static size_t big_endian(const uint8_t *p) {
  return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

typedef struct {
  size_t rank, shape[IDX_MAX_RANK];
  size_t bytes; /* of the header */
  size_t numel;
} idx_header;

/* The header from the first n bytes. */
static rm_status read_header(const char *path, const uint8_t *p, size_t n, idx_header *h, rm_error *err) {
  char reason[160];
  snprintf(reason, sizeof reason, "has %zu bytes, an IDX file has at least 8", n);
  if (n < 4) return rm_kind_refuse(path, p, n, "an IDX file", reason, err);
  snprintf(reason, sizeof reason,
           "is no IDX file of unsigned bytes: begins with %02x %02x %02x %02x, "
           "expected 00 00 08 and a rank from 01 to %02x",
           p[0], p[1], p[2], p[3], IDX_MAX_RANK);
  if (p[0] != 0 || p[1] != 0 || p[2] != IDX_UBYTE || p[3] < 1 || p[3] > IDX_MAX_RANK)
    return rm_kind_refuse(path, p, n, "an IDX file", reason, err);
  h->rank = p[3];
  h->bytes = 4 + 4 * h->rank;
  if (n < h->bytes)
    return rm_fail(err, RM_ERR_FORMAT, "%s: has %zu bytes, its IDX header alone has %zu", path, n, h->bytes);
  for (size_t d = 0; d < h->rank; d++) h->shape[d] = big_endian(p + 4 + 4 * d);
  char text[RM_SHAPE_TEXT];
  if (rm_shape_numel(h->rank, h->shape, &h->numel, NULL) != RM_OK)
    return rm_fail(err, RM_ERR_FORMAT, "%s: the shape %s in its header is impossible", path,
                   rm_shape_text(h->rank, h->shape, text));
  return RM_OK;
}

/* A packed file is not unpacked beyond what its header accounts for. */
static rm_status look(void *ctx, const char *path, const uint8_t *head, size_t n, size_t *limit, rm_error *err) {
  idx_header *h = ctx;
  RM_TRY(read_header(path, head, n, h, err));
  *limit = h->bytes + h->numel;
  return RM_OK;
}

static rm_status unpack(const char *path, const idx_header *h, const rm_bytes *bytes, rm_tensor **out, rm_error *err) {
  char text[RM_SHAPE_TEXT];
  if (bytes->size - h->bytes != h->numel)
    return rm_fail(err, RM_ERR_FORMAT, "%s: has %zu bytes, expected %zu: header %zu + %s elements", path, bytes->size,
                   h->bytes + h->numel, h->bytes, rm_shape_text(h->rank, h->shape, text));
  rm_tensor *t;
  RM_TRY(rm_tensor_new(RM_UINT8, h->rank, h->shape, &t, err));
  if (t->numel) memcpy(rm_tensor_u8(t), bytes->data + h->bytes, t->numel);
  *out = t;
  return RM_OK;
}

rm_status rm_idx_load(const char *path, rm_tensor **out, rm_error *err) {
  rm_bytes bytes;
  idx_header header;
  RM_TRY(rm_file_read(path, IDX_LIMIT, look, &header, &bytes, err));
  rm_status status = unpack(path, &header, &bytes, out, err);
  rm_bytes_free(&bytes);
  return status;
}

rm_status rm_idx_load_images(const char *path, rm_tensor **out, rm_error *err) {
  rm_tensor *t;
  RM_TRY(rm_idx_load(path, &t, err));
  rm_status status;
  if (t->ndim != 3) {
    char text[RM_SHAPE_TEXT];
    status = rm_fail(err, RM_ERR_FORMAT, "%s: holds shape %s, expected images (N, H, W)", path,
                     rm_tensor_text(t, text));
  } else {
    size_t h = t->shape[1], w = t->shape[2];
    size_t shape[4] = {t->shape[0], 1, h, w};
    ptrdiff_t strides[4] = {(ptrdiff_t)(h * w), (ptrdiff_t)(h * w), (ptrdiff_t)w, 1};
    status = rm_tensor_view(t, 4, shape, strides, 0, out, err);
  }
  rm_tensor_release(t);
  return status;
}

static rm_status labels_from_bytes(const char *path, const rm_tensor *bytes, size_t first, size_t classes,
                                   rm_tensor **out, rm_error *err) {
  char text[RM_SHAPE_TEXT];
  if (bytes->ndim != 1)
    return rm_fail(err, RM_ERR_FORMAT, "%s: holds shape %s, expected labels (N)", path, rm_tensor_text(bytes, text));
  const uint8_t *from = rm_tensor_u8(bytes);
  for (size_t i = 0; i < bytes->numel; i++)
    if (from[i] < first || from[i] - first >= classes)
      return rm_fail(err, RM_ERR_FORMAT, "%s: label %zu is %d, expected %zu to %zu", path, i + 1, from[i], first,
                     first + classes - 1);
  rm_tensor *y;
  RM_TRY(rm_tensor_new(RM_INT64, 1, bytes->shape, &y, err));
  for (size_t i = 0; i < bytes->numel; i++) rm_tensor_i64(y)[i] = (int64_t)(from[i] - first) + 1;
  *out = y;
  return RM_OK;
}

rm_status rm_idx_load_labels(const char *path, size_t first, size_t classes, rm_tensor **out, rm_error *err) {
  rm_tensor *bytes;
  RM_TRY(rm_idx_load(path, &bytes, err));
  rm_status status = labels_from_bytes(path, bytes, first, classes, out, err);
  rm_tensor_release(bytes);
  return status;
}
