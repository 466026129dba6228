/* png.h -- PNG files to tensors and back. */
#ifndef RM_DATA_PNG_H
#define RM_DATA_PNG_H

#include "core/tensor.h"

/* The image, uint8 (channels, H, W), its rows as in the file, and its EXIF orientation, from 1 to 8. image.h says what
 * becomes of colors. */
rm_status rm_png_decode(const char *name, const uint8_t *bytes, size_t size, size_t channels, rm_tensor **out,
                        int *orientation, rm_error *err);

/* image: uint8 (1, H, W) or (3, H, W), any strides. The file is replaced at once. */
rm_status rm_png_write(const char *path, rm_tensor *image, rm_error *err);

#endif
