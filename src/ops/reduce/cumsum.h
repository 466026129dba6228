/* cumsum.h -- sums of everything up to each position. */
#ifndef RM_OPS_REDUCE_CUMSUM_H
#define RM_OPS_REDUCE_CUMSUM_H

#include "core/tensor.h"

/* y[..., j, ...] = x[..., 1, ...] + ... + x[..., j, ...] along dim, added up in double. int64 and uint8 give int64,
 * exactly. dim of a single number is 0. */
rm_status rm_cumsum(rm_tensor *x, size_t dim, rm_tensor **y, rm_error *err);

#endif
