/* tensor.c -- see tensor.h. */
#include "core/tensor.h"

#include <string.h>
#include "memory/alloc.h"
#include "core/hook.h"
#include "core/tape.h"

static atomic_size_t live;

size_t rm_tensor_live(void) { return atomic_load(&live); }

rm_tensor *rm_tensor_over(rm_storage *storage, rm_dtype dtype, size_t ndim, const size_t shape[], size_t numel) {
  rm_tensor *t = rm_alloc(sizeof *t);
  if (!t) return NULL;
  memset(t, 0, sizeof *t);
  atomic_init(&t->refs, 1);
  t->storage = storage;
  t->dtype = dtype;
  t->ndim = ndim;
  t->numel = numel;
  if (ndim > 0) memcpy(t->shape, shape, ndim * sizeof *shape); /* a scalar has no shape to copy */
  atomic_fetch_add(&live, 1);
  return t;
}

rm_status rm_tensor_new(rm_dtype dtype, size_t ndim, const size_t shape[], rm_tensor **out, rm_error *err) {
  size_t numel;
  if (ndim > RM_MAX_DIMS)
    return rm_fail(err, RM_ERR_SHAPE, "a tensor has at most %d dimensions, got %zu", RM_MAX_DIMS, ndim);
  RM_TRY(rm_shape_numel(ndim, shape, &numel, err));
  rm_storage *storage = rm_storage_new(numel * rm_dtype_size(dtype));
  rm_tensor *t = storage ? rm_tensor_over(storage, dtype, ndim, shape, numel) : NULL;
  if (!t) {
    char text[RM_SHAPE_TEXT];
    if (storage) rm_storage_release(storage);
    return rm_fail(err, RM_ERR_MEMORY, "out of memory for a %s tensor %s", rm_dtype_name(dtype),
                   rm_shape_text(ndim, shape, text));
  }
  rm_strides_contiguous(ndim, shape, t->strides);
  *out = t;
  return RM_OK;
}

rm_status rm_tensor_new_channels_last(const size_t shape[4], rm_tensor **out, rm_error *err) {
  RM_TRY(rm_tensor_new(RM_FLOAT32, 4, shape, out, err));
  rm_strides_channels_last(shape, (*out)->strides);
  return RM_OK;
}

rm_status rm_tensor_new_like(const rm_tensor *x, rm_dtype dtype, rm_tensor **out, rm_error *err) {
  RM_TRY(rm_tensor_new(dtype, x->ndim, x->shape, out, err));
  if (rm_tensor_is_dense(x)) memcpy((*out)->strides, x->strides, sizeof x->strides);
  return RM_OK;
}

rm_status rm_tensor_zeros(rm_dtype dtype, size_t ndim, const size_t shape[], rm_tensor **out, rm_error *err) {
  RM_TRY(rm_tensor_new(dtype, ndim, shape, out, err));
  memset((*out)->storage->data, 0, (*out)->storage->bytes);
  return RM_OK;
}

rm_status rm_tensor_scalar(float value, rm_tensor **out, rm_error *err) {
  RM_TRY(rm_tensor_new(RM_FLOAT32, 0, NULL, out, err));
  *rm_tensor_f32(*out) = value;
  return RM_OK;
}

bool rm_tensor_exclusive(const rm_tensor *t) {
  return atomic_load(&t->refs) == 1 && atomic_load(&t->storage->refs) == 1 && rm_tensor_is_dense(t);
}

rm_tensor *rm_tensor_retain(rm_tensor *t) {
  atomic_fetch_add(&t->refs, 1);
  return t;
}

void rm_tensor_release(rm_tensor *t) {
  if (!t || atomic_fetch_sub(&t->refs, 1) != 1) return;
  rm_tensor_release(t->grad); /* a gradient has no gradient: one level */
  if (t->node) rm_node_release(t->node);
  rm_hooks_release(t->hooks);
  if (t->weak) rm_storage_unwatch(t->storage);
  else rm_storage_release(t->storage);
  rm_free(t, sizeof *t);
  atomic_fetch_sub(&live, 1);
}

rm_status rm_tensor_give(rm_status status, rm_tensor *t, rm_tensor **out) {
  if (status == RM_OK) *out = t;
  else rm_tensor_release(t);
  return status;
}

void *rm_tensor_data(const rm_tensor *t) { return (char *)t->storage->data + t->offset * rm_dtype_size(t->dtype); }
float *rm_tensor_f32(const rm_tensor *t) { return (float *)t->storage->data + t->offset; }
uint8_t *rm_tensor_u8(const rm_tensor *t) { return (uint8_t *)t->storage->data + t->offset; }
int64_t *rm_tensor_i64(const rm_tensor *t) { return (int64_t *)t->storage->data + t->offset; }

bool rm_tensor_is_contiguous(const rm_tensor *t) { return rm_strides_are_contiguous(t->ndim, t->shape, t->strides); }
bool rm_tensor_is_channels_last(const rm_tensor *t) {
  return rm_strides_are_channels_last(t->ndim, t->shape, t->strides);
}
bool rm_tensor_is_dense(const rm_tensor *t) { return rm_strides_are_dense(t->ndim, t->shape, t->strides); }
bool rm_tensor_same_shape(const rm_tensor *a, const rm_tensor *b) {
  return rm_shape_equal(a->ndim, a->shape, b->ndim, b->shape);
}
bool rm_tensor_same_layout(const rm_tensor *a, const rm_tensor *b) {
  if (!rm_tensor_same_shape(a, b)) return false;
  for (size_t d = 0; d < a->ndim; d++)
    if (a->shape[d] > 1 && a->strides[d] != b->strides[d]) return false;
  return true;
}
char *rm_tensor_text(const rm_tensor *t, char buf[RM_SHAPE_TEXT]) { return rm_shape_text(t->ndim, t->shape, buf); }

void rm_tensor_mark_written(rm_tensor *t) { atomic_fetch_add(&t->storage->version, 1); }
