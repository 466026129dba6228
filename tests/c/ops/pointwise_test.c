/* pointwise_test.c -- elementwise kernels against naive twins in double: odd sizes, special
 * values, every instruction set of this processor; and the engine that brings strided and
 * broadcast operands to them. */
#include "support.h"
#include "leaks.h"

#include "core/copy.h"
#include "core/view.h"
#include "ops/pointwise/pointwise.h"

/* --- naive twins: one element, in double ------------------------------------------------- */
typedef double (*twin)(const double *v);
#define TWIN(name, expression) \
  static double name(const double *v) { return (expression); }
static double logistic(double x) { return 1 / (1 + exp(-x)); }
static double normal_below(double x) { return 0.5 * erfc(-x / sqrt(2)); }
static double gelu_u(double x) { return sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x); }

TWIN(add, v[0] + v[1])
TWIN(sub, v[0] - v[1])
TWIN(mul, v[0] * v[1])
TWIN(div_, v[0] / v[1])
TWIN(pow_, pow(v[0], v[1]))
TWIN(maximum, v[0] != v[0] || v[1] != v[1] ? NAN : fmax(v[0], v[1]))
TWIN(minimum, v[0] != v[0] || v[1] != v[1] ? NAN : fmin(v[0], v[1]))
static double floor_divided(double a, double b) { /* of the exact quotient, but a zero as a / b has it */
  double rest = fmod(a, b), quotient = (a - rest) / b - (rest != 0 && (b < 0) != (rest < 0));
  return b == 0 || quotient == 0 ? a / b == a / b && b != 0 ? copysign(0, a / b) : a / b : rint(quotient);
}
TWIN(floor_divide, floor_divided(v[0], v[1]))
static double remainder_(const double *v) {
  double r = fmod(v[0], v[1]);
  return r * v[1] < 0 ? r + v[1] : r;
}
TWIN(remainder_b, -v[2] * floor_divided(v[0], v[1]))
TWIN(axpy, v[0] + v[2] * v[1])
TWIN(div_b, -v[2] * v[1] / v[0])
TWIN(pow_a, v[2] == 0 ? 0 : v[1] * v[2] * pow(v[0], v[2] - 1))
TWIN(pow_b, v[1] == 0 ? 0 : v[2] * v[1] * log(v[0]))
TWIN(maximum_a, v[0] == v[1] ? v[2] / 2 : v[0] < v[1] ? 0 : v[2])
TWIN(minimum_a, v[0] == v[1] ? v[2] / 2 : v[0] > v[1] ? 0 : v[2])
TWIN(neg, -v[0])
TWIN(abs_, fabs(v[0]))
TWIN(sign, v[0] > 0 ? 1 : v[0] < 0 ? -1 : 0)
TWIN(square, v[0] * v[0])
TWIN(sqrt_, sqrt(v[0]))
TWIN(reciprocal, 1 / v[0])
TWIN(exp_, exp(v[0]))
TWIN(log_, log(v[0]))
TWIN(floor_, floor(v[0]))
TWIN(ceil_, ceil(v[0]))
TWIN(round_, nearbyint(v[0]))
TWIN(neg_b, -v[1])
TWIN(abs_b, v[1] * (v[0] > 0 ? 1 : v[0] < 0 ? -1 : 0))
TWIN(square_b, 2 * v[0] * v[1])
TWIN(sqrt_b, 0.5 * v[1] / v[0])
TWIN(deviation_b, v[0] == 0 ? 0 : 0.5 * v[1] / v[0])
TWIN(reciprocal_b, -v[1] * v[0] * v[0])
TWIN(log_b, v[1] / v[0])
TWIN(zero, 0 * v[0] == 0 ? 0 : 0)
TWIN(clamp, v[0] != v[0] ? v[0] : fmin(fmax(v[0], v[1]), v[2]))
TWIN(clamp_b, v[0] >= v[2] && v[0] <= v[3] ? v[1] : 0)
TWIN(relu, v[0] < 0 ? 0 : v[0])
TWIN(relu_b, v[0] <= 0 ? 0 : v[1])
TWIN(leaky, v[0] > 0 ? v[0] : v[1] * v[0])
TWIN(leaky_b, v[0] > 0 ? v[1] : v[2] * v[1])
TWIN(elu, v[0] > 0 ? v[0] : v[1] * expm1(v[0]))
TWIN(elu_b, v[0] <= 0 ? v[1] * v[2] * exp(v[0]) : v[1])
TWIN(sigmoid, logistic(v[0]))
TWIN(sigmoid_b, v[1] * v[0] * (1 - v[0]))
TWIN(tanh_, tanh(v[0]))
TWIN(tanh_b, v[1] * (1 - v[0]) * (1 + v[0]))
TWIN(silu, v[0] * logistic(v[0]))
TWIN(silu_b, v[1] * logistic(v[0]) * (1 + v[0] * (1 - logistic(v[0]))))
TWIN(gelu, v[0] * normal_below(v[0]))
TWIN(gelu_b, v[1] * (normal_below(v[0]) + v[0] * exp(-v[0] * v[0] / 2) / sqrt(2 * acos(-1))))
TWIN(gelu_t, v[0] * logistic(2 * gelu_u(v[0])))
static double gelu_t_b(const double *v) {
  double s = logistic(2 * gelu_u(v[0])), du = sqrt(2 / acos(-1)) * (1 + 3 * 0.044715 * v[0] * v[0]);
  return v[1] * (s + v[0] * s * (1 - s) * 2 * du);
}

