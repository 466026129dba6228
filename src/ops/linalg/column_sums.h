/* column_sums.h -- the gradient of a bias: sums over the rows of a matrix. */
#ifndef RM_OPS_LINALG_COLUMN_SUMS_H
#define RM_OPS_LINALG_COLUMN_SUMS_H

#include <stddef.h>
#include "base/status.h"

/* sums[j] = the sum over i of x[i * cols + j]: float within blocks of rows, double across them. */
rm_status rm_column_sums(size_t rows, size_t cols, const float *x, float *sums, rm_error *err);

/* The same for a batch: n images of `rows` rows each, group by group (dist/batch.h). */
rm_status rm_batch_sums(size_t n, size_t rows, size_t cols, const float *x, float *sums, rm_error *err);

#endif
