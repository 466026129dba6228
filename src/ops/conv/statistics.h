/* statistics.h -- mean and variance of a convolution's channels, for batch norm, as the outputs are computed, where the
 * method takes their moments (kernels/moments.h). Batch norm makes a pass for the others. */
#ifndef RM_OPS_CONV_STATISTICS_H
#define RM_OPS_CONV_STATISTICS_H

#include "ops/conv/method.h"

/* Whether it does, for each group of images (ops/norm/known.h): by the shape of a group alone, so that processes that
 * share a batch agree. */
bool rm_conv_gives_statistics(const rm_conv_method *method, const rm_conv_shape *s);

/* The forward of such a method with a bias alone. moments (groups, 2, K): of each group the mean of each of K channels
 * over its images and pixels, and the sum of squared distances from it. y is not empty. */
rm_status rm_conv_forward_statistics(const rm_conv_method *method, const rm_conv_shape *s, size_t groups,
                                     const rm_conv_pixels *x, const float *w, const float *bias, float *y,
                                     double *moments, rm_error *err);

#endif
