/* strided_weights.c -- the weight gradient of the strided method: in its transform domain a matrix product for each
 * place, whose sum runs over tiles; places with the same position share a sum.
 *
 * Each block of tiles has a chain of its own, and these are added, block after block; how large they are follows from the
 * shape alone. The sums are read and written once for each block: large ones want large blocks. */
#include "ops/conv/strided_weights.h"
#include <string.h>
#include "base/number.h"
#include "ops/conv/strided.h"
#include "parallel/interrupt.h"
#include "parallel/pool.h"

enum { PANEL = RM_STRIDED_PANEL, TILES = 24, FEW_WEIGHTS = 64 * 128 };

typedef struct {
  rm_strided_plan plan;
  const float *x, *dy, *zeros;
  float *v, *m, *du, *dw; /* m and du: panel by panel */
  size_t first, count;    /* tiles of the block */
  size_t panel, panels;   /* those that are worked on */
} job;

static rm_strided_images panel_of(const job *q, size_t panel) {
  return rm_strided_panel(&q->plan.out, rm_smaller(PANEL, q->plan.out.c - panel * PANEL));
}
static size_t panel_floats(const job *q) {
  rm_strided_images whole = rm_strided_panel(&q->plan.out, PANEL);
  return rm_strided_block(&whole);
}
static size_t panel_sums(const job *q) { return RM_STRIDED_POSITIONS * rm_strided_weights(q->plan.in.c, PANEL); }
static size_t all_panels(const job *q) { return (q->plan.out.c + PANEL - 1) / PANEL; }

static void transform_inputs(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  rm_kernel_table()->strided_input(&q->plan.in, q->x, q->zeros, q->first + begin, end - begin,
                                   q->v + begin * q->plan.in.row);
}

static void transform_gradients(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  for (size_t p = q->panel; p < q->panel + q->panels; p++) {
    rm_strided_images out = panel_of(q, p);
    rm_kernel_table()->strided_output_gradient(&out, q->dy + p * PANEL, q->zeros, q->first + begin, end - begin,
                                               q->m + (p - q->panel) * panel_floats(q) + begin * out.row);
  }
}

/* Position by position, that with most places first, and for each panel by panel. */
static void multiply(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  for (size_t i = begin; i < end && !rm_broken(); i++) {
    size_t position = RM_STRIDED_POSITIONS - 1 - i / q->panels, p = q->panel + i % q->panels;
    rm_strided_images out = panel_of(q, p);
    rm_kernel_table()->strided_weight_product(
        &q->plan.in, &out, position, q->count, q->v, q->m + (p - q->panel) * panel_floats(q), q->first > 0,
        q->du + p * panel_sums(q) + position * rm_strided_weights(q->plan.in.c, out.c));
  }
}

static void finish(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  size_t rows = q->plan.in.c;
  for (size_t i = begin; i < end; i++) {
    size_t p = i / rows;
    rm_kernel_table()->strided_weight_gradient(q->du + p * panel_sums(q), rows, panel_of(q, p).c, i % rows,
                                               q->dw + p * PANEL * rows * 9);
  }
}

static size_t tiles_of_block(size_t weights) {
  size_t tiles = TILES;
  for (size_t most = FEW_WEIGHTS; most < weights && tiles < 4 * TILES; most *= 4) tiles *= 2;
  return tiles;
}

rm_status rm_strided_weight_gradient(const rm_conv_shape *s, const float *x, const float *dy, float *dw,
                                     rm_error *err) {
  return rm_strided_weight_gradient_part(s, s->k, x, dy, dw, err);
}

/* In a job of the pool, where this thread is alone, one panel at a time: less has to fit the caches. */
static void add_block(job *q, size_t at_once) {
  rm_parallel(q->count, 8, transform_inputs, q);
  for (q->panel = 0; q->panel < all_panels(q); q->panel += at_once) {
    q->panels = rm_smaller(at_once, all_panels(q) - q->panel);
    rm_parallel(q->count, 8, transform_gradients, q);
    rm_parallel(RM_STRIDED_POSITIONS * q->panels, 1, multiply, q);
  }
}

rm_status rm_strided_weight_gradient_part(const rm_conv_shape *s, size_t whole, const float *x, const float *dy,
                                          float *dw, rm_error *err) {
  size_t tiles = tiles_of_block(s->c * whole);
  job q = {.plan = rm_strided_plan_of(s, tiles), .x = x, .dy = dy, .dw = dw};
  size_t at_once = rm_in_parallel() ? 1 : all_panels(&q), none = RM_STRIDED_ZEROS * rm_larger(s->c, s->k);
  size_t sums = all_panels(&q) * panel_sums(&q), inputs = rm_strided_block(&q.plan.in);
  size_t floats = sums + inputs + at_once * panel_floats(&q) + none;
  RM_TRY(rm_conv_alloc(floats, &q.du, err));
  q.v = q.du + sums;
  q.m = q.v + inputs;
  q.zeros = memset(q.du + floats - none, 0, none * sizeof(float));
  for (q.first = 0; q.first < q.plan.count; q.first += tiles) {
    q.count = rm_smaller(tiles, q.plan.count - q.first);
    add_block(&q, at_once);
  }
  rm_parallel(s->c * all_panels(&q), 16, finish, &q);
  rm_conv_free(q.du, floats);
  return RM_OK;
}
