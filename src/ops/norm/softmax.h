/* softmax.h -- exp(x) / sum of exp(x) along a dimension, and its logarithm. */
#ifndef RM_OPS_NORM_SOFTMAX_H
#define RM_OPS_NORM_SOFTMAX_H

#include "core/tensor.h"

rm_status rm_softmax(rm_tensor *x, size_t dim, rm_tensor **y, rm_error *err);
rm_status rm_log_softmax(rm_tensor *x, size_t dim, rm_tensor **y, rm_error *err);

#endif
