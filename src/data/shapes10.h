/* shapes10.h -- Shapes10: ten classes of drawn figures, made from a seed.
 *
 * The data set that is always there: 32x32 RGB images of one figure each -- circle, square,
 * triangle, star, cross, ring, crescent, arrow, heart, spiral -- of any place, size, color,
 * rotation, slant and texture, before a textured background, among clutter, partly hidden
 * by lines, in uneven light and noise. Image i depends on (seed, part, i) alone, so a set
 * of 1000 images is the beginning of one of 50000. */
#ifndef RM_DATA_SHAPES10_H
#define RM_DATA_SHAPES10_H

#include "core/tensor.h"

enum { RM_SHAPES10_CLASSES = 10, RM_SHAPES10_SIDE = 32 };

const char *rm_shapes10_class(size_t k); /* k from 0: "circle", ... */

/* images uint8 (n, 3, 32, 32), labels int64 (n) from 1. Each ten images in turn hold
 * every class once. part: 0 for training, 1 for testing; they share no image. */
rm_status rm_shapes10(size_t n, uint64_t seed, uint64_t part, rm_tensor **images, rm_tensor **labels, rm_error *err);

#endif
