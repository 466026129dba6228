/* statistics.c -- see statistics.h. The blocks of a group, which follow from the shape, are joined in double: chunks of
 * them in their order, then the chunks.
 *
 * Source: Chan, Golub, LeVeque 1979, "Updating formulae and a pairwise algorithm". */
#include "ops/conv/statistics.h"
#include "base/number.h"
#include "memory/alloc.h"
#include "ops/norm/columns.h"
#include "ops/norm/known.h"
#include "parallel/pool.h"

enum { CHUNKS = 16, CHUNKS_OF_GROUP = 2 /* of several */ };

typedef struct {
  const rm_conv_method *method;
  const rm_conv_shape *s;
  size_t blocks, chunks; /* of a group */
  const float *moments;  /* (blocks, 3, K): moments.h */
  double *parts;         /* (chunks, 2, K) of each group */
  double *rows;          /* of each chunk */
} job;

bool rm_conv_gives_statistics(const rm_conv_method *method, const rm_conv_shape *s) {
  rm_conv_shape group = *s;
  if (!method->blocks || method->blocks(s) == 0) return false;
  group.n = s->n / rm_known_groups(s->n);
  return rm_known_undivided(s->n) || !method->border || method->border(&group);
}

/* One more block of n rows for the statistics of `rows`. */
static void add_block(size_t k, double rows, double n, const float *restrict first, double *restrict mean,
                      double *restrict m2) {
  const float *restrict sum = first + k, *restrict squares = sum + k;
  double each = 1 / n, share = n / (rows + n), weight = rows * share;
  for (size_t j = 0; j < k; j++) {
    double from_first = sum[j] * each, d = first[j] + from_first - mean[j], inside = squares[j] - from_first * sum[j];
    mean[j] += d * share;
    m2[j] += (inside < 0 ? 0 : inside) + d * d * weight; /* below 0 it is of equal values, by rounding */
  }
}

static void join_chunks(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  size_t k = q->s->k;
  for (size_t i = begin; i < end; i++) {
    size_t group = i / q->chunks, chunk = i % q->chunks;
    size_t first = group * q->blocks + chunk * q->blocks / q->chunks;
    size_t last = group * q->blocks + (chunk + 1) * q->blocks / q->chunks;
    double *mean = q->parts + i * 2 * k, rows = 0;
    for (size_t j = 0; j < 2 * k; j++) mean[j] = 0;
    for (size_t b = first; b < last; b++) {
      double n = (double)q->method->block_rows(q->s, b);
      add_block(k, rows, n, q->moments + b * 3 * k, mean, mean + k);
      rows += n;
    }
    q->rows[i] = rows;
  }
}

static void join_groups(const job *q, size_t groups, double *moments) {
  size_t k = q->s->k;
  for (size_t g = 0; g < groups; g++, moments += 2 * k) {
    double rows = 0;
    for (size_t j = 0; j < 2 * k; j++) moments[j] = 0;
    for (size_t i = g * q->chunks; i < (g + 1) * q->chunks; i++) {
      const double *part = q->parts + i * 2 * k;
      rm_columns_join(k, rows, moments, moments + k, q->rows[i], part, part + k);
      rows += q->rows[i];
    }
  }
}

rm_status rm_conv_forward_statistics(const rm_conv_method *method, const rm_conv_shape *s, size_t groups,
                                     const rm_conv_pixels *x, const float *w, const float *bias, float *y,
                                     double *moments, rm_error *err) {
  job q = {.method = method, .s = s, .blocks = method->blocks(s) / groups};
  q.chunks = rm_smaller(rm_known_undivided(s->n) ? CHUNKS : CHUNKS_OF_GROUP, q.blocks);
  float *room;
  size_t floats = groups * q.blocks * 3 * s->k, chunks = groups * q.chunks;
  size_t bytes = chunks * (2 * s->k + 1) * sizeof(double);
  RM_TRY(rm_conv_alloc(floats, &room, err));
  q.moments = room;
  q.parts = rm_alloc(bytes);
  rm_status status = q.parts ? RM_OK : rm_fail(err, RM_ERR_MEMORY, "conv2d: no memory for %zu bytes", bytes);
  if (status == RM_OK) status = method->forward(s, x, w, &(rm_conv_finish){.bias = bias, .moments = room}, y, err);
  if (status == RM_OK) {
    q.rows = q.parts + chunks * 2 * s->k;
    rm_parallel(chunks, 1 + 16384 / (floats / chunks), join_chunks, &q);
    join_groups(&q, groups, moments);
  }
  rm_free(q.parts, bytes);
  rm_conv_free(room, floats);
  return status;
}
