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

/* --- rows of 2x2 windows that touch but do not overlap --------------------------------------
 * With fewer channels than lanes a vector reaches into the next pixels: what it writes there is
 * overwritten when their turn comes, so only the end of a row needs partial vectors. */
RM_INLINE size_t lanes_at(size_t windows, size_t j, size_t c, size_t k) {
  size_t n = c <= RM_VL ? (windows - j) * c : c - k;
  return n < RM_VL ? n : RM_VL;
}

RM_INLINE rm_vec load_lanes(const float *p, size_t n) {
  if (n == RM_VL) return rm_load(p);
  rm_vec v = {0};
  memcpy(&v, p, n * sizeof(float));
  return v;
}

RM_INLINE void store_lanes(float *p, rm_vec v, size_t n) {
  if (n == RM_VL) rm_store(p, v);
  else memcpy(p, &v, n * sizeof(float));
}

RM_INLINE rm_vec larger(rm_vec best, rm_vec v) { /* NaN wins */
  rm_veci take = (v > best) | ~(v == v);
  return (rm_vec)((take & (rm_veci)v) | (~take & (rm_veci)best));
}

/* y (windows, c) from two rows of 2 windows pixels. */
void RM_ISA(max_row)(size_t windows, size_t c, const float *upper, const float *lower, float *y) {
  for (size_t j = 0; j < windows; j++)
    for (size_t k = 0; k < c; k += RM_VL) {
      size_t n = lanes_at(windows, j, c, k), at = 2 * j * c + k;
      rm_vec best = larger(load_lanes(upper + at, n), load_lanes(upper + at + c, n));
      best = larger(best, load_lanes(lower + at, n));
      store_lanes(y + j * c + k, larger(best, load_lanes(lower + at + c, n)), n);
    }
}

/* Writes both rows of dx: dy at the first pixel, in row order, that holds the maximum, 0 elsewhere. Whether a
 * maximum is NaN: its window has got 0 only. */
bool RM_ISA(max_row_backward)(size_t windows, size_t c, const float *upper, const float *lower, const float *y,
                              const float *dy, float *dx_upper, float *dx_lower) {
  rm_veci unordered = {0};
  for (size_t j = 0; j < windows; j++)
    for (size_t k = 0; k < c; k += RM_VL) {
      size_t n = lanes_at(windows, j, c, k), at = 2 * j * c + k;
      rm_vec best = load_lanes(y + j * c + k, n), g = load_lanes(dy + j * c + k, n);
      unordered |= best != best;
      rm_veci first = load_lanes(upper + at, n) == best, second = load_lanes(upper + at + c, n) == best;
      rm_veci third = load_lanes(lower + at, n) == best, fourth = load_lanes(lower + at + c, n) == best;
      store_lanes(dx_upper + at, rm_keep(first, g), n);
      store_lanes(dx_upper + at + c, rm_keep(second & ~first, g), n);
      store_lanes(dx_lower + at, rm_keep(third & ~(first | second), g), n);
      store_lanes(dx_lower + at + c, rm_keep(fourth & ~(first | second | third), g), n);
    }
  for (size_t i = 0; i < RM_VL; i++)
    if (unordered[i]) return true;
  return false;
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
