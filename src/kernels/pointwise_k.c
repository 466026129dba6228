/* pointwise_k.c -- elementwise arithmetic over n contiguous elements.
 *
 * Plain loops: the compiler vectorizes them for each instruction set. An output may
 * be the same array as an input, never a shifted one; EACH tells the compiler so. */
#include <math.h>
#include "base/elementary.h"
#include "kernels/isa.h"
#include "kernels/vecmath.h"

#define EACH(n) _Pragma("omp simd") for (size_t i = 0; i < (n); i++)

/* --- two operands ---------------------------------------------------------------- */
void RM_ISA(add)(size_t n, const float *a, const float *b, float *y) { EACH(n) y[i] = a[i] + b[i]; }
void RM_ISA(sub)(size_t n, const float *a, const float *b, float *y) { EACH(n) y[i] = a[i] - b[i]; }
void RM_ISA(mul)(size_t n, const float *a, const float *b, float *y) { EACH(n) y[i] = a[i] * b[i]; }
void RM_ISA(div)(size_t n, const float *a, const float *b, float *y) { EACH(n) y[i] = a[i] / b[i]; }
void RM_ISA(pow)(size_t n, const float *a, const float *b, float *y) {
  for (size_t i = 0; i < n; i++) y[i] = (float)rm_math_pow(a[i], b[i]);
}

/* NaN in either operand gives NaN; of two zeros the first. */
void RM_ISA(maximum)(size_t n, const float *a, const float *b, float *y) {
  EACH(n) y[i] = a[i] >= b[i] || a[i] != a[i] ? a[i] : b[i];
}
void RM_ISA(minimum)(size_t n, const float *a, const float *b, float *y) {
  EACH(n) y[i] = a[i] <= b[i] || a[i] != a[i] ? a[i] : b[i];
}

/* int64 wraps around. */
void RM_ISA(add_i64)(size_t n, const int64_t *a, const int64_t *b, int64_t *y) {
  EACH(n) y[i] = (int64_t)((uint64_t)a[i] + (uint64_t)b[i]);
}
void RM_ISA(sub_i64)(size_t n, const int64_t *a, const int64_t *b, int64_t *y) {
  EACH(n) y[i] = (int64_t)((uint64_t)a[i] - (uint64_t)b[i]);
}
void RM_ISA(mul_i64)(size_t n, const int64_t *a, const int64_t *b, int64_t *y) {
  EACH(n) y[i] = (int64_t)((uint64_t)a[i] * (uint64_t)b[i]);
}
void RM_ISA(maximum_i64)(size_t n, const int64_t *a, const int64_t *b, int64_t *y) {
  EACH(n) y[i] = a[i] > b[i] ? a[i] : b[i];
}
void RM_ISA(minimum_i64)(size_t n, const int64_t *a, const int64_t *b, int64_t *y) {
  EACH(n) y[i] = a[i] < b[i] ? a[i] : b[i];
}

/* The quotient is rounded down, the remainder has the sign of b. A whole-number b is not 0, and b = -1 is set apart:
 * the smallest int64 divided by it would overflow.
 * It is the exact quotient that is rounded, as in PyTorch and Python: 1 // 0.1 is 9, since 0.1 is a little more than a
 * tenth in float32, though 1 / 0.1 rounds to 10. So a = (a // b) b + a % b. */
RM_INLINE float floor_divided(float a, float b) {
  if (b == 0) return a / b;
  float rest = fmodf(a, b), quotient = (a - rest) / b;
  if (rest != 0 && (b < 0) != (rest < 0)) quotient -= 1;
  if (quotient == 0) return copysignf(0, a / b);
  float down = floorf(quotient);
  return quotient - down > 0.5f ? down + 1 : down;
}
void RM_ISA(floor_divide)(size_t n, const float *a, const float *b, float *y) {
  for (size_t i = 0; i < n; i++) y[i] = floor_divided(a[i], b[i]);
}
void RM_ISA(remainder)(size_t n, const float *a, const float *b, float *y) {
  for (size_t i = 0; i < n; i++) {
    float r = fmodf(a[i], b[i]);
    y[i] = r * b[i] < 0 ? r + b[i] : r;
  }
}
void RM_ISA(floor_divide_i64)(size_t n, const int64_t *a, const int64_t *b, int64_t *y) {
  for (size_t i = 0; i < n; i++) {
    if (b[i] == -1) y[i] = (int64_t) - (uint64_t)a[i];
    else y[i] = a[i] / b[i] - (a[i] % b[i] != 0 && (a[i] ^ b[i]) < 0);
  }
}
void RM_ISA(remainder_i64)(size_t n, const int64_t *a, const int64_t *b, int64_t *y) {
  for (size_t i = 0; i < n; i++) {
    int64_t r = b[i] == -1 ? 0 : a[i] % b[i];
    y[i] = r != 0 && (r ^ b[i]) < 0 ? r + b[i] : r;
  }
}
void RM_ISA(remainder_backward_b)(size_t n, const float *a, const float *b, const float *dy, float *db) {
  for (size_t i = 0; i < n; i++) db[i] = -dy[i] * floor_divided(a[i], b[i]);
}

/* y = a + alpha * b */
void RM_ISA(axpy)(size_t n, const float *a, const float *b, const float *alpha, float *y) {
  EACH(n) y[i] = a[i] + alpha[i] * b[i];
}
void RM_ISA(accumulate)(size_t n, const float *x, float *y) { EACH(n) y[i] += x[i]; }

