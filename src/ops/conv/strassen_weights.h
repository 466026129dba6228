/* strassen_weights.h -- the weight gradient of the method of strassen.c. */
#ifndef RM_OPS_CONV_STRASSEN_WEIGHTS_H
#define RM_OPS_CONV_STRASSEN_WEIGHTS_H

#include "ops/conv/method.h"

rm_status rm_strassen_weight_gradient(const rm_conv_shape *s, const rm_conv_pixels *x, const float *dy, float *dw,
                                      rm_error *err);

#endif
