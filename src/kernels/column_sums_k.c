/* column_sums_k.c -- the sums of columns, for the gradients of biases.
 *
 * Of each block of rows every column is one chain of float additions from the first row to the last, begun with 0; blocks
 * are added up in double. A chain waits for itself, and so several run side by side: those of neighboring
 * vectors of columns, or those of neighboring blocks. */
#include <string.h>
#include "kernels/isa.h"

enum { TOGETHER = 4 };

/* `chains` sums over `rows` rows that lie `stride` floats apart; chain i begins at x + i * apart. */
RM_INLINE void sum_chains(int chains, size_t rows, size_t stride, size_t apart, const float *x, rm_vec sum[]) {
#pragma GCC unroll 4
  for (int i = 0; i < chains; i++) sum[i] = (rm_vec){0};
  for (size_t r = 0; r < rows; r++, x += stride)
#pragma GCC unroll 4
    for (int i = 0; i < chains; i++) sum[i] += rm_load(x + (size_t)i * apart);
}

static void add_lanes(rm_vec sum, size_t lanes, double *total) {
  for (size_t k = 0; k < lanes; k++) total[k] += sum[k];
}

/* Rows whose vector would end behind x's last float are copied first. */
static rm_vec sum_last(size_t rows, size_t stride, size_t lanes, const float *x) {
  rm_vec sum = {0};
  for (size_t r = 0; r < rows; r++) {
    rm_vec v = {0};
    memcpy(&v, x + r * stride, lanes * sizeof(float));
    sum += v;
  }
  return sum;
}

/* Vectors of at most RM_VL columns, from the first block to the last. */
static void sum_vector(size_t rows, size_t c, const float *x, size_t block, size_t lanes, const float *end,
                       double *total) {
  rm_vec sum[TOGETHER];
  size_t r = 0, room = (TOGETHER * block - 1) * c + RM_VL; /* what the chains below read, from their first float */
  for (; r + TOGETHER * block <= rows && (size_t)(end - (x + r * c)) >= room; r += TOGETHER * block) {
    sum_chains(TOGETHER, block, c, block * c, x + r * c, sum);
    for (int i = 0; i < TOGETHER; i++) add_lanes(sum[i], lanes, total);
  }
  for (; r < rows; r += block) {
    size_t n = rows - r < block ? rows - r : block;
    if ((size_t)(end - (x + r * c)) >= (n - 1) * c + RM_VL) sum_chains(1, n, c, 0, x + r * c, sum);
    else sum[0] = sum_last(n, c, lanes, x + r * c);
    add_lanes(sum[0], lanes, total);
  }
}

/* total[j] += the sum of column j of x (rows, c), `block` rows at a time. Nothing at `end` or behind it is read. */
void RM_ISA(column_blocks)(size_t rows, size_t c, const float *x, size_t block, const float *end, double *total) {
  size_t j = 0;
  for (; j + TOGETHER * RM_VL <= c; j += TOGETHER * RM_VL)
    for (size_t r = 0; r < rows; r += block) {
      rm_vec sum[TOGETHER];
      sum_chains(TOGETHER, rows - r < block ? rows - r : block, c, RM_VL, x + r * c + j, sum);
      for (int i = 0; i < TOGETHER; i++) add_lanes(sum[i], RM_VL, total + j + (size_t)i * RM_VL);
    }
  for (; j < c; j += RM_VL) sum_vector(rows, c, x + j, block, c - j < RM_VL ? c - j : RM_VL, end, total + j);
}
