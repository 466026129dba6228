/* direct.h -- what an output pixel of the direct method reads, and by which weights. */
#ifndef RM_KERNELS_DIRECT_H
#define RM_KERNELS_DIRECT_H

#include <stddef.h>

/* `count` runs of `length` floats, at offsets from a pointer for each pixel. Float k of run r is multiplied by row
 * first + r * apart + k of the packed weights, which have `depth` rows. */
typedef struct {
  size_t count, length;
  const ptrdiff_t *offsets;
  size_t first, apart, depth;
} rm_direct_runs;

#endif