TWIN(hardtanh, fmin(fmax(v[0], v[1]), v[2]))
TWIN(hardtanh_b, v[0] <= v[2] || v[0] >= v[3] ? 0 : v[1])
TWIN(hardsigmoid, fmin(fmax(v[0] + 3, 0), 6) / 6)
TWIN(hardsigmoid_b, v[0] > -3 && v[0] < 3 ? v[1] / 6 : 0)
TWIN(hardswish, v[0] * hardsigmoid(v))
TWIN(hardswish_b, v[0] < -3 ? 0 : v[0] <= 3 ? v[1] * (v[0] / 3 + 0.5) : v[1])
TWIN(softplus, v[0] * v[1] > v[2] ? v[0] : log1p(exp(v[0] * v[1])) / v[1])
TWIN(softplus_b, v[0] * v[2] > v[3] ? v[1] : v[1] * logistic(v[0] * v[2]))
TWIN(trunc_, trunc(v[0]))
TWIN(log2_, log2(v[0]))
TWIN(log10_, log10(v[0]))
TWIN(log1p_, log1p(v[0]))
TWIN(expm1_, expm1(v[0]))
TWIN(rsqrt, 1 / sqrt(v[0]))
TWIN(sin_, sin(v[0]))
TWIN(cos_, cos(v[0]))
TWIN(tan_, tan(v[0]))
TWIN(asin_, asin(v[0]))
TWIN(acos_, acos(v[0]))
TWIN(atan_, atan(v[0]))
TWIN(erf_, erf(v[0]))
TWIN(logsigmoid, (v[0] < 0 ? v[0] : 0) - log1p(exp(-fabs(v[0]))))
TWIN(xlogx, v[0] == 0 ? 0 : v[0] * log(v[0]))
TWIN(smooth_l1, fabs(v[0]) < v[1] ? v[0] * v[0] / 2 / v[1] : fabs(v[0]) - v[1] / 2)
TWIN(log2_b, v[1] / (v[0] * log(2)))
TWIN(log10_b, v[1] / (v[0] * log(10)))
TWIN(log1p_b, v[1] / (v[0] + 1))
TWIN(expm1_b, v[1] * (v[0] + 1))
TWIN(rsqrt_b, -0.5 * v[1] * v[0] * v[0] * v[0])
TWIN(sin_b, v[1] * cos(v[0]))
TWIN(cos_b, -v[1] * sin(v[0]))
TWIN(tan_b, v[1] * (1 + v[0] * v[0]))
TWIN(asin_b, v[1] / sqrt(1 - v[0] * v[0]))
TWIN(acos_b, -v[1] / sqrt(1 - v[0] * v[0]))
TWIN(atan_b, v[1] / (1 + v[0] * v[0]))
TWIN(erf_b, v[1] * 2 / sqrt(acos(-1)) * exp(-v[0] * v[0]))
TWIN(logsigmoid_b, v[1] * logistic(-v[0]))
TWIN(xlogx_b, v[1] * (log(v[0]) + 1))
TWIN(smooth_l1_b, v[1] * (v[0] >= v[2] ? 1 : v[0] <= -v[2] ? -1 : v[0] / v[2]))

/* ulps: of the result. slack: of the largest magnitude that went in, for gradients whose terms
 * nearly cancel. `special`: also tried on infinities, NaN, subnormals and zeros. */
