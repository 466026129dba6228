/* direct_plan.c -- classes, taps, runs and bands; direct_plan.h says what they are. */
#include <stdint.h>
#include <string.h>
#include "base/number.h"
#include "kernels/kernels.h"
#include "ops/conv/direct_plan.h"
#include "parallel/scratch.h"

enum {
  COPY_FLOATS = 48 * 1024,  /* of a band of one image, */
  GROUP_FLOATS = 96 * 1024, /* or of several: half of a second-level cache */
  WINDOW_FLOATS = 64 * 1024 /* under the pixels handed over at a time */
};

/* --- classes -------------------------------------------------------------------------- */
static void forward_class(const rm_conv_shape *s, rm_direct_class *c) {
  *c = (rm_direct_class){.rows = s->oh, .cols = s->ow};
  for (size_t r = 0; r < s->r; r++)
    for (size_t t = 0; t < s->s; t++, c->taps++) {
      c->tap[0][c->taps] = r * s->s + t;
      c->a[c->taps] = (ptrdiff_t)(r * s->dil_h) - (ptrdiff_t)s->pad_h;
      c->b[c->taps] = (ptrdiff_t)(t * s->dil_w) - (ptrdiff_t)s->pad_w;
    }
}

/* If pixel p of x is read by tap t of some output: that output, from p / stride. */
static bool divides(size_t p, size_t pad, size_t t, size_t dilation, size_t stride, ptrdiff_t *output) {
  ptrdiff_t distance = (ptrdiff_t)(p + pad) - (ptrdiff_t)(t * dilation);
  *output = distance / (ptrdiff_t)stride;
  return distance % (ptrdiff_t)stride == 0;
}

/* Pixels (row + i*stride, col + j*stride) of x. Taps from last to first: their places ascend. */
static void gradient_class(const rm_conv_shape *s, size_t row, size_t col, rm_direct_class *c) {
  *c = (rm_direct_class){.first_row = row,
                         .first_col = col,
                         .rows = row < s->h ? (s->h - row - 1) / s->stride_h + 1 : 0,
                         .cols = col < s->w ? (s->w - col - 1) / s->stride_w + 1 : 0};
  for (size_t r = s->r; r-- > 0;)
    for (size_t t = s->s; t-- > 0;) {
      ptrdiff_t a, b;
      if (!divides(row, s->pad_h, r, s->dil_h, s->stride_h, &a)) continue;
      if (!divides(col, s->pad_w, t, s->dil_w, s->stride_w, &b)) continue;
      c->tap[0][c->taps] = r * s->s + t;
      c->a[c->taps] = a;
      c->b[c->taps++] = b;
    }
}

/* --- neighbors taken together ---------------------------------------------------------- */
/* The place of (a, b) among the taps, which ascend; a new one if it is not there. */
static size_t find_tap(rm_direct_class *c, ptrdiff_t a, ptrdiff_t b) {
  size_t t = c->taps;
  while (t > 0 && (c->a[t - 1] > a || (c->a[t - 1] == a && c->b[t - 1] > b))) t--;
  if (t > 0 && c->a[t - 1] == a && c->b[t - 1] == b) return t - 1;
  if (c->taps == RM_DIRECT_TAPS) return RM_DIRECT_NO_TAP;
  for (size_t u = c->taps++; u > t; u--) {
    c->a[u] = c->a[u - 1], c->b[u] = c->b[u - 1];
    for (size_t g = 0; g < RM_DIRECT_WIDE; g++) c->tap[g][u] = c->tap[g][u - 1];
  }
  c->a[t] = a, c->b[t] = b;
  for (size_t g = 0; g < RM_DIRECT_WIDE; g++) c->tap[g][t] = RM_DIRECT_NO_TAP;
  return t;
}

/* Class c with `wide` neighbors as one pixel; false if there is no room for all taps. */
static bool widened(const rm_direct *d, const rm_direct_class *c, size_t wide, rm_direct_class *out) {
  *out = *c;
  out->taps = 0;
  out->cols = c->cols / wide;
  for (size_t t = 0; t < c->taps; t++)
    for (size_t g = 0; g < wide; g++) {
      size_t at = find_tap(out, c->a[t], c->b[t] + (ptrdiff_t)(g * d->step_w));
      if (at == RM_DIRECT_NO_TAP) return false;
      out->tap[g][at] = c->tap[0][t];
    }
  return true;
}

/* Multiplications for an output pixel, empty lanes included, in units of 1 / RM_DIRECT_WIDE. */
static size_t cost(const rm_direct *d, size_t taps, size_t wide) {
  return taps * rm_kernel_table()->direct_packed(1, wide * d->out_cg) * (RM_DIRECT_WIDE / wide);
}

