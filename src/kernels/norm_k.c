/* norm_k.c -- batch normalization over a matrix of rows by c columns.
 *
 * Channels-last, an activation is such a matrix: a row is a pixel, a column a channel,
 * and everything batch norm does runs along columns. So each loop walks over rows outside
 * and columns inside, where the compiler vectorizes it; four rows at a time where sums are
 * taken, so that the sums are loaded and stored once for four rows.
 *
 * The normalized value is always (x - mean) * scale + shift, in this order, in every kernel:
 * backward recomputes it to find where relu cut, and must find the same sign as forward did.
 * The difference first also keeps the digits when the mean is large against the deviation.
 *
 * Sums are float: a caller passes a block of some dozen rows and adds blocks in double. */
#include "kernels/isa.h"

/* sum[j] = the sum of column j. */
void RM_ISA(column_sums)(size_t rows, size_t c, const float *restrict x, float *restrict sum) {
  for (size_t j = 0; j < c; j++) sum[j] = 0;
  size_t r = 0;
  for (; r + 4 <= rows; r += 4, x += 4 * c) {
    const float *x1 = x + c, *x2 = x1 + c, *x3 = x2 + c;
    for (size_t j = 0; j < c; j++) sum[j] += (x[j] + x1[j]) + (x2[j] + x3[j]);
  }
  for (; r < rows; r++, x += c)
    for (size_t j = 0; j < c; j++) sum[j] += x[j];
}

/* sum[j] = the sum of (x - mean[j])^2 over column j. */
void RM_ISA(column_squares)(size_t rows, size_t c, const float *restrict x, const float *restrict mean,
                            float *restrict sum) {
  for (size_t j = 0; j < c; j++) sum[j] = 0;
  size_t r = 0;
  for (; r + 4 <= rows; r += 4, x += 4 * c) {
    const float *x1 = x + c, *x2 = x1 + c, *x3 = x2 + c;
    for (size_t j = 0; j < c; j++) {
      float d0 = x[j] - mean[j], d1 = x1[j] - mean[j], d2 = x2[j] - mean[j], d3 = x3[j] - mean[j];
      sum[j] += rm_fma1(d0, d0, d1 * d1) + rm_fma1(d2, d2, d3 * d3);
    }
  }
  for (; r < rows; r++, x += c)
    for (size_t j = 0; j < c; j++) {
      float d = x[j] - mean[j];
      sum[j] = rm_fma1(d, d, sum[j]);
    }
}

/* --- forward ------------------------------------------------------------------------- */
RM_INLINE void forward(size_t rows, size_t c, const float *restrict x, const float *restrict mean,
                       const float *restrict scale, const float *restrict shift, const float *restrict add,
                       bool has_add, bool relu, float *restrict y) {
  for (size_t r = 0; r < rows; r++, x += c, y += c) {
    for (size_t j = 0; j < c; j++) {
      float v = rm_fma1(x[j] - mean[j], scale[j], shift[j]);
      if (has_add) v += add[j];
      y[j] = relu && v < 0 ? 0 : v;
    }
    if (has_add) add += c;
  }
}

/* y = (x - mean) * scale + shift, plus add unless NULL, then relu if asked for. */
void RM_ISA(norm_forward)(size_t rows, size_t c, const float *x, const float *mean, const float *scale,
                          const float *shift, const float *add, bool relu, float *y) {
  if (add && relu) forward(rows, c, x, mean, scale, shift, add, true, true, y);
  else if (add) forward(rows, c, x, mean, scale, shift, add, true, false, y);
  else if (relu) forward(rows, c, x, mean, scale, shift, add, false, true, y);
  else forward(rows, c, x, mean, scale, shift, add, false, false, y);
}

/* --- backward ------------------------------------------------------------------------ */
/* The gradient in front of relu: dy where the output was not cut to 0. The output is y where it
 * was stored (FROM_Y), or is recomputed from x (FROM_X). */
enum { NO_RELU, FROM_X, FROM_Y };
RM_INLINE float masked(int relu, float x, float mean, float scale, float shift, float y, float dy) {
  if (relu == FROM_X) y = rm_fma1(x - mean, scale, shift);
  return relu != NO_RELU && y <= 0 ? 0 : dy; /* at NaN dy, as relu_backward has it */
}