static const struct {
  const char *name;
  size_t entry, inputs;
  twin f;
  double ulps, slack;
  bool special, positive;
} cases[] = {
#define K(name) #name, offsetof(rm_kernels, name)
    {K(add), 2, add, 0.5, 0, true, false},
    {K(sub), 2, sub, 0.5, 0, true, false},
    {K(mul), 2, mul, 0.5, 0, true, false},
    {K(div), 2, div_, 0.5, 0, true, false},
    {K(pow), 2, pow_, 1, 0, false, true},
    {K(maximum), 2, maximum, 0, 0, true, false},
    {K(minimum), 2, minimum, 0, 0, true, false},
    {K(floor_divide), 2, floor_divide, 0, 0, false, false},
    {K(remainder), 2, remainder_, 0.5, 0, false, false},
    {K(remainder_backward_b), 3, remainder_b, 0.5, 0, false, false},
    {K(axpy), 3, axpy, 1, 2e-7, false, false},
    {K(div_backward_b), 3, div_b, 2, 0, false, true},
    {K(pow_backward), 3, pow_a, 3, 0, false, true},
    {K(pow_backward_b), 3, pow_b, 4, 0, false, true},
    {K(maximum_backward), 3, maximum_a, 0, 0, true, false},
    {K(minimum_backward), 3, minimum_a, 0, 0, true, false},
    {K(neg_forward), 1, neg, 0, 0, true, false},
    {K(abs_forward), 1, abs_, 0, 0, true, false},
    {K(sign_forward), 1, sign, 0, 0, true, false},
    {K(square_forward), 1, square, 0.5, 0, true, false},
    {K(sqrt_forward), 1, sqrt_, 0.5, 0, true, false},
    {K(reciprocal_forward), 1, reciprocal, 0.5, 0, true, false},
    {K(exp_forward), 1, exp_, 2, 0, true, false},
    {K(log_forward), 1, log_, 2, 0, true, false},
    {K(floor_forward), 1, floor_, 0, 0, true, false},
    {K(ceil_forward), 1, ceil_, 0, 0, true, false},
    {K(round_forward), 1, round_, 0, 0, true, false},
    {K(trunc_forward), 1, trunc_, 0, 0, true, false},
    {K(log2_forward), 1, log2_, 0.51, 0, true, false},
    {K(log10_forward), 1, log10_, 0.51, 0, true, false},
    {K(log1p_forward), 1, log1p_, 0.51, 0, true, false},
    {K(expm1_forward), 1, expm1_, 0.51, 0, true, false},
    {K(rsqrt_forward), 1, rsqrt, 0.51, 0, true, false},
    {K(sin_forward), 1, sin_, 0.6, 0, true, false},
    {K(cos_forward), 1, cos_, 0.6, 0, true, false},
    {K(tan_forward), 1, tan_, 0.6, 0, true, false},
    {K(asin_forward), 1, asin_, 1, 0, true, false},
    {K(acos_forward), 1, acos_, 1, 0, true, false},
    {K(atan_forward), 1, atan_, 1, 0, true, false},
    {K(erf_forward), 1, erf_, 1, 0, true, false},
    {K(logsigmoid_forward), 1, logsigmoid, 2, 0, true, false},
    {K(xlogx_forward), 1, xlogx, 1.5, 0, false, true},
    {K(smooth_l1_forward), 2, smooth_l1, 2, 0, false, false},
    {K(log2_backward), 2, log2_b, 0.6, 0, false, true},
    {K(log10_backward), 2, log10_b, 0.6, 0, false, true},
    {K(log1p_backward), 2, log1p_b, 1.5, 0, false, true},
    {K(expm1_backward), 2, expm1_b, 1.5, 0, false, true},
    {K(rsqrt_backward), 2, rsqrt_b, 2, 0, false, true},
    {K(sin_backward), 2, sin_b, 1.5, 0, false, false},
    {K(cos_backward), 2, cos_b, 1.5, 0, false, false},
    {K(tan_backward), 2, tan_b, 2, 0, false, false},
    {K(asin_backward), 2, asin_b, 0.6, 0, false, false},
    {K(acos_backward), 2, acos_b, 0.6, 0, false, false},
    {K(atan_backward), 2, atan_b, 0.6, 0, false, false},
    {K(erf_backward), 2, erf_b, 4, 1e-6, false, false},
    {K(logsigmoid_backward), 2, logsigmoid_b, 4, 0, false, false},
    {K(xlogx_backward), 2, xlogx_b, 2, 2e-7, false, true},
    {K(smooth_l1_backward), 3, smooth_l1_b, 1.5, 0, false, false},
    {K(neg_backward), 2, neg_b, 0, 0, true, false},
    {K(abs_backward), 2, abs_b, 0, 0, true, false},
    {K(square_backward), 2, square_b, 1, 0, false, false},
    {K(sqrt_backward), 2, sqrt_b, 1, 0, false, true},
    {K(deviation_backward), 2, deviation_b, 1, 0, true, true},
    {K(reciprocal_backward), 2, reciprocal_b, 2, 0, false, false},
    {K(log_backward), 2, log_b, 1, 0, false, true},
    {K(exp_backward), 2, mul, 0.5, 0, true, false},
    {K(zero_backward), 2, zero, 0, 0, false, false},
    {K(clamp_forward), 3, clamp, 0, 0, false, false},
    {K(clamp_backward), 4, clamp_b, 0, 0, false, false},
    {K(relu_forward), 1, relu, 0, 0, true, false},
    {K(relu_backward), 2, relu_b, 0, 0, true, false},
    {K(leaky_relu_forward), 2, leaky, 1, 0, false, false},
    {K(leaky_relu_backward), 3, leaky_b, 1, 0, false, false},
    {K(elu_forward), 2, elu, 4, 0, false, false},
    {K(elu_backward), 3, elu_b, 4, 0, false, false},
    {K(sigmoid_forward), 1, sigmoid, 3, 0, true, false},
    {K(sigmoid_backward), 2, sigmoid_b, 4, 0, false, false},
    {K(tanh_forward), 1, tanh_, 2, 0, true, false},
    {K(tanh_backward), 2, tanh_b, 4, 0, false, false},
    {K(silu_forward), 1, silu, 4, 0, false, false},
    {K(silu_backward), 2, silu_b, 6, 1e-6, false, false},
    {K(gelu_forward), 1, gelu, 4, 1e-7, false, false},
    {K(gelu_backward), 2, gelu_b, 6, 1e-6, false, false},
    {K(gelu_tanh_forward), 1, gelu_t, 16, 1e-7, false, false},
    {K(gelu_tanh_backward), 2, gelu_t_b, 16, 1e-6, false, false},
    {K(hardtanh_forward), 3, hardtanh, 0, 0, false, false},
    {K(hardtanh_backward), 4, hardtanh_b, 0, 0, false, false},
    {K(hardsigmoid_forward), 1, hardsigmoid, 2, 0, false, false},
    {K(hardsigmoid_backward), 2, hardsigmoid_b, 0.5, 0, false, false},
    {K(hardswish_forward), 1, hardswish, 3, 0, false, false},
    {K(hardswish_backward), 2, hardswish_b, 2, 1e-6, false, false},
    {K(softplus_forward), 3, softplus, 16, 0, false, false}, /* e^z with z rounded */
    {K(softplus_backward), 4, softplus_b, 16, 0, false, false},
#undef K
};
enum { CASES = sizeof cases / sizeof *cases, MOST = 1100, INPUTS = 4 };

