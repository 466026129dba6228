/* product_k.c -- C = A B or C += A B for matrices in memory in any order.
 *
 * Each element of C is one chain of multiply-adds over k from first to last, begun with 0 or with what is in C: so a
 * caller may cut all three extents as it likes, go on with C where it left off, and exchange the roles of A and B
 * (C' = B' A'), without changing a bit.
 *
 * Rows of a tile (kernels/tile.h) are rows of A, columns those of B in packed panels: two vectors, the last perhaps
 * one, each [k][width], filled up with zeros. */
#include <string.h>
#include "kernels/tile.h"

enum { ROWS = RM_TILE_ROWS, PANEL = RM_PANEL };

RM_INLINE size_t panel_width(size_t left) { return left > RM_VL ? PANEL : RM_VL; }

/* Element (k, n) is b[k * down + n * across]. */
void RM_ISA(product_pack)(size_t depth, size_t columns, const float *b, size_t down, size_t across, float *packed) {
  for (size_t n = 0; n < columns; n += PANEL) {
    size_t left = columns - n < PANEL ? columns - n : PANEL, width = panel_width(left);
    const float *from = b + n * across;
    if (left < width) memset(packed, 0, depth * width * sizeof(float));
    if (across == 1)
      for (size_t k = 0; k < depth; k++) memcpy(packed + k * width, from + k * down, left * sizeof(float));
    else
      for (size_t k0 = 0; k0 < depth; k0 += 16) { /* a cache line of each column at a time */
        size_t k1 = k0 + 16 < depth ? k0 + 16 : depth;
        for (size_t j = 0; j < left; j++)
          for (size_t k = k0; k < k1; k++) packed[k * width + j] = from[k * down + j * across];
      }
    packed += depth * width;
  }
}

/* ROWS rows, nv vectors. c: rows of C, `stride` floats apart. */
RM_INLINE void tile(int nv, size_t depth, const float *const row[ROWS], const float *b, bool more, float *c,
                    size_t stride) {
  rm_tile sum;
  if (more) rm_tile_load(&sum, ROWS, nv, c, stride, RM_VL);
  else rm_tile_clear(&sum, ROWS, nv);
  for (size_t k = 0; k < depth; k++, b += nv * RM_VL) rm_tile_step(&sum, ROWS, nv, row, k, b, RM_VL);
  rm_tile_store(&sum, ROWS, nv, c, stride, RM_VL);
}

static __attribute__((noinline)) void tile_one(size_t depth, const float *const row[ROWS], const float *b, bool more,
                                               float *c, size_t stride) {
  tile(1, depth, row, b, more, c, stride);
}

static __attribute__((noinline)) void tile_two(size_t depth, const float *const row[ROWS], const float *b, bool more,
                                               float *c, size_t stride) {
  tile(2, depth, row, b, more, c, stride);
}

/* Rows of A that do not lie along k are turned around, into `aside`: [row][depth]. */
static void rows_of(size_t count, size_t depth, const float *a, size_t down, size_t along, float *aside,
                    const float *row[ROWS]) {
  for (size_t i = 0; i < ROWS; i++) row[i] = along == 1 ? a + (i < count ? i : count - 1) * down : aside + i * depth;
  if (along == 1) return;
  if (count < ROWS) memset(aside, 0, ROWS * depth * sizeof(float));
  for (size_t k = 0; k < depth; k++)
    for (size_t i = 0; i < count; i++) aside[i * depth + k] = a[i * down + k * along];
}

/* A piece of C into `to`, rows PANEL apart, or back. */
static void copy_piece(bool back, size_t rows, size_t columns, float *c, size_t down, size_t across, float *to) {
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++)
      if (back) c[i * down + j * across] = to[i * PANEL + j];
      else to[i * PANEL + j] = c[i * down + j * across];
}

/* C (rows, columns), element (i, j) at c[i * c_down + j * c_across], is set, or goes on if there is `more`.
 * A (rows, depth): element (i, k) at a[i * down + k * along]. `aside` has room for 8 rows of A. */
void RM_ISA(product)(size_t rows, size_t columns, size_t depth, const float *a, size_t down, size_t along,
                     const float *packed, bool more, float *c, size_t c_down, size_t c_across, float *aside) {
  for (size_t i = 0; i < rows; i += ROWS) {
    const float *row[ROWS], *b = packed;
    size_t here = rows - i < ROWS ? rows - i : ROWS;
    rows_of(here, depth, a + i * down, down, along, aside, row);
    for (size_t n = 0; n < columns; n += PANEL) {
      size_t left = columns - n < PANEL ? columns - n : PANEL, width = panel_width(left);
      float *to = c + i * c_down + n * c_across, piece[ROWS * PANEL] __attribute__((aligned(64)));
      bool whole = here == ROWS && left == width && c_across == 1;
      if (!whole && more) {
        memset(piece, 0, sizeof piece);
        copy_piece(false, here, left, to, c_down, c_across, piece);
      }
      (width == PANEL ? tile_two : tile_one)(depth, row, b, more, whole ? to : piece, whole ? c_down : PANEL);
      if (!whole) copy_piece(true, here, left, to, c_down, c_across, piece);
      b += depth * width;
    }
  }
}
