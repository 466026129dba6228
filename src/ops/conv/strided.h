/* strided.h -- what forward and gradients of the strided method share; kernels/strided.h has the idea. */
#ifndef RM_OPS_CONV_STRIDED_H
#define RM_OPS_CONV_STRIDED_H

#include "kernels/kernels.h"
#include "ops/conv/method.h"

typedef struct {
  rm_strided_images in, out; /* x, and y */
  size_t count;              /* tiles of all images */
} rm_strided_plan;

/* With places for blocks of so many tiles, a multiple of 8, of whole images. */
rm_strided_plan rm_strided_plan_of(const rm_conv_shape *s, size_t tiles);
/* Those of `count` channels, at most RM_STRIDED_PANEL, whose places are a block by themselves. */
rm_strided_images rm_strided_panel(const rm_strided_images *g, size_t count);
/* Tiles first .. first+count-1 to rows 0 .. of all places, as strided_input has it. rm_strided_input_reserve makes sure of
 * the scratch memory that it takes. */
void rm_strided_input(const rm_strided_images *g, const rm_conv_pixels *x, const float *zeros, size_t first,
                      size_t count, float *v);
rm_status rm_strided_input_reserve(const rm_strided_images *g, const rm_conv_pixels *x, rm_error *err);
/* Floats of a block of places. */
size_t rm_strided_block(const rm_strided_images *g);

#endif