static const float specials[] = {0.0f,    -0.0f,    1,     -1,    INFINITY,        -INFINITY,  NAN,  1e-40f,  -1e-40f,
                                 3.4e38f, -3.4e38f, 88.7f, 88.8f, -87.3f,          -88,        -103, -104.5f, 0.625f,
                                 0.5f,    -0.5f,    1.5f,  2.5f,  1.17549435e-38f, 16777216.0f};
enum { SPECIALS = sizeof specials / sizeof *specials };

static void call(size_t entry, size_t inputs, size_t n, float in[][MOST], size_t from, float *y) {
  rm_map_kernel k;
  memcpy(&k.fn, (const char *)rm_kernel_table() + entry, sizeof k.fn);
  if (inputs == 1) k.fn.f_f(n, in[0] + from, y);
  else if (inputs == 2) k.fn.ff_f(n, in[0] + from, in[1] + from, y);
  else if (inputs == 3) k.fn.fff_f(n, in[0] + from, in[1] + from, in[2] + from, y);
  else k.fn.ffff_f(n, in[0] + from, in[1] + from, in[2] + from, in[3] + from, y);
}

static double ulp(double x) {
  int e;
  frexp(x, &e);
  return ldexp(1, e - 24 < -149 ? -149 : e - 24);
}

static void compare(const char *isa, size_t c, const double v[INPUTS], float actual) {
  double expected = cases[c].f(v), largest = 0;
  for (size_t k = 0; k < cases[c].inputs; k++) largest = fmax(largest, fabs(v[k]));
  float rounded = (float)expected;
  if (isnan(expected) && isnan(actual)) return;
  if (rounded == actual) return;
  double room = (cases[c].ulps + 0.001) * ulp(expected) + cases[c].slack * largest;
  if (!(fabs(actual - expected) <= room))
    fail_msg("%s %s(%g, %g, %g, %g): expected %.9g, got %.9g", isa, cases[c].name, v[0], v[1], v[2], v[3], expected,
             actual);
}

