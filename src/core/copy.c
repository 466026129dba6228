/* copy.c -- see copy.h. */
#include "core/copy.h"

#include <string.h>
#include "core/iterate.h"
#include "parallel/interrupt.h"

/* A float as an integer of [low, high): truncated, saturated, NaN as 0. The bounds are
 * exact in double; high itself is the first value that does not fit. */
static int64_t float_to_integer(float x, double low, double high, int64_t last) {
  if (x != x) return 0;
  if ((double)x < low) return (int64_t)low;
  return (double)x >= high ? last : (int64_t)x;
}

static float load_float(const char *p, rm_dtype dtype) {
  if (dtype == RM_FLOAT32) return *(const float *)p;
  return dtype == RM_UINT8 ? (float)*(const uint8_t *)p : (float)*(const int64_t *)p;
}

static int64_t load_integer(const char *p, rm_dtype dtype) {
  if (dtype == RM_FLOAT32)
    return float_to_integer(*(const float *)p, -9223372036854775808.0, 9223372036854775808.0, INT64_MAX);
  return dtype == RM_UINT8 ? *(const uint8_t *)p : *(const int64_t *)p;
}

static void store_from(char *d, rm_dtype dtype, const char *s, rm_dtype src) {
  if (dtype == RM_FLOAT32) {
    *(float *)d = load_float(s, src);
    return;
  }
  int64_t v = load_integer(s, src);
  if (dtype == RM_INT64) *(int64_t *)d = v;
  else *(uint8_t *)d = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

typedef struct {
  rm_dtype dst, src;
  size_t dst_size, src_size;
} types;

/* One run of the copy, of any two types and of those that are frequent; data[0] is written, data[1] read. */
static void copy_any(void *ctx, size_t n, char *const data[], const ptrdiff_t strides[]) {
  const types *t = ctx;
  for (size_t i = 0; i < n; i++)
    store_from(data[0] + (ptrdiff_t)i * strides[0] * (ptrdiff_t)t->dst_size, t->dst,
               data[1] + (ptrdiff_t)i * strides[1] * (ptrdiff_t)t->src_size, t->src);
}

static void copy_bytes(void *ctx, size_t n, char *const data[], const ptrdiff_t strides[]) {
  (void)strides;
  memcpy(data[0], data[1], n * ((const types *)ctx)->dst_size);
}

static void copy_floats(void *ctx, size_t n, char *const data[], const ptrdiff_t strides[]) {
  (void)ctx;
  float *d = (float *)data[0];
  const float *s = (const float *)data[1];
  for (size_t i = 0; i < n; i++) d[(ptrdiff_t)i * strides[0]] = s[(ptrdiff_t)i * strides[1]];
}

static void floats_of_bytes(void *ctx, size_t n, char *const data[], const ptrdiff_t strides[]) {
  (void)ctx;
  float *d = (float *)data[0];
  const uint8_t *s = (const uint8_t *)data[1];
  for (size_t i = 0; i < n; i++) d[(ptrdiff_t)i * strides[0]] = s[(ptrdiff_t)i * strides[1]];
}

static rm_iter_fn copy_of(const types *t, const rm_iter *it) {
  if (t->dst == t->src && it->strides[0][0] == 1 && it->strides[1][0] == 1) return copy_bytes;
  if (t->dst == RM_FLOAT32 && t->src == RM_FLOAT32) return copy_floats;
  if (t->dst == RM_FLOAT32 && t->src == RM_UINT8) return floats_of_bytes;
  return copy_any;
}

/* Whether the two may overlap in memory: same storage is all that is asked. */
static bool may_overlap(const rm_tensor *a, const rm_tensor *b) { return a->storage == b->storage; }

rm_status rm_tensor_copy(rm_tensor *dst, const rm_tensor *src, rm_error *err) {
  if (!rm_tensor_same_shape(dst, src)) {
    char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
    return rm_fail(err, RM_ERR_SHAPE, "copy: source is %s, destination %s", rm_tensor_text(src, a),
                   rm_tensor_text(dst, b));
  }
  rm_tensor *safe = NULL; /* x[{2,5}] = x[{1,4}] must not read what it wrote */
  if (may_overlap(dst, src)) {
    RM_TRY(rm_tensor_clone(src, &safe, err));
    src = safe;
  }
  rm_iter it;
  rm_iter_init(&it, 2, (const rm_tensor *const[]){dst, src});
  types t = {dst->dtype, src->dtype, rm_dtype_size(dst->dtype), rm_dtype_size(src->dtype)};
  rm_unbreakable pause = rm_unbreakable_begin(); /* dst may be the user's; indices are used as they stand */
  rm_iter_run(&it, copy_of(&t, &it), &t);
  rm_unbreakable_end(pause);
  rm_tensor_mark_written(dst);
  rm_tensor_release(safe);
  return RM_OK;
}

/* A fresh tensor *out exists; fill it from x or give it up. */
static rm_status filled_from(const rm_tensor *x, rm_tensor **out, rm_tensor *fresh, rm_error *err) {
  return rm_tensor_give(rm_tensor_copy(fresh, x, err), fresh, out);
}

rm_status rm_tensor_clone(const rm_tensor *x, rm_tensor **out, rm_error *err) {
  rm_tensor *fresh;
  RM_TRY(rm_tensor_new_like(x, x->dtype, &fresh, err));
  return filled_from(x, out, fresh, err);
}

rm_status rm_tensor_contiguous(rm_tensor *x, rm_tensor **out, rm_error *err) {
  if (rm_tensor_is_contiguous(x)) {
    *out = rm_tensor_retain(x);
    return RM_OK;
  }
  rm_tensor *fresh;
  RM_TRY(rm_tensor_new(x->dtype, x->ndim, x->shape, &fresh, err));
  return filled_from(x, out, fresh, err);
}

rm_status rm_tensor_channels_last(rm_tensor *x, rm_tensor **out, rm_error *err) {
  if (x->ndim != 4) {
    char text[RM_SHAPE_TEXT];
    return rm_fail(err, RM_ERR_SHAPE, "channels-last: x is %s, expected 4 dimensions", rm_tensor_text(x, text));
  }
  if (rm_tensor_is_channels_last(x) && x->dtype == RM_FLOAT32) {
    *out = rm_tensor_retain(x);
    return RM_OK;
  }
  rm_tensor *fresh;
  RM_TRY(rm_tensor_new_channels_last(x->shape, &fresh, err));
  return filled_from(x, out, fresh, err);
}

rm_status rm_tensor_as_layout(rm_tensor *x, const rm_tensor *like, rm_tensor **out, rm_error *err) {
  if (rm_tensor_same_layout(x, like) && x->dtype == RM_FLOAT32) {
    *out = rm_tensor_retain(x);
    return RM_OK;
  }
  rm_tensor *fresh;
  RM_TRY(rm_tensor_new_like(like, RM_FLOAT32, &fresh, err));
  return filled_from(x, out, fresh, err);
}