/* Gradients of a / b and a ^ b; y is the result. */
void RM_ISA(div_backward_b)(size_t n, const float *b, const float *y, const float *dy, float *db) {
  EACH(n) db[i] = -dy[i] * y[i] / b[i];
}
void RM_ISA(pow_backward)(size_t n, const float *a, const float *dy, const float *b, float *da) {
  for (size_t i = 0; i < n; i++) da[i] = b[i] == 0 ? 0 : dy[i] * b[i] * (float)rm_math_pow(a[i], b[i] - 1);
}
/* Where a is 0 and b is not negative, which is where a ^ b is 0 or 1, it is 0, though log 0 is -inf. */
void RM_ISA(pow_backward_b)(size_t n, const float *a, const float *y, const float *dy, float *db) {
  EACH(n) {
    float slope = dy[i] * (y[i] * rm_log(a[i]));
    db[i] = ((a[i] == 0) & (y[i] <= 1) & (y[i] >= 0)) ? 0 : slope;
  }
}
/* Equal operands share the gradient. With a NaN both get all of it, as in PyTorch: neither is the smaller. */
void RM_ISA(maximum_backward)(size_t n, const float *a, const float *b, const float *dy, float *da) {
  EACH(n) da[i] = a[i] == b[i] ? 0.5f * dy[i] : a[i] < b[i] ? 0 : dy[i];
}
void RM_ISA(minimum_backward)(size_t n, const float *a, const float *b, const float *dy, float *da) {
  EACH(n) da[i] = a[i] == b[i] ? 0.5f * dy[i] : a[i] > b[i] ? 0 : dy[i];
}

/* --- one operand ----------------------------------------------------------------- */
void RM_ISA(neg_forward)(size_t n, const float *x, float *y) { EACH(n) y[i] = -x[i]; }
void RM_ISA(abs_forward)(size_t n, const float *x, float *y) { EACH(n) y[i] = fabsf(x[i]); }
void RM_ISA(sign_forward)(size_t n, const float *x, float *y) {
  EACH(n) y[i] = x[i] > 0 ? 1 : x[i] < 0 ? -1 : 0; /* of NaN 0, as in PyTorch */
}
void RM_ISA(square_forward)(size_t n, const float *x, float *y) { EACH(n) y[i] = x[i] * x[i]; }
void RM_ISA(sqrt_forward)(size_t n, const float *x, float *y) { EACH(n) y[i] = sqrtf(x[i]); }
void RM_ISA(reciprocal_forward)(size_t n, const float *x, float *y) { EACH(n) y[i] = 1 / x[i]; }
void RM_ISA(exp_forward)(size_t n, const float *x, float *y) { EACH(n) y[i] = rm_exp(x[i]); }
void RM_ISA(log_forward)(size_t n, const float *x, float *y) { EACH(n) y[i] = rm_log(x[i]); }
void RM_ISA(floor_forward)(size_t n, const float *x, float *y) { EACH(n) y[i] = floorf(x[i]); }
void RM_ISA(ceil_forward)(size_t n, const float *x, float *y) { EACH(n) y[i] = ceilf(x[i]); }
/* Ties go to the even neighbor. */
void RM_ISA(round_forward)(size_t n, const float *x, float *y) { EACH(n) y[i] = rintf(x[i]); }
void RM_ISA(trunc_forward)(size_t n, const float *x, float *y) { EACH(n) y[i] = truncf(x[i]); }

/* dx from the input x or the output y, whichever the operator keeps, and dy. */
void RM_ISA(neg_backward)(size_t n, const float *x, const float *dy, float *dx) {
  (void)x;
  EACH(n) dx[i] = -dy[i];
}
void RM_ISA(abs_backward)(size_t n, const float *x, const float *dy, float *dx) {
  EACH(n) dx[i] = dy[i] * (x[i] > 0 ? 1.0f : x[i] < 0 ? -1.0f : 0.0f); /* NaN in dy comes through anywhere */
}
void RM_ISA(square_backward)(size_t n, const float *x, const float *dy, float *dx) { EACH(n) dx[i] = 2 * x[i] * dy[i]; }
void RM_ISA(sqrt_backward)(size_t n, const float *y, const float *dy, float *dx) {
  EACH(n) dx[i] = 0.5f * dy[i] / y[i];
}
/* Of a standard deviation: 0 where it is 0, since nothing varies there. */
void RM_ISA(deviation_backward)(size_t n, const float *y, const float *dy, float *dx) {
  EACH(n) {
    float slope = 0.5f * dy[i] / y[i];
    dx[i] = y[i] == 0 ? 0 : slope;
  }
}
void RM_ISA(reciprocal_backward)(size_t n, const float *y, const float *dy, float *dx) {
  EACH(n) dx[i] = -dy[i] * y[i] * y[i];
}
void RM_ISA(exp_backward)(size_t n, const float *y, const float *dy, float *dx) { EACH(n) dx[i] = y[i] * dy[i]; }
void RM_ISA(log_backward)(size_t n, const float *x, const float *dy, float *dx) { EACH(n) dx[i] = dy[i] / x[i]; }
/* Of piecewise constant functions: nothing. */
void RM_ISA(zero_backward)(size_t n, const float *x, const float *dy, float *dx) {
  (void)x, (void)dy;
  EACH(n) dx[i] = 0;
}

/* --- limits ------------------------------------------------------------------------ */
/* NaN stays; high wins where low > high. */
void RM_ISA(clamp_forward)(size_t n, const float *x, const float *low, const float *high, float *y) {
  EACH(n) {
    float v = x[i] < low[i] ? low[i] : x[i];
    y[i] = v > high[i] ? high[i] : v;
  }
}
/* The limits themselves still pass the gradient. */
void RM_ISA(clamp_backward)(size_t n, const float *x, const float *dy, const float *low, const float *high, float *dx) {
  EACH(n) dx[i] = x[i] >= low[i] && x[i] <= high[i] ? dy[i] : 0;
}
