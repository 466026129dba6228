/* winograd_weights.h -- the weight gradient of the method of winograd.c. */
#ifndef RM_OPS_CONV_WINOGRAD_WEIGHTS_H
#define RM_OPS_CONV_WINOGRAD_WEIGHTS_H

#include "ops/conv/method.h"

rm_status rm_wino_weight_gradient(const rm_conv_shape *s, const float *x, const float *dy, float *dw, rm_error *err);

#endif
