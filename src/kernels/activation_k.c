/* activation_k.c -- the nonlinearities of networks, over n contiguous floats.
 *
 * Parameters (slope, alpha) come as arrays too: the engine of ops/pointwise/map.c fills a block
 * with a number once, and every kernel has the same form. A backward kernel gets
 * whichever of input x and output y its operator keeps. In-place is fine. */
#include "kernels/isa.h"
#include "kernels/vecmath.h"

#define EACH(n) _Pragma("omp simd") for (size_t i = 0; i < (n); i++)

void RM_ISA(relu_forward)(size_t n, const float *x, float *y) {
  EACH(n) y[i] = x[i] < 0 ? 0 : x[i]; /* NaN passes through */
}
/* dx = dy where the output is positive, or NaN: what passes forward passes backward, as in PyTorch. */
void RM_ISA(relu_backward)(size_t n, const float *y, const float *dy, float *dx) {
  EACH(n) dx[i] = y[i] <= 0 ? 0 : dy[i];
}

void RM_ISA(leaky_relu_forward)(size_t n, const float *x, const float *slope, float *y) {
  EACH(n) y[i] = x[i] > 0 ? x[i] : slope[i] * x[i];
}
void RM_ISA(leaky_relu_backward)(size_t n, const float *x, const float *dy, const float *slope, float *dx) {
  EACH(n) dx[i] = x[i] > 0 ? dy[i] : slope[i] * dy[i];
}

/* alpha (e^x - 1) for x <= 0, by a polynomial near 0, where the difference would cancel. */
RM_INLINE float expm1_negative(float x) {
  float p = 1.9841270e-4f;
  p = p * x + 1.3888889e-3f;
  p = p * x + 8.3333333e-3f;
  p = p * x + 4.1666667e-2f;
  p = p * x + 1.6666667e-1f;
  p = p * x + 0.5f;
  float near = p * x * x + x, far = rm_exp(x) - 1.0f;
  return x > -0.5f ? near : far;
}
void RM_ISA(elu_forward)(size_t n, const float *x, const float *alpha, float *y) {
  EACH(n) {
    float negative = alpha[i] * expm1_negative(x[i] > 0 ? 0 : x[i]);
    y[i] = x[i] > 0 ? x[i] : negative;
  }
}
void RM_ISA(elu_backward)(size_t n, const float *x, const float *dy, const float *alpha, float *dx) {
  EACH(n) {
    float negative = alpha[i] * rm_exp(x[i] > 0 ? 0 : x[i]) * dy[i];
    dx[i] = x[i] <= 0 ? negative : dy[i]; /* at NaN dy, as in PyTorch */
  }
}

void RM_ISA(sigmoid_forward)(size_t n, const float *x, float *y) { EACH(n) y[i] = rm_logistic(x[i]); }
void RM_ISA(sigmoid_backward)(size_t n, const float *y, const float *dy, float *dx) {
  EACH(n) dx[i] = dy[i] * (1 - y[i]) * y[i];
}

void RM_ISA(tanh_forward)(size_t n, const float *x, float *y) { EACH(n) y[i] = rm_tanh(x[i]); }
void RM_ISA(tanh_backward)(size_t n, const float *y, const float *dy, float *dx) {
  EACH(n) dx[i] = dy[i] * (1 - y[i]) * (1 + y[i]);
}

void RM_ISA(silu_forward)(size_t n, const float *x, float *y) { EACH(n) y[i] = x[i] * rm_logistic(x[i]); }
void RM_ISA(silu_backward)(size_t n, const float *x, const float *dy, float *dx) {
  EACH(n) {
    float s = rm_logistic(x[i]);
    dx[i] = dy[i] * s * (1 + x[i] * (1 - s));
  }
}

/* P(X <= x) for a standard normal X, with an absolute error below 1e-7: e^(-x^2/2) times a polynomial is
 * the probability of being further out than |x|. `tail` is e^(-x^2/2).
 * Source: Abramowitz and Stegun, Handbook of mathematical functions, 7.1.26. */
