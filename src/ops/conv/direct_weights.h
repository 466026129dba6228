/* direct_weights.h -- the weight gradient of the direct method. */
#ifndef RM_OPS_CONV_DIRECT_WEIGHTS_H
#define RM_OPS_CONV_DIRECT_WEIGHTS_H

#include "ops/conv/method.h"

rm_status rm_direct_weight_gradient(const rm_conv_shape *s, const rm_conv_pixels *x, const float *dy, float *dw,
                                    rm_error *err);

#endif