static void fill(rm_rng *rng, size_t c, float in[][MOST]) {
  for (size_t i = 0; i < MOST; i++)
    for (size_t k = 0; k < INPUTS; k++) {
      float v = (float)rm_rng_normal(rng) * (k == 0 ? 3 : 1);
      in[k][i] = cases[c].positive ? fabsf(v) + 0.05f : v;
    }
  if (!cases[c].special) return;
  for (size_t i = 0; i < SPECIALS * SPECIALS && i < MOST; i++) { /* every pair of them */
    in[0][i] = specials[i % SPECIALS];
    in[1][i] = specials[i / SPECIALS];
  }
}

static void kernels_match_their_twins(void **state) {
  (void)state;
  static const size_t sizes[] = {0, 1, 3, 7, 8, 15, 17, 31, 33, 65, MOST};
  static float in[INPUTS][MOST], y[MOST + 1], part[MOST];
  for (size_t s = 0; select_isa(s); s++) {
    for (size_t c = 0; c < CASES; c++) {
      rm_rng rng = rm_rng_new(11, c);
      fill(&rng, c, in);
      for (size_t z = 0; z < sizeof sizes / sizeof *sizes; z++) {
        size_t n = sizes[z];
        y[n] = 12345;
        call(cases[c].entry, cases[c].inputs, n, in, 0, y);
        if (y[n] != 12345) fail_msg("%s writes behind its end", cases[c].name);
        for (size_t i = 0; i < n; i++) {
          double v[INPUTS];
          for (size_t k = 0; k < INPUTS; k++) v[k] = in[k][i];
          compare(rm_kernel_table()->isa, c, v, y[i]);
        }
        /* The same bits however the run is cut: threads may cut it anywhere. */
        for (size_t begin = 0, step = 1; begin < n; begin += step, step = step % 13 + 3) {
          size_t count = n - begin < step ? n - begin : step;
          call(cases[c].entry, cases[c].inputs, count, in, begin, part);
          for (size_t i = 0; i < count; i++)
            if (memcmp(&part[i], &y[begin + i], sizeof *part) != 0)
              fail_msg("%s %s(%g, %g, ...): %.9g in a run of %zu, %.9g in one of %zu", rm_kernel_table()->isa,
                       cases[c].name, in[0][begin + i], in[1][begin + i], y[begin + i], n, part[i], count);
        }
      }
    }
  }
}

/* --- exp, log, sin, ... over the floats: near the truth, and the same bits in every set that fuses --- */
static uint64_t add_bits(uint64_t sum, const float y[MOST]) {
  for (size_t i = 0; i < MOST; i++) {
    uint32_t bits;
    memcpy(&bits, &y[i], sizeof bits);
    sum = (sum ^ (y[i] == y[i] ? bits : 0)) * 1099511628211u; /* of a NaN the bits are nobody's concern */
  }
  return sum;
}

static void functions_are_within_two_ulps(void **state) {
  (void)state;
  static uint64_t sums[CASES];
  bool first = true; /* of the sets that fuse multiply-adds */
  static float in[INPUTS][MOST], y[MOST];
  for (size_t s = 0; select_isa(s); s++) {
    for (size_t c = 0; c < CASES; c++) {
      if (cases[c].inputs != 1 || !cases[c].special) continue;
      uint32_t bits = 0;
      uint64_t sum = 0;
      for (size_t round = 0; round < 400; round++) {
        for (size_t i = 0; i < MOST; i++, bits += 9767) memcpy(&in[0][i], &bits, sizeof bits);
        call(cases[c].entry, 1, MOST, in, 0, y);
        for (size_t i = 0; i < MOST; i++) compare(rm_kernel_table()->isa, c, (double[INPUTS]){in[0][i]}, y[i]);
        sum = add_bits(sum, y);
      }
      if (!rm_kernel_table()->fused) continue;
      if (first) sums[c] = sum;
      else if (sums[c] != sum)
        fail_msg("%s: other bits with %s than with the first set", cases[c].name, rm_kernel_table()->isa);
    }
    if (rm_kernel_table()->fused) first = false;
  }
}

