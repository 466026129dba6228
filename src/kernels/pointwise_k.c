/* pointwise_k.c -- elementwise kernels over n contiguous floats.
 *
 * Plain loops: the compiler vectorises them for each instruction set. `y` may be
 * the same array as an input, never a shifted one. */
#include "kernels/isa.h"

void RM_ISA(relu_forward)(size_t n, const float *x, float *y) {
  for (size_t i = 0; i < n; i++) y[i] = x[i] < 0 ? 0 : x[i]; /* NaN passes through */
}

/* dx = dy where the output is positive. */
void RM_ISA(relu_backward)(size_t n, const float *y, const float *dy, float *dx) {
  for (size_t i = 0; i < n; i++) dx[i] = y[i] > 0 ? dy[i] : 0;
}

void RM_ISA(add)(size_t n, const float *a, const float *b, float *y) {
  for (size_t i = 0; i < n; i++) y[i] = a[i] + b[i];
}

void RM_ISA(accumulate)(size_t n, const float *x, float *y) {
  for (size_t i = 0; i < n; i++) y[i] += x[i];
}
