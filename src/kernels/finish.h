/* finish.h -- what a convolution still does to its sums on their way to memory:
 *
 *   y = relu(sum + bias + add)
 *
 * each part optional. Inference puts a folded batch norm, the shortcut and relu there, so that the
 * output is written once and not read again. In training batch norm asks for sums over the output's columns (moments.h);
 * then neither add nor relu is there. */
#ifndef RM_KERNELS_FINISH_H
#define RM_KERNELS_FINISH_H

#include <stdbool.h>

typedef struct {
  const float *bias; /* one for each output channel, or NULL */
  const float *add;  /* lies in memory as the output does, or NULL */
  bool relu;         /* NaN passes through */
  float *moments;    /* of the blocks of rows that the method has, (blocks, 3, columns), or NULL */
} rm_conv_finish;

#endif
