/* dilated.c -- see dilated.h. */
#include "ops/pool/dilated.h"

#include <math.h>

void rm_dilated_max(size_t c, size_t kh, size_t kw, size_t row, size_t column, const float *restrict x,
                    float *restrict y) {
  for (size_t j = 0; j < c; j++) y[j] = -INFINITY;
  for (size_t h = 0; h < kh; h++)
    for (size_t w = 0; w < kw; w++) {
      const float *p = x + h * row + w * column;
      for (size_t j = 0; j < c; j++) y[j] = p[j] > y[j] || p[j] != p[j] ? p[j] : y[j];
    }
}

void rm_dilated_max_backward(size_t c, size_t kh, size_t kw, size_t row, size_t column, const float *x, const float *y,
                             const float *dy, float *dx) {
  for (size_t j = 0; j < c; j++) {
    size_t winner = 0;
    for (size_t i = kh * kw; i-- > 0;) { /* from the last: the first equal pixel stays, or the last NaN */
      size_t at = i / kw * row + i % kw * column + j;
      if (x[at] == y[j]) winner = at + 1;
      else if (x[at] != x[at] && !winner) winner = at + 1;
    }
    if (winner) dx[winner - 1] += dy[j];
  }
}
