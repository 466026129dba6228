/* strided_weights.c -- the weight gradient of the strided method: in its transform domain a matrix product for each
 * place, whose sum runs over tiles; places with the same position are added up.
 *
 * Each group of tiles has a chain of its own, and these are added; the groups follow from the shape alone. */
#include "ops/conv/strided_weights.h"
#include <string.h>
#include "base/number.h"
#include "ops/conv/strided.h"
#include "parallel/interrupt.h"
#include "parallel/pool.h"
#include "parallel/scratch.h"

enum { BLOCK = 16, GROUP_FLOATS = 3 * 1024 * 1024, COLUMNS = 64, PACKED = 0, ASIDE, PART };

typedef struct {
  rm_strided_plan plan;
  const float *x, *dy, *zeros;
  float *v, *m, *du, *dw;
  size_t first, count; /* tiles of the group */
} job;

static void transform_tiles(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  const rm_strided_images *in = &q->plan.in, *out = &q->plan.out;
  const rm_kernels *kernels = rm_kernel_table();
  size_t first = begin * RM_STRIDED_GROUP, count = rm_smaller(end * RM_STRIDED_GROUP, q->count) - first;
  kernels->strided_input(in, q->x, q->zeros, q->first + first, count, q->v + first * rm_strided_row(in->c));
  kernels->strided_output_gradient(out, q->dy, q->zeros, q->first + first, count,
                                   q->m + first * rm_strided_row(out->c));
}

static size_t packed_bytes(const job *q) { return q->plan.in.tiles * COLUMNS * sizeof(float); }
static size_t aside_bytes(const job *q) { return 8 * q->plan.in.tiles * sizeof(float); }
static size_t part_bytes(const job *q) { return q->plan.in.c * COLUMNS * sizeof(float); }

/* Position by position, and for each some columns at a time. */
static void multiply(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  const rm_strided_images *in = &q->plan.in, *out = &q->plan.out;
  const rm_kernels *kernels = rm_kernel_table();
  size_t across = (out->c + COLUMNS - 1) / COLUMNS;
  float *packed = rm_scratch(PACKED, packed_bytes(q)), *aside = rm_scratch(ASIDE, aside_bytes(q));
  for (size_t i = begin; i < end && !rm_broken(); i++) {
    size_t position = RM_STRIDED_POSITIONS - 1 - i / across; /* that with most places first */
    size_t n = i % across * COLUMNS, width = rm_smaller(COLUMNS, out->c - n), place = rm_strided_first(position);
    float *sum = q->du + position * rm_strided_weights(in->c, out->c) + n, *part = rm_scratch(PART, part_bytes(q));
    float *to = q->first ? part : sum;
    size_t stride = q->first ? width : out->c;
    for (size_t j = 0; j < rm_strided_count(position); j++, place++) {
      const float *m = q->m + place * rm_strided_place(out->tiles, out->c) + n;
      kernels->product_pack(q->count, width, m, rm_strided_row(out->c), 1, packed);
      kernels->product(in->c, width, q->count, q->v + place * rm_strided_place(in->tiles, in->c), 1,
                       rm_strided_row(in->c), packed, j > 0, to, stride, aside);
    }
    for (size_t r = 0; q->first && r < in->c; r++) kernels->accumulate(width, part + r * width, sum + r * out->c);
  }
}

static void finish(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  size_t rows = q->plan.in.c;
  for (size_t i = begin; i < end; i++)
    rm_kernel_table()->strided_weight_gradient(q->du, rows, q->plan.out.c, i % rows, i / rows * BLOCK, q->dw);
}

/* The sums are read and written once for each group: large ones want large groups. */
static rm_strided_plan plan_of(const rm_conv_shape *s, size_t whole) {
  rm_conv_shape all = *s;
  all.k = whole;
  rm_strided_plan plan = rm_strided_plan_of(
      &all, rm_larger(GROUP_FLOATS, RM_STRIDED_POSITIONS * rm_strided_weights(s->c, whole)));
  plan.out.c = s->k;
  return plan;
}

rm_status rm_strided_weight_gradient(const rm_conv_shape *s, const float *x, const float *dy, float *dw,
                                     rm_error *err) {
  return rm_strided_weight_gradient_part(s, s->k, x, dy, dw, err);
}

rm_status rm_strided_weight_gradient_part(const rm_conv_shape *s, size_t whole, const float *x, const float *dy,
                                          float *dw, rm_error *err) {
  size_t sums = RM_STRIDED_POSITIONS * rm_strided_weights(s->c, s->k);
  job q = {.plan = plan_of(s, whole), .x = x, .dy = dy, .dw = dw};
  size_t inputs = RM_STRIDED_PLACES * rm_strided_place(q.plan.in.tiles, s->c), most = rm_larger(s->c, s->k);
  size_t floats = sums + inputs + RM_STRIDED_PLACES * rm_strided_place(q.plan.out.tiles, s->k) + most;
  RM_TRY(rm_scratch_reserve(PACKED, packed_bytes(&q), err));
  RM_TRY(rm_scratch_reserve(ASIDE, aside_bytes(&q), err));
  RM_TRY(rm_scratch_reserve(PART, part_bytes(&q), err));
  RM_TRY(rm_conv_alloc(floats, &q.du, err));
  q.v = q.du + sums;
  q.m = q.v + inputs;
  q.zeros = memset(q.du + floats - most, 0, most * sizeof(float));
  for (q.first = 0; q.first < q.plan.count; q.first += q.plan.in.tiles) {
    q.count = rm_smaller(q.plan.in.tiles, q.plan.count - q.first);
    rm_parallel((q.count + RM_STRIDED_GROUP - 1) / RM_STRIDED_GROUP, 1, transform_tiles, &q);
    rm_parallel(RM_STRIDED_POSITIONS * ((s->k + COLUMNS - 1) / COLUMNS), 1, multiply, &q);
  }
  rm_parallel(s->c * (s->k / BLOCK), 16, finish, &q);
  rm_conv_free(q.du, floats);
  return RM_OK;
}
