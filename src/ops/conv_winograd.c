/* conv_winograd.c -- 3x3, stride 1 by Winograd's F(4x4, 3x3); kernels/winograd_k.c has the idea.
 *
 * Tiles of all images are counted through and taken in blocks. A thread transforms a block,
 * multiplies it position by position and transforms back, all in its own scratch memory. The
 * input gradient is the same convolution of dy with the kernel turned by 180 degrees and its
 * channels exchanged.
 *
 * The weight gradient adds over tiles: each chunk of blocks has its own sum in the transform
 * domain. How many chunks there are follows from the shape. */
#include <string.h>
#include "core/threads.h"
#include "kernels/kernels.h"
#include "ops/conv_method.h"

/* A block has 24 tiles, so that up to 64 channels stay in the second-level cache; 48 where there
 * are so many weights that reading them for each block is what counts. */
enum { MANY_WEIGHTS = 128 * 128 };
enum { MAX_CHUNKS = 32, MIN_CHUNKS = 2, PARTS_FLOATS = 1024 * 1024 };

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static bool fits(const rm_conv_shape *s) {
  return s->r == 3 && s->s == 3 && s->stride_h == 1 && s->stride_w == 1 && s->dil_h == 1 &&
         s->dil_w == 1 && s->groups == 1 && s->pad_h == s->pad_w && s->pad_h <= 2;
}

/* Few channels are mostly zeros that fill a block of 16; small images mostly fill tiles. */
static bool pays(const rm_conv_shape *s) {
  size_t tiles = ((s->oh + 3) / 4) * ((s->ow + 3) / 4);
  return s->c >= 12 && s->k >= 12 && tiles * 13 <= s->oh * s->ow * 2;
}

typedef struct {
  rm_wino_images in, out; /* out: where tiles do not overlap */
  const float *x, *u;
  rm_conv_finish finish;
  const float *dy; /* weight gradient: of out's shape */
  float *y, *du;
  size_t count; /* tiles of all images */
  size_t blocks, chunks;
  size_t part; /* floats of one partial sum */
} job;

/* Tiles of the h x w outputs of n images; `in` is read with the given padding. */
static void plan(job *q, size_t n, size_t in_h, size_t in_w, size_t in_c, ptrdiff_t pad, size_t h,
                 size_t w, size_t c) {
  size_t across = (w + 3) / 4, down = (h + 3) / 4;
  size_t tiles = in_c * c > MANY_WEIGHTS ? 48 : 24;
  q->count = n * across * down;
  if (tiles > q->count) tiles = (q->count + 23) / 24 * 24;
  q->in = (rm_wino_images){in_h, in_w, in_c, across, down, pad, tiles};
  q->out = (rm_wino_images){h, w, c, across, down, 0, tiles};
  q->blocks = (q->count + tiles - 1) / tiles;
}

static size_t scratch_bytes(const rm_wino_images *g) {
  return rm_wino_tiles_floats(g->tiles, g->c) * sizeof(float);
}

/* For the pixels under one tile. */
static size_t patch_bytes(const job *q) {
  return RM_WINO_POSITIONS * rm_wino_padded(larger(q->in.c, q->out.c)) * sizeof(float);
}

static rm_status reserve(const job *q, rm_error *err) {
  RM_TRY(rm_scratch_reserve(0, scratch_bytes(&q->in), err));
  RM_TRY(rm_scratch_reserve(2, patch_bytes(q), err));
  return rm_scratch_reserve(1, scratch_bytes(&q->out), err);
}

/* Asks for a slice of what the next block will read, position by position: the products, which
 * need little memory, hide the way from main memory. */
static void prefetch(const rm_wino_images *g, const float *x, size_t first, size_t total,
                     size_t position) {
  size_t end = first + g->tiles < total ? first + g->tiles : total, in_image = g->across * g->down;
  if (first >= total) return;
  const char *from = (const char *)(x + first * g->h * g->w / in_image * g->c);
  const char *to = (const char *)(x + end * g->h * g->w / in_image * g->c);
  size_t slice = ((size_t)(to - from) / RM_WINO_POSITIONS + 64) / 64 * 64;
  for (const char *p = from + position * slice; p < from + (position + 1) * slice && p < to; p += 64)
    __builtin_prefetch(p, 0, 2);
}

/* --- weights ------------------------------------------------------------------------ */
typedef struct {
  const rm_conv_shape *s;
  const float *w;
  bool backward; /* for the input gradient */
  float *u;
} weights_job;

static void transform_weights(void *ctx, size_t begin, size_t end) {
  const weights_job *q = ctx;
  const rm_kernels *kernels = rm_kernel_table();
  size_t row = q->s->c * 9, blocks = rm_wino_padded(q->s->c) / RM_WINO_BLOCK;
  for (size_t i = begin; i < end; i++) {
    if (q->backward)
      kernels->wino_weights(q->w, q->s->k, q->s->c, row, 9, 1, i / blocks, i % blocks, q->u);
    else kernels->wino_weights(q->w, q->s->c, q->s->k, 9, row, 0, i % blocks, i / blocks, q->u);
  }
}

static size_t weights_floats(const rm_conv_shape *s) {
  return RM_WINO_POSITIONS * rm_wino_weights_stride(s->c, s->k);
}