/* --- integers and truth --------------------------------------------------------------------- */
static void integer_kernels_match(void **state) {
  (void)state;
  enum { N = 77 };
  int64_t a[N], b[N], y[N];
  uint8_t t[N];
  rm_rng rng = rm_rng_new(3, 1);
  for (size_t i = 0; i < N; i++) {
    a[i] = (int64_t)rm_rng_u64(&rng);
    b[i] = i % 3 ? (int64_t)rm_rng_u64(&rng) : a[i];
  }
  for (size_t s = 0; select_isa(s); s++) {
    const rm_kernels *k = rm_kernel_table();
    k->add_i64(N, a, b, y);
    for (size_t i = 0; i < N; i++) assert_int_equal(y[i], (int64_t)((uint64_t)a[i] + (uint64_t)b[i]));
    k->sub_i64(N, a, b, y);
    for (size_t i = 0; i < N; i++) assert_int_equal(y[i], (int64_t)((uint64_t)a[i] - (uint64_t)b[i]));
    k->mul_i64(N, a, b, y);
    for (size_t i = 0; i < N; i++) assert_int_equal(y[i], (int64_t)((uint64_t)a[i] * (uint64_t)b[i]));
    k->maximum_i64(N, a, b, y);
    for (size_t i = 0; i < N; i++) assert_int_equal(y[i], a[i] > b[i] ? a[i] : b[i]);
    k->minimum_i64(N, a, b, y);
    for (size_t i = 0; i < N; i++) assert_int_equal(y[i], a[i] < b[i] ? a[i] : b[i]);
    k->floor_divide_i64(N, a, b, y);
    for (size_t i = 0; i < N; i++) {
      int64_t r;
      k->remainder_i64(1, &a[i], &b[i], &r);
      assert_true((b[i] > 0 ? 0 <= r && r < b[i] : b[i] < r && r <= 0));
      assert_int_equal((uint64_t)y[i] * (uint64_t)b[i] + (uint64_t)r, a[i]);
    }
    int64_t smallest = INT64_MIN, minus_one = -1;
    k->floor_divide_i64(1, &smallest, &minus_one, y);
    assert_int_equal(y[0], INT64_MIN);
    k->remainder_i64(1, &smallest, &minus_one, y);
    assert_int_equal(y[0], 0);
    k->eq_i64(N, a, b, t);
    for (size_t i = 0; i < N; i++) assert_int_equal(t[i], a[i] == b[i]);
    k->ne_i64(N, a, b, t);
    for (size_t i = 0; i < N; i++) assert_int_equal(t[i], a[i] != b[i]);
    k->lt_i64(N, a, b, t);
    for (size_t i = 0; i < N; i++) assert_int_equal(t[i], a[i] < b[i]);
    k->le_i64(N, a, b, t);
    for (size_t i = 0; i < N; i++) assert_int_equal(t[i], a[i] <= b[i]);
    k->select_i64(N, t, a, b, y);
    for (size_t i = 0; i < N; i++) assert_int_equal(y[i], t[i] ? a[i] : b[i]);
  }
}

static void comparisons_match(void **state) {
  (void)state;
  enum { N = SPECIALS * SPECIALS };
  float a[N], b[N], y[N];
  uint8_t t[N], u[N], v[N];
  for (size_t i = 0; i < N; i++) a[i] = specials[i % SPECIALS], b[i] = specials[i / SPECIALS];
  for (size_t s = 0; select_isa(s); s++) {
    const rm_kernels *k = rm_kernel_table();
    k->eq(N, a, b, t);
    for (size_t i = 0; i < N; i++) assert_int_equal(t[i], a[i] == b[i]);
    k->ne(N, a, b, t);
    for (size_t i = 0; i < N; i++) assert_int_equal(t[i], a[i] != b[i]);
    k->le(N, a, b, u);
    for (size_t i = 0; i < N; i++) assert_int_equal(u[i], a[i] <= b[i]);
    k->lt(N, a, b, t);
    for (size_t i = 0; i < N; i++) assert_int_equal(t[i], a[i] < b[i]);
    for (size_t i = 0; i < N; i += 5) u[i] = (uint8_t)i;
    k->logical_and(N, t, u, v);
    for (size_t i = 0; i < N; i++) assert_int_equal(v[i], t[i] && u[i]);
    k->logical_or(N, t, u, v);
    for (size_t i = 0; i < N; i++) assert_int_equal(v[i], t[i] || u[i]);
    k->logical_xor(N, t, u, v);
    for (size_t i = 0; i < N; i++) assert_int_equal(v[i], !t[i] != !u[i]);
    k->select(N, u, a, b, y);
    for (size_t i = 0; i < N; i++) assert_memory_equal(&y[i], u[i] ? &a[i] : &b[i], sizeof *y);
  }
}

/* --- the engine -------------------------------------------------------------------------------- */
static double at(const rm_tensor *t, size_t ndim, const size_t index[]) {
  ptrdiff_t offset = 0;
  for (size_t d = 0; d < t->ndim; d++) {
    size_t i = index[ndim - t->ndim + d];
    offset += (ptrdiff_t)(t->shape[d] == 1 ? 0 : i) * t->strides[d];
  }
  return rm_tensor_f32(t)[offset];
}

