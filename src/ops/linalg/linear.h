/* linear.h -- the affine map of a fully connected layer. */
#ifndef RM_OPS_LINALG_LINEAR_H
#define RM_OPS_LINALG_LINEAR_H

#include "core/tensor.h"

/* y = x weight^T + bias. Shapes: x (..., in); weight (out, in); bias (out) or NULL; y (..., out). */
rm_status rm_linear(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor **y, rm_error *err);

#endif
