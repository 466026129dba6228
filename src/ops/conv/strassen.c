/* strassen.c -- 1x1 convolutions with many channels: products of matrices whose rows are pixels,
 * by Strassen's algorithm (kernels/strassen_k.c): 7/8 of the multiplications.
 *
 * Pixels of a group of images are counted through and taken in blocks, whose two halves are paired. A stride
 * only leaves out pixels; in the input gradient those get zeros. */
#include <stdint.h>
#include <string.h>
#include "base/number.h"
#include "dist/batch.h"
#include "kernels/kernels.h"
#include "ops/conv/strassen.h"
#include "ops/conv/strassen_weights.h"
#include "parallel/pool.h"
#include "parallel/scratch.h"

enum {
  BLOCK_FLOATS = 64 * 1024, /* of the input of a block; the sums take as much again */
  STREAM_FLOATS = 2 * 1024 * 1024,
  MIN_PIXELS = 64,
  MAX_PIXELS = 192,
  LEAST_CHANNELS = 64 /* fewer: the additions cost more than the multiplications saved */
};

/* Halves are whole panels with every instruction set. */
static bool fits(const rm_conv_shape *s) {
  return s->r * s->s == 1 && s->pad_h + s->pad_w == 0 && s->groups == 1 && s->c % 64 == 0 && s->k % 64 == 0;
}

static bool pays(const rm_conv_shape *s) {
  return fits(s) && s->c >= LEAST_CHANNELS && s->k >= LEAST_CHANNELS && 16 * s->oh * s->ow >= 4 * MIN_PIXELS;
}

typedef struct {
  const rm_conv_shape *s;
  bool backward; /* y and x change places */
  size_t in_c, out_c;
  size_t pixels, block;
  size_t group, per_group; /* pixels and blocks of a group of images (dist/batch.h): no block reaches into another */
  const float *in;
  const float *packed;
  rm_conv_finish finish;
  bool stream; /* outputs are written past the caches */
  float *out;
} job;

/* --- weights ---------------------------------------------------------------------------- */
typedef struct {
  const job *q;
  const float *w;
  float *packed;
} packing;

static void pack_rows(void *ctx, size_t begin, size_t end) {
  const packing *p = ctx;
  const job *q = p->q;
  size_t row = q->backward ? q->out_c : 1, column = q->backward ? 1 : q->in_c;
  for (size_t k = begin; k < end; k++)
    rm_kernel_table()->strassen_pack(k, q->in_c / 2, q->out_c / 2, p->w, row, column, p->packed);
}

/* --- blocks ------------------------------------------------------------------------------- */
size_t rm_strassen_place(const rm_conv_shape *s, size_t p) {
  if (s->stride_h * s->stride_w == 1) return p;
  size_t image = p / (s->oh * s->ow), i = p / s->ow % s->oh, j = p % s->ow;
  return (image * s->h + i * s->stride_h) * s->w + j * s->stride_w;
}

/* Zeros in the pixels of x that lie between pixel p of y and its neighbors. */
static void clear_between(const job *q, size_t p) {
  const rm_conv_shape *s = q->s;
  size_t i = p / s->ow % s->oh * s->stride_h, j = p % s->ow * s->stride_w;
  size_t rows = rm_smaller(s->stride_h, s->h - i), cols = rm_smaller(s->stride_w, s->w - j);
  float *out = q->out + rm_strassen_place(s, p) * s->c;
  for (size_t r = 0; r < rows; r++)
    memset(out + r * s->w * s->c + (r ? 0 : s->c), 0, (cols - (r ? 0 : 1)) * s->c * sizeof(float));
}

static size_t sums_bytes(const job *q) { return q->block * q->in_c * sizeof(float); }
static size_t aside_bytes(const job *q) { return 3 * (q->block / 2 + 16) * 64 * sizeof(float); }

