/* winograd.c -- 3x3, stride 1 by Winograd's F(4x4, 3x3): forward and input gradient;
 * kernels/winograd_k.c has the idea.
 *
 * Tiles of all images are counted through and taken in blocks. A thread transforms a block,
 * multiplies it position by position and transforms back, all in its own scratch memory, outputs
 * over the inputs that are done with. Where weights are many and tiles are few (the last stage of a
 * ResNet), the weights are what has to be moved: there all tiles are transformed first, then every
 * thread takes panels of output channels, with weights that it transforms for itself.
 *
 * The input gradient is the same convolution of dy with the kernel turned by 180 degrees and its
 * channels exchanged. How tiles are cut changes no bit, since a sum runs over channels only. */
#include "ops/conv/winograd.h"
#include "base/number.h"
#include "ops/conv/winograd_weights.h"
#include "parallel/interrupt.h"
#include "parallel/pool.h"
#include "parallel/scratch.h"

enum {
  BLOCK = RM_WINO_BLOCK,
  BLOCK_FLOATS = 40 * 1024,        /* of transformed tiles: a part of the second-level cache */
  FEW_WEIGHTS = 64 * 1024,         /* that leave room for outputs in that cache, transformed */
  LARGE_OUTPUT = 4 * 1024 * 1024,  /* floats: it will not be in the caches when it is read */
  SHARED_FLOATS = 3 * 1024 * 1024, /* all tiles, where threads share them: the third-level cache */
  MANY_WEIGHTS = 128 * 128,
  PANEL = 32,
  DEPTH = 128
};

static bool fits(const rm_conv_shape *s) {
  return s->r == 3 && s->s == 3 && s->stride_h == 1 && s->stride_w == 1 && s->dil_h == 1 && s->dil_w == 1 &&
         s->groups == 1 && s->pad_h == s->pad_w && s->pad_h <= 2;
}

/* Few channels are mostly zeros that fill a block of 16; small images mostly fill tiles. */
static bool pays(const rm_conv_shape *s) {
  size_t tiles = ((s->oh + 3) / 4) * ((s->ow + 3) / 4);
  return s->c >= 12 && s->k >= 12 && tiles * 13 <= s->oh * s->ow * 2;
}

/* --- tiles ---------------------------------------------------------------------------- */
rm_wino_plan rm_wino_plan_of(size_t n, size_t in_h, size_t in_w, size_t in_c, ptrdiff_t pad, size_t h, size_t w,
                             size_t c) {
  size_t across = (w + 3) / 4, down = (h + 3) / 4;
  return (rm_wino_plan){.count = n * across * down,
                        .in = {in_h, in_w, in_c, in_c, across, down, pad, 0},
                        .out = {h, w, c, c, across, down, 0, 0}};
}

void rm_wino_plan_room(rm_wino_plan *p, size_t tiles) { p->in.tiles = p->out.tiles = (tiles + 23) / 24 * 24; }

static rm_conv_tiles tiles_of(const rm_wino_plan *p) {
  const rm_wino_images *g = &p->in;
  return (rm_conv_tiles){g->h, g->w, g->pixel, g->down, g->across, 4, 6, g->pad};
}

void rm_wino_input(const rm_wino_plan *p, const rm_conv_pixels *x, float *patch, size_t first, size_t count, float *v) {
  rm_conv_tiles tiles = tiles_of(p);
  size_t step = rm_conv_pixels_step(x, &tiles, RM_WINO_GROUP), end = first + count;
  for (size_t n; first < end; first += n, v += n * RM_WINO_TILE) {
    n = rm_smaller(step, end - first);
    rm_kernel_table()->wino_input(&p->in, rm_conv_pixels_under(x, &tiles, first, n), patch, first, n, v);
  }
}

rm_status rm_wino_input_reserve(const rm_wino_plan *p, const rm_conv_pixels *x, rm_error *err) {
  rm_conv_tiles tiles = tiles_of(p);
  return rm_conv_pixels_reserve(x, &tiles, rm_conv_pixels_step(x, &tiles, RM_WINO_GROUP), err);
}

void rm_wino_prefetch(const rm_wino_plan *p, const rm_wino_images *g, const float *x, size_t first, size_t count,
                      size_t position) {
  size_t end = rm_smaller(first + count, p->count), in_image = g->across * g->down;
  if (first >= end) return;
  const char *from = (const char *)(x + first * g->h * g->w / in_image * g->pixel);
  const char *to = (const char *)(x + end * g->h * g->w / in_image * g->pixel);
  size_t slice = ((size_t)(to - from) / RM_WINO_POSITIONS + 64) / 64 * 64;
  for (const char *q = from + position * slice; q < from + (position + 1) * slice && q < to; q += 64)
    __builtin_prefetch(q, 0, 2);
}

