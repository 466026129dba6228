/* elementary.c -- see elementary.h. Arguments are brought into a small interval, where a Taylor series does. */
#include "base/elementary.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

typedef union {
  double value;
  uint64_t bits;
} number;

/* Adding it and taking it away again rounds to a whole number; before that, the low bits hold that number. */
static const double ROUNDER = 0x1.8p52;

/* The series c[0] + c[1] x + ... of n terms. Even and odd ones apart, since each step waits for the one before. */
static inline double series(const double c[], int n, double x) {
  double z = x * x, even = 0, odd = 0;
  for (int i = n - 1; i >= 0; i--)
    if (i % 2) odd = odd * z + c[i];
    else even = even * z + c[i];
  return even + x * odd;
}

static double power_of_two(int k) { return (number){.bits = (uint64_t)(k + 1023) << 52}.value; } /* |k| <= 1022 */

/* ln 2 in two parts: a product of the first with a whole number below 2^20 is exact. */
static const double LN2_HIGH = 0x1.62e42fee00000p-1, LN2_LOW = 0x1.a39ef35793c76p-33;

/* x = k ln 2 + r, |r| <= ln 2 / 2; e^r = 1 + r + r^2 q(r); 2^k in two factors, since the result may be subnormal. */
double rm_math_exp(double x) {
  static const double q[] = {1.0 / 2,       1.0 / 6,        1.0 / 24,        1.0 / 120,
                             1.0 / 720,     1.0 / 5040,     1.0 / 40320,     1.0 / 362880,
                             1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
  if (x != x) return x;
  if (x > 710) return INFINITY;
  if (x < -750) return 0;
  number shifted = {.value = x * 1.4426950408889634 + ROUNDER};
  double k = shifted.value - ROUNDER;
  double high = x - k * LN2_HIGH, low = k * LN2_LOW, r = high - low;
  double lost = (high - r) - low; /* by the rounding of r */
  double y = 1 + (r + (r * r * series(q, sizeof q / sizeof *q, r) + lost));
  int n = (int)k, half = n / 2;
  return y * power_of_two(half) * power_of_two(n - half);
}

/* x = 2^k m with sqrt(1/2) <= m < sqrt(2), f = m - 1 and s = f / (2 + f): log m = 2 artanh s = f - s (f - R) with
 * R = 2 (s^2 / 3 + s^4 / 5 + ...). */
double rm_math_log(double x) {
  static const double odd[] = {2.0 / 3,  2.0 / 5,  2.0 / 7,  2.0 / 9,  2.0 / 11, 2.0 / 13,
                               2.0 / 15, 2.0 / 17, 2.0 / 19, 2.0 / 21, 2.0 / 23};
  if (x != x || x == INFINITY) return x;
  if (x == 0) return -INFINITY;
  if (x < 0) return NAN;
  number n = {.value = x < 0x1p-1022 ? x * 0x1p54 : x};
  uint64_t root = 0x3fe6a09e667f3bcdu; /* of 1/2 */
  int64_t moved = (int64_t)(n.bits - root);
  double k = (double)(moved >> 52) - (x < 0x1p-1022 ? 54 : 0);
  number m = {.bits = ((uint64_t)moved & 0xfffffffffffffu) + root};
  double f = m.value - 1, s = f / (2 + f), z = s * s;
  double rest = s * (f - z * series(odd, sizeof odd / sizeof *odd, z));
  return k * LN2_HIGH - ((rest - k * LN2_LOW) - f);
}

/* --- powers ------------------------------------------------------------------------------ */
static double whole_power(double x, uint64_t n) {
  double y = 1;
  for (; n; n >>= 1, x *= x)
    if (n & 1) y *= x;
  return y;
}

double rm_math_pow(double x, double y) {
  if (y == 0 || x == 1) return 1;
  if (x != x || y != y) return NAN;
  double size = fabs(x), large = fabs(y);
  bool whole = large >= 0x1p53 || large == floor(large);
  bool negative = signbit(x) && whole && large < 0x1p53 && fmod(large, 2) == 1; /* the result */
  if (x < 0 && !whole && size != INFINITY) return NAN;
  double result;
  if (size == 0) result = y < 0 ? INFINITY : 0;
  else if (size == INFINITY) result = y < 0 ? 0 : INFINITY;
  else if (large == INFINITY) result = size == 1 ? 1 : (size > 1) == (y > 0) ? INFINITY : 0;
  else if (whole && large <= 1024 && y > 0) result = whole_power(size, (uint64_t)large);
  else if (y == 0.5) result = sqrt(size);
  else if (y == -1) result = 1 / size;
  else result = rm_math_exp(y * rm_math_log(size));
  return negative ? -result : result;
}

/* --- angles ------------------------------------------------------------------------------- */
/* x = n pi/2 + *rest. Pi/2 in three parts, the first two with 33 bits each: products with n are exact. */
static int quarter_turns(double x, double *rest) {
  number shifted = {.value = x * 0.63661977236758134 + ROUNDER};
  double n = shifted.value - ROUNDER;
  *rest = ((x - n * 0x1.921fb54400000p+0) - n * 0x1.0b4611a600000p-34) - n * 0x1.3198a2e037073p-69;
  return (int)(shifted.bits & 3);
}

static double sine(double x) {
  static const double c[] = {-1.0 / 6,        1.0 / 120,          -1.0 / 5040,         1.0 / 362880,
                             -1.0 / 39916800, 1.0 / 6227020800.0, -1.0 / 1307674368e3, 1.0 / 355687428096e3};
  double z = x * x;
  return x + x * (z * series(c, sizeof c / sizeof *c, z));
}

static double cosine(double x) {
  static const double c[] = {1.0 / 24,        -1.0 / 720,           1.0 / 40320,        -1.0 / 3628800,
                             1.0 / 479001600, -1.0 / 87178291200.0, 1.0 / 20922789888e3};
  double z = x * x, half = 0.5 * z, first = 1 - half;
  return first + (((1 - first) - half) + z * z * series(c, sizeof c / sizeof *c, z));
}

double rm_math_sin(double x) {
  if (!(fabs(x) < INFINITY)) return NAN;
  if (x == 0) return x;
  double r;
  int n = quarter_turns(x, &r);
  double y = n & 1 ? cosine(r) : sine(r);
  return n & 2 ? -y : y;
}

double rm_math_cos(double x) {
  if (!(fabs(x) < INFINITY)) return NAN;
  double r;
  int n = quarter_turns(x, &r);
  double y = n & 1 ? sine(r) : cosine(r);
  return (n + 1) & 2 ? -y : y;
}

/* arctan t of 0 <= t <= 1, by that of the nearest multiple c of 1/8: arctan t = arctan c + arctan((t - c) / (1 + t c)). */
static double arctangent(double t) {
  static const double known[] = {0,
                                 0x1.fd5ba9aac2f6ep-4,
                                 0x1.f5b75f92c80ddp-3,
                                 0x1.6f61941e4def1p-2,
                                 0x1.dac670561bb4fp-2,
                                 0x1.1e00babdefeb4p-1,
                                 0x1.4978fa3269ee1p-1,
                                 0x1.700a7c5784634p-1,
                                 0x1.921fb54442d18p-1};
  static const double c[] = {-1.0 / 3, 1.0 / 5, -1.0 / 7, 1.0 / 9, -1.0 / 11, 1.0 / 13};
  int i = (int)(8 * t + 0.5);
  double at = 0.125 * i, u = (t - at) / (1 + t * at), z = u * u;
  return known[i] + (u + u * (z * series(c, sizeof c / sizeof *c, z)));
}

double rm_math_atan2(double y, double x) {
  const double pi = 0x1.921fb54442d18p+1;
  if (x != x || y != y) return NAN;
  double right = fabs(x), up = fabs(y), angle;
  if (up == 0) angle = 0;
  else if (right == up) angle = pi / 4; /* also of two infinities */
  else if (up < right) angle = arctangent(up / right);
  else angle = pi / 2 - arctangent(right / up);
  if (signbit(x)) angle = pi - angle;
  return signbit(y) ? -angle : angle;
}
