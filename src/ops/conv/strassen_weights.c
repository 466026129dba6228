/* strassen_weights.c -- the weight gradient dW' = x' dy of a 1x1 convolution by Strassen's algorithm.
 *
 * The sums over pixels are cut as well: pixels of a block are paired, and each of the seven products adds
 * to a sum of its own, a quarter of the weights in size. Only at the end are they combined. Factors are
 * written out for each product, so that its loops read memory in order. Chunks of blocks have their
 * own sums; how many there are follows from the shape. */
#include <string.h>
#include "base/number.h"
#include "kernels/kernels.h"
#include "ops/conv/strassen.h"
#include "ops/conv/strassen_weights.h"
#include "parallel/pool.h"
#include "parallel/scratch.h"

enum {
  PIXELS = 192, /* of a block */
  HALF = PIXELS / 2,
  COLUMNS = 1024, /* of the right factor, at most: with HALF, a third of a second-level cache */
  PRODUCTS = 7,
  TILE = 16
};

typedef struct {
  const rm_conv_shape *s;
  const float *x, *dy;
  float *parts, *dw;
  size_t pixels, blocks, chunks, part;
  size_t columns; /* of the right factor at a time; a sum is made up of such strips */
  size_t pitch;   /* of a row of the left factor: no power of two, which would meet few sets of the cache */
} job;

static size_t left_bytes(const job *q) { return HALF * q->pitch * sizeof(float); }
static size_t right_bytes(const job *q) { return HALF * q->columns * sizeof(float); }

/* Pixels that fill up a half are paired with a dy of zeros. */
static void add_block(const job *q, size_t block, const float *zeros, float *sums) {
  const rm_conv_shape *s = q->s;
  const rm_kernels *kernels = rm_kernel_table();
  size_t first = block * PIXELS, count = rm_smaller(PIXELS, q->pixels - first), half = (count + 1) / 2;
  size_t c = s->c / 2, columns = s->k / 2;
  const float *x[PIXELS], *dy[PIXELS], *rows[HALF];
  float *left = rm_scratch(0, left_bytes(q)), *right = rm_scratch(1, right_bytes(q));
  for (size_t i = 0; i < 2 * half; i++) {
    size_t p = first + rm_smaller(i, count - 1);
    x[i] = q->x + rm_strassen_place(s, p) * s->c;
    dy[i] = i < count ? q->dy + p * s->k : zeros;
  }
  for (size_t i = 0; i < half; i++) rows[i] = left + i * q->pitch;
  for (int product = 0; product < PRODUCTS; product++) {
    kernels->strassen_left(product, half, c, x, q->pitch, left);
    for (size_t n = 0; n < columns; n += q->columns) {
      size_t strip = rm_smaller(q->columns, columns - n);
      kernels->strassen_right(product, half, columns, n, strip, dy, right);
      kernels->direct_weights(half, rows, right, 1, &(ptrdiff_t){0}, c, strip, sums + (product * columns + n) * c,
                              (const float *[2]){NULL, NULL}, (size_t[2]){0, 0});
    }
  }
}

static void add_chunks(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  float *zeros = rm_scratch(2, q->s->k * sizeof(float));
  memset(zeros, 0, q->s->k * sizeof(float));
  for (size_t chunk = begin; chunk < end; chunk++) {
    float *sums = q->parts + chunk * q->part;
    memset(sums, 0, q->part * sizeof(float));
    size_t last = (chunk + 1) * q->blocks / q->chunks;
    for (size_t block = chunk * q->blocks / q->chunks; block < last; block++) add_block(q, block, zeros, sums);
  }
}

/* Tiles of 16 x 16 of dW', turned into dW. */
static void combine(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  size_t c = q->s->c / 2, columns = q->s->k / 2, row = q->s->c;
  float tile[TILE][4][TILE];
  for (size_t k = begin * TILE; k < end * TILE; k += TILE) {
    size_t n = k / q->columns * q->columns, strip = rm_smaller(q->columns, columns - n);
    for (size_t i = 0; i < c; i += TILE) {
      for (size_t r = 0; r < TILE; r++)
        rm_kernel_table()->strassen_combine(c * columns, TILE, q->parts + n * c + (i + r) * strip + k - n, tile[r][0]);
      for (size_t j = 0; j < TILE; j++)
        for (size_t quarter = 0; quarter < 4; quarter++) {
          float *to = q->dw + (k + j + quarter % 2 * columns) * row + i + quarter / 2 * c;
          for (size_t r = 0; r < TILE; r++) to[r] = tile[r][quarter][j];
        }
    }
  }
}

/* With fewer channels the factors cost more than is saved. */
static bool saves(const rm_conv_shape *s) { return s->c >= 256 && s->k >= 256; }

rm_status rm_strassen_weight_gradient(const rm_conv_shape *s, const float *x, const float *dy, float *dw,
                                      rm_error *err) {
  if (!saves(s)) return rm_conv_direct.weight_gradient(s, x, dy, dw, err);
  job q = {.s = s, .x = x, .dy = dy, .dw = dw, .pixels = s->n * s->oh * s->ow, .pitch = s->c / 2 + 16};
  q.columns = rm_smaller(COLUMNS, s->k / 2);
  q.blocks = (q.pixels + PIXELS - 1) / PIXELS;
  q.part = PRODUCTS * (s->c / 2) * (s->k / 2);
  q.chunks = rm_conv_chunks(q.part, q.blocks);
  RM_TRY(rm_scratch_reserve(0, left_bytes(&q), err));
  RM_TRY(rm_scratch_reserve(1, right_bytes(&q), err));
  RM_TRY(rm_scratch_reserve(2, s->k * sizeof(float), err));
  RM_TRY(rm_conv_alloc(q.chunks * q.part, &q.parts, err));
  rm_parallel(q.chunks, 1, add_chunks, &q);
  rm_conv_sum_parts(q.part, q.chunks, q.part, q.parts, q.parts);
  rm_parallel(s->k / 2 / TILE, 1, combine, &q);
  rm_conv_free(q.parts, q.chunks * q.part);
  return RM_OK;
}
