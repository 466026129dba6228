/* strided_weights.c -- the weight gradient of the strided method: in its transform domain a matrix product for each
 * place, whose sum runs over tiles; places with the same position share a sum.
 *
 * Inputs of many tiles are transformed at a time. Each thread then takes panels of output channels: it transforms their
 * gradients, and adds up the products. The sum of a position is cut into blocks of TILES tiles, whose chains are added
 * one after the other; so how many tiles are transformed at a time changes no bit. */
#include "ops/conv/strided_weights.h"
#include <string.h>
#include "base/number.h"
#include "ops/conv/strided.h"
#include "parallel/interrupt.h"
#include "parallel/pool.h"
#include "parallel/scratch.h"

enum { PANEL = RM_STRIDED_PANEL, TILES = 64, GRADIENTS = 0, SUMS };

typedef struct {
  rm_strided_plan plan;
  rm_conv_pixels x;
  const float *dy, *zeros;
  float *v, *du, *dw;  /* du: panel by panel, or NULL: all tiles are transformed at once, and no sum is kept */
  size_t first, count; /* tiles that are transformed */
} job;

static rm_strided_images panel_of(const job *q, size_t panel) {
  return rm_strided_panel(&q->plan.out, rm_smaller(PANEL, q->plan.out.c - panel * PANEL));
}
static size_t panel_bytes(const job *q) {
  rm_strided_images whole = rm_strided_panel(&q->plan.out, PANEL);
  return rm_strided_block(&whole) * sizeof(float);
}
static size_t panel_sums(const job *q) { return RM_STRIDED_POSITIONS * rm_strided_weights(q->plan.in.c, PANEL); }
static size_t panels(const job *q) { return (q->plan.out.c + PANEL - 1) / PANEL; }

static void transform_inputs(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  rm_strided_input(&q->plan.in, &q->x, q->zeros, q->first + begin, end - begin, q->v + begin * q->plan.in.row);
}

static void multiply(const job *q, const rm_strided_images *out, const float *m, float *du) {
  size_t apart = rm_strided_weights(q->plan.in.c, out->c);
  for (size_t position = 0; position < RM_STRIDED_POSITIONS; position++, du += apart)
    for (size_t t = 0; t < q->count; t += TILES)
      rm_kernel_table()->strided_weight_product(&q->plan.in, out, position, rm_smaller(TILES, q->count - t),
                                                q->v + t * q->plan.in.row, m + t * out->row, q->first + t > 0, du);
}

static void add_panels(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  const rm_kernels *kernels = rm_kernel_table();
  size_t rows = q->plan.in.c;
  float *m = rm_scratch(GRADIENTS, panel_bytes(q));
  for (size_t p = begin; p < end && !rm_broken(); p++) {
    float *du = q->du ? q->du + p * panel_sums(q) : rm_scratch(SUMS, panel_sums(q) * sizeof(float));
    rm_strided_images out = panel_of(q, p);
    kernels->strided_output_gradient(&out, q->dy + p * PANEL, q->zeros, q->first, q->count, m);
    multiply(q, &out, m, du);
    bool last = q->first + q->count == q->plan.count;
    for (size_t row = 0; last && row < rows; row++)
      kernels->strided_weight_gradient(du, rows, out.c, row, q->dw + p * PANEL * rows * 9);
  }
}

/* At a time: a thread by itself as many as its cache has room for, all of them together more. */
static size_t tiles_at_once(void) { return rm_parallel_alone() ? TILES : 2 * TILES; }

rm_status rm_strided_weight_gradient(const rm_conv_shape *s, const rm_conv_pixels *x, const float *dy, float *dw,
                                     rm_error *err) {
  job q = {.plan = rm_strided_plan_of(s, tiles_at_once()), .x = *x, .dy = dy, .dw = dw};
  size_t none = RM_STRIDED_ZEROS * rm_larger(s->c, s->k), inputs = rm_strided_block(&q.plan.in), sums = 0;
  if (q.plan.count > tiles_at_once()) sums = panels(&q) * panel_sums(&q);
  RM_TRY(rm_strided_input_reserve(&q.plan.in, &q.x, err));
  RM_TRY(rm_scratch_reserve(GRADIENTS, panel_bytes(&q), err));
  if (sums == 0) RM_TRY(rm_scratch_reserve(SUMS, panel_sums(&q) * sizeof(float), err));
  RM_TRY(rm_conv_alloc(inputs + sums + none, &q.v, err));
  q.du = sums ? q.v + inputs : NULL;
  q.zeros = memset(q.v + inputs + sums, 0, none * sizeof(float));
  for (q.first = 0; q.first < q.plan.count; q.first += q.count) {
    q.count = rm_smaller(tiles_at_once(), q.plan.count - q.first);
    rm_parallel(q.count, 8, transform_inputs, &q);
    rm_parallel(panels(&q), 1, add_panels, &q);
  }
  rm_conv_free(q.v, inputs + sums + none);
  return RM_OK;
}
