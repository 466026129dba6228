/* pool.h -- maxima and averages over windows of an image.
 *
 * Shapes: x (N, C, H, W); y (N, C, H', W') with H' = floor((H + 2 padding - extent) / stride) + 1,
 * where a window's extent is dilation (kernel - 1) + 1, or ceil with ceil_mode, where the last
 * window must begin inside the image or its leading padding. One image (C, H, W) gives one. x is brought into the channels-last layout if it is not; y and dx
 * are channels-last. Pairs are {height, width}. */
#ifndef RM_OPS_POOL_POOL_H
#define RM_OPS_POOL_POOL_H

#include "core/tensor.h"

typedef struct {
  size_t kernel[2];
  size_t stride[2];
  size_t padding[2]; /* at most half of the kernel */
  bool ceil_mode;
  bool count_include_pad; /* averages: divide by the window with its padding */
  size_t dilation[2];     /* of maxima alone; 0 stands for 1 */
} rm_pool_options;

/* Padding never wins; of equal maxima the first in row order gets the gradient. indices (may be
 * NULL): int64, shape of y, the winner's position in its H x W image, row by row from 1
 * (0 of a window that is all padding, as dilation makes some: its maximum is -inf). */
rm_status rm_max_pool2d(rm_tensor *x, const rm_pool_options *options, rm_tensor **y, rm_tensor **indices,
                        rm_error *err);
rm_status rm_avg_pool2d(rm_tensor *x, const rm_pool_options *options, rm_tensor **y, rm_error *err);

/* Cell i of n averages rows floor(i H / n) to ceil((i + 1) H / n) - 1. size {1, 1}: the whole image. */
rm_status rm_adaptive_avg_pool2d(rm_tensor *x, const size_t size[2], rm_tensor **y, rm_error *err);

#endif
