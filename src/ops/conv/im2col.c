/* im2col.c -- convolution as a matrix product, for any shape.
 *
 * The window under each output pixel is written out as a row (R*S runs of C/groups floats,
 * contiguous because x is channels-last), so that
 *   y  = columns * W^T,    dcolumns = dy * W,    dW = dy^T * columns
 * with W as a (K, R*S*C/groups) matrix. Rows are made for a tile of pixels at a time, small
 * enough to stay in the second-level cache: the columns of a whole batch are never there.
 * The product is ours (ops/linalg/product.h), whose bits do not depend on the processor as OpenBLAS's do.
 * A 1x1 kernel with stride 1 and no padding reads x itself.
 *
 * The weight gradient adds over images. These are cut into at most 16 chunks, each with its
 * own partial sum; large weights get few chunks and are cut into blocks of output channels
 * instead. Both cuts follow from the shape alone. */
#include <string.h>
#include "base/number.h"
#include "ops/conv/method.h"
#include "ops/linalg/product.h"
#include "parallel/interrupt.h"
#include "parallel/pool.h"
#include "parallel/scratch.h"

enum { TILE_FLOATS = 64 * 1024, MAX_CHUNKS = 16, PARTS_FLOATS = 2 * 1024 * 1024 };

typedef struct {
  const rm_conv_shape *s;
  const float *x, *w, *bias, *dy; /* w: (K, R, S, C/groups) */
  float *y, *dx, *dw;
  size_t depth;           /* R * S * C/groups: the length of a row of columns */
  size_t tile;            /* pixels in a tile */
  size_t chunks, k_block; /* of the weight gradient */
} job;

static bool fits(const rm_conv_shape *s) {
  (void)s;
  return true;
}

/* x itself is the columns. */
static bool is_pointwise(const rm_conv_shape *s) {
  return s->r == 1 && s->s == 1 && s->stride_h == 1 && s->stride_w == 1 && s->pad_h == 0 && s->pad_w == 0;
}

/* Calls with the place in image x of each tap of the pixel's window: NULL in the padding. */
static const float *tap(const rm_conv_shape *s, const float *x, size_t pixel, size_t r, size_t t) {
  size_t h = pixel / s->ow * s->stride_h + r * s->dil_h, v = pixel % s->ow * s->stride_w + t * s->dil_w;
  if (h < s->pad_h || h - s->pad_h >= s->h || v < s->pad_w || v - s->pad_w >= s->w) return NULL;
  return x + ((h - s->pad_h) * s->w + (v - s->pad_w)) * s->c;
}

/* Rows for pixels p0 .. p0+count-1 of the image and group that x points to. */
static void gather(const job *q, const float *x, size_t p0, size_t count, float *columns) {
  const rm_conv_shape *s = q->s;
  for (size_t p = p0; p < p0 + count; p++)
    for (size_t r = 0; r < s->r; r++)
      for (size_t t = 0; t < s->s; t++, columns += s->cg) {
        const float *from = tap(s, x, p, r, t);
        if (from) memcpy(columns, from, s->cg * sizeof(float));
        else memset(columns, 0, s->cg * sizeof(float));
      }
}

/* The reverse: adds the rows to the places they came from. */
static void scatter(const job *q, const float *columns, size_t p0, size_t count, float *dx) {
  const rm_conv_shape *s = q->s;
  for (size_t p = p0; p < p0 + count; p++)
    for (size_t r = 0; r < s->r; r++)
      for (size_t t = 0; t < s->s; t++, columns += s->cg) {
        float *to = (float *)tap(s, dx, p, r, t);
        for (size_t c = 0; to && c < s->cg; c++) to[c] += columns[c];
      }
}

/* The columns of a tile and the distance of their rows: gathered, or x where it will do. */
static const float *columns_of(const job *q, const float *x, size_t p0, size_t count, size_t *ld) {
  if (is_pointwise(q->s)) {
    *ld = q->s->c;
    return x + p0 * q->s->c;
  }
  float *columns = rm_scratch(0, q->tile * q->depth * sizeof(float));
  gather(q, x, p0, count, columns);
  *ld = q->depth;
  return columns;
}

static rm_status prepare(job *q, rm_error *err) {
  const rm_conv_shape *s = q->s;
  q->depth = s->r * s->s * s->cg;
  q->tile = rm_smaller(s->oh * s->ow, TILE_FLOATS / q->depth < 8 ? 8 : TILE_FLOATS / q->depth);
  RM_TRY(rm_product_reserve(err));
  return rm_scratch_reserve(0, q->tile * q->depth * sizeof(float), err);
}

/* --- forward ---------------------------------------------------------------------- */
static void forward_tile(const job *q, size_t image, size_t p0, size_t count) {
  const rm_conv_shape *s = q->s;
  float *y = q->y + (image * s->oh * s->ow + p0) * s->k;
  if (q->bias)
    for (size_t p = 0; p < count; p++) memcpy(y + p * s->k, q->bias, s->k * sizeof(float));
  for (size_t g = 0; g < s->groups; g++) {
    size_t ld;
    const float *columns = columns_of(q, q->x + image * s->h * s->w * s->c + g * s->cg, p0, count, &ld);
    rm_product(count, s->kg, q->depth, (rm_matrix){columns, ld, 1},
               (rm_matrix){q->w + g * s->kg * q->depth, 1, q->depth}, q->bias != NULL, y + g * s->kg, s->k);
  }
}

