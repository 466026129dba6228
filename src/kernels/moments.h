/* moments.h -- what batch norm wants to know of a convolution's outputs, taken while they are in registers.
 *
 * Of each column over the rows of a block: the first value, the sum of the distances from it, and the sum of their
 * squares, each in an order that the kernel fixes, so that neither instruction set nor threads change a bit. Distances from a
 * value of the column keep the digits when the mean is large against the deviation. In memory a block is
 * (3, columns): first, sum, squares. ops/conv/statistics.h makes mean and variance of many blocks. */
#ifndef RM_KERNELS_MOMENTS_H
#define RM_KERNELS_MOMENTS_H

#include "kernels/isa.h"

/* Of a vector of columns. */
typedef struct {
  rm_vec first, sum, squares;
} rm_moments;

RM_INLINE rm_moments rm_moments_begin(rm_vec first) { return (rm_moments){.first = first}; }

RM_INLINE void rm_moments_add(rm_moments *m, rm_vec v) {
  rm_vec d = v - m->first;
  m->sum += d;
  m->squares = rm_fma(d, d, m->squares);
}

/* n values of a row of outputs, each column's. They are added up first: a chain of so many sums would last longer than
 * what is done with few channels otherwise. */
RM_INLINE void rm_moments_add_row(rm_moments *m, const rm_vec v[], int n) {
  rm_vec d = v[0] - m->first, sum = d, squares = d * d;
#pragma GCC unroll 4
  for (int i = 1; i < n; i++) {
    d = v[i] - m->first;
    sum += d;
    squares = rm_fma(d, d, squares);
  }
  m->sum += sum;
  m->squares += squares;
}

RM_INLINE rm_moments rm_moments_load(const float *from, size_t columns) {
  return (rm_moments){rm_load(from), rm_load(from + columns), rm_load(from + 2 * columns)};
}

RM_INLINE void rm_moments_store(const rm_moments *m, float *to, size_t columns) {
  rm_store(to, m->first);
  rm_store(to + columns, m->sum);
  rm_store(to + 2 * columns, m->squares);
}

#endif
