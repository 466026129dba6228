/* subsample.c -- windows of one pixel: nothing is added or compared, so pixels are only moved, each byte once. */
#include "ops/pool/subsample.h"

#include <string.h>
#include "base/number.h"
#include "parallel/pool.h"

typedef struct {
  const rm_subsample_grid *g;
  const float *from;
  float *to;
} job;

static size_t lines_at_once(size_t floats) { return rm_larger(1, 16384 / rm_larger(1, floats)); }

/* Rows begin .. end-1 of the results of all images. */
static void forward_rows(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  const rm_subsample_grid *g = q->g;
  for (size_t line = begin; line < end; line++) {
    size_t n = line / g->oh, i = line % g->oh;
    const float *x = q->from + (n * g->h + i * g->step_h) * g->w * g->c;
    float *y = q->to + line * g->ow * g->c;
    for (size_t j = 0; j < g->ow; j++, x += g->step_w * g->c, y += g->c) memcpy(y, x, g->c * sizeof(float));
  }
}

/* A row of dx that has pixels of the result. */
static void spread_row(const rm_subsample_grid *g, const float *dy, float *dx) {
  for (size_t j = 0; j < g->ow; j++) {
    size_t at = j * g->step_w, next = j + 1 < g->ow ? at + g->step_w : g->w;
    memcpy(dx + at * g->c, dy + j * g->c, g->c * sizeof(float));
    memset(dx + (at + 1) * g->c, 0, (next - at - 1) * g->c * sizeof(float));
  }
}

/* Rows begin .. end-1 of dx of all images. */
static void backward_rows(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  const rm_subsample_grid *g = q->g;
  size_t row = g->w * g->c;
  for (size_t line = begin; line < end; line++) {
    size_t n = line / g->h, h = line % g->h, i = h / g->step_h;
    float *dx = q->to + line * row;
    if (h % g->step_h == 0 && i < g->oh) spread_row(g, q->from + (n * g->oh + i) * g->ow * g->c, dx);
    else memset(dx, 0, row * sizeof(float));
  }
}

void rm_subsample(const rm_subsample_grid *g, const float *x, float *y) {
  rm_parallel(g->n * g->oh, lines_at_once(g->ow * g->c), forward_rows, &(job){g, x, y});
}

void rm_subsample_backward(const rm_subsample_grid *g, const float *dy, float *dx) {
  rm_parallel(g->n * g->h, lines_at_once(g->w * g->c), backward_rows, &(job){g, dy, dx});
}
