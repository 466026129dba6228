/* linalg.h -- matrix products as operators. */
#ifndef RM_OPS_LINALG_LINALG_H
#define RM_OPS_LINALG_LINALG_H

#include "core/tensor.h"

/* a @ b by PyTorch's rules: vectors give a dot product or are taken as a row on the left and
 * a column on the right; with more than two dimensions the last two are the matrices and
 * those before them broadcast. */
rm_status rm_matmul(rm_tensor *a, rm_tensor *b, rm_tensor **y, rm_error *err);

/* y = x weight^T + bias. Shapes: x (..., in); weight (out, in); bias (out) or NULL; y (..., out). */
rm_status rm_linear(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor **y, rm_error *err);

/* sums[j] = the sum over i of x[i * cols + j]: float within blocks of rows, double across them. */
rm_status rm_column_sums(size_t rows, size_t cols, const float *x, float *sums, rm_error *err);

#endif
