/* strassen_weights.c -- the weight gradient dW' = x' dy of a 1x1 convolution by Strassen's algorithm.
 *
 * The sums over pixels are cut as well: pixels of a block are paired, and each of the seven products adds
 * to a sum of its own, a quarter of the weights in size. Only at the end are they combined. Factors are
 * written out, so that the products read memory in order: the left ones for a strip of rows of dW', then for each
 * panel of its columns the right ones, which stay in the first-level cache. Threads take panels. Sums of very many
 * blocks are cut into chunks, for the sake of their error; how many there are follows from the shape. */
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
  STRIP = 128,        /* rows of a left factor at a time: seven of them take half of a second-level cache */
  PITCH = STRIP + 16, /* of a row of them: no power of two, which would meet few sets of the cache */
  CHUNK_BLOCKS = 128, /* at most */
  PRODUCTS = 7,
  TILE = 16
};

typedef struct {
  const rm_conv_shape *s;
  const float *x, *dy;
  float *parts, *dw;
  size_t pixels, blocks, chunks, part;
  size_t panel, panels; /* columns of one, and how many there are in half of dy's */
} job;

static size_t left_bytes(void) { return PRODUCTS * HALF * PITCH * sizeof(float); }
static size_t right_bytes(const job *q) { return PRODUCTS * HALF * q->panel * sizeof(float); }

/* Sums lie as (panel, product, row, column of the panel): a product writes them in order. */
static float *sums_at(const job *q, float *sums, size_t panel, size_t product) {
  return sums + (panel * PRODUCTS + product) * (q->s->c / 2) * q->panel;
}

/* Panels begin .. end-1 of a block. Pixels that fill up a half are paired with a dy of zeros. */
static void add_block(const job *q, size_t block, size_t begin, size_t end, const float *zeros, float *sums) {
  const rm_conv_shape *s = q->s;
  const rm_kernels *kernels = rm_kernel_table();
  size_t first = block * PIXELS, count = rm_smaller(PIXELS, q->pixels - first), half = (count + 1) / 2;
  size_t c = s->c / 2, steps = (c + STRIP - 1) / STRIP * (end - begin) * PRODUCTS, step = 0;
  const float *x[PIXELS], *dy[PIXELS], *rows[PRODUCTS][HALF];
  float *left = rm_scratch(0, left_bytes()), *right = rm_scratch(1, right_bytes(q));
  for (size_t i = 0; i < 2 * half; i++) {
    size_t p = first + rm_smaller(i, count - 1);
    x[i] = q->x + rm_strassen_place(s, p) * s->c;
    dy[i] = i < count ? q->dy + p * s->k : zeros;
  }
  for (size_t i = 0; i < PRODUCTS * half; i++) rows[i / half][i % half] = left + i * PITCH;
  /* What the next block reads comes into the cache meanwhile. */
  size_t next = rm_smaller(PIXELS, q->pixels - first - count);
  size_t x_slice = s->stride_h * s->stride_w == 1 ? next * s->c / steps : 0, dy_slice = next * s->k / steps;
  for (size_t i = 0; i < c; i += STRIP) {
    size_t strip = rm_smaller(STRIP, c - i);
    kernels->strassen_left(half, c, i, strip, x, PITCH, left);
    for (size_t n = begin; n < end; n++) {
      kernels->strassen_right(half, s->k / 2, n * q->panel, dy, right);
      for (size_t product = 0; product < PRODUCTS; product++, step++) {
        const float *ahead[2] = {x[count - 1] + s->c + step * x_slice,
                                 q->dy + (first + count) * s->k + step * dy_slice};
        kernels->direct_weights(half, rows[product], right + product * half * q->panel, 1, &(ptrdiff_t){0}, strip,
                                q->panel, sums_at(q, sums, n, product) + i * q->panel, ahead,
                                (size_t[2]){x_slice * sizeof(float), dy_slice * sizeof(float)});
      }
    }
  }
}

/* Panels of the chunks, counted through. */
static void add_panels(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  float *zeros = rm_scratch(2, q->s->k * sizeof(float));
  memset(zeros, 0, q->s->k * sizeof(float));
  while (begin < end) {
    size_t chunk = begin / q->panels, n = begin % q->panels, past = rm_smaller(q->panels, n + end - begin);
    float *sums = q->parts + chunk * q->part, *to = sums_at(q, sums, n, 0);
    memset(to, 0, (size_t)(sums_at(q, sums, past, 0) - to) * sizeof(float));
    size_t last = (chunk + 1) * q->blocks / q->chunks;
    for (size_t block = chunk * q->blocks / q->chunks; block < last; block++) add_block(q, block, n, past, zeros, sums);
    begin += past - n;
  }
}

/* Tiles of 16 x 16 (or as wide as a panel) of dW', turned into dW. */
static size_t tile_size(const job *q) { return rm_smaller(TILE, q->panel); }

static void combine(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  size_t c = q->s->c / 2, columns = q->s->k / 2, row = q->s->c, size = tile_size(q);
  float tile[TILE][4 * TILE];
  for (size_t k = begin * size; k < end * size; k += size) {
    const float *sums = sums_at(q, q->parts, k / q->panel, 0) + k % q->panel;
    for (size_t i = 0; i < c; i += size) {
      for (size_t r = 0; r < size; r++)
        rm_kernel_table()->strassen_combine(c * q->panel, size, sums + (i + r) * q->panel, tile[r]);
      for (size_t j = 0; j < size; j++)
        for (size_t quarter = 0; quarter < 4; quarter++) {
          float *to = q->dw + (k + j + quarter % 2 * columns) * row + i + quarter / 2 * c;
          for (size_t r = 0; r < size; r++) to[r] = tile[r][quarter * size + j];
        }
    }
  }
}

/* With fewer channels the factors cost more than is saved. */
static bool saves(const rm_conv_shape *s) { return s->c * s->k >= 64 * 256; }

rm_status rm_strassen_weight_gradient(const rm_conv_shape *s, const rm_conv_pixels *x, const float *dy, float *dw,
                                      rm_error *err) {
  if (!saves(s)) return rm_conv_direct.weight_gradient(s, x, dy, dw, err);
  job q = {.s = s, .x = x->x, .dy = dy, .dw = dw, .pixels = s->n * s->oh * s->ow};
  q.panel = 2 * rm_kernel_table()->vector;
  q.panels = s->k / 2 / q.panel;
  q.blocks = (q.pixels + PIXELS - 1) / PIXELS;
  q.part = PRODUCTS * (s->c / 2) * (s->k / 2);
  q.chunks = (q.blocks + CHUNK_BLOCKS - 1) / CHUNK_BLOCKS;
  RM_TRY(rm_scratch_reserve(0, left_bytes(), err));
  RM_TRY(rm_scratch_reserve(1, right_bytes(&q), err));
  RM_TRY(rm_scratch_reserve(2, s->k * sizeof(float), err));
  RM_TRY(rm_conv_alloc(q.chunks * q.part, &q.parts, err));
  /* Left factors are written for each range of panels, so a thread gets one range. */
  rm_parallel(q.chunks * q.panels, rm_larger(q.chunks * q.panels / rm_num_threads(), 1), add_panels, &q);
  rm_conv_sum_parts(q.part, q.chunks, q.part, q.parts, q.parts);
  rm_parallel(s->k / 2 / tile_size(&q), 1, combine, &q);
  rm_conv_free(q.parts, q.chunks * q.part);
  return RM_OK;
}
