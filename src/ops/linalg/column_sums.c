/* column_sums.c -- sums over the rows of a matrix: the gradient of every bias.
 *
 * Rows are cut into the groups of a batch (dist/batch.h), and those of a group into at most 64 chunks, by their number
 * alone. A chunk adds blocks of 128 rows in float32 and the blocks in double; the chunks are added in order, the
 * groups in their tree. All chunks of all groups are one job for the threads. */
#include <string.h>
#include "base/number.h"
#include "dist/batch.h"
#include "kernels/kernels.h"
#include "memory/alloc.h"
#include "ops/linalg/column_sums.h"
#include "parallel/pool.h"

enum { BLOCK = 128, CHUNKS = 64 };

typedef struct {
  size_t groups, rows, cols; /* rows of a group */
  size_t chunk, per_group;   /* rows in a chunk, chunks of a group */
  const float *x;
  double *partial; /* (groups, per_group, cols) */
} job;

static void sum_chunks(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  for (size_t i = begin; i < end; i++) {
    double *total = q->partial + i * q->cols;
    size_t first = i % q->per_group * q->chunk, rows = rm_smaller(q->chunk, q->rows - first);
    memset(total, 0, q->cols * sizeof *total);
    rm_kernel_table()->column_blocks(rows, q->cols, q->x + (i / q->per_group * q->rows + first) * q->cols, BLOCK,
                                     q->x + q->groups * q->rows * q->cols, total);
  }
}

/* sums (groups, cols) */
static void add_chunks(const job *q, float *sums) {
  for (size_t g = 0; g < q->groups; g++)
    for (size_t j = 0; j < q->cols; j++) {
      double total = 0;
      for (size_t i = 0; i < q->per_group; i++) total += q->partial[(g * q->per_group + i) * q->cols + j];
      sums[g * q->cols + j] = (float)total;
    }
}

/* The sums of each of the groups of `rows` rows. */
static rm_status group_sums(size_t groups, size_t rows, size_t cols, const float *x, float *sums, rm_error *err) {
  memset(sums, 0, groups * cols * sizeof *sums);
  if (rows == 0 || cols == 0) return RM_OK;
  size_t chunk = ((rows + CHUNKS - 1) / CHUNKS + BLOCK - 1) / BLOCK * BLOCK;
  job q = {
      .groups = groups, .rows = rows, .cols = cols, .chunk = chunk, .per_group = (rows + chunk - 1) / chunk, .x = x};
  size_t bytes = groups * q.per_group * cols * sizeof(double);
  q.partial = rm_alloc(bytes);
  if (!q.partial) return rm_fail(err, RM_ERR_MEMORY, "column sums: no memory for %zu bytes of workspace", bytes);
  rm_parallel(groups * q.per_group, 1 + 65536 / (chunk * cols), sum_chunks, &q);
  add_chunks(&q, sums);
  rm_free(q.partial, bytes);
  return RM_OK;
}

rm_status rm_column_sums(size_t rows, size_t cols, const float *x, float *sums, rm_error *err) {
  return group_sums(1, rows, cols, x, sums, err);
}

rm_status rm_batch_sums(size_t n, size_t rows, size_t cols, const float *x, float *sums, rm_error *err) {
  size_t groups = rm_batch_groups(n), bytes = groups * cols * sizeof(float);
  if (groups == 1) return rm_column_sums(n * rows, cols, x, sums, err);
  float *parts = rm_alloc(bytes);
  if (!parts) return rm_fail(err, RM_ERR_MEMORY, "column sums: no memory for %zu bytes of workspace", bytes);
  rm_status status = group_sums(groups, n / groups * rows, cols, x, parts, err);
  rm_batch_add_up(cols, groups, cols, parts);
  memcpy(sums, parts, cols * sizeof *sums);
  rm_free(parts, bytes);
  return status;
}