static bool large_output(const rm_wino_plan *p) {
  size_t images = p->count / (p->out.across * p->out.down);
  return images * p->out.h * p->out.w * p->out.pixel > LARGE_OUTPUT;
}

/* --- weights ---------------------------------------------------------------------------- */
typedef struct {
  rm_wino_plan plan;
  const rm_conv_shape *s;
  bool backward; /* the input gradient */
  rm_conv_pixels x;
  const float *w;
  rm_conv_finish finish;
  float *y;
  float *u;    /* transformed weights */
  float *v;    /* transformed tiles, where threads share them */
  size_t step; /* tiles of a block */
} job;

/* Block `i` of 16 x 16 weights: those of `rows` and `columns` that begin with the first ones named. */
static void transform_block(const job *q, size_t first_row, size_t rows, size_t first, size_t columns, size_t i,
                            float *u) {
  size_t c = q->s->c, across = rm_wino_padded(columns) / BLOCK;
  size_t row = q->backward ? c * 9 : 9, column = q->backward ? 9 : c * 9;
  rm_kernel_table()->wino_weights(q->w + first_row * row + first * column, rows, columns, row, column, q->backward,
                                  i / across, i % across, u);
}

static void transform_weights(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  for (size_t i = begin; i < end; i++) transform_block(q, 0, q->plan.in.c, 0, q->plan.out.c, i, q->u);
}

static size_t block_count(size_t rows, size_t columns) {
  return rm_wino_padded(rows) / BLOCK * (rm_wino_padded(columns) / BLOCK);
}

static size_t patch_bytes(const job *q) { return rm_wino_patch_floats(&q->plan.in) * sizeof(float); }

/* --- each thread its blocks of tiles ---------------------------------------------------- */
static size_t block_bytes(const job *q) {
  const rm_wino_plan *p = &q->plan;
  return (rm_wino_tiles_floats(p->in.tiles, rm_larger(p->in.c, p->out.c)) + BLOCK) * sizeof(float);
}

static void convolve_blocks(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  const rm_wino_plan *p = &q->plan;
  const rm_kernels *kernels = rm_kernel_table();
  size_t u_stride = rm_wino_weights_stride(p->in.c, p->out.c);
  float *m = rm_scratch(0, block_bytes(q)), *v = m + BLOCK, *patch = rm_scratch(1, patch_bytes(q));
  for (size_t i = begin; i < end && !rm_broken(); i++) {
    size_t first = i * q->step, count = rm_smaller(q->step, p->count - first);
    rm_wino_input(p, &q->x, patch, first, count, v);
    for (size_t j = 0; j < RM_WINO_POSITIONS; j++) {
      if (i + 1 < end) rm_wino_prefetch(p, &p->in, q->x.x, first + q->step, q->step, j);
      if (u_stride * RM_WINO_POSITIONS <= FEW_WEIGHTS) rm_wino_prefetch(p, &p->out, q->y, first, count, j);
      if (q->finish.add) rm_wino_prefetch(p, &p->out, q->finish.add, first, count, j);
      kernels->wino_product(count, p->in.tiles, p->in.c, p->out.c, false, v + j * BLOCK, q->u + j * u_stride,
                            m + j * BLOCK);
    }
    kernels->wino_output(&p->out, m, &q->finish, large_output(p), first, count, q->y);
  }
}

/* As many tiles as the cache holds, but a share for every thread, all of about the same size. */
static size_t tiles_of_block(const job *q) {
  size_t channels = rm_wino_padded(rm_larger(q->plan.in.c, q->plan.out.c)), threads = rm_num_threads();
  size_t most = rm_larger(24, BLOCK_FLOATS / (channels * RM_WINO_POSITIONS) / 24 * 24);
  size_t blocks = (q->plan.count + most - 1) / most;
  blocks = (blocks + threads - 1) / threads * threads;
  return ((q->plan.count + blocks - 1) / blocks + RM_WINO_GROUP - 1) / RM_WINO_GROUP * RM_WINO_GROUP;
}

static rm_status by_blocks(job *q, rm_error *err) {
  rm_wino_plan *p = &q->plan;
  size_t floats = RM_WINO_POSITIONS * rm_wino_weights_stride(p->in.c, p->out.c);
  q->step = tiles_of_block(q);
  rm_wino_plan_room(p, q->step);
  RM_TRY(rm_scratch_reserve(0, block_bytes(q), err));
  RM_TRY(rm_scratch_reserve(1, patch_bytes(q), err));
  RM_TRY(rm_conv_alloc(floats, &q->u, err));
  rm_parallel(block_count(p->in.c, p->out.c), 2, transform_weights, q);
  rm_parallel((p->count + q->step - 1) / q->step, 1, convolve_blocks, q);
  rm_conv_free(q->u, floats);
  return RM_OK;
}

/* --- each thread its panels of output channels ------------------------------------------- */
static size_t panel_weights(void) { return RM_WINO_POSITIONS * rm_wino_weights_stride(DEPTH, PANEL) * sizeof(float); }

