/* strassen_weights_k.c -- the factors of strassen_k.c's seven products for a weight gradient, where
 * A = x' (channels, pixels) and B = dy (pixels, channels). Products 1 .. 7 are numbered 0 .. 6. */
#include "kernels/tile.h"

enum { PANEL = RM_PANEL };

/* The left factors of `half` pairs of pixels (i, half + i), channels first .. first+count-1 of each half of 2c: a (7, half, pitch).
 * All seven at once, since reading the pixels costs as much as writing the factors. count: whole vectors. */
void RM_ISA(strassen_left)(size_t half, size_t c, size_t first, size_t count, const float *const *x, size_t pitch,
                           float *a) {
  size_t size = half * pitch;
  for (size_t p = 0; p < half; p++, a += pitch) {
    const float *p1 = x[p] + first, *p2 = x[half + p] + first;
    for (size_t k = 0; k < count; k += RM_VL) {
      rm_vec a11 = rm_load(p1 + k), a21 = rm_load(p1 + c + k), a12 = rm_load(p2 + k), a22 = rm_load(p2 + c + k);
      rm_vec s1 = a21 + a22, s2 = s1 - a11;
      rm_store(a + k, a11);
      rm_store(a + size + k, a12);
      rm_store(a + 2 * size + k, a12 - s2); /* S4 */
      rm_store(a + 3 * size + k, a22);
      rm_store(a + 4 * size + k, s1);
      rm_store(a + 5 * size + k, s2);
      rm_store(a + 6 * size + k, a11 - a21); /* S3 */
    }
  }
}

/* The right factors, columns first .. first+PANEL-1 of each half of dy's 2 columns: b (7, half, PANEL). */
void RM_ISA(strassen_right)(size_t half, size_t columns, size_t first, const float *const *dy, float *b) {
  size_t size = half * PANEL;
  for (size_t p = 0; p < half; p++, b += PANEL) {
    const float *p1 = dy[p] + first, *p2 = dy[half + p] + first;
    for (size_t n = 0; n < PANEL; n += RM_VL) {
      rm_vec b11 = rm_load(p1 + n), b12 = rm_load(p1 + columns + n), b21 = rm_load(p2 + n),
             b22 = rm_load(p2 + columns + n);
      rm_vec t1 = b12 - b11, t2 = b22 - t1;
      rm_store(b + n, b11);
      rm_store(b + size + n, b21);
      rm_store(b + 2 * size + n, b22);
      rm_store(b + 3 * size + n, t2 - b21); /* T4 */
      rm_store(b + 4 * size + n, t1);
      rm_store(b + 5 * size + n, t2);
      rm_store(b + 6 * size + n, b22 - b12); /* T3 */
    }
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