/* t's view in one of several layouts: itself, channels-last, a strided part, reversed dimensions. */
static rm_tensor *arranged(rm_rng *rng, const size_t shape[4], int how) {
  rm_tensor *t, *view;
  if (how == 0) return test_normal(rng, 4, shape, 0, 1);
  if (how == 1) {
    OK(rm_tensor_new_channels_last(shape, &t, &test_err));
    OK(rm_rng_fill_normal(rng, t, 0, 1, &test_err));
    return t;
  }
  if (how == 2) { /* every second column and row of something larger */
    t = test_normal(rng, 4, (size_t[]){shape[0], shape[1], 2 * shape[2], 2 * shape[3]}, 0, 1);
    OK(rm_tensor_view(t, 4, shape, (ptrdiff_t[]){t->strides[0], t->strides[1], 2 * t->strides[2], 2}, 1, &view,
                      &test_err));
  } else {
    t = test_normal(rng, 4, (size_t[]){shape[3], shape[2], shape[1], shape[0]}, 0, 1);
    OK(rm_tensor_view(t, 4, shape, (ptrdiff_t[]){1, t->strides[2], t->strides[1], t->strides[0]}, 0, &view, &test_err));
  }
  rm_tensor_release(t);
  return view;
}

static void check_sub(rm_tensor *a, rm_tensor *b) {
  rm_tensor *y;
  OK(rm_sub(a, b, &y, &test_err));
  size_t index[4] = {0};
  for (size_t n = 0; n < y->numel; n++) {
    size_t rest = n;
    for (size_t d = 4; d-- > 0;) {
      index[d] = rest % y->shape[d];
      rest /= y->shape[d];
    }
    float expected = (float)at(a, 4, index) - (float)at(b, 4, index);
    if ((float)at(y, 4, index) != expected) fail_msg("element %zu: expected %g, got %g", n, expected, at(y, 4, index));
  }
  rm_tensor_release(y);
}

static void any_layout_and_broadcast_gives_the_same(void **state) {
  (void)state;
  static const size_t full[4] = {3, 17, 5, 130}, others[][4] = {{3, 17, 5, 130}, {1, 17, 1, 1}, {3, 1, 5, 1},
                                                                {1, 1, 1, 130},  {1, 1, 1, 1},  {3, 17, 1, 130}};
  rm_rng rng = rm_rng_new(5, 0);
  for (int ha = 0; ha < 4; ha++)
    for (int hb = 0; hb < 4; hb++)
      for (size_t o = 0; o < 6; o++) {
        rm_tensor *a = arranged(&rng, full, ha), *b = arranged(&rng, others[o], hb);
        check_sub(a, b);
        check_sub(b, a);
        rm_tensor_release(a);
        rm_tensor_release(b);
      }
  rm_tensor *row = test_normal(&rng, 1, (size_t[]){130}, 0, 1), *a = arranged(&rng, full, 1);
  check_sub(a, row); /* fewer dimensions */
  rm_tensor *column = test_normal(&rng, 2, (size_t[]){5, 1}, 0, 1);
  rm_tensor *y;
  OK(rm_sub(row, column, &y, &test_err)); /* both stretch */
  assert_int_equal(y->shape[0], 5);
  assert_int_equal(y->shape[1], 130);
  assert_true(rm_tensor_f32(y)[131] == rm_tensor_f32(row)[1] - rm_tensor_f32(column)[1]);
  rm_tensor *const held[] = {row, a, column, y};
  for (size_t i = 0; i < 4; i++) rm_tensor_release(held[i]);
}

static void results_keep_the_layout(void **state) {
  (void)state;
  rm_rng rng = rm_rng_new(6, 0);
  static const size_t shape[4] = {2, 8, 3, 5};
  rm_tensor *x = arranged(&rng, shape, 1), *bias = test_normal(&rng, 4, (size_t[]){1, 8, 1, 1}, 0, 1), *y;
  OK(rm_add(bias, x, &y, &test_err));
  assert_true(rm_tensor_is_channels_last(y));
  rm_tensor_release(y);
  OK(rm_relu(x, &y, &test_err));
  assert_true(rm_tensor_is_channels_last(y));
  rm_tensor *const held[] = {x, bias, y};
  for (size_t i = 0; i < 3; i++) rm_tensor_release(held[i]);
}

static void overlapping_writes_in_place(void **state) {
  (void)state;
  rm_rng rng = rm_rng_new(8, 0);
  rm_tensor *x = test_normal(&rng, 2, (size_t[]){33, 33}, 0, 1), *copy, *turned;
  OK(rm_tensor_clone(x, &copy, &test_err));
  OK(rm_tensor_view(x, 2, x->shape, (ptrdiff_t[]){1, 33}, 0, &turned, &test_err));
  OK(rm_binary_inplace(RM_ADD, x, rm_operand_tensor(turned), &test_err)); /* x += its own transpose */
  for (size_t i = 0; i < 33; i++)
    for (size_t j = 0; j < 33; j++)
      assert_true(rm_tensor_f32(x)[i * 33 + j] == rm_tensor_f32(copy)[i * 33 + j] + rm_tensor_f32(copy)[j * 33 + i]);
  rm_tensor *const held[] = {x, copy, turned};
  for (size_t i = 0; i < 3; i++) rm_tensor_release(held[i]);
}

