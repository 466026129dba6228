/* plan.c -- sorting out dimensions: see plan.h. */
#include "ops/reduce/plan.h"

#include "core/copy.h"
#include "core/view.h"

/* The dimensions of extent over 1, outermost in memory first. */
static size_t order_in_memory(const rm_tensor *x, size_t order[RM_MAX_DIMS]) {
  size_t n = 0;
  for (size_t d = 0; d < x->ndim; d++) {
    if (x->shape[d] == 1) continue;
    size_t at = n++;
    for (; at > 0 && x->strides[order[at - 1]] < x->strides[d]; at--) order[at] = order[at - 1];
    order[at] = d;
  }
  return n;
}

/* Fits the dimensions into a b c d; false if they need more loops. */
static bool fit(const rm_tensor *x, size_t n, const size_t order[], const bool over[], rm_reduce_plan *p) {
  size_t *level[] = {&p->a, &p->b, &p->c, &p->d};
  p->a = p->b = p->c = p->d = 1;
  size_t at = 4; /* from the inside: kept first */
  for (size_t i = n; i-- > 0;) {
    bool reduced = !over || over[order[i]];
    size_t next = at; /* reduced dimensions live at levels 0 and 2 */
    if (next == 4) next = reduced ? 2 : 3;
    else if ((next % 2 == 0) != reduced) {
      if (next == 0) return false;
      next--;
    }
    at = next;
    *level[at] *= x->shape[order[i]];
  }
  return true;
}

/* Shape and strides of the result, whose kept dimensions lie in the order given. */
static void result_shape(const rm_tensor *x, size_t n, const size_t order[], const bool over[], bool keepdim,
                         rm_reduce_plan *p) {
  ptrdiff_t stride_of[RM_MAX_DIMS], next = 1;
  for (size_t d = 0; d < x->ndim; d++) stride_of[d] = 1;
  for (size_t i = n; i-- > 0;) {
    size_t d = order[i];
    if (!over || over[d]) continue;
    stride_of[d] = next;
    next *= (ptrdiff_t)x->shape[d];
  }
  p->ndim = 0;
  for (size_t d = 0; d < x->ndim; d++) {
    bool reduced = !over || over[d];
    if (reduced && !keepdim) continue;
    p->shape[p->ndim] = reduced ? 1 : x->shape[d];
    p->strides[p->ndim++] = stride_of[d];
  }
}

/* x copied so that the kept dimensions come first, in `order`, and the reduced ones last, as in
 * x's shape. */
static rm_status gather(const rm_tensor *x, size_t n, const size_t order[], const bool over[], rm_reduce_plan *p,
                        rm_error *err) {
  size_t shape[RM_MAX_DIMS], ndim = 0;
  ptrdiff_t strides[RM_MAX_DIMS];
  p->a = p->b = p->c = p->d = 1;
  for (size_t i = 0; i < n; i++) {
    size_t d = order[i];
    if (!over || over[d]) continue;
    shape[ndim] = x->shape[d];
    strides[ndim++] = x->strides[d];
    p->b *= x->shape[d];
  }
  for (size_t d = 0; d < x->ndim; d++) {
    if (over && !over[d]) continue;
    if (x->shape[d] == 1) continue;
    shape[ndim] = x->shape[d];
    strides[ndim++] = x->strides[d];
    p->c *= x->shape[d];
  }
  rm_tensor *view = NULL, *copy = NULL;
  RM_TRY(rm_tensor_view(x, ndim, shape, strides, x->offset, &view, err));
  rm_status status = rm_tensor_new(x->dtype, ndim, shape, &copy, err);
  if (status == RM_OK) status = rm_tensor_copy(copy, view, err);
  rm_tensor_release(view);
  if (status == RM_OK) p->x = copy;
  else rm_tensor_release(copy);
  return status;
}

/* The reduced dimensions lie in memory as they stand in the shape. */
static bool reduced_in_order(size_t n, const size_t order[], const bool over[]) {
  size_t last = 0;
  for (size_t i = 0; i < n; i++) {
    if (over && !over[order[i]]) continue;
    if (order[i] < last) return false;
    last = order[i];
  }
  return true;
}

rm_status rm_reduce_plan_of(rm_tensor *x, const bool over[], bool keepdim, bool ordered, rm_reduce_plan *p,
                            rm_error *err) {
  *p = (rm_reduce_plan){0};
  size_t order[RM_MAX_DIMS];
  bool dense = rm_tensor_is_dense(x);
  size_t n = order_in_memory(x, order);
  result_shape(x, n, order, over, keepdim, p);
  bool fits = dense && fit(x, n, order, over, p) && !(ordered && (p->a > 1 || !reduced_in_order(n, order, over)));
  if (!fits) return gather(x, n, order, over, p, err);
  p->x = rm_tensor_retain(x);
  return RM_OK;
}

rm_status rm_reduce_output(const rm_reduce_plan *p, rm_dtype dtype, rm_tensor **out, rm_error *err) {
  rm_tensor *y = NULL;
  RM_TRY(rm_tensor_new(dtype, p->ndim, p->shape, &y, err));
  bool row_major = true;
  for (size_t d = 0; d < p->ndim; d++) row_major = row_major && (p->shape[d] == 1 || p->strides[d] == y->strides[d]);
  if (row_major) {
    *out = y;
    return RM_OK;
  }
  rm_status status = rm_tensor_view(y, p->ndim, p->shape, p->strides, 0, out, err);
  rm_tensor_release(y);
  return status;
}

rm_status rm_reduced_view(const rm_tensor *t, size_t ndim, const bool over[], rm_tensor **view, rm_error *err) {
  size_t shape[RM_MAX_DIMS], from = 0;
  ptrdiff_t strides[RM_MAX_DIMS];
  bool kept = t->ndim == ndim;
  for (size_t d = 0; d < ndim; d++) {
    bool gone = over[d];
    shape[d] = gone ? 1 : t->shape[from];
    strides[d] = gone ? 0 : t->strides[from];
    if (!gone || kept) from++;
  }
  return rm_tensor_view(t, ndim, shape, strides, t->offset, view, err);
}
