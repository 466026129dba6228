/* border.c -- see border.h: one dimension after the other, the positions of its elements are picked. */
#include "ops/views/border.h"

#include "ops/index/gather.h"
#include "ops/views/join.h"

const char *rm_border_name(rm_border border) {
  static const char *const names[RM_BORDERS] = {"zeros", "reflect", "replicate", "circular"};
  return names[border];
}

/* Where element i of the padded row of n, from 0, comes from. */
static size_t source(rm_border border, size_t i, size_t before, size_t n) {
  if (border == RM_BORDER_REPLICATE) return i < before ? 0 : i - before < n ? i - before : n - 1;
  if (border == RM_BORDER_CIRCULAR) return (i + n - before) % n;
  return i < before ? before - i : i - before < n ? i - before : 2 * (n - 1) - (i - before);
}

static rm_status check(const rm_tensor *x, size_t d, size_t before, size_t after, rm_border border, rm_error *err) {
  char text[RM_SHAPE_TEXT];
  size_t n = x->shape[d], more = before > after ? before : after;
  size_t most = border == RM_BORDER_CIRCULAR ? n : border == RM_BORDER_REPLICATE && n ? PTRDIFF_MAX / 4 : n ? n - 1 : 0;
  if (more <= most) return RM_OK;
  return rm_fail(err, RM_ERR_VALUE, "pad: %s: dimension %zu has %zu elements, for %zu and %zu around them\n  x  %s",
                 rm_border_name(border), d + 1, n, before, after, rm_tensor_text(x, text));
}

static rm_status pad_dimension(rm_tensor *x, size_t d, size_t before, size_t after, rm_border border, rm_tensor **y,
                               rm_error *err) {
  size_t n = x->shape[d], length = before + n + after;
  rm_tensor *index = NULL;
  RM_TRY(rm_tensor_new(RM_INT64, 1, &length, &index, err));
  for (size_t i = 0; i < length; i++) rm_tensor_i64(index)[i] = (int64_t)source(border, i, before, n) + 1;
  rm_status status = rm_index_select(x, d, index, y, err);
  rm_tensor_release(index);
  return status;
}

rm_status rm_pad_border(rm_tensor *x, const size_t before[], const size_t after[], rm_border border, rm_tensor **y,
                        rm_error *err) {
  if (border == RM_BORDER_ZEROS) return rm_pad(x, before, after, 0, y, err);
  for (size_t d = 0; d < x->ndim; d++) RM_TRY(check(x, d, before[d], after[d], border, err));
  rm_tensor *now = rm_tensor_retain(x);
  for (size_t d = 0; d < x->ndim; d++) {
    rm_tensor *next = NULL;
    if (before[d] + after[d] == 0) continue;
    rm_status status = pad_dimension(now, d, before[d], after[d], border, &next, err);
    rm_tensor_release(now);
    if (status != RM_OK) return status;
    now = next;
  }
  *y = now;
  return RM_OK;
}
