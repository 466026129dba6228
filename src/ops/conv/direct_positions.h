/* direct_positions.h -- the direct method, for large windows over small images: nothing is multiplied by padding.
 *
 * Where a window is hardly smaller than the image, much of what lies under it is padding: of LeNet-5's second layer, 5x5
 * over 14 x 14 pixels of the gradient of 10 x 10, half of the products are with zeros. So the pixels that are
 * computed together are those of several images at one position: all have the same taps inside the image, and only
 * these are read, from where they lie.
 *
 * A sum goes through what is left of it in the same order, and a product with 0 changes no sum of finite numbers: the
 * bits are those of bands. (Where a weight is infinite, bands give NaN under padding, and this does not.) */
#ifndef RM_OPS_CONV_DIRECT_POSITIONS_H
#define RM_OPS_CONV_DIRECT_POSITIONS_H

#include "ops/conv/direct_plan.h"

/* Whether it saves more than it costs. */
bool rm_direct_by_position(const rm_direct *d);

void rm_direct_positions(const rm_direct *d, const rm_conv_finish *finish, float *out);

#endif
