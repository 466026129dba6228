/* math_k.c -- functions of one number, over n contiguous floats: trigonometry, logarithms, the error function.
 *
 * They are computed in double and rounded once, so that simple polynomials are right to the last place or the one
 * before; there are no calls of libm, whose results may depend on the processor. As in pointwise_k.c no products and
 * sums are fused: every instruction set gives the same bits. */
#include <math.h>
#include "kernels/isa.h"
#include "kernels/vecmath.h"

#define EACH(n) _Pragma("omp simd") for (size_t i = 0; i < (n); i++)

/* --- exponentials and logarithms ------------------------------------------------------ */

RM_INLINE double double_of_bits(uint64_t u) {
  union {
    uint64_t u;
    double d;
  } x = {.u = u};
  return x.d;
}
RM_INLINE uint64_t bits_of_double(double d) {
  union {
    double d;
    uint64_t u;
  } x = {.d = d};
  return x.u;
}

/* ln x for a positive, finite x: x = 2^k m, sqrt(1/2) <= m < sqrt(2), and ln m = 2 artanh((m - 1) / (m + 1)), whose
 * series ends below 1e-11. */
RM_INLINE double log_of(double x, double *k) {
  uint64_t moved = bits_of_double(x) - 0x3fe6a09e667f3bcdu;
  int32_t exponent = (int32_t)(uint32_t)(moved >> 52);
  *k = exponent > 1023 ? exponent - 4096 : exponent;
  double m = double_of_bits((moved & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu);
  double s = (m - 1) / (m + 1), z = s * s;
  double p = 1.0 / 13;
  p = p * z + 1.0 / 11;
  p = p * z + 1.0 / 9;
  p = p * z + 1.0 / 7;
  p = p * z + 1.0 / 5;
  p = p * z + 1.0 / 3;
  return 2 * (s + s * z * p);
}
enum { LOG_TWO, LOG_TEN, LOG_NATURAL };
/* The logarithm of 1 + x, or of x with `plus` 0. */
RM_INLINE float logarithm(float x, double plus, int base) {
  double k, u = (double)x + plus, safe = u > 0 && u < (double)INFINITY ? u : 1;
  double y = log_of(safe, &k);
  if (base == LOG_TWO) y = y * 1.4426950408889634 + k;
  else if (base == LOG_TEN) y = y * 0.43429448190325182 + k * 0.30102999566398120;
  else y = y + k * 0.69314718055994531;
  float result = (float)y;
  result = u == (double)INFINITY ? INFINITY : result;
  result = u == 0 ? -INFINITY : result;
  return u >= 0 ? result : NAN;
}
/* For tiny x 1 + x has lost some of it even in double: the first terms of the series. */
RM_INLINE float log1p_of(float x) {
  float far = logarithm(x, 1, LOG_NATURAL), near = (float)((double)x - 0.5 * x * x);
  return fabsf(x) < 1e-6f ? (x == 0 ? x : near) : far;
}

/* e^x - 1 = 2^k (e^r - 1) + (2^k - 1), r = x - k ln 2, the series of e^r - 1 by |r| <= ln 2 / 2. */
RM_INLINE float expm1_of(float x) {
  double c = x > 90.0f ? 90.0 : x < -40.0f ? -40.0 : (double)x;
  double shifted = c * 1.4426950408889634 + 6755399441055744.0;
  double k = shifted - 6755399441055744.0;
  double r = c - k * 0.69314718055994531, p = 1.0 / 3628800;
  p = p * r + 1.0 / 362880;
  p = p * r + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  p = p * r * r + r;
  double power = double_of_bits((bits_of_double(shifted) + 1023) << 52);
  float y = (float)(power * p + (power - 1));
  y = x == 0 ? x : y;
  return x == x ? y : x;
}

void RM_ISA(log2_forward)(size_t n, const float *x, float *y) { EACH(n) y[i] = logarithm(x[i], 0, LOG_TWO); }
void RM_ISA(log2_backward)(size_t n, const float *x, const float *dy, float *dx) {
  EACH(n) dx[i] = (float)(dy[i] / (x[i] * 0.69314718055994531));
}
void RM_ISA(log10_forward)(size_t n, const float *x, float *y) { EACH(n) y[i] = logarithm(x[i], 0, LOG_TEN); }
void RM_ISA(log10_backward)(size_t n, const float *x, const float *dy, float *dx) {
  EACH(n) dx[i] = (float)(dy[i] / (x[i] * 2.3025850929940457));
}
void RM_ISA(log1p_forward)(size_t n, const float *x, float *y) { EACH(n) y[i] = log1p_of(x[i]); }
void RM_ISA(log1p_backward)(size_t n, const float *x, const float *dy, float *dx) {
  EACH(n) dx[i] = dy[i] / (x[i] + 1);
}
void RM_ISA(expm1_forward)(size_t n, const float *x, float *y) { EACH(n) y[i] = expm1_of(x[i]); }
void RM_ISA(expm1_backward)(size_t n, const float *y, const float *dy, float *dx) {
  EACH(n) dx[i] = dy[i] * (y[i] + 1);
}
void RM_ISA(rsqrt_forward)(size_t n, const float *x, float *y) { EACH(n) y[i] = (float)(1 / sqrt((double)x[i])); }
void RM_ISA(rsqrt_backward)(size_t n, const float *y, const float *dy, float *dx) {
  EACH(n) dx[i] = -0.5f * dy[i] * y[i] * y[i] * y[i];
}

/* log(1 / (1 + e^-x)) = min(x, 0) - log(1 + e^-|x|) */
void RM_ISA(logsigmoid_forward)(size_t n, const float *x, float *y) {
  enum { BLOCK = 64 }; /* exponentials first: as one loop it would not be vectorized */
  float power[BLOCK];
  for (size_t begin = 0; begin < n; begin += BLOCK, x += BLOCK, y += BLOCK) {
    size_t count = n - begin < BLOCK ? n - begin : BLOCK;
    EACH(count) power[i] = rm_exp(x[i] > 0 ? -x[i] : x[i]);
    EACH(count) {
      float tail = log1p_of(power[i]);
      y[i] = (x[i] < 0 ? x[i] : 0) - tail;
    }
  }
}
void RM_ISA(logsigmoid_backward)(size_t n, const float *x, const float *dy, float *dx) {
  EACH(n) dx[i] = dy[i] * rm_logistic(-x[i]);
}
/* x log x, and 0 at 0, its limit. */
void RM_ISA(xlogx_forward)(size_t n, const float *x, float *y) {
  EACH(n) {
    float v = x[i] * logarithm(x[i], 0, LOG_NATURAL);
    y[i] = x[i] == 0 ? 0 : v;
  }
}
void RM_ISA(xlogx_backward)(size_t n, const float *x, const float *dy, float *dx) {
  EACH(n) dx[i] = dy[i] * (logarithm(x[i], 0, LOG_NATURAL) + 1);
}

/* --- distances ------------------------------------------------------------------------- */
void RM_ISA(smooth_l1_forward)(size_t n, const float *x, const float *beta, float *y) {
  EACH(n) {
    float a = fabsf(x[i]), near = 0.5f * a * a / beta[i];
    y[i] = a < beta[i] ? near : a - 0.5f * beta[i];
  }
}
/* With beta 0 it is |x|, whose gradient at 0 is 0. */
void RM_ISA(smooth_l1_backward)(size_t n, const float *x, const float *dy, const float *beta, float *dx) {
  EACH(n) {
    float near = x[i] / beta[i], slope = x[i] >= beta[i] ? 1 : x[i] <= -beta[i] ? -1 : near;
    dx[i] = dy[i] * (x[i] == 0 ? 0 : slope);
  }
}

/* --- trigonometry ---------------------------------------------------------------------- */

/* x = r + q pi/2 with |r| <= pi/4 and q from 0 to 3. pi/2 in two parts, the first of 25 bits: its products with k
 * are exact. */
#define NEAR 33554432.0f /* 2^25 */
RM_INLINE double reduce_near(float x, uint64_t *q) {
  double shifted = x * 0.63661977236758134 + 6755399441055744.0;
  double k = shifted - 6755399441055744.0;
  *q = bits_of_double(shifted) & 3;
  return ((double)x - k * 1.57079631090164184570) - k * 1.58932547735281966916e-8;
}

/* The same for |x| from NEAR on. Of the product of x's 24 bits with the bits of 2/pi only those count that
 * stand for less than 4 quarter turns and for more than 2^-62 of one.
 * Source: Payne and Hanek 1983, "Radian reduction for trigonometric functions". */
static double reduce_far(float x, uint64_t *q) {
  static const uint32_t bits[] = {0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab};
  uint32_t u = rm_bits_of_float(x) & 0x7fffffffu, mantissa = (u & 0x007fffffu) | 0x00800000u;
  uint32_t from = (u >> 23) - 152; /* |x| = mantissa 2^(from + 2): bits before this one give whole turns */
  uint32_t word = from / 32, shift = from % 32, w[3];
  for (uint32_t i = 0; i < 3; i++) {
    uint64_t two = ((uint64_t)bits[word + i] << 32) | bits[word + i + 1];
    w[i] = (uint32_t)(two << shift >> 32);
  }
  uint64_t turns = ((uint64_t)(mantissa * w[0]) << 32) + (uint64_t)mantissa * w[1] + ((uint64_t)mantissa * w[2] >> 32);
  uint64_t nearest = (turns + (1ull << 61)) >> 62;
  double r = (double)(int64_t)(turns - (nearest << 62)) * 3.4061215800304794e-19; /* pi/2 / 2^62 */
  *q = (x < 0 ? 4 - nearest : nearest) & 3;
  return x < 0 ? -r : r;
}

/* By |r| <= pi/4. Source: FreeBSD msun, k_sinf.c and k_cosf.c. */
RM_INLINE double sine(double r) {
  double z = r * r, p = 0x16cd878c3b46a7p-71;
  p = p * z - 0x1a00f9e2cae774p-65;
  p = p * z + 0x111110896efbb2p-59;
  p = p * z - 0x15555554cbac77p-55;
  return r + r * z * p;
}
RM_INLINE double cosine(double r) {
  double z = r * r, p = 0x199342e0ee5069p-68;
  p = p * z - 0x16c087e80f1e27p-62;
  p = p * z + 0x155553e1053a42p-57;
  p = p * z - 0x1ffffffd0c5e81p-54;
  return 1 + z * p;
}

enum { SINE, COSINE, TANGENT };
RM_INLINE float wave(int which, double r, uint64_t q) {
  double s = sine(r), c = cosine(r);
  if (which == TANGENT) {
    double even = s / c, odd = -c / s;
    return (float)(q & 1 ? odd : even);
  }
  q += which == COSINE;
  double v = q & 1 ? c : s;
  return (float)(q & 2 ? -v : v);
}
RM_INLINE float wave_near(int which, float x) {
  uint64_t q;
  double r = reduce_near(x, &q);
  float y = wave(which, r, q);
  return x == 0 && which != COSINE ? x : y; /* -0 stays -0 */
}
RM_INLINE float wave_anywhere(int which, float x) {
  uint64_t q;
  if (fabsf(x) < NEAR) return wave_near(which, x);
  if (!(fabsf(x) < INFINITY)) return NAN;
  double r = reduce_far(x, &q);
  return wave(which, r, q);
}

/* y = a wave of x, or that times the factor; y may be x. Blocks without far numbers, nearly all, are vectorized. */
RM_INLINE void waves(int which, size_t n, const float *x, const float *factor, float sign, float *y) {
  enum { BLOCK = 64 };
  float v[BLOCK];
  for (size_t begin = 0; begin < n; begin += BLOCK, x += BLOCK, y += BLOCK) {
    size_t count = n - begin < BLOCK ? n - begin : BLOCK;
    unsigned far = 0;
    for (size_t i = 0; i < count; i++) far |= !(fabsf(x[i]) < NEAR);
    if (far)
      for (size_t i = 0; i < count; i++) v[i] = wave_anywhere(which, x[i]);
    else EACH(count) v[i] = wave_near(which, x[i]);
    if (factor) EACH(count) y[i] = sign * factor[begin + i] * v[i];
    else EACH(count) y[i] = v[i];
  }
}

/* Source: Moshier, Cephes mathematical library, single precision (atanf.c), here in double. */
RM_INLINE double arctangent(double x) {
  double a = x < 0 ? -x : x;
  double base = a > 2.414213562373095 ? 1.5707963267948966 : a > 0.4142135623730950 ? 0.78539816339744831 : 0;
  double far = -1 / a, middle = (a - 1) / (a + 1);
  double t = a > 2.414213562373095 ? far : a > 0.4142135623730950 ? middle : a, z = t * t;
  double p = 8.05374449538e-2;
  p = p * z - 1.38776856032e-1;
  p = p * z + 1.99777106478e-1;
  p = p * z - 3.33329491539e-1;
  double y = base + (p * z * t + t);
  return x < 0 ? -y : y;
}

void RM_ISA(sin_forward)(size_t n, const float *x, float *y) { waves(SINE, n, x, NULL, 1, y); }
void RM_ISA(sin_backward)(size_t n, const float *x, const float *dy, float *dx) { waves(COSINE, n, x, dy, 1, dx); }
void RM_ISA(cos_forward)(size_t n, const float *x, float *y) { waves(COSINE, n, x, NULL, 1, y); }
void RM_ISA(cos_backward)(size_t n, const float *x, const float *dy, float *dx) { waves(SINE, n, x, dy, -1, dx); }
void RM_ISA(tan_forward)(size_t n, const float *x, float *y) { waves(TANGENT, n, x, NULL, 1, y); }
void RM_ISA(tan_backward)(size_t n, const float *y, const float *dy, float *dx) {
  EACH(n) dx[i] = dy[i] * (1 + y[i] * y[i]);
}
/* Both by the arctangent: sin y = x, cos y = sqrt(1 - x^2), tan(y / 2) = sqrt((1 - cos y) / (1 + cos y)). */
void RM_ISA(asin_forward)(size_t n, const float *x, float *y) {
  EACH(n) {
    double v = x[i];
    float far = (float)arctangent(v / sqrt((1 - v) * (1 + v)));
    y[i] = x[i] == 0 ? x[i] : far;
  }
}
void RM_ISA(asin_backward)(size_t n, const float *x, const float *dy, float *dx) {
  EACH(n) dx[i] = (float)(dy[i] / sqrt((1 - (double)x[i]) * (1 + (double)x[i])));
}
void RM_ISA(acos_forward)(size_t n, const float *x, float *y) {
  EACH(n) {
    double v = x[i];
    y[i] = (float)(2 * arctangent(sqrt((1 - v) / (1 + v))));
  }
}
void RM_ISA(acos_backward)(size_t n, const float *x, const float *dy, float *dx) {
  EACH(n) dx[i] = (float)(-dy[i] / sqrt((1 - (double)x[i]) * (1 + (double)x[i])));
}
void RM_ISA(atan_forward)(size_t n, const float *x, float *y) {
  EACH(n) {
    float far = (float)arctangent(x[i]);
    y[i] = x[i] == 0 ? x[i] : far;
  }
}
void RM_ISA(atan_backward)(size_t n, const float *x, const float *dy, float *dx) {
  EACH(n) dx[i] = (float)(dy[i] / (1 + (double)x[i] * x[i]));
}

/* --- the error function ----------------------------------------------------------------- */
/* A polynomial in x^2 times x near 0; further out 1 - e^p, with p a polynomial for log(1 - erf x). Both are fitted at
 * Chebyshev's points, with errors of 1e-12 and 1e-9 of the result. */
RM_INLINE float erf_of(float x) {
  double a = x < 0 ? -x : x, s = a * a;
  double p = 1.0595296540065857e-06;
  p = p * s - 1.3911708754983842e-05;
  p = p * s + 0.00011956947944619112;
  p = p * s - 0.0008542670652319776;
  p = p * s + 0.005223785010558371;
  p = p * s - 0.02686613362624704;
  p = p * s + 0.11283791313507283;
  p = p * s - 0.3761263888986959;
  p = p * s + 1.1283791670946954;
  float near = (float)(a * p);
  double t = a > 4 ? 4 : a, q = 1.6140616498126485e-06;
  q = q * t - 4.559062340112312e-05;
  q = q * t + 0.0005927695461759423;
  q = q * t - 0.004740222382300657;
  q = q * t + 0.02636471748348023;
  q = q * t - 0.10997824534986918;
  q = q * t - 0.6319370934195127;
  q = q * t - 1.1301666756625695;
  q = q * t + 0.00030321301028557457;
  float far = a >= 4 ? 1 : 1 - rm_exp((float)q), y = a < 1 ? near : far;
  y = copysignf(y, x);
  return x == x ? y : x;
}
void RM_ISA(erf_forward)(size_t n, const float *x, float *y) { EACH(n) y[i] = erf_of(x[i]); }
void RM_ISA(erf_backward)(size_t n, const float *x, const float *dy, float *dx) {
  EACH(n) dx[i] = 1.12837917f * rm_exp(-x[i] * x[i]) * dy[i];
}

/* ln(1 + e^(beta x)) / beta = (max(z, 0) + ln(1 + e^-|z|)) / beta with z = beta x; above the threshold x itself. */
void RM_ISA(softplus_forward)(size_t n, const float *x, const float *beta, const float *threshold, float *y) {
  EACH(n) {
    float z = x[i] * beta[i];
    float v = ((z < 0 ? 0 : z) + log1p_of(rm_exp(z < 0 ? z : -z))) / beta[i];
    y[i] = z > threshold[i] ? x[i] : v;
  }
}
void RM_ISA(softplus_backward)(size_t n, const float *x, const float *dy, const float *beta, const float *threshold,
                               float *dx) {
  EACH(n) {
    float z = x[i] * beta[i];
    float v = dy[i] * rm_logistic(z);
    dx[i] = z > threshold[i] ? dy[i] : v;
  }
}
