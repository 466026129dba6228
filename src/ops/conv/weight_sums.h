/* weight_sums.h -- the gradients of weights and bias as sums over a batch, cut as dist/batch.h has it. */
#ifndef RM_OPS_CONV_WEIGHT_SUMS_H
#define RM_OPS_CONV_WEIGHT_SUMS_H

#include "ops/conv/method.h"

/* `choose` gives the method for a shape. */
rm_status rm_conv_weight_sums(const rm_conv_shape *s, const rm_conv_method *(*choose)(const rm_conv_shape *s),
                              const rm_conv_pixels *x, const float *dy, float *dw, rm_error *err);

/* Whether x may be of both kinds (pixels.h): the method takes them, and no other process wants them. */
bool rm_conv_weight_sums_normalize(const rm_conv_shape *s, const rm_conv_method *(*choose)(const rm_conv_shape *s));

#endif
