/* direct_weights.c -- the weight gradient of the direct method: the sum over all pixels of
 * (window under the pixel) times (its dy).
 *
 * Two forms, whichever leaves fewer lanes empty:
 *
 *   columns  a vector holds output channels: dw (window, channels) += x' dy, dy packed in panels
 *   windows  a vector holds a piece of the window, output channels are few (LeNet-5's first
 *            layer: runs of 15 floats, 6 channels): dw (channels, window) += dy' x, nothing packed
 *
 * Chunks of bands add up their own sums; how many follows from the shape. */
#include <string.h>
#include "base/number.h"
#include "kernels/kernels.h"
#include "ops/conv/direct_plan.h"
#include "ops/conv/direct_weights.h"
#include "parallel/interrupt.h"
#include "parallel/pool.h"
#include "parallel/scratch.h"

/* Floats of dy at a time: half of the first-level cache; but more where dw, which is read and written
 * for each of these pieces, does not stay in the second-level cache. */
enum { FEW_FLOATS = 4 * 1024, MANY_FLOATS = 32 * 1024, LARGE_PART = 128 * 1024 };

typedef struct {
  rm_direct d;
  bool windows; /* which form */
  const float *dy;
  float *parts;
  size_t chunks, part;
  /* columns */
  size_t dy_pad; /* columns of dy in whole vectors */
  size_t pixels; /* at a time */
  bool behind;   /* x of the next pixels lies behind that of these */
  /* windows */
  size_t vectors;                       /* of a window */
  ptrdiff_t places[8 * RM_DIRECT_TAPS]; /* of them, from the pixel: vectors hold 4 lanes at least */
} job;

/* --- adding up --------------------------------------------------------------------------- */
static void add_columns(const job *q, const rm_direct_band *band, size_t begin, size_t count, const float *dy,
                        float *dw) {
  const rm_kernels *kernels = rm_kernel_table();
  const rm_direct *d = &q->d;
  const rm_direct_class *c = &d->class[0];
  const float *from[RM_DIRECT_PIXELS];
  float *packed = rm_scratch(1, q->pixels * q->dy_pad * sizeof(float));
  size_t done = (band->image * d->rows + band->row) * d->cols + begin + count;
  size_t next = q->behind ? rm_smaller(q->pixels, d->n * d->rows * d->cols - done) : 0;
  for (size_t g = 0; g < d->groups; g++) {
    rm_direct_pixels(d, c, band, band->rows, begin, count, g, from, NULL, NULL);
    kernels->direct_pack_gradient(count, d->out_cg, dy + g * d->out_cg, d->out_c, packed);
    kernels->direct_weights(count, from, packed, c->runs, c->offsets, c->length, q->dy_pad,
                            dw + g * c->taps * d->in_cg * q->dy_pad,
                            (const float *[2]){dy + count * d->out_c, from[0] + count * d->in_c},
                            (size_t[2]){next * d->out_c * sizeof(float), next * d->in_c * sizeof(float)});
  }
}

static void add_windows(const job *q, const rm_direct_band *band, size_t begin, size_t count, const float *dy,
                        float *dw) {
  const float *from[RM_DIRECT_PIXELS];
  rm_direct_pixels(&q->d, &q->d.class[0], band, band -> rows, begin, count, 0, from, NULL, NULL);
  rm_kernel_table()->direct_window_weights(count, from, dy, q->d.out_c, q->vectors, q->places, dw);
}

static void add_band(const job *q, size_t index, float *dw) {
  const rm_direct *d = &q->d;
  rm_direct_band band = rm_direct_input(d, index);
  size_t pixels = band.images * band.rows * d->cols, count;
  const float *dy = q->dy + (band.image * d->rows + band.row) * d->cols * d->out_c;
  for (size_t begin = 0; begin < pixels; begin += count, dy += count * d->out_c) {
    count = rm_smaller(q->pixels, pixels - begin);
    (q->windows ? add_windows : add_columns)(q, &band, begin, count, dy, dw);
  }
}

static void sum_chunk(const job *q, size_t chunk, float *dw) {
  memset(dw, 0, q->part * sizeof(float));
  size_t last = (chunk + 1) * q->d.bands / q->chunks;
  for (size_t band = chunk * q->d.bands / q->chunks; band < last && !rm_broken(); band++) add_band(q, band, dw);
}

static void sum_chunks(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  for (size_t chunk = begin; chunk < end; chunk++) sum_chunk(q, chunk, q->parts + chunk * q->part);
}

/* One thread adds each chunk to those before it while it is in the cache. */
static void sum_in_turn(const job *q) {
  float *one = q->parts + q->part;
  sum_chunk(q, 0, q->parts);
  for (size_t chunk = 1; chunk < q->chunks; chunk++) {
    sum_chunk(q, chunk, one);
    rm_kernel_table()->accumulate(q->part, one, q->parts);
  }
}

/* --- into the order of the weights --------------------------------------------------------- */
typedef struct {
  const job *q;
  float *to;
} unpacking;

