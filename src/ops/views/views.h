/* views.h -- the same elements in another shape, order or extent.
 *
 * All of these share x's storage where they can and record how a gradient finds its way
 * back. Those that must copy (a reshape across a transposition, contiguous, clone, to)
 * say so. Dimensions and positions count from 0. */
#ifndef RM_OPS_VIEWS_VIEWS_H
#define RM_OPS_VIEWS_VIEWS_H

#include "core/tensor.h"

/* Sizes may hold one -1, which is inferred. rm_view fails where strides cannot express the
 * new shape; rm_reshape copies then. */
rm_status rm_view(rm_tensor *x, size_t ndim, const int64_t sizes[], rm_tensor **y, rm_error *err);
rm_status rm_reshape(rm_tensor *x, size_t ndim, const int64_t sizes[], rm_tensor **y, rm_error *err);
/* Dimensions from..to (inclusive) become one; a scalar becomes (1). */
rm_status rm_flatten(rm_tensor *x, size_t from, size_t to, rm_tensor **y, rm_error *err);
/* Drops the dimensions d of extent 1 with dims[d]; NULL: all of extent 1. */
rm_status rm_squeeze(rm_tensor *x, const bool dims[], rm_tensor **y, rm_error *err);
/* A new dimension of extent 1 in front of dimension dim; dim == ndim: at the end. */
rm_status rm_unsqueeze(rm_tensor *x, size_t dim, rm_tensor **y, rm_error *err);

/* Dimension d of y is dimension order[d] of x. */
rm_status rm_permute(rm_tensor *x, size_t ndim, const size_t order[], rm_tensor **y, rm_error *err);
rm_status rm_transpose(rm_tensor *x, size_t a, size_t b, rm_tensor **y, rm_error *err);

/* Stretches extents of 1 (stride 0, nothing is copied); new dimensions appear in front.
 * -1 keeps an extent. */
rm_status rm_expand(rm_tensor *x, size_t ndim, const int64_t sizes[], rm_tensor **y, rm_error *err);

/* One range for each dimension: `length` positions from `start`, `step` apart (at least 1).
 * `drop` (length 1) removes the dimension. */
typedef struct {
  size_t start, length, step;
  bool drop;
} rm_range;
rm_status rm_slice(rm_tensor *x, const rm_range ranges[], rm_tensor **y, rm_error *err);
rm_status rm_narrow(rm_tensor *x, size_t dim, size_t start, size_t length, rm_tensor **y, rm_error *err);
rm_status rm_select(rm_tensor *x, size_t dim, size_t index, rm_tensor **y, rm_error *err);

/* Row-major: x itself, or a copy. */
rm_status rm_contiguous(rm_tensor *x, rm_tensor **y, rm_error *err);
/* A copy in x's own layout; gradients flow through it. */
rm_status rm_clone(rm_tensor *x, rm_tensor **y, rm_error *err);
/* x itself, or its values in another type, which have no gradient. */
rm_status rm_to(rm_tensor *x, rm_dtype dtype, rm_tensor **y, rm_error *err);

#endif
