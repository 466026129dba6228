/* join.h -- tensors put beside each other, or into a larger one. */
#ifndef RM_OPS_VIEWS_JOIN_H
#define RM_OPS_VIEWS_JOIN_H

#include "core/tensor.h"

/* Along an existing dimension: all extents but that of `dim` equal. n >= 1. */
rm_status rm_cat(size_t n, rm_tensor *const xs[], size_t dim, rm_tensor **y, rm_error *err);

/* Along a new dimension, 0 <= dim <= ndim: all shapes equal. n >= 1. */
rm_status rm_stack(size_t n, rm_tensor *const xs[], size_t dim, rm_tensor **y, rm_error *err);

/* before[d] and after[d] elements of `value` around dimension d. */
rm_status rm_pad(rm_tensor *x, const size_t before[], const size_t after[], double value, rm_tensor **y, rm_error *err);

#endif
