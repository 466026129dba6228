/* winograd_weights_k.c -- weights into the transform domain of F(4x4, 3x3), their gradient back.
 *
 * Weights lie as (column, row, 3, 3): nine taps together, where the transform wants a vector of
 * columns. So 16 columns of 16 rows are turned around at a time, in the first-level cache; and all 16
 * rows before the first is used, since a vector made of numbers that were stored one by one a moment
 * ago has to wait for them. */
#include "kernels/winograd_1d.h"
#include <string.h>

typedef float taps_of_row[9][BLOCK];

/* Taps of `rows` x `columns`; the other columns are zero. `flip` turns the kernel by 180 degrees. */
static void gather_taps(const float *w, size_t rows, size_t columns, size_t row_stride, size_t column_stride, int flip,
                        taps_of_row taps[BLOCK]) {
  if (rows < BLOCK || columns < BLOCK) memset(taps, 0, BLOCK * sizeof *taps);
  float *first = flip ? taps[0][8] : taps[0][0];
  ptrdiff_t apart = flip ? -BLOCK : BLOCK;
  for (size_t k = 0; k < columns; k++)
    for (size_t r = 0; r < rows; r++) {
      const float *from = w + k * column_stride + r * row_stride;
      float *to = first + r * 9 * BLOCK + k;
#pragma GCC unroll 9
      for (int t = 0; t < 9; t++) to[t * apart] = from[t];
    }
}

RM_INLINE void weight_vector(float taps[9][BLOCK], size_t lane, float *u, size_t stride) {
  rm_vec t[6][3];
#pragma GCC unroll 3
  for (int j = 0; j < 3; j++) {
    rm_vec g[3] = {rm_load(taps[j] + lane), rm_load(taps[3 + j] + lane), rm_load(taps[6 + j] + lane)}, o[6];
    weight_1d(g, o);
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++) t[i][j] = o[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < 6; i++) {
    rm_vec o[6];
    weight_1d(t[i], o);
#pragma GCC unroll 6
    for (int j = 0; j < 6; j++) rm_store(u + (i * 6 + j) * stride, o[j]);
  }
}

/* Where (row, column) of the transformed weights or their gradient lies within a position. */
RM_INLINE size_t panel_offset(size_t row, size_t column, size_t height, size_t width) {
  return column / PANEL * PANEL * height + row * panel_width(column, width) + column % PANEL;
}

void RM_ISA(wino_weights)(const float *w, size_t rows, size_t columns, size_t row_stride, size_t column_stride,
                          int flip, size_t row_block, size_t column_block, float *u) {
  size_t height = rm_wino_padded(rows), width = rm_wino_padded(columns);
  size_t row = row_block * BLOCK, column = column_block * BLOCK, stride = rm_wino_weights_stride(rows, columns);
  taps_of_row taps[BLOCK];
  gather_taps(w + row * row_stride + column * column_stride, rows - row < BLOCK ? rows - row : BLOCK,
              columns - column < BLOCK ? columns - column : BLOCK, row_stride, column_stride, flip, taps);
  for (size_t r = 0; r < BLOCK; r++)
    for (size_t lane = 0; lane < BLOCK; lane += RM_VL)
      weight_vector(taps[r], lane, u + panel_offset(row + r, column + lane, height, width), stride);
}

/* The sum of `parts` vectors, in order. */
RM_INLINE rm_vec sum_of_parts(const float *from, size_t parts, size_t part_stride) {
  rm_vec u = rm_load(from);
  for (size_t p = 1; p < parts; p++) u += rm_load(from + p * part_stride);
  return u;
}

/* Adds the parts in order, transforms back and writes dw (column, row, 3, 3), columns `column_stride` apart. */
void RM_ISA(wino_weight_gradient)(const float *du, size_t parts, size_t part_stride, size_t rows, size_t columns,
                                  size_t row_block, size_t column_block, float *dw, size_t column_stride) {
  size_t height = rm_wino_padded(rows), width = rm_wino_padded(columns);
  size_t row = row_block * BLOCK, column = column_block * BLOCK, stride = rm_wino_weights_stride(rows, columns);
  size_t here = rows - row < BLOCK ? rows - row : BLOCK;
  size_t across = columns - column < BLOCK ? columns - column : BLOCK;
  taps_of_row taps[BLOCK];
  for (size_t r = 0; r < here; r++)
    for (size_t lane = 0; lane < BLOCK; lane += RM_VL) {
      const float *from = du + panel_offset(row + r, column + lane, height, width);
      rm_vec t[3][6], g[3];
#pragma GCC unroll 6
      for (int j = 0; j < 6; j++) {
        rm_vec u[6], o[3];
#pragma GCC unroll 6
        for (int i = 0; i < 6; i++) u[i] = sum_of_parts(from + (i * 6 + j) * stride, parts, part_stride);
        weight_gradient_1d(u, o);
#pragma GCC unroll 3
        for (int i = 0; i < 3; i++) t[i][j] = o[i];
      }
#pragma GCC unroll 3
      for (int i = 0; i < 3; i++) {
        weight_gradient_1d(t[i], g);
#pragma GCC unroll 3
        for (int j = 0; j < 3; j++) rm_store(taps[r][3 * i + j] + lane, g[j]);
      }
    }
  for (size_t k = 0; k < across; k++)
    for (size_t r = 0; r < here; r++)
      for (int t = 0; t < 9; t++) dw[(column + k) * column_stride + (row + r) * 9 + t] = taps[r][t][k];
}
