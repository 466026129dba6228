/* image_file.h -- between image.c and the decoders of the two kinds of files. */
#ifndef RM_DATA_IMAGE_FILE_H
#define RM_DATA_IMAGE_FILE_H

#include "core/tensor.h"

/* Both give the image, uint8 (channels, H, W), as the file has it, and its EXIF orientation, from 1 to 8. */
rm_status rm_jpeg_decode(const char *name, const uint8_t *bytes, size_t size, size_t channels, rm_tensor **out,
                         int *orientation, rm_error *err);
rm_status rm_png_decode(const char *name, const uint8_t *bytes, size_t size, size_t channels, rm_tensor **out,
                        int *orientation, rm_error *err);

/* Sides within RM_IMAGE_MAX_SIDE, and at most `most` pixels, which is what the file's bytes can hold. */
rm_status rm_image_check_sides(const char *name, size_t w, size_t h, double most, rm_error *err);

/* Row y of image (C, H, W) from W pixels of 1 or 3 interleaved bytes: gray is spread over three channels, color
 * becomes luma in one. */
void rm_image_put_row(rm_tensor *image, size_t y, const uint8_t *row, size_t row_channels);

#endif
