/* strided_weights.h -- the weight gradient of the strided method (strided.h). */
#ifndef RM_OPS_CONV_STRIDED_WEIGHTS_H
#define RM_OPS_CONV_STRIDED_WEIGHTS_H

#include "ops/conv/method.h"

rm_status rm_strided_weight_gradient(const rm_conv_shape *s, const float *x, const float *dy, float *dw, rm_error *err);

/* The same for some of the output channels, s->k of `whole`, which dy and dw are of: their bits are those in the whole. */
rm_status rm_strided_weight_gradient_part(const rm_conv_shape *s, size_t whole, const float *x, const float *dy,
                                          float *dw, rm_error *err);

#endif