/* Where dw[k][row of the window] of group g is. */
static const float *sum_at(const job *q, size_t g, size_t row, size_t k) {
  const rm_direct_class *c = &q->d.class[0];
  if (!q->windows) return q->parts + (g * c->taps * q->d.in_cg + row) * q->dy_pad + k;
  size_t run = rm_kernel_table()->direct_packed(1, c->length);
  return q->parts + k * c->runs * run + row / c->length * run + row % c->length;
}

/* Blocks of 16 output channels (of each group). Reading 16 at a time and writing 16 rows side by
 * side, neither side leaves the first-level cache. */
static void unpack(void *ctx, size_t begin, size_t end) {
  const unpacking *u = ctx;
  const job *q = u->q;
  const rm_direct *d = &q->d;
  size_t taps = d->class[0].taps, blocks = (d->out_cg + 15) / 16, row = d->in_cg * taps;
  size_t across = q->windows ? (size_t)(sum_at(q, 0, 0, 1) - sum_at(q, 0, 0, 0)) : 1;
  for (size_t i = begin; i < end; i++) {
    size_t g = i / blocks, k0 = i % blocks * 16, k1 = rm_smaller(k0 + 16, d->out_cg);
    for (size_t c = 0; c < d->in_cg; c++)
      for (size_t t = 0; t < taps; t++) {
        const float *from = sum_at(q, g, t * d->in_cg + c, 0);
        float *to = u->to + g * d->out_cg * row + c * taps + t;
        for (size_t k = k0; k < k1; k++) to[k * row] = from[k * across];
      }
  }
}

/* --- the plan -------------------------------------------------------------------------------- */
/* Form, pieces and chunks decide in which order is added up: so they follow from the shape alone, and count in
 * sixteens, whatever a vector holds. */
static size_t sixteens(size_t n) { return (n + 15) / 16; }

/* Multiply-adds for each pixel: by windows, and by columns. A window's form is worth its copy of x when
 * it saves a fifth. */
static bool choose_windows(const job *q) {
  const rm_direct_class *c = &q->d.class[0];
  size_t run = sixteens(c->length);
  if (q->d.groups > 1 || c->runs * run > 2 * RM_DIRECT_TAPS) return false;
  return 5 * q->d.out_c * c->runs * run < 4 * c->runs * c->length * sixteens(q->d.out_cg);
}

static void plan(const rm_conv_shape *s, job *q) {
  rm_direct_forward(s, false, false, &q->d);
  q->dy_pad = rm_kernel_table()->direct_packed(1, s->kg);
  q->windows = choose_windows(q);
  if (q->windows) rm_direct_forward(s, false, true, &q->d); /* vectors may look past the end of x */
  const rm_direct_class *c = &q->d.class[0];
  size_t lanes = rm_kernel_table()->vector, run = (c->length + lanes - 1) / lanes;
  q->vectors = q->windows ? c->runs * run : 0;
  for (size_t i = 0; i < q->vectors; i++) q->places[i] = c->offsets[i / run] + (ptrdiff_t)(i % run * lanes);
  q->part = q->windows ? s->k * q->vectors * lanes : s->groups * s->r * s->s * s->cg * q->dy_pad;
  size_t columns = 16 * sixteens(s->kg);
  size_t size = q->windows ? s->k * c->runs * 16 * sixteens(c->length) : s->groups * s->r * s->s * s->cg * columns;
  bool single = s->r * s->s == 1; /* 1x1: a pixel is read once for all of dw, and few of them would not pay for that */
  size_t floats = size > LARGE_PART || single ? MANY_FLOATS : FEW_FLOATS;
  q->behind = single && q->d.inside && s->stride_h * s->stride_w == 1 && s->groups == 1;
  q->pixels = rm_smaller(rm_larger(floats / columns, 32), RM_DIRECT_PIXELS);
  q->chunks = rm_conv_chunks(size, q->d.bands);
}

rm_status rm_direct_weight_gradient(const rm_conv_shape *s, const rm_conv_pixels *x, const float *dy, float *dw,
                                    rm_error *err) {
  job q = {.dy = dy};
  plan(s, &q);
  q.d.in = x->x;
  RM_TRY(rm_scratch_reserve(0, rm_direct_scratch(&q.d), err));
  RM_TRY(rm_scratch_reserve(1, q.pixels * q.dy_pad * sizeof(float), err));
  bool alone = rm_parallel_alone();
  size_t floats = q.part * (alone ? rm_smaller(2, q.chunks) : q.chunks);
  RM_TRY(rm_conv_alloc(floats, &q.parts, err));
  if (alone) sum_in_turn(&q);
  else {
    rm_parallel(q.chunks, 1, sum_chunks, &q);
    rm_conv_sum_parts(q.part, q.chunks, q.part, q.parts, q.parts);
  }
  rm_parallel(s->groups * ((s->kg + 15) / 16), 1, unpack, &(unpacking){&q, dw});
  rm_conv_free(q.parts, floats);
  return RM_OK;
}
