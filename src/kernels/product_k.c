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

/* Four columns of four floats each, turned: to[k * width + j] = from[j * across + k]. */
typedef float quad __attribute__((vector_size(16), may_alias, aligned(4)));

RM_INLINE void turn_quad(const float *from, size_t across, float *to, size_t width) {
  quad a = *(const quad *)from, b = *(const quad *)(from + across);
  quad c = *(const quad *)(from + 2 * across), d = *(const quad *)(from + 3 * across);
  quad ab0 = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab1 = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  quad cd0 = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd1 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  *(quad *)to = __builtin_shufflevector(ab0, cd0, 0, 1, 4, 5);
  *(quad *)(to + width) = __builtin_shufflevector(ab0, cd0, 2, 3, 6, 7);
  *(quad *)(to + 2 * width) = __builtin_shufflevector(ab1, cd1, 0, 1, 4, 5);
  *(quad *)(to + 3 * width) = __builtin_shufflevector(ab1, cd1, 2, 3, 6, 7);
}

/* Rows k0 .. k1-1 of columns that lie along k, `left` of them, into a panel. */
static void pack_along(size_t k0, size_t k1, size_t left, const float *from, size_t across, float *packed,
                       size_t width) {
  for (size_t j = 0; j < left; j += 4) {
    size_t k = k0;
    for (; left - j >= 4 && k + 4 <= k1; k += 4)
      turn_quad(from + j * across + k, across, packed + k * width + j, width);
    for (; k < k1; k++)
      for (size_t i = j; i < j + 4 && i < left; i++) packed[k * width + i] = from[i * across + k];
  }
}

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
        if (down == 1) pack_along(k0, k1, left, from, across, packed, width);
        for (size_t j = 0; down != 1 && j < left; j++)
          for (size_t k = k0; k < k1; k++) packed[k * width + j] = from[k * down + j * across];
      }
    packed += depth * width;
  }
}

/* ROWS rows, nv vectors. Row i of A: row[i], its floats `step` apart. c: rows of C, `stride` floats apart. */
RM_INLINE void tile(int nv, size_t step, size_t depth, const float *const row[ROWS], const float *b, bool more,
                    float *c, size_t stride) {
  rm_tile sum;
  if (more) rm_tile_load(&sum, ROWS, nv, c, stride, RM_VL);
  else rm_tile_clear(&sum, ROWS, nv);
  for (size_t k = 0; k < depth; k++, b += nv * RM_VL) rm_tile_step(&sum, ROWS, nv, row, k * step, b, RM_VL);
  rm_tile_store(&sum, ROWS, nv, c, stride, RM_VL);
}

typedef void tile_fn(size_t depth, const float *const row[ROWS], const float *b, bool more, float *c, size_t stride);
#define TILE(name, nv, step) \
  static __attribute__((noinline)) void name(size_t depth, const float *const row[ROWS], const float *b, bool more, \
                                             float *c, size_t stride) { \
    tile(nv, step, depth, row, b, more, c, stride); \
  }
TILE(tile_one, 1, 1)
TILE(tile_two, 2, 1)
TILE(tile_one_turned, 1, ROWS)
TILE(tile_two_turned, 2, ROWS)
static tile_fn *const tiles[2][2] = {{tile_one, tile_two}, {tile_one_turned, tile_two_turned}};

/* Rows that do not lie along k are brought together in `aside`: [k][row]. And rows that lie in memory so that they
 * meet the same few sets of a cache are copied there: [row][k]. */
static void rows_of(size_t count, size_t depth, const float *a, size_t down, size_t along, float *aside,
                    const float *row[ROWS]) {
  bool turned = along != 1, copied = down % 512 == 0;
  if ((turned || copied) && count < ROWS) memset(aside, 0, ROWS * depth * sizeof(float));
  for (size_t i = 0; i < ROWS; i++)
    row[i] = turned ? aside + i : copied ? aside + i * depth : a + (i < count ? i : count - 1) * down;
  if (turned && down == 1 && count == ROWS)
    for (size_t k = 0; k < depth; k++) memcpy(aside + k * ROWS, a + k * along, ROWS * sizeof(float));
  else if (turned)
    for (size_t k = 0; k < depth; k++)
      for (size_t i = 0; i < count; i++) aside[k * ROWS + i] = a[i * down + k * along];
  else if (copied)
    for (size_t i = 0; i < count; i++) memcpy(aside + i * depth, a + i * down, depth * sizeof(float));
}

/* A piece of C into `to`, rows PANEL apart, or back. */
static void copy_piece(bool back, size_t rows, size_t columns, float *c, size_t stride, float *to) {
  for (size_t i = 0; i < rows; i++)
    if (back) memcpy(c + i * stride, to + i * PANEL, columns * sizeof(float));
    else memcpy(to + i * PANEL, c + i * stride, columns * sizeof(float));
}

/* C (rows, columns), rows `stride` apart, is set, or goes on if there is `more`. A (rows, depth): element (i, k) at
 * a[i * down + k * along]. `aside` has room for 8 rows of A. */
void RM_ISA(product)(size_t rows, size_t columns, size_t depth, const float *a, size_t down, size_t along,
                     const float *packed, bool more, float *c, size_t stride, float *aside) {
  for (size_t i = 0; i < rows; i += ROWS) {
    const float *row[ROWS], *b = packed;
    size_t here = rows - i < ROWS ? rows - i : ROWS;
    rows_of(here, depth, a + i * down, down, along, aside, row);
    for (size_t n = 0; n < columns; n += PANEL) {
      size_t left = columns - n < PANEL ? columns - n : PANEL, width = panel_width(left);
      float *to = c + i * stride + n, piece[ROWS * PANEL] __attribute__((aligned(64)));
      bool whole = here == ROWS && left == width;
      if (!whole && more) {
        memset(piece, 0, sizeof piece);
        copy_piece(false, here, left, to, stride, piece);
      }
      tiles[along != 1][width == PANEL](depth, row, b, more, whole ? to : piece, whole ? stride : PANEL);
      if (!whole) copy_piece(true, here, left, to, stride, piece);
      b += depth * width;
    }
  }
}
