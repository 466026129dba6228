/* direct.c -- convolution straight from the images: forward and input gradient. direct_plan.h
 * has the idea, kernels/direct_k.c the loops, direct_weights.c the weight gradient. */
#include <stdint.h>
#include "base/number.h"
#include "kernels/kernels.h"
#include "ops/conv/direct_plan.h"
#include "ops/conv/direct_positions.h"
#include "ops/conv/direct_weights.h"
#include "parallel/interrupt.h"
#include "parallel/pool.h"
#include "parallel/scratch.h"

typedef struct {
  rm_direct d;
  rm_conv_finish finish;
  float *out;
  bool stream; /* written past the caches */
} job;

enum { STREAM_FLOATS = 2 * 1024 * 1024 };

static bool fits(const rm_conv_shape *s) {
  return s->r * s->s <= RM_DIRECT_TAPS && s->stride_h * s->stride_w <= RM_DIRECT_CLASSES;
}

/* Many thin groups leave the vectors empty, but im2col does no better there. */
static bool pays(const rm_conv_shape *s) {
  (void)s;
  return true;
}

/* --- bands ------------------------------------------------------------------------------ */
/* Pixels begin .. begin+count-1 of a band of the class, for all groups. */
static void class_pixels(const job *q, const rm_direct_class *c, const rm_direct_band *band, size_t rows, float *out,
                         size_t begin, size_t count) {
  const rm_direct *d = &q->d;
  const rm_kernels *kernels = rm_kernel_table();
  const float *from[RM_DIRECT_PIXELS];
  float *to[RM_DIRECT_PIXELS];
  size_t depth = c->runs * c->length, packed = kernels->direct_packed(depth, d->out_cg);
  rm_direct_runs runs = {
      .count = c->runs, .length = c->length, .offsets = c->offsets, .apart = c->length, .depth = depth};
  for (size_t g = 0; g < d->groups; g++) {
    rm_direct_pixels(d, c, band, rows, begin, count, g, from, to, out);
    rm_conv_finish finish = q->finish;
    if (finish.bias) finish.bias += g * d->out_cg;
    kernels->direct_forward(count, from, to, &runs, c->packed + g * packed, d->out_cg, &finish, q->out, q->stream);
  }
}

static void convolve_bands(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  const rm_direct *d = &q->d;
  for (size_t index = begin; index < end && !rm_broken(); index++) {
    rm_direct_band band = rm_direct_input(d, index);
    for (size_t i = 0; i < d->classes; i++) {
      const rm_direct_class *c = &d->class[i];
      size_t rows = c->rows > band.row ? rm_smaller(band.rows, c->rows - band.row) : 0;
      size_t pixels = band.images * rows * c->cols;
      size_t row = band.image * d->out_h + c->first_row + band.row * d->out_step_h;
      float *out = q->out + (row * d->out_w + c->first_col) * d->out_c;
      for (size_t p = 0; p < pixels; p += d->pixels)
        class_pixels(q, c, &band, rows, out, p, rm_smaller(d->pixels, pixels - p));
    }
  }
}

/* --- weights ---------------------------------------------------------------------------- */
typedef struct {
  const rm_conv_shape *s;
  const rm_direct *d;
  const float *w;
  bool backward;
} packing;

/* Weights of a tap (of each of the pixels taken together) and an input channel, for all output
 * channels of a group. */
static void pack_row(const packing *p, const rm_direct_class *c, size_t g, size_t row, float *packed) {
  const rm_conv_shape *s = p->s;
  const rm_direct *d = p->d;
  size_t size = s->r * s->s, t = row / d->in_cg, channel = row % d->in_cg, depth = c->taps * d->in_cg;
  size_t down = p->backward ? s->cg * size : size, across = p->backward ? size : s->cg * size;
  const float *w = p->w + g * s->kg * s->cg * size + channel * down;
  if (d->wide == 1) {
    rm_kernel_table()->direct_pack(row, d->out_cg, w + c->tap[0][t], across, depth, packed);
    return;
  }
  float all[RM_DIRECT_WIDE_COLUMNS];
  size_t each = d->out_cg / d->wide;
  for (size_t i = 0; i < d->out_cg; i++) {
    size_t tap = c->tap[i / each][t];
    all[i] = tap == RM_DIRECT_NO_TAP ? 0 : w[tap + i % each * across];
  }
  rm_kernel_table()->direct_pack(row, d->out_cg, all, 1, depth, packed);
}

