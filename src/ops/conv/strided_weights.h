/* strided_weights.h -- the weight gradient of the strided method (strided.h). */
#ifndef RM_OPS_CONV_STRIDED_WEIGHTS_H
#define RM_OPS_CONV_STRIDED_WEIGHTS_H

#include "ops/conv/method.h"

/* A part of the output channels has the bits that it has in the whole. */
rm_status rm_strided_weight_gradient(const rm_conv_shape *s, const rm_conv_pixels *x, const float *dy, float *dw,
                                     rm_error *err);

#endif
