/* strassen_weights_k.c -- the factors of strassen_k.c's seven products for a weight gradient, where
 * A = x' (channels, pixels) and B = dy (pixels, channels). Products 1 .. 7 are numbered 0 .. 6. */
#include "kernels/tile.h"

enum { PANEL = RM_PANEL };

/* One vector of a factor from its four quarters: x1, y1 of the first pixel's halves, x2, y2 of the second's. */
RM_INLINE rm_vec left_vector(int which, const float *p1, const float *p2, size_t c) {
  rm_vec a11 = rm_load(p1), a21 = rm_load(p1 + c), a12 = rm_load(p2), a22 = rm_load(p2 + c);
  switch (which) {
    case 0: return a11;
    case 1: return a12;
    case 2: return a12 - (a21 + a22 - a11); /* S4 */
    case 3: return a22;
    case 4: return a21 + a22;       /* S1 */
    case 5: return a21 + a22 - a11; /* S2 */
    default: return a11 - a21;      /* S3 */
  }
}

RM_INLINE rm_vec right_vector(int which, const float *p1, const float *p2, size_t n) {
  rm_vec b11 = rm_load(p1), b12 = rm_load(p1 + n), b21 = rm_load(p2), b22 = rm_load(p2 + n);
  switch (which) {
    case 0: return b11;
    case 1: return b21;
    case 2: return b22;
    case 3: return b22 - (b12 - b11) - b21; /* T4 */
    case 4: return b12 - b11;               /* T1 */
    case 5: return b22 - (b12 - b11);       /* T2 */
    default: return b22 - b12;              /* T3 */
  }
}

RM_INLINE void left_rows(int which, size_t half, size_t c, const float *const *x, size_t pitch, float *a) {
  for (size_t p = 0; p < half; p++, a += pitch)
    for (size_t k = 0; k < c; k += RM_VL) rm_store(a + k, left_vector(which, x[p] + k, x[half + p] + k, c));
}

RM_INLINE void right_panels(int which, size_t half, size_t columns, size_t first, size_t count, const float *const *dy,
                            float *b) {
  for (size_t p = 0; p < half; p++, b += PANEL) {
    const float *p1 = dy[p] + first, *p2 = dy[half + p] + first;
    for (size_t n = 0; n < count; n += PANEL) {
      rm_store(b + n * half, right_vector(which, p1 + n, p2 + n, columns));
      rm_store(b + n * half + RM_VL, right_vector(which, p1 + n + RM_VL, p2 + n + RM_VL, columns));
    }
  }
}

/* a (half, c), rows `pitch` apart: the left factor of a product. c: whole vectors. */
void RM_ISA(strassen_left)(int which, size_t half, size_t c, const float *const *x, size_t pitch, float *a) {
  switch (which) {
    case 0: left_rows(0, half, c, x, pitch, a); break;
    case 1: left_rows(1, half, c, x, pitch, a); break;
    case 2: left_rows(2, half, c, x, pitch, a); break;
    case 3: left_rows(3, half, c, x, pitch, a); break;
    case 4: left_rows(4, half, c, x, pitch, a); break;
    case 5: left_rows(5, half, c, x, pitch, a); break;
    default: left_rows(6, half, c, x, pitch, a);
  }
}

/* b: columns first .. first+count-1 of the right factor (half, columns), in panels as direct_weights reads
 * them. All in whole panels. */
void RM_ISA(strassen_right)(int which, size_t half, size_t columns, size_t first, size_t count, const float *const *dy,
                            float *b) {
  switch (which) {
    case 0: right_panels(0, half, columns, first, count, dy, b); break;
    case 1: right_panels(1, half, columns, first, count, dy, b); break;
    case 2: right_panels(2, half, columns, first, count, dy, b); break;
    case 3: right_panels(3, half, columns, first, count, dy, b); break;
    case 4: right_panels(4, half, columns, first, count, dy, b); break;
    case 5: right_panels(5, half, columns, first, count, dy, b); break;
    default: right_panels(6, half, columns, first, count, dy, b);
  }
}

/* Row i of the quarters of dw, columns k .. k+count-1, from the seven sums at m (each of `size` floats).
 * out: C11, C12, C21, C22, each of `count`. */
void RM_ISA(strassen_combine)(size_t size, size_t count, const float *m, float *out) {
  for (size_t k = 0; k < count; k++) {
    float p1 = m[k], u2 = p1 + m[5 * size + k], u3 = u2 + m[6 * size + k], p5 = m[4 * size + k];
    out[k] = p1 + m[size + k];
    out[count + k] = u2 + p5 + m[2 * size + k];
    out[2 * count + k] = u3 - m[3 * size + k];
    out[3 * count + k] = u3 + p5;
  }
}
