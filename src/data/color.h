/* color.h -- what changes the colors of an image: uint8 (C, H, W), C 1 or 3, contiguous, in place.
 *
 * Definitions, their order of operations and how they round are those of torchvision 0.14 for tensors of bytes:
 * float32 arithmetic, and what comes out is cut off, not rounded, to a byte. */
#ifndef RM_DATA_COLOR_H
#define RM_DATA_COLOR_H

#include "core/rng.h"
#include "core/tensor.h"

typedef enum {
  RM_COLOR_BRIGHTNESS, /* factor * x */
  RM_COLOR_CONTRAST,   /* factor * x + (1 - factor) * the mean of the gray image */
  RM_COLOR_SATURATION, /* factor * x + (1 - factor) * the gray image; a gray image stays */
  RM_COLOR_HUE,        /* the hue turned by a part of the circle, -0.5 to 0.5; a gray image stays */
  RM_COLORS
} rm_color;

/* Changes one property. */
rm_status rm_image_color(rm_tensor *image, rm_color which, double factor, rm_error *err);

/* Gray by ITU-R BT.601 (0.2989 R + 0.587 G + 0.114 B), with the channels that there were. */
rm_status rm_image_gray(rm_tensor *image, rm_error *err);

/* All four, in random order, each by a factor drawn from its range (low, high); a range without extent at the factor
 * that changes nothing is left out. All numbers are drawn in any case. */
rm_status rm_image_jitter(rm_tensor *image, const double factors[RM_COLORS][2], rm_rng *rng, rm_error *err);

#endif
