/* strided_weights_k.c -- weights of a 3x3 convolution with stride 2 to the positions of strided.h, and their gradient
 * back. Weights lie as (column, row, 3, 3): 16 columns of a row are turned around at a time. */
#include "kernels/strided.h"
#include "kernels/tile.h"
#include <string.h>

enum { BLOCK = 16, PANEL = RM_PANEL };

#define P1 0.375
#define P2 1.25
static const float p1 = P1, p2 = P2;
/* Lagrange weights of +P1 and +P2; those of -P1 and -P2 are their negatives. */
static const float n1 = 1 / (2 * P1 * (P1 * P1 - P2 * P2)), n2 = 1 / (2 * P2 * (P2 * P2 - P1 * P1));

/* Taps 0 and 2 to the points, tap 1 as it is. */
RM_INLINE void weight_axis(const rm_vec g[3], rm_vec u[6]) {
  u[0] = n1 * rm_fma(rm_splat(p1), g[2], g[0]);
  u[1] = n1 * rm_fma(rm_splat(p1), g[2], -g[0]);
  u[2] = n2 * rm_fma(rm_splat(p2), g[2], g[0]);
  u[3] = n2 * rm_fma(rm_splat(p2), g[2], -g[0]);
  u[4] = g[2];
  u[5] = g[1];
}

RM_INLINE void gradient_axis(const rm_vec u[6], rm_vec g[3]) {
  rm_vec d1 = n1 * (u[0] - u[1]), s1 = n1 * (u[0] + u[1]), d2 = n2 * (u[2] - u[3]), s2 = n2 * (u[2] + u[3]);
  g[0] = d1 + d2;
  g[1] = u[5];
  g[2] = rm_fma(rm_splat(p1), s1, rm_fma(rm_splat(p2), s2, u[4]));
}

/* Row `row` of the weights and columns column .. column+15, in the packed form that `product` reads: panels of
 * PANEL columns, the last perhaps half of one, each [row][width]. Numbers of rows and columns are multiples of 16.
 * `flip` turns the kernel by 180 degrees. */
void RM_ISA(strided_weights)(const float *w, size_t rows, size_t columns, size_t row_stride, size_t column_stride,
                             bool flip, size_t row, size_t column, float *u) {
  size_t apart = rm_strided_weights(rows, columns);
  float taps[9][BLOCK];
  for (size_t k = 0; k < BLOCK; k++) {
    const float *from = w + row * row_stride + (column + k) * column_stride;
    for (int t = 0; t < 9; t++) taps[t][k] = from[flip ? 8 - t : t];
  }
  for (size_t lane = 0; lane < BLOCK; lane += RM_VL) {
    size_t n = column + lane, panel = n / PANEL * PANEL, width = columns - panel < PANEL ? columns - panel : PANEL;
    float *to = u + panel * rows + row * width + n % PANEL;
    rm_vec t[6][3];
    for (int j = 0; j < 3; j++) {
      rm_vec g[3] = {rm_load(taps[j] + lane), rm_load(taps[3 + j] + lane), rm_load(taps[6 + j] + lane)}, o[6];
      weight_axis(g, o);
      for (int i = 0; i < 6; i++) t[i][j] = o[i];
    }
    for (int i = 0; i < 6; i++) {
      rm_vec o[6];
      weight_axis(t[i], o);
      for (int j = 0; j < 6; j++) rm_store(to + (size_t)(i * 6 + j) * apart, o[j]);
    }
  }
}

/* The gradient of those weights into dw (column, row, 3, 3), for row `row` and `width` columns, at most
 * RM_STRIDED_PANEL, the first of which dw begins with; from du, a matrix (rows, width) for each position. */
void RM_ISA(strided_weight_gradient)(const float *du, size_t rows, size_t width, size_t row, float *dw) {
  size_t apart = rm_strided_weights(rows, width);
  float taps[9][RM_STRIDED_PANEL];
  for (size_t lane = 0; lane < width; lane += RM_VL) {
    const float *from = du + row * width + lane;
    rm_vec t[3][6], u[6], g[3];
    for (int j = 0; j < 6; j++) {
      for (int i = 0; i < 6; i++) u[i] = rm_load(from + (size_t)(i * 6 + j) * apart);
      gradient_axis(u, g);
      for (int i = 0; i < 3; i++) t[i][j] = g[i];
    }
    for (int i = 0; i < 3; i++) {
      gradient_axis(t[i], g);
      for (int j = 0; j < 3; j++) rm_store(taps[3 * i + j] + lane, g[j]);
    }
  }
  for (size_t k = 0; k < width; k++)
    for (int t = 0; t < 9; t++) dw[(k * rows + row) * 9 + (size_t)t] = taps[t][k];
}
