/* augment.h -- from stored images to a training batch, in one pass over the pixels.
 *
 * A batch gathers images by position from a uint8 tensor (N, C, H, W), shifts them (as
 * padding with black and cropping at random does), mirrors every other one, and writes
 * them normalized, (x/255 - mean) / std, as float32 held channels-last.
 *
 * What happens to an image depends on the generator and on the image's number in the
 * epoch alone: draw i uses block rng->position + i. Neither threads, nor the size of
 * batches, nor the moment of preparation can change a result. */
#ifndef RM_DATA_AUGMENT_H
#define RM_DATA_AUGMENT_H

#include "core/rng.h"
#include "core/tensor.h"

typedef struct {
  size_t pad; /* shifts of up to this many pixels each way; 0: none */
  bool flip;  /* mirror left-right with probability 1/2 */
} rm_augment;

typedef struct {
  ptrdiff_t down, right; /* where the crop begins, relative to the image: -pad .. pad */
  bool flip;
} rm_augment_draw;

/* The draw for image number `sample`; rng is not moved. */
rm_augment_draw rm_augment_drawn(const rm_augment *augment, const rm_rng *rng, uint64_t sample);

/* (C, 256) float32: what each byte of each channel becomes. std must be positive. */
rm_status rm_normalize_table(size_t channels, const double mean[], const double std[], rm_tensor **out, rm_error *err);

/* x[i] = image indices[i] (from 0, in range), augmented as number first + i, through `table`.
 * `threaded`: on the pool, else in the caller alone. images: contiguous. */
rm_status rm_augment_batch(const rm_tensor *images, const rm_tensor *table, const rm_augment *augment,
                           const rm_rng *rng, uint64_t first, size_t n, const size_t indices[], bool threaded,
                           rm_tensor **x, rm_error *err);

/* Rows of a contiguous tensor of any type by position (from 0, in range). */
rm_status rm_gather_rows(const rm_tensor *t, size_t n, const size_t indices[], rm_tensor **out, rm_error *err);

/* Mean and standard deviation of each channel of uint8 images (N, C, H, W), in units of
 * [0, 1]; the sums are exact. */
rm_status rm_image_statistics(const rm_tensor *images, double mean[], double std[], rm_error *err);

#endif
