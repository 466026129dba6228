/* strided.c -- 3x3 with stride 2 and padding 1 in four phases, each by its own Winograd: forward and input gradient;
 * kernels/strided.h has the idea.
 *
 * Tiles of all images are counted through and taken in blocks. A thread transforms a block, which then lies in its
 * second-level cache, and multiplies it by one panel of output channels after the other, transforming each back at once. How tiles
 * are cut changes no bit, since a sum runs over channels only. */
#include "ops/conv/strided.h"
#include <string.h>
#include "base/number.h"
#include "ops/conv/strided_weights.h"
#include "parallel/interrupt.h"
#include "parallel/pool.h"
#include "parallel/scratch.h"

enum {
  BLOCK = 16,
  PANEL = RM_STRIDED_PANEL,
  LARGE_OUTPUT = 2 * 1024 * 1024, /* floats: it will not be in the caches when it is read */
  LEAST_CHANNELS = 16             /* fewer: what is moved costs more than the multiplications saved */
};

static bool fits(const rm_conv_shape *s) {
  return s->r == 3 && s->s == 3 && s->stride_h == 2 && s->stride_w == 2 && s->pad_h == 1 && s->pad_w == 1 &&
         s->dil_h == 1 && s->dil_w == 1 && s->groups == 1 && s->c % BLOCK == 0 && s->k % BLOCK == 0;
}

/* Small images mostly fill tiles. */
static bool pays(const rm_conv_shape *s) {
  size_t tiles = ((s->oh + 3) / 4) * ((s->ow + 3) / 4);
  return fits(s) && s->c >= LEAST_CHANNELS && s->k >= LEAST_CHANNELS && tiles * 14 <= s->oh * s->ow;
}

/* --- tiles ---------------------------------------------------------------------------------- */
/* Room for some tiles more than asked for: registers hold tiles of an instruction set's own number. */
static rm_strided_images images_of(size_t h, size_t w, size_t c, size_t down, size_t across, size_t tiles) {
  return (rm_strided_images){h, w, c, c, down, across, rm_strided_row(c), tiles + 8};
}

rm_strided_plan rm_strided_plan_of(const rm_conv_shape *s, size_t tiles) {
  size_t down = (s->oh + 3) / 4, across = (s->ow + 3) / 4;
  return (rm_strided_plan){.in = images_of(s->h, s->w, s->c, down, across, tiles),
                           .out = images_of(s->oh, s->ow, s->k, down, across, tiles),
                           .count = s->n * down * across};
}

rm_strided_images rm_strided_panel(const rm_strided_images *g, size_t count) {
  rm_strided_images panel = *g;
  panel.c = panel.row = count;
  return panel;
}

static rm_conv_tiles tiles_of(const rm_strided_images *g) {
  return (rm_conv_tiles){g->h, g->w, g->pixel, g->down, g->across, 8, 9, 1};
}

void rm_strided_input(const rm_strided_images *g, const rm_conv_pixels *x, const float *zeros, size_t first,
                      size_t count, float *v) {
  rm_conv_tiles tiles = tiles_of(g);
  size_t step = rm_conv_pixels_step(x, &tiles, RM_STRIDED_GROUP), end = first + count;
  for (size_t n; first < end; first += n, v += n * g->row) {
    n = rm_smaller(step, end - first);
    rm_kernel_table()->strided_input(g, rm_conv_pixels_under(x, &tiles, first, n), zeros, first, n, v);
  }
}

rm_status rm_strided_input_reserve(const rm_strided_images *g, const rm_conv_pixels *x, rm_error *err) {
  rm_conv_tiles tiles = tiles_of(g);
  return rm_conv_pixels_reserve(x, &tiles, rm_conv_pixels_step(x, &tiles, RM_STRIDED_GROUP), err);
}

size_t rm_strided_block(const rm_strided_images *g) { return RM_STRIDED_PLACES * rm_strided_place(g); }

/* --- a panel of output channels ----------------------------------------------------------------- */
typedef struct {
  rm_strided_plan plan;
  const rm_conv_shape *s;
  bool backward; /* y and x change places */
  rm_strided_images from, to;
  rm_conv_pixels x;
  const float *w, *zeros;
  rm_conv_finish finish;
  float *y;
  float *u;    /* transformed weights, panel by panel */
  size_t step; /* tiles of a block */
} job;

static size_t panels(const job *q) { return (q->to.c + PANEL - 1) / PANEL; }
static size_t panel_width(const job *q, size_t panel) { return rm_smaller(PANEL, q->to.c - panel * PANEL); }
static size_t panel_weights(const job *q) { return RM_STRIDED_POSITIONS * rm_strided_weights(q->from.c, PANEL); }

/* Row `row` of a panel's weights. */
static void transform_row(const job *q, size_t panel, size_t row, float *u) {
  size_t c = q->s->c, down = q->backward ? c * 9 : 9, across = q->backward ? 9 : c * 9, width = panel_width(q, panel);
  for (size_t n = 0; n < width; n += BLOCK)
    rm_kernel_table()->strided_weights(q->w + panel * PANEL * across, q->from.c, width, down, across, q->backward, row,
                                       n, u);
}

static bool large_output(const job *q) { return q->s->n * q->to.h * q->to.w * q->to.c > LARGE_OUTPUT; }

