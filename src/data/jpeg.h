/* jpeg.h -- JPEG files to tensors. */
#ifndef RM_DATA_JPEG_H
#define RM_DATA_JPEG_H

#include "core/tensor.h"

/* The image, uint8 (channels, H, W), its rows as in the file, and its EXIF orientation, from 1 to 8. image.h says what
 * becomes of colors. */
rm_status rm_jpeg_decode(const char *name, const uint8_t *bytes, size_t size, size_t channels, rm_tensor **out,
                         int *orientation, rm_error *err);

#endif
