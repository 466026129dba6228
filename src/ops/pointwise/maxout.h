/* maxout.h -- the largest of several channels as an activation. */
#ifndef RM_OPS_POINTWISE_MAXOUT_H
#define RM_OPS_POINTWISE_MAXOUT_H

#include "core/tensor.h"

/* x (N, C, ...) -> (N, C/k, ...): the largest of each k neighboring channels.
 * Source: Goodfellow et al. 2013, arXiv:1302.4389. */
rm_status rm_maxout(rm_tensor *x, size_t k, rm_tensor **y, rm_error *err);

#endif