/* Rows of all groups' matrices of all classes, counted through: (class, group, tap, input channel). */
static void pack_rows(void *ctx, size_t begin, size_t end) {
  const packing *p = ctx;
  size_t first = 0;
  for (size_t i = 0; i < p->d->classes; i++) {
    const rm_direct_class *c = &p->d->class[i];
    size_t depth = c->taps * p->d->in_cg, rows = depth * p->d->groups;
    size_t packed = rm_kernel_table()->direct_packed(depth, p->d->out_cg);
    for (size_t row = begin > first ? begin - first : 0; row < rows && first + row < end; row++)
      pack_row(p, c, row / depth, row % depth, c->packed + row / depth * packed);
    first += rows;
  }
}

static size_t packed_floats(const rm_direct *d, const rm_direct_class *c) {
  return d->groups * rm_kernel_table()->direct_packed(c->taps * d->in_cg, d->out_cg);
}

/* --- the method --------------------------------------------------------------------------- */
/* The bias of each of the pixels taken together. */
static void widen_bias(job *q, float all[RM_DIRECT_WIDE_COLUMNS]) {
  if (q->d.wide == 1 || !q->finish.bias) return;
  size_t each = q->d.out_cg / q->d.wide;
  for (size_t i = 0; i < q->d.out_cg; i++) all[i] = q->finish.bias[i % each];
  q->finish.bias = all;
}

static rm_status convolve(job *q, const rm_conv_shape *s, const float *w, bool backward, rm_error *err) {
  rm_direct *d = &q->d;
  size_t floats = 0, rows = 0;
  float *packed, bias[RM_DIRECT_WIDE_COLUMNS];
  RM_TRY(rm_scratch_reserve(0, rm_direct_scratch(d), err));
  for (size_t i = 0; i < d->classes; i++) floats += packed_floats(d, &d->class[i]);
  RM_TRY(rm_conv_alloc(floats, &packed, err));
  for (size_t i = 0, at = 0; i < d->classes; i++) {
    d->class[i].packed = packed + at;
    at += packed_floats(d, &d->class[i]);
    rows += d->class[i].taps * d->in_cg * d->groups;
  }
  widen_bias(q, bias);
  q->stream = d->n * d->out_h * d->out_w * d->out_c > STREAM_FLOATS && d->out_cg % 16 == 0 &&
              (uintptr_t)q->out % 64 == 0 && !q->finish.add && !q->finish.relu;
  rm_parallel(rows, 64, pack_rows, &(packing){s, d, w, backward});
  if (rm_direct_by_position(d)) rm_direct_positions(d, &q->finish, q->out);
  else rm_parallel(d->bands, 1, convolve_bands, q);
  rm_conv_free(packed, floats);
  return RM_OK;
}

static rm_status forward(const rm_conv_shape *s, const rm_conv_pixels *x, const float *w, const rm_conv_finish *finish,
                         float *y, rm_error *err) {
  job q = {.finish = *finish, .out = y};
  rm_direct_forward(s, true, false, &q.d);
  q.d.in = x->x;
  return convolve(&q, s, w, false, err);
}

static rm_status input_gradient(const rm_conv_shape *s, const float *dy, const float *w, float *dx, rm_error *err) {
  job q = {.out = dx};
  rm_direct_gradient(s, &q.d);
  q.d.in = dy;
  return convolve(&q, s, w, true, err);
}

const rm_conv_method rm_conv_direct = {"direct", fits, pays, forward, input_gradient, rm_direct_weight_gradient,
                                       NULL,     NULL, NULL, false};
