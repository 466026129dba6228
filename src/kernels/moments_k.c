/* moments_k.c -- the moments of columns in memory (moments.h): for batch norm of what no convolution took them
 * of. The rows behind these will be next. */
#include "kernels/moments.h"
#include <string.h>

enum { TOGETHER = 4 }; /* vectors of columns, so that their sums do not wait for themselves */

RM_INLINE void columns_moments(int vectors, size_t rows, size_t columns, const float *x, float *moments) {
  rm_moments m[TOGETHER];
#pragma GCC unroll 4
  for (int j = 0; j < vectors; j++) m[j] = rm_moments_begin(rm_load(x + j * RM_VL));
  for (size_t r = 0; r < rows; r++, x += columns)
#pragma GCC unroll 4
    for (int j = 0; j < vectors; j++) {
      __builtin_prefetch(x + rows * columns + j * RM_VL);
      rm_moments_add(&m[j], rm_load(x + j * RM_VL));
    }
#pragma GCC unroll 4
  for (int j = 0; j < vectors; j++) rm_moments_store(&m[j], moments + j * RM_VL, columns);
}

/* Columns that fill no vector. */
static void few_moments(size_t rows, size_t few, size_t columns, const float *x, float *moments) {
  rm_vec v = {0};
  float parts[3 * RM_VL];
  memcpy(&v, x, few * sizeof(float));
  rm_moments m = rm_moments_begin(v);
  for (size_t r = 0; r < rows; r++) {
    memcpy(&v, x + r * columns, few * sizeof(float));
    rm_moments_add(&m, v);
  }
  rm_moments_store(&m, parts, RM_VL);
  for (size_t i = 0; i < 3; i++) memcpy(moments + i * columns, parts + i * RM_VL, few * sizeof(float));
}

/* x (rows, columns), at least one row. moments (3, columns). */
void RM_ISA(column_moments)(size_t rows, size_t columns, const float *x, float *moments) {
  size_t j = 0;
  for (; j + TOGETHER * RM_VL <= columns; j += TOGETHER * RM_VL)
    columns_moments(TOGETHER, rows, columns, x + j, moments + j);
  for (; j + RM_VL <= columns; j += RM_VL) columns_moments(1, rows, columns, x + j, moments + j);
  if (j < columns) few_moments(rows, columns - j, columns, x + j, moments + j);
}