static void widen(rm_direct *d) {
  rm_direct_class *c = &d->class[0], best = *c, trial;
  if (d->groups > 1 || d->classes > 1) return;
  for (size_t wide = 2; wide <= RM_DIRECT_WIDE; wide *= 2) {
    if (c->cols % wide || wide * d->out_cg > RM_DIRECT_WIDE_COLUMNS || !widened(d, c, wide, &trial)) continue;
    if (cost(d, trial.taps, wide) < cost(d, best.taps, d->wide)) best = trial, d->wide = wide;
  }
  *c = best;
  d->out_cg *= d->wide;
  d->step_w *= d->wide;
  d->out_step_w *= d->wide;
}

/* --- runs ----------------------------------------------------------------------------------- */
/* Taps that lie one behind the other become one run, where all runs get the same length. */
static void find_runs(const rm_direct *d, rm_direct_class *c) {
  for (size_t t = 0; t < c->taps; t++)
    c->offsets[t] = ((c->a[t] - d->lo_h) * (ptrdiff_t)d->pitch + c->b[t] - d->lo_w) * (ptrdiff_t)d->in_c;
  c->runs = c->taps;
  c->length = d->in_cg;
  size_t each = 1;
  while (each < c->taps && c->offsets[each] == c->offsets[0] + (ptrdiff_t)(each * c->length)) each++;
  if (c->taps == 0 || c->taps % each != 0) return;
  for (size_t t = 0; t < c->taps; t++)
    if (c->offsets[t] != c->offsets[t / each * each] + (ptrdiff_t)(t % each * c->length)) return;
  for (size_t r = 0; r < c->taps / each; r++) c->offsets[r] = c->offsets[r * each];
  c->runs = c->taps / each;
  c->length *= each;
}

/* --- bands ---------------------------------------------------------------------------------- */
/* Rows of input under `rows` rows of output. */
static size_t rows_under(const rm_direct *d, size_t rows) {
  return (rows - 1) * d->step_h + (size_t)(d->hi_h - d->lo_h) + 1;
}

/* Floats of input under one image's part of a band. */
static size_t image_floats(const rm_direct *d) { return rows_under(d, d->band) * d->pitch * d->in_c; }

size_t rm_direct_scratch(const rm_direct *d) {
  return ((d->inside ? 0 : d->images * image_floats(d)) + 64) * sizeof(float); /* kernels may look past the end */
}

static void extents(rm_direct *d) {
  bool any = false;
  for (size_t i = 0; i < d->classes; i++) {
    rm_direct_class *c = &d->class[i];
    d->rows = rm_larger(d->rows, c->rows);
    d->cols = rm_larger(d->cols, c->cols);
    for (size_t t = 0; t < c->taps; t++, any = true) {
      d->lo_h = !any || c->a[t] < d->lo_h ? c->a[t] : d->lo_h;
      d->hi_h = !any || c->a[t] > d->hi_h ? c->a[t] : d->hi_h;
      d->lo_w = !any || c->b[t] < d->lo_w ? c->b[t] : d->lo_w;
      d->hi_w = !any || c->b[t] > d->hi_w ? c->b[t] : d->hi_w;
    }
  }
}

/* The largest one up to n: batches mostly are multiples of it, so that threads get equal shares. */
static size_t power_of_two(size_t n) {
  size_t p = 1;
  while (2 * p <= n) p *= 2;
  return p;
}

static void cut_bands(rm_direct *d) {
  d->pixels = rm_smaller(rm_larger(WINDOW_FLOATS / d->in_c, 48), RM_DIRECT_PIXELS);
  size_t row = d->pitch * d->in_c * d->step_h, rows = rm_larger(COPY_FLOATS / row, 1);
  if (d->inside) rows = rm_larger(rows, d->pixels / d->cols);
  d->band = rm_smaller(d->rows, rows);
  d->images = 1;
  if (d->band == d->rows) {
    d->images = rm_larger(d->pixels / (d->rows * d->cols), 1);
    if (!d->inside) d->images = rm_smaller(d->images, rm_larger(GROUP_FLOATS / image_floats(d), 1));
    d->images = rm_smaller(power_of_two(d->images), d->n);
    d->bands = (d->n + d->images - 1) / d->images;
  } else d->bands = d->n * ((d->rows + d->band - 1) / d->band);
}

static void plan(rm_direct *d, bool copy) {
  extents(d);
  ptrdiff_t last_h = (ptrdiff_t)((d->rows - 1) * d->step_h) + d->hi_h;
  ptrdiff_t last_w = (ptrdiff_t)((d->cols - 1) * d->step_w) + d->hi_w;
  d->inside = !copy && d->lo_h >= 0 && d->lo_w >= 0 && last_h < (ptrdiff_t)d->in_h && last_w < (ptrdiff_t)d->in_w;
  d->pitch = d->inside ? d->in_w : (size_t)(last_w - d->lo_w + 1);
  cut_bands(d);
  for (size_t i = 0; i < d->classes; i++) find_runs(d, &d->class[i]);
}

