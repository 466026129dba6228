/* statistics.c -- see statistics.h. Blocks of rows, which follow from the shape, are joined in double, in their order.
 *
 * Source: Chan, Golub, LeVeque 1979, "Updating formulae and a pairwise algorithm". */
#include "ops/conv/statistics.h"
#include "base/number.h"
#include "kernels/kernels.h"
#include "parallel/pool.h"

enum { PASS_ROWS = 128 }; /* of a block, where the method has none */

typedef struct {
  const rm_conv_shape *s;
  size_t (*block_rows)(const rm_conv_shape *s, size_t block);
  size_t blocks;
  const float *y;
  float *moments;
  double *mean, *m2;
} job;

static size_t pass_rows(const rm_conv_shape *s, size_t block) {
  return rm_smaller(PASS_ROWS, s->n * s->oh * s->ow - block * PASS_ROWS);
}

static void take_moments(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  size_t k = q->s->k;
  for (size_t b = begin; b < end; b++)
    rm_kernel_table()->column_moments(pass_rows(q->s, b), k, q->y + b * PASS_ROWS * k, q->moments + b * 3 * k);
}

static void join_columns(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  size_t k = q->s->k;
  double rows = 0;
  for (size_t j = begin; j < end; j++) q->mean[j] = q->m2[j] = 0;
  for (size_t b = 0; b < q->blocks; b++) {
    const float *first = q->moments + b * 3 * k, *sum = first + k, *squares = sum + k;
    double n = (double)q->block_rows(q->s, b), all = rows + n;
    for (size_t j = begin; j < end; j++) {
      double from_first = sum[j] / n, d = first[j] + from_first - q->mean[j];
      q->mean[j] += d * (n / all);
      q->m2[j] += squares[j] - from_first * sum[j] + d * d * (rows * (n / all));
    }
    rows = all;
  }
  for (size_t j = begin; j < end; j++) q->m2[j] = q->m2[j] < 0 ? 0 : q->m2[j]; /* of equal values, by rounding */
}

rm_status rm_conv_forward_statistics(const rm_conv_method *method, const rm_conv_shape *s, const float *x,
                                     const float *w, const float *bias, float *y, double *mean, double *m2,
                                     rm_error *err) {
  job q = {.s = s, .block_rows = method->block_rows, .y = y, .mean = mean, .m2 = m2};
  q.blocks = method->blocks ? method->blocks(s) : 0;
  bool pass = q.blocks == 0;
  if (pass) q.blocks = (s->n * s->oh * s->ow + PASS_ROWS - 1) / PASS_ROWS, q.block_rows = pass_rows;
  size_t floats = q.blocks * 3 * s->k;
  RM_TRY(rm_conv_alloc(floats, &q.moments, err));
  rm_status status = method->forward(s, x, w, &(rm_conv_finish){.bias = bias, .moments = pass ? NULL : q.moments}, y,
                                     err);
  if (status == RM_OK) {
    if (pass) rm_parallel(q.blocks, 1 + 16384 / (PASS_ROWS * s->k), take_moments, &q);
    rm_parallel(s->k, rm_larger(16, 8192 / q.blocks), join_columns, &q);
  }
  rm_conv_free(q.moments, floats);
  return status;
}
