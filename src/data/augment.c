/* augment.c -- gather, shift, mirror and normalize in one pass.
 *
 * Normalizing a byte is a look-up: 256 floats for each channel. */
#include "data/augment.h"

#include <math.h>
#include <string.h>
#include "memory/alloc.h"
#include "parallel/pool.h"

rm_augment_draw rm_augment_drawn(const rm_augment *augment, const rm_rng *rng, uint64_t sample) {
  uint32_t r[4];
  rm_rng_block(rng, rng->position + sample, r);
  uint64_t places = 2 * (uint64_t)augment->pad + 1;
  ptrdiff_t pad = (ptrdiff_t)augment->pad;
  return (rm_augment_draw){.down = (ptrdiff_t)(r[0] * places >> 32) - pad,
                           .right = (ptrdiff_t)(r[1] * places >> 32) - pad,
                           .flip = augment->flip && r[2] >> 31};
}

rm_status rm_normalize_table(size_t channels, const double mean[], const double std[], rm_tensor **out, rm_error *err) {
  for (size_t c = 0; c < channels; c++)
    if (!(std[c] > 0) || !isfinite(mean[c]))
      return rm_fail(err, RM_ERR_VALUE,
                     "normalize: channel %zu has mean %g and std %g, expected a finite mean and std > 0", c + 1,
                     mean[c], std[c]);
  const size_t shape[2] = {channels, 256};
  rm_tensor *table;
  RM_TRY(rm_tensor_new(RM_FLOAT32, 2, shape, &table, err));
  for (size_t c = 0; c < channels; c++)
    for (size_t v = 0; v < 256; v++) rm_tensor_f32(table)[c * 256 + v] = (float)(((double)v / 255 - mean[c]) / std[c]);
  *out = table;
  return RM_OK;
}

/* One row of one channel: `left` black pixels, `inside` pixels of the image, `right` black ones, which stand
 * `step` floats apart in `to`. */
static void place_row(const uint8_t *from, size_t left, size_t inside, size_t right, const float *value, ptrdiff_t step,
                      float *to) {
  const float black = value[0];
  for (size_t j = 0; j < left; j++, to += step) *to = black;
  for (size_t j = 0; j < inside; j++, to += step) *to = value[from[j]];
  for (size_t j = 0; j < right; j++, to += step) *to = black;
}

/* The same of three channels, `plane` bytes apart: each cache line of `to` is written once. */
static void place_row3(const uint8_t *from, size_t plane, size_t left, size_t inside, size_t right, const float *value,
                       ptrdiff_t step, float *to) {
  const float *green = value + 256, *blue = green + 256;
  for (size_t j = 0; j < left; j++, to += step) to[0] = value[0], to[1] = green[0], to[2] = blue[0];
  for (size_t j = 0; j < inside; j++, to += step) {
    to[0] = value[from[j]];
    to[1] = green[from[j + plane]];
    to[2] = blue[from[j + 2 * plane]];
  }
  for (size_t j = 0; j < right; j++, to += step) to[0] = value[0], to[1] = green[0], to[2] = blue[0];
}

static size_t at_most(ptrdiff_t n, size_t most) { return n < 0 ? 0 : (size_t)n < most ? (size_t)n : most; }

/* One image, planes (C, H, W) -> pixels (H, W, C). The crop is mirrored, not the image:
 * output column j is column j, or from the right, of the shifted image. */
static void place(const uint8_t *image, size_t channels, size_t h, size_t w, const float *table, rm_augment_draw draw,
                  float *out) {
  size_t left = at_most(-draw.right, w), right = at_most(draw.right, w - left), first = at_most(draw.right, w);
  ptrdiff_t step = draw.flip ? -(ptrdiff_t)channels : (ptrdiff_t)channels;
  for (size_t i = 0; i < h; i++) {
    ptrdiff_t y = (ptrdiff_t)i + draw.down;
    bool shown = y >= 0 && y < (ptrdiff_t)h;
    const uint8_t *row = image + (shown ? (size_t)y : 0) * w + (shown ? first : 0);
    size_t inside = shown ? w - left - right : 0, after = shown ? right : w - left;
    float *to = out + (draw.flip ? (i + 1) * w - 1 : i * w) * channels;
    if (channels == 3) place_row3(row, h * w, left, inside, after, table, step, to);
    else
      for (size_t c = 0; c < channels; c++)
        place_row(row + c * h * w, left, inside, after, table + c * 256, step, to + c);
  }
}

typedef struct {
  const rm_tensor *images, *table;
  const rm_augment *augment;
  const rm_rng *rng;
  uint64_t first;
  const size_t *indices;
  float *x;
} batch_job;

