/* naive.c -- convolution as its definition reads: the twin that the fast methods are
 * tested against. Sums are kept in double. */
#include "parallel/interrupt.h"
#include "ops/conv/method.h"

static bool fits(const rm_conv_shape *s) {
  (void)s;
  return true;
}

/* Where tap t of output position o reads, or -1 in the padding. */
static ptrdiff_t source(size_t o, size_t t, size_t stride, size_t pad, size_t dilation, size_t extent) {
  ptrdiff_t i = (ptrdiff_t)(o * stride + t * dilation) - (ptrdiff_t)pad;
  return i < (ptrdiff_t)extent ? i : -1;
}

static const float *at_x(const rm_conv_shape *s, const float *x, size_t n, size_t i, size_t j, size_t k, size_t c) {
  return x + ((n * s->h + i) * s->w + j) * s->c + k / s->kg * s->cg + c;
}

static const float *at_w(const rm_conv_shape *s, const float *w, size_t k, size_t c, size_t r, size_t t) {
  return w + ((k * s->cg + c) * s->r + r) * s->s + t;
}

static double output(const rm_conv_shape *s, const float *x, const float *w, size_t n, size_t i, size_t j, size_t k) {
  double sum = 0;
  for (size_t r = 0; r < s->r; r++)
    for (size_t t = 0; t < s->s; t++) {
      ptrdiff_t h = source(i, r, s->stride_h, s->pad_h, s->dil_h, s->h);
      ptrdiff_t v = source(j, t, s->stride_w, s->pad_w, s->dil_w, s->w);
      for (size_t c = 0; h >= 0 && v >= 0 && c < s->cg; c++)
        sum += (double)*at_x(s, x, n, h, v, k, c) * *at_w(s, w, k, c, r, t);
    }
  return sum;
}

static rm_status forward(const rm_conv_shape *s, const rm_conv_pixels *x, const float *w, const rm_conv_finish *finish,
                         float *y, rm_error *err) {
  (void)err;
  float *next = y;
  for (size_t n = 0; n < s->n; n++)
    for (size_t i = 0; i < s->oh && !rm_broken(); i++)
      for (size_t j = 0; j < s->ow; j++)
        for (size_t k = 0; k < s->k; k++)
          *next++ = (float)(output(s, x->x, w, n, i, j, k) + (finish->bias ? finish->bias[k] : 0));
  rm_conv_finish_pass(s, finish, y);
  return RM_OK;
}

/* The sum over all outputs that x[n,h,v,group's c] reached. */
static double input_sum(const rm_conv_shape *s, const float *dy, const float *w, size_t n, size_t h, size_t v,
                        size_t channel) {
  double sum = 0;
  size_t group = channel / s->cg, c = channel % s->cg;
  for (size_t i = 0; i < s->oh; i++)
    for (size_t r = 0; r < s->r; r++) {
      if (source(i, r, s->stride_h, s->pad_h, s->dil_h, s->h) != (ptrdiff_t)h) continue;
      for (size_t j = 0; j < s->ow; j++)
        for (size_t t = 0; t < s->s; t++) {
          if (source(j, t, s->stride_w, s->pad_w, s->dil_w, s->w) != (ptrdiff_t)v) continue;
          for (size_t k = group * s->kg; k < (group + 1) * s->kg; k++)
            sum += (double)dy[((n * s->oh + i) * s->ow + j) * s->k + k] * *at_w(s, w, k, c, r, t);
        }
    }
  return sum;
}

static rm_status input_gradient(const rm_conv_shape *s, const float *dy, const float *w, float *dx, rm_error *err) {
  (void)err;
  for (size_t n = 0; n < s->n; n++)
    for (size_t h = 0; h < s->h && !rm_broken(); h++)
      for (size_t v = 0; v < s->w; v++)
        for (size_t c = 0; c < s->c; c++) *dx++ = (float)input_sum(s, dy, w, n, h, v, c);
  return RM_OK;
}

static double weight_sum(const rm_conv_shape *s, const float *x, const float *dy, size_t k, size_t c, size_t r,
                         size_t t) {
  double sum = 0;
  for (size_t n = 0; n < s->n; n++)
    for (size_t i = 0; i < s->oh; i++)
      for (size_t j = 0; j < s->ow; j++) {
        ptrdiff_t h = source(i, r, s->stride_h, s->pad_h, s->dil_h, s->h);
        ptrdiff_t v = source(j, t, s->stride_w, s->pad_w, s->dil_w, s->w);
        if (h >= 0 && v >= 0) sum += (double)*at_x(s, x, n, h, v, k, c) * dy[((n * s->oh + i) * s->ow + j) * s->k + k];
      }
  return sum;
}

static rm_status weight_gradient(const rm_conv_shape *s, const rm_conv_pixels *x, const float *dy, float *dw,
                                 rm_error *err) {
  (void)err;
  for (size_t k = 0; k < s->k; k++)
    for (size_t c = 0; c < s->cg && !rm_broken(); c++)
      for (size_t r = 0; r < s->r; r++)
        for (size_t t = 0; t < s->s; t++) *dw++ = (float)weight_sum(s, x->x, dy, k, c, r, t);
  return RM_OK;
}

const rm_conv_method rm_conv_naive = {"naive",         fits, fits, forward, input_gradient,
                                      weight_gradient, NULL, NULL, NULL,    false};
