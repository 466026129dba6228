/* resize.h -- scaling and cutting uint8 images (C, H, W).
 *
 * Bilinear with antialiasing: when an image shrinks, the triangle filter widens with
 * the factor, so that every source pixel counts and no detail aliases. Arithmetic in
 * fixed point, as Pillow does it: the results equal Image.resize(..., BILINEAR) bit by bit. */
#ifndef RM_DATA_RESIZE_H
#define RM_DATA_RESIZE_H

#include "core/rng.h"
#include "core/tensor.h"

typedef struct {
  size_t top, left, height, width;
} rm_box;

/* The part of `image` in `box`, scaled to height x width. */
rm_status rm_image_resize(rm_tensor *image, rm_box box, size_t height, size_t width, rm_tensor **out, rm_error *err);

/* Mirrored left to right. */
rm_status rm_image_flip(rm_tensor *image, rm_tensor **out, rm_error *err);

/* The whole image; its height x width center (all of a side that is shorter). What is left over on two sides is halved,
 * and half a pixel goes to the even number, as torchvision 0.14's CenterCrop has it: of 227 pixels 224 begin at 2. */
rm_box rm_box_whole(const rm_tensor *image);
rm_box rm_box_center(const rm_tensor *image, size_t height, size_t width);
/* The largest centered box of the proportions height : width. Scaling it to that size is the
 * usual "resize the shorter side, then crop the center" in one step. */
rm_box rm_box_cover(const rm_tensor *image, size_t height, size_t width);
/* A box of a share of the area in [scale[0], scale[1]] and of proportions width/height in
 * [ratio[0], ratio[1]], as drawn for training ImageNet nets; moves rng.
 * Source: Szegedy et al. 2015, arXiv:1409.4842, section 6; fallback as in torchvision. */
rm_box rm_box_random(const rm_tensor *image, const double scale[2], const double ratio[2], rm_rng *rng);

#endif