/* A whole expression with its gradients, in a size that is split among threads. */
static void expression(rm_tensor **y, rm_tensor **da, rm_tensor **db) {
  rm_rng rng = rm_rng_new(9, 0);
  rm_tensor *a = test_normal(&rng, 4, (size_t[]){9, 16, 33, 31}, 0, 1),
            *b = test_normal(&rng, 4, (size_t[]){1, 16, 1, 1}, 0, 1);
  OK(rm_tensor_set_requires_grad(a, true, &test_err));
  OK(rm_tensor_set_requires_grad(b, true, &test_err));
  rm_tensor *p, *q, *dy;
  OK(rm_mul(a, b, &p, &test_err));
  OK(rm_unary(RM_TANH, p, NULL, &q, &test_err));
  OK(rm_div(q, b, y, &test_err));
  OK(rm_tensor_new_like(*y, RM_FLOAT32, &dy, &test_err));
  OK(rm_rng_fill_normal(&rng, dy, 0, 1, &test_err));
  OK(rm_backward(*y, dy, false, &test_err));
  *da = rm_tensor_retain(a->grad);
  *db = rm_tensor_retain(b->grad);
  rm_tensor *const held[] = {a, b, p, q, dy};
  for (size_t i = 0; i < 5; i++) rm_tensor_release(held[i]);
}

static void threads_keep_the_bits(void **state) {
  (void)state;
  rm_tensor *one[3], *two[3];
  size_t before = rm_num_threads();
  OK(rm_set_num_threads(1, &test_err));
  expression(&one[0], &one[1], &one[2]);
  OK(rm_set_num_threads(2, &test_err));
  expression(&two[0], &two[1], &two[2]);
  OK(rm_set_num_threads(before, &test_err));
  for (size_t i = 0; i < 3; i++) {
    assert_memory_equal(rm_tensor_f32(one[i]), rm_tensor_f32(two[i]), one[i]->numel * sizeof(float));
    rm_tensor_release(one[i]);
    rm_tensor_release(two[i]);
  }
}

/* Every allocation of an expression fails once: it says so, and leaks nothing. */
static void memory_may_run_out_anywhere(void **state) {
  (void)state;
  rm_rng rng = rm_rng_new(10, 0);
  rm_tensor *a = test_normal(&rng, 2, (size_t[]){5, 7}, 0, 1), *b = test_normal(&rng, 1, (size_t[]){7}, 0, 1);
  OK(rm_tensor_set_requires_grad(a, true, &test_err));
  OK(rm_tensor_set_requires_grad(b, true, &test_err));
  size_t live = rm_tensor_live();
  bool finished = false;
  for (long n = 0; n < 200 && !finished; n++) {
    rm_tensor *y = NULL, *z = NULL, *dy = NULL;
    rm_alloc_fail_after(n);
    finished = rm_div(a, b, &y, &test_err) == RM_OK && rm_unary(RM_SQUARE, y, NULL, &z, &test_err) == RM_OK &&
               rm_tensor_zeros(RM_FLOAT32, 2, z->shape, &dy, &test_err) == RM_OK &&
               rm_backward(z, dy, false, &test_err) == RM_OK;
    rm_alloc_fail_after(-1);
    if (!finished) assert_int_equal(test_err.code, RM_ERR_MEMORY);
    rm_tensor_release(y);
    rm_tensor_release(z);
    rm_tensor_release(dy);
    OK(rm_tensor_set_grad(a, NULL, &test_err));
    OK(rm_tensor_set_grad(b, NULL, &test_err));
    assert_int_equal(rm_tensor_live(), live);
  }
  assert_true(finished);
  rm_tensor_release(a);
  rm_tensor_release(b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(kernels_match_their_twins),
      cmocka_unit_test(functions_are_within_two_ulps),
      cmocka_unit_test(integer_kernels_match),
      cmocka_unit_test(comparisons_match),
      cmocka_unit_test(any_layout_and_broadcast_gives_the_same),
      cmocka_unit_test(results_keep_the_layout),
      cmocka_unit_test(overlapping_writes_in_place),
      cmocka_unit_test(threads_keep_the_bits),
      cmocka_unit_test(memory_may_run_out_anywhere),
      cmocka_unit_test(nothing_is_left),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
