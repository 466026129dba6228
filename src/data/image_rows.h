/* image_rows.h -- what the decoders of both kinds of files share: the size of a picture, and its rows. */
#ifndef RM_DATA_IMAGE_ROWS_H
#define RM_DATA_IMAGE_ROWS_H

#include "core/tensor.h"

enum { RM_IMAGE_MAX_SIDE = 16384 };

/* Sides from 1 to RM_IMAGE_MAX_SIDE, and at most `most` pixels, which is what the file's bytes can hold. */
rm_status rm_image_check_sides(const char *name, size_t w, size_t h, double most, rm_error *err);

/* Row y of image (C, H, W) from W pixels of 1 or 3 interleaved bytes: gray is spread over three channels, color
 * becomes luma in one. */
void rm_image_put_row(rm_tensor *image, size_t y, const uint8_t *row, size_t row_channels);

#endif
