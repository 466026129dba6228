/* strided.c -- 3x3 with stride 2 and padding 1 in four phases, each by its own Winograd: forward and input gradient;
 * kernels/strided.h has the idea.
 *
 * All threads work on one group of tiles, which stays in the third-level cache: they transform its tiles, multiply
 * place by place, and transform back. How tiles are grouped changes no bit, since a sum runs over channels only. */
#include "ops/conv/strided.h"
#include <string.h>
#include "base/number.h"
#include "ops/conv/strided_weights.h"
#include "parallel/interrupt.h"
#include "parallel/pool.h"
#include "parallel/scratch.h"

enum {
  BLOCK = 16,
  TILES = 24,                     /* of a group, and multiples: whole tiles of registers, whole groups of moments */
  GROUP_FLOATS = 3 * 1024 * 1024, /* of a group's places, of inputs and outputs */
  WEIGHTS_FLOATS = 32 * 1024,     /* of the weights of a place at a time: a part of the second-level cache */
  LEAST_CHANNELS = 64             /* fewer: what is moved costs more than the multiplications saved */
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

rm_strided_plan rm_strided_plan_of(const rm_conv_shape *s, size_t floats) {
  size_t down = (s->oh + 3) / 4, across = (s->ow + 3) / 4, count = s->n * down * across;
  size_t each = RM_STRIDED_PLACES * (rm_strided_row(s->c) + rm_strided_row(s->k));
  size_t groups = (count * each + floats - 1) / floats;
  size_t tiles = ((count + groups - 1) / groups + TILES - 1) / TILES * TILES;
  return (rm_strided_plan){
      .in = {s->h, s->w, s->c, down, across, tiles}, .out = {s->oh, s->ow, s->k, down, across, tiles}, .count = count};
}

typedef struct {
  rm_strided_plan plan;
  const rm_conv_shape *s;
  bool backward; /* y and x change places */
  const rm_strided_images *from, *to;
  const float *x, *w, *zeros;
  rm_conv_finish finish;
  float *y, *u, *v, *m;
  size_t first, count; /* tiles of the group */
  size_t columns;      /* at a time */
} job;

/* Rows of 16 weights each. */
static void transform_weights(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  size_t c = q->s->c, row = q->backward ? c * 9 : 9, column = q->backward ? 9 : c * 9, blocks = q->to->c / BLOCK;
  for (size_t i = begin; i < end; i++)
    rm_kernel_table()->strided_weights(q->w, q->from->c, q->to->c, row, column, q->backward, i / blocks,
                                       i % blocks * BLOCK, q->u);
}

/* Groups begin .. of eight tiles, whose moments belong together. */
static void transform_tiles(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  const rm_kernels *kernels = rm_kernel_table();
  size_t first = begin * RM_STRIDED_GROUP, count = rm_smaller(end * RM_STRIDED_GROUP, q->count) - first;
  (q->backward ? kernels->strided_spread : kernels->strided_input)(q->from, q->x, q->zeros, q->first + first, count,
                                                                   q->v + first * rm_strided_row(q->from->c));
}

static size_t aside_bytes(const job *q) { return 8 * q->from->c * sizeof(float); }

/* Place by place, and for each some columns at a time. */
static void multiply(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  size_t depth = q->from->c, columns = q->to->c, across = (columns + q->columns - 1) / q->columns;
  float *aside = rm_scratch(0, aside_bytes(q));
  for (size_t i = begin; i < end && !rm_broken(); i++) {
    size_t place = i / across, n = i % across * q->columns;
    const float *u = q->u + rm_strided_position(place) * rm_strided_weights(depth, columns) + n * depth;
    rm_kernel_table()->product(q->count, rm_smaller(q->columns, columns - n), depth,
                               q->v + place * rm_strided_place(q->from->tiles, depth), rm_strided_row(depth), 1, u,
                               false, q->m + place * rm_strided_place(q->to->tiles, columns) + n,
                               rm_strided_row(columns), aside);
  }
}

static void transform_back(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  size_t first = begin * RM_STRIDED_GROUP, count = rm_smaller(end * RM_STRIDED_GROUP, q->count) - first;
  const float *m = q->m + first * rm_strided_row(q->to->c);
  if (q->backward) rm_kernel_table()->strided_gather(q->to, m, q->first + first, count, q->y);
  else rm_kernel_table()->strided_output(q->to, m, &q->finish, q->first + first, count, q->y);
}

static rm_status convolve(job *q, rm_error *err) {
  size_t in = q->from->c, out = q->to->c, tiles = q->from->tiles;
  size_t weights = RM_STRIDED_POSITIONS * rm_strided_weights(in, out);
  size_t inputs = RM_STRIDED_PLACES * rm_strided_place(tiles, in);
  size_t floats = weights + inputs + RM_STRIDED_PLACES * rm_strided_place(tiles, out) + in;
  RM_TRY(rm_scratch_reserve(0, aside_bytes(q), err));
  RM_TRY(rm_conv_alloc(floats, &q->u, err));
  q->v = q->u + weights;
  q->m = q->v + inputs;
  q->zeros = memset(q->u + floats - in, 0, in * sizeof(float));
  q->columns = rm_larger(WEIGHTS_FLOATS / in / 32 * 32, 32);
  rm_parallel(in * (out / BLOCK), 16, transform_weights, q);
  for (q->first = 0; q->first < q->plan.count; q->first += tiles) {
    q->count = rm_smaller(tiles, q->plan.count - q->first);
    rm_parallel((q->count + RM_STRIDED_GROUP - 1) / RM_STRIDED_GROUP, 1, transform_tiles, q);
    rm_parallel(RM_STRIDED_PLACES * ((out + q->columns - 1) / q->columns), 1, multiply, q);
    rm_parallel((q->count + RM_STRIDED_GROUP - 1) / RM_STRIDED_GROUP, 1, transform_back, q);
  }
  rm_conv_free(q->u, floats);
  return RM_OK;
}

static rm_status forward(const rm_conv_shape *s, const float *x, const float *w, const rm_conv_finish *finish, float *y,
                         rm_error *err) {
  job q = {.plan = rm_strided_plan_of(s, GROUP_FLOATS), .s = s, .x = x, .w = w, .finish = *finish, .y = y};
  q.from = &q.plan.in;
  q.to = &q.plan.out;
  return convolve(&q, err);
}

static rm_status input_gradient(const rm_conv_shape *s, const float *dy, const float *w, float *dx, rm_error *err) {
  job q = {.plan = rm_strided_plan_of(s, GROUP_FLOATS), .s = s, .backward = true, .x = dy, .w = w, .y = dx};
  q.from = &q.plan.out;
  q.to = &q.plan.in;
  return convolve(&q, err);
}

/* --- moments -------------------------------------------------------------------------------- */
static size_t blocks(const rm_conv_shape *s) {
  return (s->n * ((s->oh + 3) / 4) * ((s->ow + 3) / 4) + RM_STRIDED_GROUP - 1) / RM_STRIDED_GROUP;
}

const rm_conv_method rm_conv_strided = {
    "strided",           fits, pays, forward, input_gradient, rm_strided_weight_gradient, blocks, rm_conv_tiles_rows,
    rm_conv_tiles_border};
