/* erase.h -- a random rectangle of an image, painted over.
 * Source: Zhong et al. 2017, arXiv:1708.04896; how it is drawn, torchvision 0.14's RandomErasing. */
#ifndef RM_DATA_ERASE_H
#define RM_DATA_ERASE_H

#include "core/rng.h"
#include "data/resize.h"

/* The rectangle, drawn for an image of h x w pixels: a share of the area in [scale[0], scale[1]], height over width in
 * [ratio[0], ratio[1]], evenly over its logarithm. After ten that do not fit there is none: false. */
bool rm_erase_box(size_t h, size_t w, const double scale[2], const double ratio[2], rm_rng *rng, rm_box *box);

/* Paints a box of uint8 (C, H, W), contiguous: with `value`, or each byte with one of rng's (rng not NULL). */
void rm_image_erase(rm_tensor *image, rm_box box, uint8_t value, rm_rng *rng);

#endif