/* --- forward and input gradient ------------------------------------------------------ */
static void convolve_blocks(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  const rm_kernels *kernels = rm_kernel_table();
  size_t tiles = q->in.tiles, u_stride = rm_wino_weights_stride(q->in.c, q->out.c);
  float *v = rm_scratch(0, scratch_bytes(&q->in)), *m = rm_scratch(1, scratch_bytes(&q->out));
  float *patch = rm_scratch(2, patch_bytes(q));
  for (size_t i = begin; i < end; i++) {
    size_t first = i * tiles, count = smaller(tiles, q->count - first);
    kernels->wino_input(&q->in, q->x, patch, first, count, v);
    for (size_t p = 0; p < RM_WINO_POSITIONS; p++) {
      if (i + 1 < end) prefetch(&q->in, q->x, first + tiles, q->count, p);
      kernels->wino_product(count, tiles, q->in.c, q->out.c, v + p * RM_WINO_BLOCK, q->u + p * u_stride,
                            m + p * RM_WINO_BLOCK);
    }
    kernels->wino_output(&q->out, m, &q->finish, first, count, q->y);
  }
}

/* `q` is planned; computes with the weights as the direction needs them. */
static rm_status convolve(job *q, const rm_conv_shape *s, const float *w, bool backward,
                          rm_error *err) {
  float *u;
  size_t floats = weights_floats(s);
  RM_TRY(reserve(q, err));
  RM_TRY(rm_conv_alloc(floats, &u, err));
  weights_job weights = {s, w, backward, u};
  rm_parallel(rm_wino_padded(s->c) / RM_WINO_BLOCK * (rm_wino_padded(s->k) / RM_WINO_BLOCK), 2,
              transform_weights, &weights);
  q->u = u;
  rm_parallel(q->blocks, 1, convolve_blocks, q);
  rm_conv_free(u, floats);
  return RM_OK;
}

static rm_status forward(const rm_conv_shape *s, const float *x, const float *w, const rm_conv_finish *finish,
                         float *y, rm_error *err) {
  job q = {.x = x, .finish = *finish, .y = y};
  plan(&q, s->n, s->h, s->w, s->c, (ptrdiff_t)s->pad_h, s->oh, s->ow, s->k);
  return convolve(&q, s, w, false, err);
}

static rm_status input_gradient(const rm_conv_shape *s, const float *dy, const float *w, float *dx,
                                rm_error *err) {
  job q = {.x = dy, .y = dx};
  plan(&q, s->n, s->oh, s->ow, s->k, 2 - (ptrdiff_t)s->pad_h, s->h, s->w, s->c);
  return convolve(&q, s, w, true, err);
}

/* --- weight gradient ------------------------------------------------------------------ */
static void add_block(const job *q, const rm_kernels *kernels, size_t block, float *v, float *m,
                      float *du) {
  size_t tiles = q->in.tiles, u_stride = rm_wino_weights_stride(q->in.c, q->out.c);
  size_t first = block * tiles, count = smaller(tiles, q->count - first);
  float *patch = rm_scratch(2, patch_bytes(q));
  kernels->wino_input(&q->in, q->x, patch, first, count, v);
  kernels->wino_output_gradient(&q->out, q->dy, patch, first, count, m);
  for (size_t p = 0; p < RM_WINO_POSITIONS; p++) {
    prefetch(&q->in, q->x, first + tiles, q->count, p);
    prefetch(&q->out, q->dy, first + tiles, q->count, p);
    kernels->wino_weight_product(count, tiles, q->in.c, q->out.c, v + p * RM_WINO_BLOCK,
                                 m + p * RM_WINO_BLOCK, du + p * u_stride);
  }
}

static void sum_chunks(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  float *v = rm_scratch(0, scratch_bytes(&q->in)), *m = rm_scratch(1, scratch_bytes(&q->out));
  for (size_t chunk = begin; chunk < end; chunk++) {
    float *du = q->du + chunk * q->part;
    memset(du, 0, q->part * sizeof(float));
    for (size_t block = chunk * q->blocks / q->chunks; block < (chunk + 1) * q->blocks / q->chunks;
         block++)
      add_block(q, rm_kernel_table(), block, v, m, du);
  }
}

typedef struct {
  const job *q;
  float *dw;
} finish_job;

static void finish(void *ctx, size_t begin, size_t end) {
  const finish_job *f = ctx;
  const job *q = f->q;
  size_t across = rm_wino_padded(q->out.c) / RM_WINO_BLOCK;
  for (size_t i = begin; i < end; i++)
    rm_kernel_table()->wino_weight_gradient(q->du, q->chunks, q->part, q->in.c, q->out.c, i / across,
                                            i % across, f->dw);
}

static rm_status weight_gradient(const rm_conv_shape *s, const float *x, const float *dy, float *dw,
                                 rm_error *err) {
  float *du;
  job q = {.x = x, .dy = dy, .part = weights_floats(s)};
  plan(&q, s->n, s->h, s->w, s->c, (ptrdiff_t)s->pad_h, s->oh, s->ow, s->k);
  q.chunks = smaller(larger(smaller(PARTS_FLOATS / q.part, MAX_CHUNKS), MIN_CHUNKS), q.blocks);
  size_t floats = q.chunks * q.part;
  RM_TRY(reserve(&q, err));
  RM_TRY(rm_conv_alloc(floats, &du, err));
  q.du = du;
  rm_parallel(q.chunks, 1, sum_chunks, &q);
  finish_job f = {&q, dw};
  rm_parallel(rm_wino_padded(s->c) / RM_WINO_BLOCK * (rm_wino_padded(s->k) / RM_WINO_BLOCK), 2, finish,
              &f);
  rm_conv_free(du, floats);
  return RM_OK;
}

const rm_conv_method rm_conv_winograd = {"winograd", fits,           pays,
                                         forward,    input_gradient, weight_gradient};
