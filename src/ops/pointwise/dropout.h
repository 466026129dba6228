/* dropout.h -- elements left out at random while a network learns. */
#ifndef RM_OPS_POINTWISE_DROPOUT_H
#define RM_OPS_POINTWISE_DROPOUT_H

#include "core/rng.h"
#include "core/tensor.h"

/* Training: each element is 0 with probability p, else x / (1 - p); any shape. Otherwise x itself
 * (retained). Draws numel / 4 blocks from rng, an element's number by its place in memory. */
rm_status rm_dropout(rm_tensor *x, double p, bool training, rm_rng *rng, rm_tensor **y, rm_error *err);

#endif
