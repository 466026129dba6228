/* vecmath.h -- exp, log and tanh without branches, so that loops over them vectorize.
 *
 * (GCC needs -fno-trapping-math for that, which the Makefile gives to kernels.)
 * Each is the same three steps: bring the argument into a small interval, a polynomial
 * there, undo the first step by bit operations on the exponent. Errors stay within 2 units
 * in the last place (tests/c/ops/pointwise_test.c goes through the floats). NaN stays NaN,
 * infinities do what they do in libm.
 * Source: Moshier, Cephes mathematical library, single precision (expf.c, logf.c, tanhf.c). */
#ifndef RM_KERNELS_VECMATH_H
#define RM_KERNELS_VECMATH_H

#include "kernels/isa.h"

RM_INLINE float rm_float_of_bits(uint32_t u) {
  union {
    uint32_t u;
    float f;
  } x = {.u = u};
  return x.f;
}

RM_INLINE uint32_t rm_bits_of_float(float f) {
  union {
    float f;
    uint32_t u;
  } x = {.f = f};
  return x.u;
}

/* e^x = 2^k e^r with k = round(x / ln 2), |r| <= ln 2 / 2. Adding 1.5 * 2^23 rounds: the
 * integer is then in the low bits. 2^k is applied as two factors, since k may be 128, or
 * so small that the result is subnormal. */
RM_INLINE float rm_exp(float x) {
  const float magic = 12582912.0f;
  float c = x > 89.0f ? 89.0f : x; /* overflows to infinity all the same */
  c = c < -104.0f ? -104.0f : c;   /* rounds to 0 */
  float shifted = rm_fma1(c, 1.44269504088896341f, magic);
  float k = shifted - magic;
  float r = rm_nfma1(k, 0.693359375f, c); /* ln 2 in two parts: k * 0.693359375 is exact */
  r = rm_fma1(k, 2.12194440e-4f, r);
  float p = 1.9875691500e-4f;
  p = rm_fma1(p, r, 1.3981999507e-3f);
  p = rm_fma1(p, r, 8.3334519073e-3f);
  p = rm_fma1(p, r, 4.1665795894e-2f);
  p = rm_fma1(p, r, 1.6666665459e-1f);
  p = rm_fma1(p, r, 5.0000001201e-1f);
  p = rm_fma1(p, r * r, r) + 1.0f;
  uint32_t n = rm_bits_of_float(shifted) - rm_bits_of_float(magic); /* k, as two's complement */
  uint32_t half = ((n + 256u) >> 1) - 128u;                         /* floor(k / 2) */
  return p * rm_float_of_bits((half + 127u) << 23) * rm_float_of_bits((n - half + 127u) << 23);
}

/* 1 / (1 + e^-x), with the exponential of -|x| only, so that nothing overflows. */
RM_INLINE float rm_logistic(float x) {
  float e = rm_exp(x < 0 ? x : -x);
  return (x < 0 ? e : 1.0f) / (1.0f + e);
}

/* An odd polynomial near 0, where 1 - 2 / (e^2x + 1) would cancel. */
RM_INLINE float rm_tanh(float x) {
  float a = x < 0 ? -x : x, s = x * x;
  float e = rm_exp(a + a);
  float far = 1.0f - 2.0f / (e + 1.0f);
  float p = -5.70498872745e-3f;
  p = rm_fma1(p, s, 2.06390887954e-2f);
  p = rm_fma1(p, s, -5.37397155531e-2f);
  p = rm_fma1(p, s, 1.33314422036e-1f);
  p = rm_fma1(p, s, -3.33332819422e-1f);
  float near = rm_fma1(p * s, x, x);
  far = x < 0 ? -far : far;
  return x == 0 ? x : a < 0.625f ? near : far; /* -0 stays -0 */
}

/* ln x = k ln 2 + ln m with sqrt(1/2) <= m < sqrt(2). Subnormals are scaled up first. */
RM_INLINE float rm_log(float x) {
  float scaled = x < 1.17549435e-38f ? x * 8388608.0f : x;
  float offset = x < 1.17549435e-38f ? -23.0f : 0.0f;
  uint32_t bits = rm_bits_of_float(scaled);
  uint32_t moved = bits - 0x3f3504f3u; /* of sqrt(1/2): the exponent field is now k */
  float k = (float)((int32_t)moved >> 23) + offset;
  float m = rm_float_of_bits((moved & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
  float p = 7.0376836292e-2f;
  p = rm_fma1(p, m, -1.1514610310e-1f);
  p = rm_fma1(p, m, 1.1676998740e-1f);
  p = rm_fma1(p, m, -1.2420140846e-1f);
  p = rm_fma1(p, m, 1.4249322787e-1f);
  p = rm_fma1(p, m, -1.6668057665e-1f);
  p = rm_fma1(p, m, 2.0000714765e-1f);
  p = rm_fma1(p, m, -2.4999993993e-1f);
  p = rm_fma1(p, m, 3.3333331174e-1f);
  float z = m * m;
  float y = rm_fma1(p * m, z, k * -2.12194440e-4f);
  y = rm_nfma1(0.5f, z, y);
  y = rm_fma1(k, 0.693359375f, m + y);
  y = x > 3.40282347e+38f ? x : y; /* infinity */
  y = x == 0 ? -__builtin_inff() : y;
  return x >= 0 ? y : __builtin_nanf(""); /* negative, and NaN */
}

#endif
