/* image.h -- pictures: JPEG and PNG files to uint8 tensors (C, H, W), and back to PNG.
 *
 * The first bytes of a file say what it is, not its name. Decoded images are grey
 * (C = 1) or RGB (C = 3); an alpha channel is laid over white. Files that are cut short
 * or corrupt are errors, as are pictures beyond RM_IMAGE_MAX_SIDE. */
#ifndef RM_DATA_IMAGE_H
#define RM_DATA_IMAGE_H

#include "core/tensor.h"

enum { RM_IMAGE_MAX_SIDE = 16384 };

/* channels: 1 or 3. `name` stands in error messages. */
rm_status rm_image_decode(const char *name, const uint8_t *bytes, size_t size, size_t channels,
                          rm_tensor **out, rm_error *err);
rm_status rm_image_load(const char *path, size_t channels, rm_tensor **out, rm_error *err);

/* image: uint8 (1, H, W) or (3, H, W), any strides. */
rm_status rm_image_write_png(const char *path, rm_tensor *image, rm_error *err);

#endif
