/* elementary_test.c -- our exp, log, pow, sin, cos and atan2 against the C library's in long double, and its special
 * cases; and their bits, which must be these on every machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdbool.h>
#include "base/elementary.h"

/* Numbers that look like chance, between low and high. */
static double drawn(double low, double high) {
  static uint64_t state = 1;
  state = state * 6364136223846793005u + 1442695040888963407u;
  return low + (high - low) * (double)(state >> 11) * 0x1p-53;
}

/* The distance of y from the true value, in units of the last place of a double. */
static double ulps(double y, long double truth) {
  double near = fabs((double)truth), unit = nextafter(near, INFINITY) - near;
  return (double)fabsl(y - truth) / unit;
}

static void errors_are_small(void **state) {
  (void)state;
  for (int i = 0; i < 200000; i++) {
    double x = drawn(-700, 700), angle = drawn(-1, 1) * (i % 2 ? 10 : 1e6), y = drawn(-1, 1), z = drawn(-1, 1),
           near = 1 + z / 2;
    assert_true(ulps(rm_math_exp(x), expl(x)) < 1);
    assert_true(ulps(rm_math_log(exp(x)), logl(exp(x))) < 1);
    assert_true(ulps(rm_math_log(near), logl(near)) < 1);
    assert_true(ulps(rm_math_sin(angle), sinl(angle)) < 3);
    assert_true(ulps(rm_math_cos(angle), cosl(angle)) < 3);
    assert_true(ulps(rm_math_atan2(y, z), atan2l(y, z)) < 3);
    double base = drawn(0, 10), power = drawn(-30, 30), whole = floor(drawn(1, 200));
    assert_true(ulps(rm_math_pow(base, power), powl(base, power)) < 2 * fabs(power * log(base)) + 4);
    assert_true(ulps(rm_math_pow(base, whole), powl(base, whole)) < whole + 1);
  }
}

static bool same(double a, double b) {
  return isnan(a) ? isnan(b) : fabs(a - b) <= 1e-13 * fabs(b) || (a == b && !signbit(a) == !signbit(b));
}

static void special_cases_are_those_of_C(void **state) {
  (void)state;
  static const double x[] = {0,   -0.0,  1,      -1,     2,      -2,    3,      -3,   0.5,  -0.5, INFINITY, -INFINITY,
                             NAN, 1e300, -1e300, 1e-300, 5e-324, -1025, 0x1p53, 1025, 1e10, 709,  -745};
  for (size_t i = 0; i < sizeof x / sizeof *x; i++) {
    if (fabs(x[i]) < 1e6 || !isfinite(x[i])) {
      assert_true(same(rm_math_sin(x[i]), sin(x[i])));
      assert_true(same(rm_math_cos(x[i]), cos(x[i])));
    }
    assert_true(same(rm_math_exp(x[i]), exp(x[i])));
    assert_true(same(rm_math_log(x[i]), log(x[i])));
    for (size_t j = 0; j < sizeof x / sizeof *x; j++) {
      assert_true(same(rm_math_pow(x[i], x[j]), pow(x[i], x[j])));
      assert_true(same(rm_math_atan2(x[i], x[j]), atan2(x[i], x[j])));
    }
  }
}

/* Every result of a few thousand, in one number: FNV-1a over the bytes. */
static void bits_are_these(void **state) {
  (void)state;
  uint64_t hash = 0xcbf29ce484222325u;
  for (int i = 1; i <= 3000; i++) {
    double x = i * 0.37, y[] = {rm_math_exp(x / 8), rm_math_log(x),       rm_math_sin(x),
                                rm_math_cos(x),     rm_math_atan2(x, 11), rm_math_pow(x, 1.3)};
    for (size_t k = 0; k < sizeof y; k++) hash = (hash ^ ((unsigned char *)y)[k]) * 0x100000001b3u;
  }
  assert_int_equal(hash, 0x1a525812aae5938cu);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(errors_are_small),
      cmocka_unit_test(special_cases_are_those_of_C),
      cmocka_unit_test(bits_are_these),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
