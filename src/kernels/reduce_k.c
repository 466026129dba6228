/* reduce_k.c -- inner loops of reductions: along contiguous rows, and down the columns of a matrix.
 *
 * A sum runs in float within a block of a few hundred additions and in double across
 * blocks: as fast as float, and nearly as exact as double. */
#include <math.h>
#include <stdbool.h>
#include "kernels/isa.h"

enum { ROW_BLOCK = 2048, COLUMN_BLOCK = 64, PANEL = 256, EXTREME_LANES = 16 };
/* A row is summed in so many lanes, whatever a vector holds: in four groups, which are added up in pairs. */
enum { LANES = 64, EACH = 16 / RM_VL, VECTORS = 4 * EACH };

/* The sum over all lanes, always in the same order. */
RM_INLINE float lanes_sum(const rm_vec s[VECTORS]) {
  float sum = 0;
  for (size_t k = 0; k < EACH; k++) {
    rm_vec v = (s[k] + s[EACH + k]) + (s[2 * EACH + k] + s[3 * EACH + k]);
    for (size_t i = 0; i < RM_VL; i++) sum += v[i];
  }
  return sum;
}

/* sum of (x - shift), or of its square, over a block. */
RM_INLINE float block_sum(size_t n, const float *x, float shift, bool squared) {
  rm_vec s[VECTORS] = {{0}}, m = rm_splat(shift);
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
#pragma GCC unroll 16
    for (size_t k = 0; k < VECTORS; k++) {
      rm_vec v = rm_load(x + i + k * RM_VL) - m;
      if (squared) s[k] = rm_fma(v, v, s[k]);
      else s[k] += v;
    }
  float tail = 0;
  for (; i < n; i++) {
    float v = x[i] - shift;
    tail = squared ? rm_fma1(v, v, tail) : tail + v;
  }
  return lanes_sum(s) + tail;
}

RM_INLINE double row_sum(size_t n, const float *x, float shift, bool squared) {
  double sum = 0;
  for (size_t i = 0; i < n; i += ROW_BLOCK)
    sum += block_sum(n - i < ROW_BLOCK ? n - i : ROW_BLOCK, x + i, shift, squared);
  return sum;
}

double RM_ISA(row_sum)(size_t n, const float *x) { return row_sum(n, x, 0, false); }
/* sum of (x - shift)^2 */
double RM_ISA(row_squares)(size_t n, const float *x, float shift) { return row_sum(n, x, shift, true); }
double RM_ISA(row_product)(size_t n, const float *x) {
  double product = 1;
  for (size_t i = 0; i < n; i++) product *= x[i];
  return product;
}

/* The same for every column of x (rows, cols), whose rows are `stride` apart: added to sum[cols]. */
RM_INLINE void column_panel(size_t rows, size_t cols, size_t stride, const float *x, const float *shift, bool squared,
                            double *sum) {
  float part[PANEL];
  for (size_t begin = 0; begin < rows; begin += COLUMN_BLOCK) {
    size_t end = rows - begin < COLUMN_BLOCK ? rows : begin + COLUMN_BLOCK;
    for (size_t j = 0; j < cols; j++) part[j] = 0;
    for (size_t r = begin; r < end; r++)
      for (size_t j = 0; j < cols; j++) {
        float v = squared ? x[r * stride + j] - shift[j] : x[r * stride + j];
        part[j] = squared ? rm_fma1(v, v, part[j]) : part[j] + v;
      }
    for (size_t j = 0; j < cols; j++) sum[j] += part[j];
  }
}

void RM_ISA(sum_columns)(size_t rows, size_t cols, size_t stride, const float *x, double *sum) {
  for (size_t j = 0; j < cols; j += PANEL)
    column_panel(rows, cols - j < PANEL ? cols - j : PANEL, stride, x + j, NULL, false, sum + j);
}
/* sum[j] += sum over r of (x[r][j] - shift[j])^2 */
void RM_ISA(squares_columns)(size_t rows, size_t cols, size_t stride, const float *x, const float *shift, double *sum) {
  for (size_t j = 0; j < cols; j += PANEL)
    column_panel(rows, cols - j < PANEL ? cols - j : PANEL, stride, x + j, shift + j, true, sum + j);
}

/* --- extremes -------------------------------------------------------------------------- */
/* Whether v takes the place of best; the first NaN beats everything. */
RM_INLINE bool beats(float v, float best, bool largest) {
  return (largest ? v > best : v < best) | ((v != v) & (best == best));
}