static void forward_tiles(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  size_t pixels = q->s->oh * q->s->ow, tiles = (pixels + q->tile - 1) / q->tile;
  for (size_t i = begin; i < end && !rm_broken(); i++) {
    size_t p0 = i % tiles * q->tile;
    forward_tile(q, i / tiles, p0, rm_smaller(q->tile, pixels - p0));
  }
}

static rm_status forward(const rm_conv_shape *s, const rm_conv_pixels *x, const float *w, const rm_conv_finish *finish,
                         float *y, rm_error *err) {
  float *ohwi;
  job q = {.s = s, .x = x->x, .bias = finish->bias, .y = y};
  RM_TRY(prepare(&q, err));
  RM_TRY(rm_conv_alloc(s->k * q.depth, &ohwi, err));
  rm_conv_weight_to_ohwi(s, w, ohwi);
  q.w = ohwi;
  rm_parallel(s->n * ((s->oh * s->ow + q.tile - 1) / q.tile), 1, forward_tiles, &q);
  rm_conv_finish_pass(s, finish, y);
  rm_conv_free(ohwi, s->k * q.depth);
  return RM_OK;
}

/* --- input gradient ---------------------------------------------------------------- */
/* One image at a time, so that no two threads add to the same place. */
static void input_gradient_images(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  const rm_conv_shape *s = q->s;
  size_t pixels = s->oh * s->ow, size = s->h * s->w * s->c;
  for (size_t image = begin; image < end; image++) {
    memset(q->dx + image * size, 0, size * sizeof(float));
    for (size_t p0 = 0; p0 < pixels && !rm_broken(); p0 += q->tile)
      for (size_t g = 0; g < s->groups; g++) {
        size_t count = rm_smaller(q->tile, pixels - p0);
        float *columns = rm_scratch(0, q->tile * q->depth * sizeof(float));
        rm_product(count, q->depth, s->kg, (rm_matrix){q->dy + (image * pixels + p0) * s->k + g * s->kg, s->k, 1},
                   (rm_matrix){q->w + g * s->kg * q->depth, q->depth, 1}, false, columns, q->depth);
        scatter(q, columns, p0, count, q->dx + image * size + g * s->cg);
      }
  }
}

static rm_status input_gradient(const rm_conv_shape *s, const float *dy, const float *w, float *dx, rm_error *err) {
  float *ohwi;
  job q = {.s = s, .dy = dy, .dx = dx};
  RM_TRY(prepare(&q, err));
  RM_TRY(rm_conv_alloc(s->k * q.depth, &ohwi, err));
  rm_conv_weight_to_ohwi(s, w, ohwi);
  q.w = ohwi;
  rm_parallel(s->n, 1, input_gradient_images, &q);
  rm_conv_free(ohwi, s->k * q.depth);
  return RM_OK;
}

/* --- weight gradient --------------------------------------------------------------- */
/* The part of dW for output channels k0 .. k1-1 (of one group), images n0 .. n1-1. */
static void weight_gradient_part(const job *q, size_t n0, size_t n1, size_t k0, size_t k1, float *dw) {
  const rm_conv_shape *s = q->s;
  size_t pixels = s->oh * s->ow, group = k0 / s->kg;
  bool more = false;
  for (size_t image = n0; image < n1; image++)
    for (size_t p0 = 0; p0 < pixels && !rm_broken(); p0 += q->tile, more = true) {
      size_t ld, count = rm_smaller(q->tile, pixels - p0);
      const float *columns = columns_of(q, q->x + image * s->h * s->w * s->c + group * s->cg, p0, count, &ld);
      rm_product(k1 - k0, q->depth, count, (rm_matrix){q->dy + (image * pixels + p0) * s->k + k0, 1, s->k},
                 (rm_matrix){columns, ld, 1}, more, dw + k0 * q->depth, q->depth);
    }
}

static void weight_gradient_parts(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  const rm_conv_shape *s = q->s;
  size_t blocks = (s->kg + q->k_block - 1) / q->k_block, parts = s->groups * blocks;
  for (size_t i = begin; i < end; i++) {
    size_t chunk = i / parts, group = i % parts / blocks, k0 = i % blocks * q->k_block;
    weight_gradient_part(q, chunk * s->n / q->chunks, (chunk + 1) * s->n / q->chunks, group * s->kg + k0,
                         group * s->kg + rm_smaller(k0 + q->k_block, s->kg), q->dw + chunk * s->k * q->depth);
  }
}

static rm_status weight_gradient(const rm_conv_shape *s, const rm_conv_pixels *x, const float *dy, float *dw,
                                 rm_error *err) {
  float *parts;
  job q = {.s = s, .x = x->x, .dy = dy};
  RM_TRY(prepare(&q, err));
  size_t size = s->k * q.depth, chunks = PARTS_FLOATS / size < 1 ? 1 : PARTS_FLOATS / size;
  q.chunks = rm_smaller(rm_smaller(chunks, MAX_CHUNKS), s->n);
  q.k_block = q.chunks < MAX_CHUNKS / 2 && s->kg > 64 ? 64 : s->kg;
  RM_TRY(rm_conv_alloc((q.chunks + 1) * size, &parts, err));
  q.dw = parts + size;
  rm_parallel(q.chunks * s->groups * ((s->kg + q.k_block - 1) / q.k_block), 1, weight_gradient_parts, &q);
  rm_conv_sum_parts(size, q.chunks, size, q.dw, parts);
  rm_conv_weight_from_ohwi(s, parts, dw);
  rm_conv_free(parts, (q.chunks + 1) * size);
  return RM_OK;
}

const rm_conv_method rm_conv_im2col = {"im2col",        fits, fits, forward, input_gradient,
                                       weight_gradient, NULL, NULL, NULL,    false};
