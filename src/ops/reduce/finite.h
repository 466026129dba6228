/* finite.h -- where a tensor stops being numbers. */
#ifndef RM_OPS_REDUCE_FINITE_H
#define RM_OPS_REDUCE_FINITE_H

#include "core/tensor.h"

/* *at: the place of the first NaN or infinity in row-major order, counted from 0; x->numel if all is
 * finite, as it always is in uint8 and int64. */
rm_status rm_find_nonfinite(rm_tensor *x, size_t *at, rm_error *err);

#endif