RM_INLINE float normal_below(float x, float tail) {
  float z = 0.70710678f * (x < 0 ? -x : x), t = 1 / (1 + 0.3275911f * z);
  float p = 1.061405429f;
  p = p * t - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  float outside = 0.5f * p * t * tail;
  return x < 0 ? outside : 1 - outside;
}

/* gelu: x P(X <= x). Source: Hendrycks and Gimpel 2016, arXiv:1606.08415. */
void RM_ISA(gelu_forward)(size_t n, const float *x, float *y) {
  EACH(n) y[i] = x[i] * normal_below(x[i], rm_exp(-0.5f * x[i] * x[i]));
}
void RM_ISA(gelu_backward)(size_t n, const float *x, const float *dy, float *dx) {
  EACH(n) {
    float tail = rm_exp(-0.5f * x[i] * x[i]);
    dx[i] = dy[i] * (normal_below(x[i], tail) + x[i] * 0.39894228f * tail);
  }
}

/* Its approximation: x (1 + tanh u) / 2 = x / (1 + e^-2u), u = sqrt(2/pi) (x + 0.044715 x^3). */
void RM_ISA(gelu_tanh_forward)(size_t n, const float *x, float *y) {
  EACH(n) {
    float u = 0.79788456f * x[i] * (1 + 0.044715f * x[i] * x[i]);
    y[i] = x[i] * rm_logistic(u + u);
  }
}
void RM_ISA(gelu_tanh_backward)(size_t n, const float *x, const float *dy, float *dx) {
  EACH(n) {
    float u = 0.79788456f * x[i] * (1 + 0.044715f * x[i] * x[i]);
    float s = rm_logistic(u + u);
    float du = 0.79788456f * (1 + 3 * 0.044715f * x[i] * x[i]);
    dx[i] = dy[i] * s * (1 + x[i] * (1 - s) * 2 * du);
  }
}

/* x between low and high. Unlike clamp's, the gradient is 0 at the limits themselves; relu6 is that of 0 and 6. */
void RM_ISA(hardtanh_forward)(size_t n, const float *x, const float *low, const float *high, float *y) {
  EACH(n) {
    float v = x[i] < low[i] ? low[i] : x[i];
    y[i] = v > high[i] ? high[i] : v;
  }
}
void RM_ISA(hardtanh_backward)(size_t n, const float *x, const float *dy, const float *low, const float *high,
                               float *dx) {
  EACH(n) {
    float above = x[i] <= low[i] ? 0 : dy[i];
    dx[i] = x[i] >= high[i] ? 0 : above; /* at NaN dy */
  }
}

/* The straight lines that stand for sigmoid and silu on small machines: relu6(x + 3) / 6, and x times that.
 * Source: Howard et al. 2019, arXiv:1905.02244, section 5.2. */
RM_INLINE float relu6_of_3(float x) {
  float v = x + 3;
  v = v < 0 ? 0 : v;
  return v > 6 ? 6 : v;
}
void RM_ISA(hardsigmoid_forward)(size_t n, const float *x, float *y) { EACH(n) y[i] = relu6_of_3(x[i]) / 6; }
void RM_ISA(hardsigmoid_backward)(size_t n, const float *x, const float *dy, float *dx) {
  EACH(n) {
    float below = x[i] < 3 ? dy[i] / 6 : 0;
    dx[i] = x[i] > -3 ? below : 0; /* at NaN 0 */
  }
}
void RM_ISA(hardswish_forward)(size_t n, const float *x, float *y) { EACH(n) y[i] = x[i] * relu6_of_3(x[i]) / 6; }
void RM_ISA(hardswish_backward)(size_t n, const float *x, const float *dy, float *dx) {
  EACH(n) {
    float slope = x[i] <= 3 ? dy[i] * (x[i] / 3 + 0.5f) : dy[i]; /* at NaN dy */
    dx[i] = x[i] < -3 ? 0 : slope;
  }
}
