/* columns.c -- see columns.h. */
#include "ops/norm/columns.h"

#include <string.h>
#include "base/number.h"
#include "kernels/kernels.h"
#include "parallel/scratch.h"

enum { FLOATS, DOUBLES, BLOCK_FLOATS = 8192 };

rm_status rm_columns_reserve(size_t c, rm_error *err) {
  RM_TRY(rm_scratch_reserve(FLOATS, 3 * c * sizeof(float), err));
  return rm_scratch_reserve(DOUBLES, 2 * c * sizeof(double), err);
}

size_t rm_columns_block(size_t c) { return rm_smaller(256, rm_larger(8, BLOCK_FLOATS / c / 4 * 4)); }

void rm_columns_join(size_t c, double n0, double *mean, double *m2, double n1, const double *mean1, const double *m21) {
  double share = n1 / (n0 + n1);
  for (size_t j = 0; j < c; j++) {
    double d = mean1[j] - mean[j];
    mean[j] += d * share;
    m2[j] += m21[j] + d * d * n0 * share;
  }
}

/* The same for one block, from its values: distances are taken from the first, so that a mean far from zero costs no
 * digits. */
static void block_statistics(size_t rows, size_t c, const float *x, double *mean, double *m2) {
  float *first = rm_scratch(FLOATS, 3 * c * sizeof(float)), *sum = first + c, *squares = sum + c;
  rm_kernel_table()->column_moments(rows, c, x, first);
  double each = 1 / (double)rows;
  for (size_t j = 0; j < c; j++) {
    double from_first = sum[j] * each, inside = squares[j] - from_first * sum[j];
    mean[j] = first[j] + from_first;
    m2[j] = inside < 0 ? 0 : inside; /* of equal values, by rounding */
  }
}

void rm_columns_statistics(size_t rows, size_t c, const float *x, double *mean, double *m2) {
  size_t block = rm_columns_block(c);
  double *mean1 = rm_scratch(DOUBLES, 2 * c * sizeof(double)), *m21 = mean1 + c;
  memset(mean, 0, c * sizeof *mean);
  memset(m2, 0, c * sizeof *m2);
  for (size_t r = 0; r < rows; r += block) {
    size_t n = rm_smaller(block, rows - r);
    block_statistics(n, c, x + r * c, mean1, m21);
    rm_columns_join(c, (double)r, mean, m2, (double)n, mean1, m21);
  }
}

void rm_columns_gradients(size_t rows, size_t c, const rm_column_gradients *from, double *sum, double *dot) {
  size_t block = rm_columns_block(c);
  float *part = rm_scratch(FLOATS, 2 * c * sizeof(float));
  for (size_t r = 0; r < rows; r += block) {
    size_t at = r * c;
    rm_kernel_table()->norm_sums(rm_smaller(block, rows - r), c, from->x + at, from->y ? from->y + at : NULL,
                                 from->words ? from->words + at / 16 : NULL, from->dy + at,
                                 from->more ? from->more + at : NULL, from->mean, from->scale, from->shift, from->relu,
                                 part, part + c, from->dadd ? from->dadd + at : NULL);
    for (size_t j = 0; j < c; j++) sum[j] += part[j], dot[j] += part[c + j];
  }
}
