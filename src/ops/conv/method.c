/* method.c -- weights in other orders, partial sums, what follows, memory: shared by the methods. */
#include "base/number.h"
#include "kernels/winograd.h"
#include "memory/alloc.h"
#include "parallel/pool.h"
#include "ops/conv/method.h"

rm_status rm_conv_alloc(size_t floats, float **block, rm_error *err) {
  *block = rm_alloc(floats * sizeof(float));
  if (*block) return RM_OK;
  return rm_fail(err, RM_ERR_MEMORY, "conv2d: no memory for %zu bytes of workspace", floats * sizeof(float));
}

void rm_conv_free(float *block, size_t floats) { rm_free(block, floats * sizeof(float)); }

/* --- weights ---------------------------------------------------------------------- */
typedef struct {
  const float *from;
  float *to;
  size_t rows, cols; /* of each matrix */
} transposition;

/* Matrices begin .. end-1: to (cols, rows) = from (rows, cols) transposed. */
static void transpose_some(void *ctx, size_t begin, size_t end) {
  const transposition *t = ctx;
  size_t size = t->rows * t->cols;
  for (size_t m = begin; m < end; m++)
    for (size_t j = 0; j < t->cols; j++)
      for (size_t i = 0; i < t->rows; i++) t->to[m * size + j * t->rows + i] = t->from[m * size + i * t->cols + j];
}

static void transpose_all(size_t matrices, size_t rows, size_t cols, const float *from, float *to) {
  transposition t = {from, to, rows, cols};
  rm_parallel(matrices, 1 + 20000 / (rows * cols + 1), transpose_some, &t);
}

void rm_conv_weight_to_ohwi(const rm_conv_shape *s, const float *oihw, float *ohwi) {
  transpose_all(s->k, s->cg, s->r * s->s, oihw, ohwi);
}

void rm_conv_weight_from_ohwi(const rm_conv_shape *s, const float *ohwi, float *oihw) {
  transpose_all(s->k, s->r * s->s, s->cg, ohwi, oihw);
}

/* --- partial sums ------------------------------------------------------------------ */
typedef struct {
  size_t count, stride;
  const float *parts;
  float *total;
} parts_sum;

static void sum_some(void *ctx, size_t begin, size_t end) {
  const parts_sum *p = ctx;
  for (size_t i = begin; i < end; i++) p->total[i] = p->parts[i];
  for (size_t part = 1; part < p->count; part++)
    for (size_t i = begin; i < end; i++) p->total[i] += p->parts[part * p->stride + i];
}

void rm_conv_sum_parts(size_t n, size_t count, size_t stride, const float *parts, float *total) {
  parts_sum p = {count, stride, parts, total};
  rm_parallel(n, 16384, sum_some, &p);
}

size_t rm_conv_chunks(size_t floats, size_t most) {
  enum { PARTS_FLOATS = 1024 * 1024, MAX_CHUNKS = 32 };
  size_t chunks = 2;
  while (chunks < MAX_CHUNKS && chunks * floats < PARTS_FLOATS) chunks *= 2;
  return chunks < most ? chunks : most;
}

/* --- what follows the sums --------------------------------------------------------- */
typedef struct {
  const rm_conv_finish *finish;
  float *y;
} finish_job;

static void finish_some(void *ctx, size_t begin, size_t end) {
  const finish_job *q = ctx;
  for (size_t i = begin; i < end; i++) {
    float v = q->finish->add ? q->y[i] + q->finish->add[i] : q->y[i];
    q->y[i] = q->finish->relu && v < 0 ? 0 : v;
  }
}

void rm_conv_finish_pass(const rm_conv_shape *s, const rm_conv_finish *finish, float *y) {
  if (finish->add || finish->relu)
    rm_parallel(s->n * s->oh * s->ow * s->k, 16384, finish_some, &(finish_job){finish, y});
}

bool rm_conv_tiles_border(const rm_conv_shape *group) {
  return group->n * ((group->oh + 3) / 4) * ((group->ow + 3) / 4) % RM_WINO_GROUP == 0;
}

size_t rm_conv_tiles_rows(const rm_conv_shape *s, size_t block) {
  size_t across = (s->ow + 3) / 4, down = (s->oh + 3) / 4, rows = 0;
  size_t last = rm_smaller((block + 1) * RM_WINO_GROUP, s->n * across * down);
  for (size_t t = block * RM_WINO_GROUP; t < last; t++)
    rows += rm_smaller(4, s->oh - t / across % down * 4) * rm_smaller(4, s->ow - t % across * 4);
  return rows;
}