/* --- the input of a band -------------------------------------------------------------------- */
static void copy_row(const rm_direct *d, const float *image, ptrdiff_t h, float *to) {
  size_t left = d->lo_w < 0 ? rm_smaller((size_t)-d->lo_w, d->pitch) : 0, from = d->lo_w > 0 ? (size_t)d->lo_w : 0;
  size_t width = from < d->in_w ? rm_smaller(d->in_w - from, d->pitch - left) : 0;
  if (h < 0 || h >= (ptrdiff_t)d->in_h) {
    memset(to, 0, d->pitch * d->in_c * sizeof(float));
    return;
  }
  memset(to, 0, left * d->in_c * sizeof(float));
  memcpy(to + left * d->in_c, image + ((size_t)h * d->in_w + from) * d->in_c, width * d->in_c * sizeof(float));
  memset(to + (left + width) * d->in_c, 0, (d->pitch - left - width) * d->in_c * sizeof(float));
}

rm_direct_band rm_direct_input(const rm_direct *d, size_t index) {
  size_t each = (d->rows + d->band - 1) / d->band, first = index % each * d->band, image = index / each * d->images;
  rm_direct_band b = {.image = image,
                      .images = rm_smaller(d->images, d->n - image),
                      .row = first,
                      .rows = rm_smaller(d->band, d->rows - first)};
  size_t size = d->in_h * d->in_w * d->in_c;
  const float *in = d->in + image * size;
  ptrdiff_t h = (ptrdiff_t)(first * d->step_h) + d->lo_h;
  if (d->inside) {
    b.in = in + ((size_t)h * d->in_w + (size_t)d->lo_w) * d->in_c;
    b.image_pitch = size;
    return b;
  }
  float *copy = rm_scratch(0, rm_direct_scratch(d));
  b.in = copy;
  b.image_pitch = image_floats(d);
  for (size_t n = 0; n < b.images; n++)
    for (size_t i = 0; i < rows_under(d, b.rows); i++)
      copy_row(d, in + n * size, h + (ptrdiff_t)i, copy + n * b.image_pitch + i * d->pitch * d->in_c);
  return b;
}

void rm_direct_pixels(const rm_direct *d, const rm_direct_class *c, const rm_direct_band *band, size_t rows,
                      size_t begin, size_t count, size_t g, const float **from, float **to, float *out) {
  size_t j = begin % c->cols, i = begin / c->cols % rows, image = begin / c->cols / rows;
  size_t right = d->step_w * d->in_c, out_right = d->out_step_w * d->out_c, out_image = d->out_h * d->out_w * d->out_c;
  for (size_t p = 0; p < count; image++, i = 0)
    for (; i < rows && p < count; i++, j = 0) {
      const float *a = band->in + image * band->image_pitch + i * d->step_h * d->pitch * d->in_c + g * d->in_cg;
      size_t last = rm_smaller(c->cols, j + count - p);
      if (to) {
        float *y = out + image * out_image + i * d->out_step_h * d->out_w * d->out_c + g * d->out_cg;
        for (size_t k = j; k < last; k++) to[p + k - j] = y + k * out_right;
      }
      for (; j < last; j++) from[p++] = a + j * right;
    }
}

/* --- the two problems ----------------------------------------------------------------------- */
void rm_direct_forward(const rm_conv_shape *s, bool wide, bool copy, rm_direct *d) {
  *d = (rm_direct){.n = s->n,
                   .in_h = s->h,
                   .in_w = s->w,
                   .in_c = s->c,
                   .out_h = s->oh,
                   .out_w = s->ow,
                   .out_c = s->k,
                   .groups = s->groups,
                   .in_cg = s->cg,
                   .out_cg = s->kg,
                   .step_h = s->stride_h,
                   .step_w = s->stride_w,
                   .out_step_h = 1,
                   .out_step_w = 1,
                   .wide = 1,
                   .classes = 1};
  forward_class(s, &d->class[0]);
  if (wide) widen(d);
  plan(d, copy);
}

void rm_direct_gradient(const rm_conv_shape *s, rm_direct *d) {
  *d = (rm_direct){.n = s->n,
                   .in_h = s->oh,
                   .in_w = s->ow,
                   .in_c = s->k,
                   .out_h = s->h,
                   .out_w = s->w,
                   .out_c = s->c,
                   .groups = s->groups,
                   .in_cg = s->kg,
                   .out_cg = s->cg,
                   .step_h = 1,
                   .step_w = 1,
                   .out_step_h = s->stride_h,
                   .out_step_w = s->stride_w,
                   .wide = 1};
  for (size_t row = 0; row < s->stride_h; row++)
    for (size_t col = 0; col < s->stride_w; col++) gradient_class(s, row, col, &d->class[d->classes++]);
  widen(d);
  plan(d, false);
}
