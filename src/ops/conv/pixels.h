/* pixels.h -- what a convolution reads: pixels as they lie, or relu of a batch norm of them, which is stored nowhere
 * (ops/norm/promise.h).
 *
 * Methods that take tiles, block by block, get the second kind, too: the rows of pixels under a block are normalized into
 * the thread's scratch memory, where the kernels then read them. They are few enough for its second-level cache. The
 * values are those that a pass over all pixels would have written, to the last bit. */
#ifndef RM_OPS_CONV_PIXELS_H
#define RM_OPS_CONV_PIXELS_H

#include <stddef.h>
#include "base/status.h"

typedef struct {
  const float *x;       /* (N, H, W, C) */
  const float *columns; /* NULL: x as it is; or what it is normalized by, (RM_NORM_COLUMNS, C), before relu */
} rm_conv_pixels;

/* Where tiles lie: counted through all images, row by row; tile (i, j) of an image begins at pixel (i * step - pad,
 * j * step - pad) and has extent x extent pixels, of which some may not be there. */
typedef struct {
  size_t h, w, c;      /* of an image */
  size_t down, across; /* tiles in an image */
  size_t step, extent;
  ptrdiff_t pad;
} rm_conv_tiles;

/* How many tiles may be taken at a time, a multiple of `unit`, so that their pixels fit into the cache. */
size_t rm_conv_pixels_step(const rm_conv_pixels *p, const rm_conv_tiles *t, size_t unit);
/* Makes sure that _under works for so many tiles in every thread. */
rm_status rm_conv_pixels_reserve(const rm_conv_pixels *p, const rm_conv_tiles *t, size_t count, rm_error *err);
/* From where to address the pixels under tiles first .. first+count-1: pixel i of all images, if one of these tiles looks
 * at it, is there at i * c. Nothing else may be read. Valid until the next call in this thread. */
const float *rm_conv_pixels_under(const rm_conv_pixels *p, const rm_conv_tiles *t, size_t first, size_t count);

#endif
