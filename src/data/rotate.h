/* rotate.h -- an image turned about its center, in a frame of its own size. */
#ifndef RM_DATA_ROTATE_H
#define RM_DATA_ROTATE_H

#include "core/tensor.h"

typedef struct {
  bool bilinear; /* else the nearest pixel */
  double fill;   /* what lies outside, 0 to 255, in every channel */
} rm_rotation;

/* uint8 (C, H, W), contiguous, turned counter-clockwise by so many degrees: torchvision 0.14's rotate with expand =
 * False, for tensors, whose positions are worked out in float32. */
rm_status rm_image_rotate(const rm_tensor *image, double degrees, rm_rotation how, rm_tensor **out, rm_error *err);

#endif
