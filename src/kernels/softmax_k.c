/* softmax_k.c -- softmax of contiguous rows, and of the columns of a matrix.
 *
 * The largest element is subtracted first, so that no exponential overflows:
 * softmax is unchanged by it, and log-softmax is x - max - log(sum of exp(x - max)).
 * In place is fine. */
#include <math.h>
#include <stdbool.h>
#include "base/elementary.h"
#include "kernels/isa.h"
#include "kernels/vecmath.h"

enum { LANES = 32, STRIP = 64 };

/* max and sum run in LANES independent lanes, which are combined at the end. NaN goes on. */
RM_INLINE float row_max(size_t n, const float *x) {
  float lane[LANES];
  size_t i = 0;
  for (size_t k = 0; k < LANES; k++) lane[k] = -INFINITY;
  for (; i + LANES <= n; i += LANES)
    for (size_t k = 0; k < LANES; k++) lane[k] = x[i + k] > lane[k] ? x[i + k] : lane[k];
  for (size_t k = 0; i < n; i++, k++) lane[k] = x[i] > lane[k] ? x[i] : lane[k];
  float best = -INFINITY;
  for (size_t k = 0; k < LANES; k++) best = lane[k] > best ? lane[k] : best;
  return best == -INFINITY ? x[0] : best; /* all NaN or all -infinity */
}

RM_INLINE float lanes_total(const float lane[LANES]) {
  double sum = 0;
  for (size_t k = 0; k < LANES; k++) sum += lane[k];
  return (float)sum;
}

/* The sum of exp(x - max), and, if `store`, each of them in y. */
RM_INLINE float row_exp_sum(size_t n, const float *x, float max, bool store, float *y) {
  float lane[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) _Pragma("omp simd") for (size_t k = 0; k < LANES; k++) {
      float e = rm_exp(x[i + k] - max);
      if (store) y[i + k] = e;
      lane[k] += e;
    }
  for (size_t k = 0; i < n; i++, k++) {
    float e = rm_exp(x[i] - max);
    if (store) y[i] = e;
    lane[k] += e;
  }
  return lanes_total(lane);
}

void RM_ISA(softmax_row)(size_t n, const float *x, float *y) {
  float scale = 1 / row_exp_sum(n, x, row_max(n, x), true, y);
  for (size_t i = 0; i < n; i++) y[i] *= scale;
}

void RM_ISA(log_softmax_row)(size_t n, const float *x, float *y) {
  float max = row_max(n, x), log_sum = (float)rm_math_log(row_exp_sum(n, x, max, false, NULL));
  _Pragma("omp simd") for (size_t i = 0; i < n; i++) y[i] = x[i] - max - log_sum;
}

/* dx = y (dy - sum of y dy) */
void RM_ISA(softmax_row_backward)(size_t n, const float *y, const float *dy, float *dx) {
  float lane[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t k = 0; k < LANES; k++) lane[k] = rm_fma1(y[i + k], dy[i + k], lane[k]);
  for (size_t k = 0; i < n; i++, k++) lane[k] = rm_fma1(y[i], dy[i], lane[k]);
  float dot = lanes_total(lane);
  _Pragma("omp simd") for (i = 0; i < n; i++) dx[i] = y[i] * (dy[i] - dot);
}

/* dx = dy - exp(y) sum of dy */
void RM_ISA(log_softmax_row_backward)(size_t n, const float *y, const float *dy, float *dx) {
  float lane[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t k = 0; k < LANES; k++) lane[k] += dy[i + k];
  for (size_t k = 0; i < n; i++, k++) lane[k] += dy[i];
  float total = lanes_total(lane);
  _Pragma("omp simd") for (i = 0; i < n; i++) dx[i] = rm_nfma1(rm_exp(y[i]), total, dy[i]);
}

/* --- columns: the same down each of cols <= 64 columns, rows `stride` apart ---------------- */
RM_INLINE void column_max(size_t rows, size_t cols, size_t stride, const float *x, float max[STRIP]) {
  for (size_t j = 0; j < cols; j++) max[j] = x[j];
  for (size_t r = 1; r < rows; r++)
    for (size_t j = 0; j < cols; j++) max[j] = x[r * stride + j] > max[j] ? x[r * stride + j] : max[j];
}

void RM_ISA(softmax_columns)(size_t rows, size_t cols, size_t stride, const float *x, float *y) {
  float max[STRIP], sum[STRIP] = {0};
  column_max(rows, cols, stride, x, max);
  for (size_t r = 0; r < rows; r++) _Pragma("omp simd") for (size_t j = 0; j < cols; j++) {
      float e = rm_exp(x[r * stride + j] - max[j]);
      y[r * stride + j] = e;
      sum[j] += e;
    }
  for (size_t r = 0; r < rows; r++) _Pragma("omp simd") for (size_t j = 0; j < cols; j++) y[r * stride + j] /= sum[j];
}

void RM_ISA(log_softmax_columns)(size_t rows, size_t cols, size_t stride, const float *x, float *y) {
  float max[STRIP], sum[STRIP] = {0};
  column_max(rows, cols, stride, x, max);
  for (size_t r = 0; r < rows; r++)
    _Pragma("omp simd") for (size_t j = 0; j < cols; j++) sum[j] += rm_exp(x[r * stride + j] - max[j]);
  for (size_t j = 0; j < cols; j++) sum[j] = (float)rm_math_log(sum[j]);
  for (size_t r = 0; r < rows; r++)
    _Pragma("omp simd") for (size_t j = 0; j < cols; j++) y[r * stride + j] = x[r * stride + j] - max[j] - sum[j];
}

void RM_ISA(softmax_columns_backward)(size_t rows, size_t cols, size_t stride, const float *y, const float *dy,
                                      float *dx) {
  float dot[STRIP] = {0};
  for (size_t r = 0; r < rows; r++)
    for (size_t j = 0; j < cols; j++) dot[j] = rm_fma1(y[r * stride + j], dy[r * stride + j], dot[j]);
  for (size_t r = 0; r < rows; r++)
    _Pragma("omp simd") for (size_t j = 0; j < cols; j++)
        dx[r * stride + j] = y[r * stride + j] * (dy[r * stride + j] - dot[j]);
}

void RM_ISA(log_softmax_columns_backward)(size_t rows, size_t cols, size_t stride, const float *y, const float *dy,
                                          float *dx) {
  float total[STRIP] = {0};
  for (size_t r = 0; r < rows; r++)
    for (size_t j = 0; j < cols; j++) total[j] += dy[r * stride + j];
  for (size_t r = 0; r < rows; r++)
    _Pragma("omp simd") for (size_t j = 0; j < cols; j++)
        dx[r * stride + j] = rm_nfma1(rm_exp(y[r * stride + j]), total[j], dy[r * stride + j]);
}
