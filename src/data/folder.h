/* folder.h -- many image files at once, as one tensor.
 *
 * Every image is cut to the proportions asked for (the largest centred box) and scaled: the usual
 * "resize the shorter side, crop the centre". Files are decoded on all threads. */
#ifndef RM_DATA_FOLDER_H
#define RM_DATA_FOLDER_H

#include "core/tensor.h"

/* uint8 (n, channels, height, width). Where several files fail, the first is reported. */
rm_status rm_images_load(size_t n, const char *const paths[], size_t channels, size_t height,
                         size_t width, rm_tensor **out, rm_error *err);

#endif
