/* subsample.h -- windows of one pixel: every so many rows and columns of a channels-last image, and their gradient. */
#ifndef RM_POOL_SUBSAMPLE_H
#define RM_POOL_SUBSAMPLE_H

#include <stddef.h>

/* Pixel (i, j) of the oh by ow result is pixel (i * step_h, j * step_w) of the image. */
typedef struct {
  size_t n, c, h, w, oh, ow, step_h, step_w;
} rm_subsample_grid;

void rm_subsample(const rm_subsample_grid *g, const float *x, float *y);
/* dx: dy at those pixels, 0 elsewhere. */
void rm_subsample_backward(const rm_subsample_grid *g, const float *dy, float *dx);

#endif
