/* image_batch.h -- many images at once, from files or from memory, transformed, as one tensor.
 *
 * Images are decoded and transformed on all threads; the result is the same with one or with many, since each
 * image has a generator of its own. */
#ifndef RM_DATA_IMAGE_BATCH_H
#define RM_DATA_IMAGE_BATCH_H

#include "data/transform.h"

/* uint8 (n, ...), each image as the transform gives it; all must come out in one shape. rngs[i] is image i's
 * (NULL: the transform draws nothing). Where several fail, the first is reported. orient: as in rm_image_decode. */
rm_status rm_images_load(size_t n, const char *const paths[], size_t channels, bool orient,
                         const rm_transform *transform, rm_rng *const rngs[], rm_tensor **out, rm_error *err);

/* The same for images that are there: uint8 (n, C, H, W), contiguous. */
rm_status rm_images_transform(rm_tensor *images, const rm_transform *transform, rm_rng *const rngs[], rm_tensor **out,
                              rm_error *err);

#endif
