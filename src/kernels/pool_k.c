/* pool_k.c -- pooling over one window of a channels-last image.
 *
 * A window is kh by kw pixels of c channels each; its rows begin `row` floats apart. The
 * caller has clipped it to the image, so padding never shows up here. Everything runs
 * along channels, in strips of at most 64, so that a strip's results stay in registers
 * or first-level cache while the window passes by. */
#include <stdbool.h>
#include <string.h>
#include "kernels/isa.h"

enum { STRIP = 64 };
RM_INLINE size_t strip_at(size_t done, size_t c) { return c - done < STRIP ? c - done : STRIP; }

/* y = the largest value of the window. A NaN in the window wins. */
void RM_ISA(max_window)(size_t c, size_t kh, size_t kw, size_t row, const float *restrict x, float *restrict y) {
  for (size_t j = 0; j < c; j++) y[j] = x[j];
  for (size_t h = 0; h < kh; h++)
    for (size_t w = 0; w < kw; w++) {
      const float *p = x + h * row + w * c;
      for (size_t j = 0; j < c; j++) {
        float v = p[j], best = y[j];
        best = v > best ? v : best;
        y[j] = v == v ? best : v;
      }
    }
}

/* v where the mask is all ones, 0 where it is 0. */
RM_INLINE float keep(uint32_t mask, float v) {
  union {
    float f;
    uint32_t bits;
  } u = {v};
  u.bits &= mask;
  return u.f;
}

/* dx += dy at the last NaN of the channels whose maximum is one: the pixel that forward took last. */
RM_INLINE void nan_backward(size_t n, size_t c, size_t kh, size_t kw, size_t row, const float *x, const float *y,
                            const float *dy, float *dx) {
  for (size_t j = 0; j < n; j++) {
    if (y[j] == y[j]) continue;
    size_t pixel = kh * kw - 1;
    while (pixel > 0 && x[pixel / kw * row + pixel % kw * c + j] == x[pixel / kw * row + pixel % kw * c + j]) pixel--;
    dx[pixel / kw * row + pixel % kw * c + j] += dy[j];
  }
}

/* dx += dy at the first pixel, in row order, that holds the window's maximum y; at the last NaN if there is one. */
void RM_ISA(max_window_backward)(size_t c, size_t kh, size_t kw, size_t row, const float *restrict x,
                                 const float *restrict y, const float *restrict dy, float *restrict dx) {
  for (size_t done = 0; done < c; done += STRIP) {
    size_t n = strip_at(done, c);
    uint32_t open[STRIP]; /* all ones until the channel's pixel is found: a mask, no branch */
    uint32_t unordered = 0;
    for (size_t j = 0; j < n; j++) {
      open[j] = UINT32_MAX;
      unordered |= y[done + j] != y[done + j];
    }
    if (unordered) nan_backward(n, c, kh, kw, row, x + done, y + done, dy + done, dx + done);
    for (size_t h = 0; h < kh; h++)
      for (size_t w = 0; w < kw; w++) {
        const float *p = x + h * row + w * c + done;
        float *d = dx + h * row + w * c + done;
        for (size_t j = 0; j < n; j++) {
          uint32_t hit = open[j] & -(uint32_t)(p[j] == y[done + j]);
          d[j] += keep(hit, dy[done + j]);
          open[j] &= ~hit;
        }
      }
  }
}

/* --- rows of 2x2 windows that touch but do not overlap (pool_rows.h) ------------------------
 * Loads and stores that lie across two cache lines are what these take their time for: where half a vector holds the
 * channels, it takes half. */
#define LANES RM_VL
#define ROW(name) name##_whole
#include "kernels/pool_rows.h"
#undef ROW
#undef LANES
#define LANES (RM_VL / 2)
#define ROW(name) name##_half
#include "kernels/pool_rows.h"
#undef ROW
#undef LANES

void RM_ISA(max_row)(size_t windows, size_t c, const float *upper, const float *lower, float *y) {
  (c <= RM_VL / 2 ? max_row_half : max_row_whole)(windows, c, upper, lower, y);
}

bool RM_ISA(max_row_backward)(size_t windows, size_t c, const float *upper, const float *lower, const float *y,
                              const float *dy, float *dx_upper, float *dx_lower) {
  return (c <= RM_VL / 2 ? max_row_backward_half : max_row_backward_whole)(windows, c, upper, lower, y, dy, dx_upper,
                                                                           dx_lower);
}

/* y = scale * the sum of the window: line sums first, then their sum, which keeps
 * a whole image's rounding error small. */
void RM_ISA(sum_window)(size_t c, size_t kh, size_t kw, size_t row, float scale, const float *restrict x,
                        float *restrict y) {
  for (size_t done = 0; done < c; done += STRIP) {
    size_t n = strip_at(done, c);
    float total[STRIP] = {0}, line[STRIP];
    for (size_t h = 0; h < kh; h++) {
      const float *p = x + h * row + done;
      for (size_t j = 0; j < n; j++) line[j] = p[j];
      for (size_t w = 1; w < kw; w++) {
        p += c;
        for (size_t j = 0; j < n; j++) line[j] += p[j];
      }
      for (size_t j = 0; j < n; j++) total[j] += line[j];
    }
    for (size_t j = 0; j < n; j++) y[done + j] = total[j] * scale;
  }
}

/* dx += scale * dy at every pixel of the window. */
void RM_ISA(sum_window_backward)(size_t c, size_t kh, size_t kw, size_t row, float scale, const float *restrict dy,
                                 float *restrict dx) {
  for (size_t h = 0; h < kh; h++)
    for (size_t w = 0; w < kw; w++) {
      float *d = dx + h * row + w * c;
      for (size_t j = 0; j < c; j++) d[j] = rm_fma1(scale, dy[j], d[j]);
    }
}
