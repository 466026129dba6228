/* view.c -- see view.h. */
#include "core/view.h"

#include <string.h>

rm_status rm_tensor_view(const rm_tensor *x, size_t ndim, const size_t shape[], const ptrdiff_t strides[],
                         size_t offset, rm_tensor **out, rm_error *err) {
  size_t numel;
  if (ndim > RM_MAX_DIMS)
    return rm_fail(err, RM_ERR_SHAPE, "a tensor has at most %d dimensions, got %zu", RM_MAX_DIMS, ndim);
  RM_TRY(rm_shape_numel(ndim, shape, &numel, err));
  rm_tensor *t = rm_tensor_over(x->storage, x->dtype, ndim, shape, numel);
  if (!t) return rm_fail(err, RM_ERR_MEMORY, "out of memory for a view");
  atomic_fetch_add(&x->storage->refs, 1);
  if (ndim > 0) memcpy(t->strides, strides, ndim * sizeof *strides); /* a scalar has none to copy */
  t->offset = offset;
  *out = t;
  return RM_OK;
}

rm_status rm_tensor_detach(const rm_tensor *x, rm_tensor **out, rm_error *err) {
  return rm_tensor_view(x, x->ndim, x->shape, x->strides, x->offset, out, err);
}

rm_status rm_tensor_weak(const rm_tensor *x, rm_tensor **out, rm_error *err) {
  RM_TRY(rm_tensor_detach(x, out, err));
  atomic_fetch_add(&x->storage->watchers, 1);
  atomic_fetch_sub(&x->storage->refs, 1); /* never the last: x has one */
  (*out)->weak = true;
  return RM_OK;
}

rm_status rm_tensor_revive(const rm_tensor *weak, rm_tensor **out, rm_error *err) {
  atomic_size_t *refs = &weak->storage->refs;
  size_t n = atomic_load(refs);
  *out = NULL;
  do
    if (n == 0) return RM_OK;
  while (!atomic_compare_exchange_weak(refs, &n, n + 1)); /* it cannot go meanwhile */
  rm_status status = rm_tensor_detach(weak, out, err);
  rm_storage_release(weak->storage);
  return status;
}

rm_status rm_tensor_promise(const size_t shape[4], rm_tensor **out, rm_error *err) {
  size_t numel;
  RM_TRY(rm_shape_numel(4, shape, &numel, err));
  rm_storage *storage = rm_storage_without_elements(numel * rm_dtype_size(RM_FLOAT32));
  rm_tensor *t = storage ? rm_tensor_over(storage, RM_FLOAT32, 4, shape, numel) : NULL;
  if (!t) {
    if (storage) rm_storage_unwatch(storage);
    return rm_fail(err, RM_ERR_MEMORY, "out of memory for a tensor");
  }
  rm_strides_channels_last(shape, t->strides);
  t->weak = true;
  *out = t;
  return RM_OK;
}
