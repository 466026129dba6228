/* winograd_weights.h -- the weight gradient of the method of winograd.c. */
#ifndef RM_OPS_CONV_WINOGRAD_WEIGHTS_H
#define RM_OPS_CONV_WINOGRAD_WEIGHTS_H

#include "ops/conv/method.h"

rm_status rm_wino_weight_gradient(const rm_conv_shape *s, const rm_conv_pixels *x, const float *dy, float *dw,
                                  rm_error *err);

/* Whether the output channels may be computed in so many equal parts, each as a convolution of its own, with the same
 * bits: where no chunks are cut, each weight is one sum over all tiles. */
bool rm_wino_weights_split(const rm_conv_shape *s, size_t parts);

#endif