static void multiply_blocks(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  const rm_kernels *kernels = rm_kernel_table();
  float *sums = rm_scratch(0, sums_bytes(q)), *aside = rm_scratch(1, aside_bytes(q));
  const float *from[MAX_PIXELS];
  float *to[MAX_PIXELS];
  for (size_t block = begin; block < end; block++) {
    size_t in_group = block % q->per_group * q->block, first = block / q->per_group * q->group + in_group;
    size_t count = rm_smaller(q->block, q->group - in_group), half = (count + 1) / 2;
    for (size_t i = 0; i < 2 * half; i++) {
      size_t p = first + rm_smaller(i, count - 1), place = rm_strassen_place(q->s, p);
      from[i] = q->in + (q->backward ? p : place) * q->in_c;
      to[i] = q->out + (q->backward ? place : p) * q->out_c;
      if (q->backward && q->s->stride_h * q->s->stride_w > 1) clear_between(q, p);
    }
    /* The next block, where it lies behind this one. */
    bool behind = count == q->block && (q->backward || q->s->stride_h * q->s->stride_w == 1);
    size_t next = behind ? rm_smaller(q->block, q->pixels - first - count) : 0;
    size_t ahead = next * q->in_c * sizeof(float);
    kernels->strassen_sums(half, q->in_c / 2, from, sums);
    rm_conv_finish finish = q->finish;
    if (finish.moments) finish.moments += block * 3 * q->out_c;
    kernels->strassen_product(count, q->in_c / 2, q->out_c / 2, from, sums, q->packed, &finish, aside, to, q->out,
                              q->stream, from[0] + q->block * q->in_c, ahead);
  }
}

static size_t block_pixels(size_t in_c) {
  return rm_smaller(rm_larger(BLOCK_FLOATS / in_c / 16 * 16, MIN_PIXELS), MAX_PIXELS);
}

static size_t group_pixels(const rm_conv_shape *s) { return s->n / rm_batch_groups(s->n) * s->oh * s->ow; }

static size_t per_group(const rm_conv_shape *s, size_t block) { return (group_pixels(s) + block - 1) / block; }

static size_t blocks(const rm_conv_shape *s) { return rm_batch_groups(s->n) * per_group(s, block_pixels(s->c)); }

static size_t block_rows(const rm_conv_shape *s, size_t block) {
  size_t most = block_pixels(s->c), before = block % per_group(s, most) * most;
  return rm_smaller(most, group_pixels(s) - before);
}

static rm_status run(job *q, const rm_conv_shape *s, const float *w, rm_error *err) {
  float *packed;
  q->s = s;
  q->in_c = q->backward ? s->k : s->c;
  q->out_c = q->backward ? s->c : s->k;
  q->pixels = s->n * s->oh * s->ow;
  q->block = block_pixels(q->in_c);
  q->group = group_pixels(s);
  q->per_group = per_group(s, q->block);
  size_t out = q->out_c * (q->backward ? s->n * s->h * s->w : q->pixels);
  q->stream = out > STREAM_FLOATS && (uintptr_t)q->out % 64 == 0 && !q->finish.add && !q->finish.relu;
  size_t floats = rm_kernel_table()->strassen_packed(q->in_c / 2, q->out_c / 2);
  RM_TRY(rm_scratch_reserve(0, sums_bytes(q), err));
  RM_TRY(rm_scratch_reserve(1, aside_bytes(q), err));
  RM_TRY(rm_conv_alloc(floats, &packed, err));
  q->packed = packed;
  rm_parallel(q->in_c / 2, 8, pack_rows, &(packing){q, w, packed});
  rm_parallel(rm_batch_groups(s->n) * q->per_group, 1, multiply_blocks, q);
  rm_conv_free(packed, floats);
  return RM_OK;
}

static rm_status forward(const rm_conv_shape *s, const rm_conv_pixels *x, const float *w, const rm_conv_finish *finish,
                         float *y, rm_error *err) {
  job q = {.in = x->x, .finish = *finish, .out = y};
  return run(&q, s, w, err);
}

static rm_status input_gradient(const rm_conv_shape *s, const float *dy, const float *w, float *dx, rm_error *err) {
  job q = {.backward = true, .in = dy, .out = dx};
  return run(&q, s, w, err);
}

const rm_conv_method rm_conv_strassen = {
    "strassen", fits, pays, forward, input_gradient, rm_strassen_weight_gradient, blocks, block_rows, NULL, false};