/* What becomes of g: dropped, written to dadd, or written over dy. */
enum { DROP, TO_DADD, TO_DY };
RM_INLINE void sums(size_t rows, size_t c, const float *restrict x, const float *restrict y, float *restrict dy,
                    const float *restrict mean, const float *restrict scale, const float *restrict shift,
                    float *restrict sum, float *restrict dot, float *restrict dadd, int relu, int keep) {
  for (size_t j = 0; j < c; j++) sum[j] = dot[j] = 0;
  for (size_t r = 0; r < rows; r++) {
    for (size_t j = 0; j < c; j++) {
      float g = masked(relu, x[j], mean[j], scale[j], shift[j], relu == FROM_Y ? y[j] : 0, dy[j]);
      sum[j] += g;
      dot[j] = rm_fma1(g, x[j] - mean[j], dot[j]);
      if (keep == TO_DADD) dadd[j] = g;
      if (keep == TO_DY) dy[j] = g;
    }
    x += c, dy += c;
    if (relu == FROM_Y) y += c;
    if (keep == TO_DADD) dadd += c;
  }
}

/* With g the gradient in front of relu: sum[j] = sum of g, dot[j] = sum of g * (x - mean).
 * relu with y: the mask is y > 0; relu without: it is recomputed. dadd, unless NULL, gets g; it
 * may be dy. */
void RM_ISA(norm_sums)(size_t rows, size_t c, const float *x, const float *y, const float *dy, const float *mean,
                       const float *scale, const float *shift, bool relu, float *sum, float *dot, float *dadd) {
  float *g = (float *)dy; /* written only where it is dadd */
  if (!relu) sums(rows, c, x, y, g, mean, scale, shift, sum, dot, dadd, NO_RELU, DROP);
  else if (!y) sums(rows, c, x, y, g, mean, scale, shift, sum, dot, dadd, FROM_X, DROP);
  else if (!dadd) sums(rows, c, x, y, g, mean, scale, shift, sum, dot, dadd, FROM_Y, DROP);
  else if (dadd != dy) sums(rows, c, x, y, g, mean, scale, shift, sum, dot, dadd, FROM_Y, TO_DADD);
  else sums(rows, c, x, y, dadd, mean, scale, shift, sum, dot, NULL, FROM_Y, TO_DY);
}

RM_INLINE void backward(size_t rows, size_t c, const float *restrict x, const float *restrict y, float *restrict dy,
                        const float *restrict mean, const float *restrict scale, const float *restrict shift,
                        const float *restrict slope, const float *restrict offset, float *restrict dx, int relu,
                        bool in_place) {
  for (size_t r = 0; r < rows; r++, x += c, dy += c) {
    for (size_t j = 0; j < c; j++) {
      float g = masked(relu, x[j], mean[j], scale[j], shift[j], relu == FROM_Y ? y[j] : 0, dy[j]);
      float d = rm_fma1(g, scale[j], rm_fma1(x[j] - mean[j], slope[j], offset[j]));
      if (in_place) dy[j] = d;
      else dx[j] = d;
    }
    if (relu == FROM_Y) y += c;
    if (!in_place) dx += c;
  }
}

/* dx = g * scale + (x - mean) * slope + offset, with g as above. dx may be dy. */
void RM_ISA(norm_backward)(size_t rows, size_t c, const float *x, const float *y, const float *dy, const float *mean,
                           const float *scale, const float *shift, bool relu, const float *slope, const float *offset,
                           float *dx) {
  float *g = (float *)dy; /* written only where it is dx */
  int mask = !relu ? NO_RELU : !y ? FROM_X : FROM_Y;
  if (dx == dy) {
    if (mask == NO_RELU) backward(rows, c, x, y, dx, mean, scale, shift, slope, offset, NULL, NO_RELU, true);
    else if (mask == FROM_X) backward(rows, c, x, y, dx, mean, scale, shift, slope, offset, NULL, FROM_X, true);
    else backward(rows, c, x, y, dx, mean, scale, shift, slope, offset, NULL, FROM_Y, true);
  } else {
    if (mask == NO_RELU) backward(rows, c, x, y, g, mean, scale, shift, slope, offset, dx, NO_RELU, false);
    else if (mask == FROM_X) backward(rows, c, x, y, g, mean, scale, shift, slope, offset, dx, FROM_X, false);
    else backward(rows, c, x, y, g, mean, scale, shift, slope, offset, dx, FROM_Y, false);
  }
}