/* The extreme value of a long row, many lanes at a time; whether there is a NaN in *nan. */
RM_INLINE float long_row_extreme(size_t n, const float *x, bool largest, bool *nan) {
  float lane[EXTREME_LANES], best = x[0];
  int unordered = 0;
  size_t i = 0;
  for (size_t k = 0; k < EXTREME_LANES; k++) lane[k] = x[0];
  for (; i + EXTREME_LANES <= n; i += EXTREME_LANES)
    for (size_t k = 0; k < EXTREME_LANES; k++) {
      float v = x[i + k];
      unordered |= v != v;
      lane[k] = (largest ? v > lane[k] : v < lane[k]) ? v : lane[k];
    }
  for (; i < n; i++) {
    unordered |= x[i] != x[i];
    best = (largest ? x[i] > best : x[i] < best) ? x[i] : best;
  }
  for (size_t k = 0; k < EXTREME_LANES; k++) best = (largest ? lane[k] > best : lane[k] < best) ? lane[k] : best;
  *nan = unordered != 0;
  return best;
}

/* Position of the first largest (smallest) element. n > 0. A long row is read twice: for the
 * value, then for its place. */
RM_INLINE size_t row_extreme(size_t n, const float *x, bool largest) {
  size_t at = 0;
  if (n < 2 * EXTREME_LANES) {
    float best = x[0];
    for (size_t i = 1; i < n; i++) { /* no branch: scores are in no order */
      bool better = beats(x[i], best, largest);
      best = better ? x[i] : best;
      at = better ? i : at;
    }
    return at;
  }
  bool nan;
  float best = long_row_extreme(n, x, largest, &nan);
  while (nan ? x[at] == x[at] : x[at] != best) at++;
  return at;
}

/* Of each of `rows` rows of n: the value and its position, from 0. */
RM_INLINE void rows_extreme(size_t rows, size_t n, const float *x, bool largest, float *best, int64_t *at) {
  for (size_t r = 0; r < rows; r++, x += n) {
    size_t place = row_extreme(n, x, largest);
    best[r] = x[place];
    at[r] = (int64_t)place;
  }
}

void RM_ISA(row_argmax)(size_t rows, size_t n, const float *x, float *best, int64_t *at) {
  rows_extreme(rows, n, x, true, best, at);
}
void RM_ISA(row_argmin)(size_t rows, size_t n, const float *x, float *best, int64_t *at) {
  rows_extreme(rows, n, x, false, best, at);
}

/* Down the columns: best[j] and its row at[j], both set here. rows > 0. */
RM_INLINE void column_extreme(size_t rows, size_t cols, size_t stride, const float *x, bool largest, float *best,
                              int64_t *at) {
  for (size_t j = 0; j < cols; j++) best[j] = x[j], at[j] = 0;
  for (size_t r = 1; r < rows; r++) {
    const float *row = x + r * stride;
    for (size_t j = 0; j < cols; j++) {
      bool better = beats(row[j], best[j], largest);
      best[j] = better ? row[j] : best[j];
      at[j] = better ? (int64_t)r : at[j];
    }
  }
}

void RM_ISA(column_argmax)(size_t rows, size_t cols, size_t stride, const float *x, float *best, int64_t *at) {
  column_extreme(rows, cols, stride, x, true, best, at);
}
void RM_ISA(column_argmin)(size_t rows, size_t cols, size_t stride, const float *x, float *best, int64_t *at) {
  column_extreme(rows, cols, stride, x, false, best, at);
}

/* --- gradients -------------------------------------------------------------------------- */
/* Of the variance: dx = (x - mean) * scale. */
void RM_ISA(center_scale)(size_t n, const float *x, const float *mean, const float *scale, float *dx) {
  _Pragma("omp simd") for (size_t i = 0; i < n; i++) dx[i] = (x[i] - mean[i]) * scale[i];
}
/* Of the 2-norm: dx = x / norm * dy, and 0 where the norm is 0. */
void RM_ISA(norm2_backward)(size_t n, const float *x, const float *norm, const float *dy, float *dx) {
  _Pragma("omp simd") for (size_t i = 0; i < n; i++) dx[i] = norm[i] == 0 ? 0 : x[i] / norm[i] * dy[i];
}
