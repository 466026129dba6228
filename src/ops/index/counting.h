/* counting.h -- from positions to counts and back. Values that are positions count from 1. */
#ifndef RM_OPS_INDEX_COUNTING_H
#define RM_OPS_INDEX_COUNTING_H

#include "core/tensor.h"

/* int64, index's shape and `classes` (0: as many as the largest index) behind it: 1 at the index, 0 elsewhere. */
rm_status rm_one_hot(rm_tensor *index, size_t classes, rm_tensor **y, rm_error *err);

/* How often each of 1, 2, ... occurs in x, int64 (N): int64; with weights, float32 (N), the sums of theirs: float32.
 * (K), K at least `least` and at least the largest value. */
rm_status rm_bincount(rm_tensor *x, rm_tensor *weights, size_t least, rm_tensor **y, rm_error *err);

/* Where x is not 0: int64 (n, ndim), row by row. */
rm_status rm_nonzero(rm_tensor *x, rm_tensor **y, rm_error *err);

/* The different values in order; where each element's value is among them (x's shape); how often each occurs. The
 * last two may be NULL. NaN differs from NaN. */
rm_status rm_unique(rm_tensor *x, rm_tensor **values, rm_tensor **inverse, rm_tensor **counts, rm_error *err);

#endif
