/* winograd.h -- what forward and gradients by F(4x4, 3x3) share: the tiles of a convolution. */
#ifndef RM_OPS_CONV_WINOGRAD_H
#define RM_OPS_CONV_WINOGRAD_H

#include "kernels/kernels.h"
#include "ops/conv/method.h"

typedef struct {
  rm_wino_images in, out; /* out: where tiles do not overlap */
  size_t count;           /* tiles of all images */
} rm_wino_plan;

/* Tiles of the h x w outputs of n images; `in` is read with the given padding. */
rm_wino_plan rm_wino_plan_of(size_t n, size_t in_h, size_t in_w, size_t in_c, ptrdiff_t pad, size_t h, size_t w,
                             size_t c);
/* Blocks get room for `tiles`. */
void rm_wino_plan_room(rm_wino_plan *p, size_t tiles);

/* Transforms tiles first .. first+count-1, for which there is room at v; `patch` as wino_input has it. rm_wino_input_reserve makes
 * sure of the scratch memory that it takes. */
void rm_wino_input(const rm_wino_plan *p, const rm_conv_pixels *x, float *patch, size_t first, size_t count, float *v);
rm_status rm_wino_input_reserve(const rm_wino_plan *p, const rm_conv_pixels *x, rm_error *err);

/* Asks for a slice of what tiles first .. first+count-1 will read or write, position by position: the
 * products, which need little memory, hide the way from main memory. */
void rm_wino_prefetch(const rm_wino_plan *p, const rm_wino_images *g, const float *x, size_t first, size_t count,
                      size_t position);

#endif