static void batch_range(void *ctx, size_t begin, size_t end) {
  const batch_job *job = ctx;
  const size_t *shape = job->images->shape;
  size_t size = shape[1] * shape[2] * shape[3];
  for (size_t i = begin; i < end; i++)
    place(rm_tensor_u8(job->images) + job->indices[i] * size, shape[1], shape[2], shape[3], rm_tensor_f32(job->table),
          rm_augment_drawn(job->augment, job->rng, job->first + i), job->x + i * size);
}

rm_status rm_augment_batch(const rm_tensor *images, const rm_tensor *table, const rm_augment *augment,
                           const rm_rng *rng, uint64_t first, size_t n, const size_t indices[], bool threaded,
                           rm_tensor **x, rm_error *err) {
  char text[RM_SHAPE_TEXT];
  if (images->dtype != RM_UINT8 || images->ndim != 4 || !rm_tensor_is_contiguous(images))
    return rm_fail(err, RM_ERR_SHAPE, "batch: images are %s %s, expected contiguous uint8 (N, C, H, W)",
                   rm_dtype_name(images->dtype), rm_tensor_text(images, text));
  if (table->shape[0] != images->shape[1])
    return rm_fail(err, RM_ERR_SHAPE, "normalize: %zu means, but images are %s", table->shape[0],
                   rm_tensor_text(images, text));
  const size_t shape[4] = {n, images->shape[1], images->shape[2], images->shape[3]};
  RM_TRY(rm_tensor_new_channels_last(shape, x, err));
  batch_job job = {images, table, augment, rng, first, indices, rm_tensor_f32(*x)};
  if (threaded) rm_parallel(n, 8, batch_range, &job);
  else batch_range(&job, 0, n);
  return RM_OK;
}

rm_status rm_gather_rows(const rm_tensor *t, size_t n, const size_t indices[], rm_tensor **out, rm_error *err) {
  size_t shape[RM_MAX_DIMS], row = rm_dtype_size(t->dtype);
  memcpy(shape, t->shape, sizeof shape);
  for (size_t d = 1; d < t->ndim; d++) row *= t->shape[d];
  shape[0] = n;
  rm_tensor *y;
  RM_TRY(rm_tensor_new(t->dtype, t->ndim, shape, &y, err));
  const char *from = rm_tensor_data(t);
  char *to = rm_tensor_data(y);
  for (size_t i = 0; i < n; i++) memcpy(to + i * row, from + indices[i] * row, row);
  *out = y;
  return RM_OK;
}

/* --- statistics ----------------------------------------------------------------- */

typedef struct {
  const rm_tensor *images;
  uint64_t *sums; /* (N, C, 2): sum and sum of squares of each plane; 2^32 pixels fit */
} statistics_job;

static void statistics_range(void *ctx, size_t begin, size_t end) {
  const statistics_job *job = ctx;
  size_t plane = job->images->shape[2] * job->images->shape[3];
  for (size_t k = begin; k < end; k++) {
    const uint8_t *p = rm_tensor_u8(job->images) + k * plane;
    uint64_t sum = 0, squares = 0;
    for (size_t i = 0; i < plane; i++) {
      sum += p[i];
      squares += (uint32_t)p[i] * p[i];
    }
    job->sums[2 * k] = sum;
    job->sums[2 * k + 1] = squares;
  }
}

rm_status rm_image_statistics(const rm_tensor *images, double mean[], double std[], rm_error *err) {
  char text[RM_SHAPE_TEXT];
  if (images->dtype != RM_UINT8 || images->ndim != 4 || !rm_tensor_is_contiguous(images) || images->numel == 0)
    return rm_fail(err, RM_ERR_SHAPE, "statistics: images are %s %s, expected contiguous uint8 (N, C, H, W), not empty",
                   rm_dtype_name(images->dtype), rm_tensor_text(images, text));
  size_t n = images->shape[0], channels = images->shape[1];
  size_t bytes = n * channels * 2 * sizeof(uint64_t);
  uint64_t *sums = rm_alloc(bytes);
  if (!sums) return rm_fail(err, RM_ERR_MEMORY, "statistics: no memory for %zu bytes", bytes);
  statistics_job job = {images, sums};
  rm_parallel(n * channels, 64, statistics_range, &job);
  double count = (double)(images->numel / channels);
  for (size_t c = 0; c < channels; c++) {
    uint64_t sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
      sum += sums[2 * (i * channels + c)];
      squares += sums[2 * (i * channels + c) + 1];
    }
    double m = (double)sum / count;
    mean[c] = m / 255;
    std[c] = sqrt(fmax(0, (double)squares / count - m * m)) / 255;
  }
  rm_free(sums, bytes);
  return RM_OK;
}
