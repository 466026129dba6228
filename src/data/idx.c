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

/* Header of `bytes` -> rank and shape; the size of the file must be what they imply. */
static rm_status read_header(const char *path, const rm_bytes *bytes, size_t *rank, size_t shape[], rm_error *err) {
  const uint8_t *p = bytes->data;
  char reason[160];
  snprintf(reason, sizeof reason, "has %zu bytes, an IDX file has at least 8", bytes->size);
  if (bytes->size < 4) return rm_kind_refuse(path, p, bytes->size, "an IDX file", reason, err);
  snprintf(reason, sizeof reason,
           "is no IDX file of unsigned bytes: begins with %02x %02x %02x %02x, "
           "expected 00 00 08 and a rank from 01 to %02x",
           p[0], p[1], p[2], p[3], IDX_MAX_RANK);
  if (p[0] != 0 || p[1] != 0 || p[2] != IDX_UBYTE || p[3] < 1 || p[3] > IDX_MAX_RANK)
    return rm_kind_refuse(path, p, bytes->size, "an IDX file", reason, err);
  *rank = p[3];
  size_t header = 4 + 4 * *rank;
  if (bytes->size < header)
    return rm_fail(err, RM_ERR_FORMAT, "%s: has %zu bytes, its IDX header alone has %zu", path, bytes->size, header);
  for (size_t d = 0; d < *rank; d++) shape[d] = big_endian(p + 4 + 4 * d);
  size_t numel;
  char text[RM_SHAPE_TEXT];
  if (rm_shape_numel(*rank, shape, &numel, NULL) != RM_OK)
    return rm_fail(err, RM_ERR_FORMAT, "%s: the shape %s in its header is impossible", path,
                   rm_shape_text(*rank, shape, text));
  if (bytes->size - header != numel)
    return rm_fail(err, RM_ERR_FORMAT, "%s: has %zu bytes, expected %zu: header %zu + %s elements", path, bytes->size,
                   header + numel, header, rm_shape_text(*rank, shape, text));
  return RM_OK;
}

rm_status rm_idx_load(const char *path, rm_tensor **out, rm_error *err) {
  rm_bytes bytes;
  RM_TRY(rm_file_read(path, IDX_LIMIT, &bytes, err));
  size_t rank = 0, shape[IDX_MAX_RANK];
  rm_tensor *t;
  rm_status status = read_header(path, &bytes, &rank, shape, err);
  if (status == RM_OK) status = rm_tensor_new(RM_UINT8, rank, shape, &t, err);
  if (status == RM_OK) {
    if (t->numel) memcpy(rm_tensor_u8(t), bytes.data + 4 + 4 * rank, t->numel);
    *out = t;
  }
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
