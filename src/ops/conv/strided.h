/* strided.h -- what forward and gradients of the strided method share; kernels/strided.h has the idea. */
#ifndef RM_OPS_CONV_STRIDED_H
#define RM_OPS_CONV_STRIDED_H

#include "kernels/kernels.h"
#include "ops/conv/method.h"

typedef struct {
  rm_strided_images in, out; /* x, and y */
  size_t count;              /* tiles of all images */
} rm_strided_plan;

/* Groups get room for `floats` numbers in the places of both, in whole tiles of every instruction set. */
rm_strided_plan rm_strided_plan_of(const rm_conv_shape *s, size_t floats);

#endif