static size_t panel_floats(const job *q) {
  rm_strided_images to = rm_strided_panel(&q->to, PANEL);
  return rm_strided_block(&to);
}

/* The tiles from `first` on, whose places are v; `ahead`: what will be read next. */
static void convolve_panel(const job *q, size_t panel, size_t first, size_t count, const float *v, const float *u,
                           float *m, const float *ahead, size_t ahead_bytes) {
  const rm_kernels *kernels = rm_kernel_table();
  rm_strided_images to = rm_strided_panel(&q->to, panel_width(q, panel));
  rm_conv_finish finish = q->finish;
  if (finish.bias) finish.bias += panel * PANEL;
  if (finish.add) finish.add += panel * PANEL;
  if (finish.moments) finish.moments += panel * PANEL;
  kernels->strided_product(&q->from, &to, count, v, u, m, ahead, ahead_bytes);
  if (q->backward) kernels->strided_gather(&to, m, large_output(q), first, count, q->y + panel * PANEL);
  else kernels->strided_output(&to, m, &finish, large_output(q), first, count, q->y + panel * PANEL);
}

static void transform_block(const job *q, size_t first, size_t count, float *v) {
  if (q->backward) rm_kernel_table()->strided_spread(&q->from, q->x.x, q->zeros, first, count, v);
  else rm_strided_input(&q->from, &q->x, q->zeros, first, count, v);
}

/* --- each thread its blocks of tiles ------------------------------------------------------------ */
static size_t block_bytes(const job *q) { return (rm_strided_block(&q->from) + panel_floats(q)) * sizeof(float); }

static void transform_weights(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  for (size_t i = begin; i < end; i++)
    transform_row(q, i / q->from.c, i % q->from.c, q->u + i / q->from.c * panel_weights(q));
}

/* About where the pixels of tile t begin. */
static const float *pixels_of(const job *q, size_t t) {
  const rm_strided_images *g = &q->from;
  return q->x.x + t * g->h * g->w / (g->down * g->across) * g->pixel;
}

/* Of up to `count` tiles from t on. */
static size_t bytes_of(const job *q, size_t t, size_t count) {
  size_t end = rm_smaller(t + count, q->plan.count);
  return (size_t)(pixels_of(q, end) - pixels_of(q, t)) * sizeof(float);
}

static void convolve_blocks(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  float *v = rm_scratch(0, block_bytes(q)), *m = v + rm_strided_block(&q->from);
  for (size_t i = begin; i < end && !rm_broken(); i++) {
    size_t first = i * q->step, count = rm_smaller(q->step, q->plan.count - first);
    const float *next = pixels_of(q, first + count);
    size_t share = i + 1 < end ? bytes_of(q, first + count, q->step) / panels(q) / 64 * 64 : 0;
    transform_block(q, first, count, v);
    for (size_t p = 0; p < panels(q); p++, next += share / sizeof(float))
      convolve_panel(q, p, first, count, v, q->u + p * panel_weights(q), m, next, share);
  }
}

/* As few as fill the registers' tiles of the instruction set, and whole groups of moments. */
static size_t tiles_of_block(void) { return rm_kernel_table()->vector == 16 ? 8 : 24; }

/* --- the two directions ------------------------------------------------------------------------------ */
static rm_status convolve(job *q, rm_error *err) {
  size_t depth = q->backward ? q->s->k : q->s->c;
  q->step = tiles_of_block();
  q->plan = rm_strided_plan_of(q->s, q->step);
  q->from = q->backward ? q->plan.out : q->plan.in;
  q->to = q->backward ? q->plan.in : q->plan.out;
  if (!q->backward) RM_TRY(rm_strided_input_reserve(&q->from, &q->x, err));
  size_t weights = panels(q) * panel_weights(q), none = RM_STRIDED_ZEROS * depth;
  RM_TRY(rm_scratch_reserve(0, block_bytes(q), err));
  RM_TRY(rm_conv_alloc(weights + none, &q->u, err));
  q->zeros = memset(q->u + weights, 0, none * sizeof(float));
  rm_parallel(panels(q) * depth, 16, transform_weights, q);
  rm_parallel((q->plan.count + q->step - 1) / q->step, 1, convolve_blocks, q);
  rm_conv_free(q->u, weights + none);
  return RM_OK;
}

static rm_status forward(const rm_conv_shape *s, const rm_conv_pixels *x, const float *w, const rm_conv_finish *finish,
                         float *y, rm_error *err) {
  return convolve(&(job){.s = s, .x = *x, .w = w, .finish = *finish, .y = y}, err);
}

static rm_status input_gradient(const rm_conv_shape *s, const float *dy, const float *w, float *dx, rm_error *err) {
  return convolve(&(job){.s = s, .backward = true, .x = {dy, NULL}, .w = w, .y = dx}, err);
}

/* --- moments -------------------------------------------------------------------------------- */
static size_t blocks(const rm_conv_shape *s) {
  return (s->n * ((s->oh + 3) / 4) * ((s->ow + 3) / 4) + RM_STRIDED_GROUP - 1) / RM_STRIDED_GROUP;
}

const rm_conv_method rm_conv_strided = {"strided",
                                        fits,
                                        pays,
                                        forward,
                                        input_gradient,
                                        rm_strided_weight_gradient,
                                        blocks,
                                        rm_conv_tiles_rows,
                                        rm_conv_tiles_border,
                                        true};
