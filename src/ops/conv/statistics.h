/* statistics.h -- mean and variance of a convolution's channels, for batch norm: as the outputs are computed where the
 * method takes their moments (kernels/moments.h), else in one pass over them. */
#ifndef RM_OPS_CONV_STATISTICS_H
#define RM_OPS_CONV_STATISTICS_H

#include "ops/conv/method.h"

/* The forward of the method with a bias alone, and for each of K channels the mean over all images and pixels, and the
 * sum of squared distances from it. y is not empty. */
rm_status rm_conv_forward_statistics(const rm_conv_method *method, const rm_conv_shape *s, const float *x,
                                     const float *w, const float *bias, float *y, double *mean, double *m2,
                                     rm_error *err);

#endif
