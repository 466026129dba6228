/* optim_k.c -- one step of an optimizer over n contiguous floats.
 *
 * g is the gradient, p the parameter, the others what the optimizer remembers. Every
 * pass reads and writes each array once, whatever the options; the constants come
 * ready-made, computed in double. The arrays do not overlap. */
#include <math.h>
#include "kernels/isa.h"

void RM_ISA(sgd_step)(size_t n, const float *restrict g, float *restrict p, float lr, float decay) {
  for (size_t i = 0; i < n; i++) p[i] = rm_nfma1(lr, rm_fma1(decay, p[i], g[i]), p[i]);
}

/* v = keep * v + take * g;  p -= lr * (ahead * v + now * g).
 * Plain momentum has ahead = 1, now = 0; Nesterov's has ahead = momentum, now = 1. */
void RM_ISA(sgd_momentum_step)(size_t n, const float *restrict g, float *restrict v, float *restrict p, float lr,
                               float decay, float keep, float take, float ahead, float now) {
  for (size_t i = 0; i < n; i++) {
    float d = rm_fma1(decay, p[i], g[i]);
    float speed = rm_fma1(keep, v[i], take * d);
    v[i] = speed;
    p[i] = rm_nfma1(lr, rm_fma1(ahead, speed, now * d), p[i]);
  }
}

/* m and s: running means of the gradient and of its square.
 * p = shrink * p - lr * m / (sqrt(s) * widen + eps), with the corrections of the running
 * means' start at zero inside lr (1 / (1 - b1^t)) and widen (1 / sqrt(1 - b2^t)). */
void RM_ISA(adam_step)(size_t n, const float *restrict g, float *restrict m, float *restrict s, float *restrict p,
                       float lr, float decay, float shrink, float b1, float b2, float widen, float eps) {
  float a1 = 1 - b1, a2 = 1 - b2;
  for (size_t i = 0; i < n; i++) {
    float d = rm_fma1(decay, p[i], g[i]);
    m[i] = rm_fma1(b1, m[i], a1 * d);
    s[i] = rm_fma1(b2, s[i], a2 * d * d);
    p[i] = rm_fma1(shrink, p[i], -(lr * m[i] / rm_fma1(sqrtf(s[i]), widen, eps)));
  }
}

/* s: running mean of the squared gradient; a: of the gradient, when centered; v: the
 * velocity, with momentum. The compiler sees four variants, so that no loop asks which. */
RM_INLINE void rmsprop(size_t n, const float *restrict g, float *restrict s, float *restrict a, float *restrict v,
                       float *restrict p, float lr, float decay, float alpha, float momentum, float eps, int centered,
                       int moving) {
  float beta = 1 - alpha;
  for (size_t i = 0; i < n; i++) {
    float d = rm_fma1(decay, p[i], g[i]);
    float q = rm_fma1(alpha, s[i], beta * d * d);
    s[i] = q;
    if (centered) {
      a[i] = rm_fma1(alpha, a[i], beta * d);
      q = rm_nfma1(a[i], a[i], q);
      q = q < 0 ? 0 : q; /* a variance; rounding may say otherwise */
    }
    float u = d / (sqrtf(q) + eps);
    if (moving) {
      v[i] = rm_fma1(momentum, v[i], u);
      u = v[i];
    }
    p[i] = rm_nfma1(lr, u, p[i]);
  }
}

void RM_ISA(rmsprop_step)(size_t n, const float *g, float *s, float *a, float *v, float *p, float lr, float decay,
                          float alpha, float momentum, float eps) {
  if (a && v) rmsprop(n, g, s, a, v, p, lr, decay, alpha, momentum, eps, 1, 1);
  else if (a) rmsprop(n, g, s, a, v, p, lr, decay, alpha, momentum, eps, 1, 0);
  else if (v) rmsprop(n, g, s, a, v, p, lr, decay, alpha, momentum, eps, 0, 1);
  else rmsprop(n, g, s, a, v, p, lr, decay, alpha, momentum, eps, 0, 0);
}

/* Sum of squares: floats within a run of 16 lanes, lanes added in double. */
double RM_ISA(sum_squares)(size_t n, const float *x) {
  enum { LANES = 16, RUN = 512 };
  double total = 0;
  for (size_t start = 0; start < n; start += RUN) {
    size_t end = n - start < RUN ? n : start + RUN, i = start;
    float lane[LANES] = {0};
    for (; i + LANES <= end; i += LANES)
      for (size_t k = 0; k < LANES; k++) lane[k] = rm_fma1(x[i + k], x[i + k], lane[k]);
    for (; i < end; i++) lane[i % LANES] = rm_fma1(x[i], x[i], lane[i % LANES]);
    for (size_t k = 0; k < LANES; k++) total += lane[k];
  }
  return total;
}

/* The largest |x|; NaN if there is one. */
float RM_ISA(max_abs)(size_t n, const float *x) {
  float best = 0;
  int nan = 0;
  for (size_t i = 0; i < n; i++) {
    float a = fabsf(x[i]);
    best = a > best ? a : best;
    nan |= a != a;
  }
  return nan ? NAN : best;
}

void RM_ISA(scale)(size_t n, const float *x, float a, float *y) {
  for (size_t i = 0; i < n; i++) y[i] = a * x[i];
}
