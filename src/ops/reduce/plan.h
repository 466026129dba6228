/* plan.h -- any reduction as one over four nested loops.
 *
 * In memory order, neighboring dimensions that are all reduced or all kept act as one. What is left
 * is nearly always a part of the pattern
 *
 *     a (reduced)  b (kept)  c (reduced)  d (kept, adjacent in memory)
 *
 * over everything: c; over the last dimension: b c; over the first, or N, H and W of channels-last
 * images: c d; over N, H and W of row-major images: a b c; over H and W of channels-last images:
 * b c d. Any other pattern is copied once into the form b c. The result is b x d. */
#ifndef RM_OPS_REDUCE_PLAN_H
#define RM_OPS_REDUCE_PLAN_H

#include "core/tensor.h"

typedef struct {
  rm_tensor *x; /* dense, laid out as (a, b, c, d); owned */
  size_t a, b, c, d;
  /* The result: its shape, and the strides under which it is b x d in memory. */
  size_t ndim, shape[RM_MAX_DIMS];
  ptrdiff_t strides[RM_MAX_DIMS];
} rm_reduce_plan;

/* `ordered`: the reduced elements must come as one run in row-major order (a is 1), for
 * reductions that tell positions. Release p->x. */
rm_status rm_reduce_plan_of(rm_tensor *x, const bool over[], bool keepdim, bool ordered, rm_reduce_plan *p,
                            rm_error *err);
/* An uninitialized tensor for the result. */
rm_status rm_reduce_output(const rm_reduce_plan *p, rm_dtype dtype, rm_tensor **out, rm_error *err);

/* t, without the reduced dimensions or with them as 1, as a view that broadcasts to the shape before. */
rm_status rm_reduced_view(const rm_tensor *t, size_t ndim, const bool over[], rm_tensor **view, rm_error *err);

#endif
