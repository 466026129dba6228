/* idx.h -- MNIST's file format: a tensor of bytes behind a short header.
 *
 *   0x00 0x00 type rank | extent, 4 bytes big-endian, for each dimension | the elements
 *
 * Only type 0x08, unsigned bytes, occurs in the image sets. Plain or gzip.
 * Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits". */
#ifndef RM_DATA_IDX_H
#define RM_DATA_IDX_H

#include "core/tensor.h"

/* uint8 tensor of the file's own shape. */
rm_status rm_idx_load(const char *path, rm_tensor **out, rm_error *err);
/* Images: rank 3 (N, H, W) becomes (N, 1, H, W). */
rm_status rm_idx_load_images(const char *path, rm_tensor **out, rm_error *err);
/* Labels: rank 1, values first .. first + classes - 1 in the file (most sets count from 0), 1 .. classes in the int64
 * result. */
rm_status rm_idx_load_labels(const char *path, size_t first, size_t classes, rm_tensor **out, rm_error *err);

#endif