static size_t panel_tiles(const job *q) { return rm_wino_tiles_floats(q->plan.out.tiles, PANEL) * sizeof(float); }

static void transform_tiles(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  rm_wino_input(&q->plan, &q->x, rm_scratch(1, patch_bytes(q)), begin, end - begin, q->v + begin * RM_WINO_TILE);
}

/* DEPTH input channels at a time, whose weights stay in the second-level cache. */
static void multiply_panel(const job *q, size_t k, size_t first, size_t columns, float *u, float *m) {
  const rm_wino_plan *p = &q->plan;
  size_t depth = rm_smaller(DEPTH, p->in.c - k), stride = rm_wino_weights_stride(depth, columns);
  const float *v = q->v + k / BLOCK * p->in.tiles * RM_WINO_TILE;
  for (size_t b = 0; b < block_count(depth, columns); b++) transform_block(q, k, depth, first, columns, b, u);
  for (size_t j = 0; j < RM_WINO_POSITIONS; j++)
    rm_kernel_table()->wino_product(p->count, p->in.tiles, depth, columns, k > 0, v + j * BLOCK, u + j * stride,
                                    m + j * BLOCK);
}

static void convolve_panels(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  const rm_wino_plan *p = &q->plan;
  const rm_kernels *kernels = rm_kernel_table();
  float *u = rm_scratch(0, panel_weights()), *m = rm_scratch(2, panel_tiles(q));
  for (size_t i = begin; i < end && !rm_broken(); i++) {
    size_t first = i * PANEL, columns = rm_smaller(PANEL, p->out.c - first);
    rm_wino_images out = p->out;
    rm_conv_finish finish = q->finish;
    out.c = columns;
    if (finish.bias) finish.bias += first;
    if (finish.add) finish.add += first;
    if (finish.moments) finish.moments += first;
    for (size_t k = 0; k < p->in.c; k += DEPTH) multiply_panel(q, k, first, columns, u, m);
    kernels->wino_output(&out, m, &finish, large_output(p), 0, p->count, q->y + first);
  }
}

static rm_status by_panels(job *q, rm_error *err) {
  rm_wino_plan *p = &q->plan;
  rm_wino_plan_room(p, p->count);
  size_t floats = rm_wino_tiles_floats(p->in.tiles, p->in.c);
  RM_TRY(rm_scratch_reserve(0, panel_weights(), err));
  RM_TRY(rm_scratch_reserve(1, patch_bytes(q), err));
  RM_TRY(rm_scratch_reserve(2, panel_tiles(q), err));
  RM_TRY(rm_conv_alloc(floats, &q->v, err));
  rm_parallel(p->count, 8, transform_tiles, q);
  rm_parallel((p->out.c + PANEL - 1) / PANEL, 1, convolve_panels, q);
  rm_conv_free(q->v, floats);
  return RM_OK;
}

/* --- the two directions --------------------------------------------------------------------- */
static rm_status convolve(job *q, rm_error *err) {
  const rm_wino_plan *p = &q->plan;
  RM_TRY(rm_wino_input_reserve(p, &q->x, err));
  bool few_tiles = rm_wino_tiles_floats(p->count, p->in.c) <= SHARED_FLOATS;
  return few_tiles && p->in.c * p->out.c >= MANY_WEIGHTS ? by_panels(q, err) : by_blocks(q, err);
}

static rm_status forward(const rm_conv_shape *s, const rm_conv_pixels *x, const float *w, const rm_conv_finish *finish,
                         float *y, rm_error *err) {
  job q = {.s = s, .x = *x, .w = w, .finish = *finish, .y = y};
  q.plan = rm_wino_plan_of(s->n, s->h, s->w, s->c, (ptrdiff_t)s->pad_h, s->oh, s->ow, s->k);
  return convolve(&q, err);
}

static rm_status input_gradient(const rm_conv_shape *s, const float *dy, const float *w, float *dx, rm_error *err) {
  job q = {.s = s, .backward = true, .x = {dy, NULL}, .w = w, .y = dx};
  q.plan = rm_wino_plan_of(s->n, s->oh, s->ow, s->k, 2 - (ptrdiff_t)s->pad_h, s->h, s->w, s->c);
  return convolve(&q, err);
}

/* --- moments -------------------------------------------------------------------------------- */
static size_t blocks(const rm_conv_shape *s) {
  size_t tiles = s->n * ((s->oh + 3) / 4) * ((s->ow + 3) / 4);
  return s->k % BLOCK == 0 ? (tiles + RM_WINO_GROUP - 1) / RM_WINO_GROUP : 0;
}

const rm_conv_method rm_conv_winograd = {
    "winograd",           fits, pays, forward, input_gradient, rm_wino_weight_gradient, blocks, rm_conv_tiles_rows,
    rm_conv_tiles_border, true};
