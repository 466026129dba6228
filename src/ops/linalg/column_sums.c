/* column_sums.c -- sums over the rows of a matrix: the gradient of every bias.
 *
 * The rows are cut into at most 64 chunks by their number alone. A chunk adds blocks of 128
 * rows in float32 and the blocks in double; the chunks are added in order. */
#include <string.h>
#include "dist/batch.h"
#include "kernels/kernels.h"
#include "memory/alloc.h"
#include "ops/linalg/column_sums.h"
#include "parallel/pool.h"
#include "parallel/scratch.h"

enum { BLOCK = 128, CHUNKS = 64 };

typedef struct {
  size_t rows, cols, chunk; /* rows in a chunk */
  const float *x;
  double *partial; /* (chunks, cols) */
} job;

static void sum_chunks(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  const rm_kernels *kernels = rm_kernel_table();
  float *block = rm_scratch(0, q->cols * sizeof(float));
  for (size_t chunk = begin; chunk < end; chunk++) {
    double *total = q->partial + chunk * q->cols;
    size_t last = (chunk + 1) * q->chunk < q->rows ? (chunk + 1) * q->chunk : q->rows;
    memset(total, 0, q->cols * sizeof *total);
    for (size_t r = chunk * q->chunk; r < last; r += BLOCK) {
      memset(block, 0, q->cols * sizeof(float));
      for (size_t i = r; i < r + BLOCK && i < last; i++) kernels->accumulate(q->cols, q->x + i * q->cols, block);
      for (size_t j = 0; j < q->cols; j++) total[j] += block[j];
    }
  }
}

rm_status rm_column_sums(size_t rows, size_t cols, const float *x, float *sums, rm_error *err) {
  memset(sums, 0, cols * sizeof *sums);
  if (rows == 0 || cols == 0) return RM_OK;
  size_t chunk = (rows + CHUNKS - 1) / CHUNKS;
  chunk = (chunk + BLOCK - 1) / BLOCK * BLOCK;
  size_t chunks = (rows + chunk - 1) / chunk, bytes = chunks * cols * sizeof(double);
  RM_TRY(rm_scratch_reserve(0, cols * sizeof(float), err));
  double *partial = rm_alloc(bytes);
  if (!partial) return rm_fail(err, RM_ERR_MEMORY, "column sums: no memory for %zu bytes of workspace", bytes);
  job q = {rows, cols, chunk, x, partial};
  rm_parallel(chunks, 1 + 65536 / (chunk * cols), sum_chunks, &q);
  for (size_t j = 0; j < cols; j++) {
    double total = 0;
    for (size_t i = 0; i < chunks; i++) total += partial[i * cols + j];
    sums[j] = (float)total;
  }
  rm_free(partial, bytes);
  return RM_OK;
}

rm_status rm_batch_sums(size_t n, size_t rows, size_t cols, const float *x, float *sums, rm_error *err) {
  size_t groups = rm_batch_groups(n), each = n / groups * rows, bytes = groups * cols * sizeof(float);
  if (groups == 1) return rm_column_sums(n * rows, cols, x, sums, err);
  float *parts = rm_alloc(bytes);
  if (!parts) return rm_fail(err, RM_ERR_MEMORY, "column sums: no memory for %zu bytes of workspace", bytes);
  rm_status status = RM_OK;
  for (size_t g = 0; g < groups && status == RM_OK; g++)
    status = rm_column_sums(each, cols, x + g * each * cols, parts + g * cols, err);
  rm_batch_add_up(cols, groups, cols, parts);
  memcpy(sums, parts, cols * sizeof *sums);
  rm_free(parts, bytes);
  return status;
}
