/* tile.h -- the micro-kernel of all products: a tile of sums in registers, and the step that adds to them.
 *
 * A tile has rows (pixels, tiles of Winograd's method, or input channels) and two vectors of columns. A step
 * takes one float for each row and one vector for each of the two, and adds rows x vectors products. What
 * a product costs are loads: rows + vectors of them for rows x vectors multiply-adds, so a tile is as large
 * as the registers of the instruction set allow; isa.list says how many rows that is.
 *
 * `rows` and `vectors` are constants wherever these functions are called, never more than the tile has: so
 * loops over them are unrolled, and each sum is a register. A tile passed to a function that is not inlined
 * would be memory. */
#ifndef RM_KERNELS_TILE_H
#define RM_KERNELS_TILE_H

#include "kernels/isa.h"

enum {
  RM_TILE_VECTORS = 2,
  RM_PANEL = RM_TILE_VECTORS * RM_VL /* columns of a tile, and so of a panel of packed weights */
};

/* Blocks of Winograd's tiles have room for a multiple of 24 (winograd.h); the pragmas below unroll 8. */
_Static_assert(RM_TILE_ROWS <= 8 && 24 % RM_TILE_ROWS == 0, "rows of a tile");

typedef struct {
  rm_vec sum[RM_TILE_ROWS][RM_TILE_VECTORS];
} rm_tile;

/* Every row begins with the same vectors. */
RM_INLINE void rm_tile_begin(rm_tile *t, int rows, int vectors, const rm_vec with[]) {
#pragma GCC unroll 8
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
    for (int j = 0; j < vectors; j++) t->sum[i][j] = with[j];
}

RM_INLINE void rm_tile_clear(rm_tile *t, int rows, int vectors) {
  rm_tile_begin(t, rows, vectors, (const rm_vec[RM_TILE_VECTORS]){{0}});
}

/* The micro-kernel: row i takes the float at row[i] + k, times each of the vectors at `columns`, `apart` floats
 * from one to the next. */
RM_INLINE void rm_tile_step(rm_tile *t, int rows, int vectors, const float *const row[], size_t k, const float *columns,
                            size_t apart) {
  rm_vec w[RM_TILE_VECTORS];
#pragma GCC unroll 2
  for (int j = 0; j < vectors; j++) w[j] = rm_load(columns + (size_t)j * apart);
#pragma GCC unroll 8
  for (int i = 0; i < rows; i++) {
    rm_vec x = rm_splat(row[i][k]);
#pragma GCC unroll 2
    for (int j = 0; j < vectors; j++) t->sum[i][j] = rm_fma(x, w[j], t->sum[i][j]);
  }
}

/* The same, where the rows' floats lie `stride` apart. */
RM_INLINE void rm_tile_step_strided(rm_tile *t, int rows, int vectors, const float *first, size_t stride,
                                    const float *columns, size_t apart) {
  const float *row[RM_TILE_ROWS];
#pragma GCC unroll 8
  for (int i = 0; i < rows; i++) row[i] = first + (size_t)i * stride;
  rm_tile_step(t, rows, vectors, row, 0, columns, apart);
}

RM_INLINE void rm_tile_merge(rm_tile *t, int rows, int vectors, const rm_tile *more) {
#pragma GCC unroll 8
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
    for (int j = 0; j < vectors; j++) t->sum[i][j] += more->sum[i][j];
}

/* --- to and from memory: rows `stride` floats apart, their vectors `apart` ---------------------- */
RM_INLINE void rm_tile_load(rm_tile *t, int rows, int vectors, const float *from, size_t stride, size_t apart) {
#pragma GCC unroll 8
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
    for (int j = 0; j < vectors; j++) t->sum[i][j] = rm_load(from + (size_t)i * stride + (size_t)j * apart);
}

RM_INLINE void rm_tile_store(const rm_tile *t, int rows, int vectors, float *to, size_t stride, size_t apart) {
#pragma GCC unroll 8
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
    for (int j = 0; j < vectors; j++) rm_store(to + (size_t)i * stride + (size_t)j * apart, t->sum[i][j]);
}

/* What is in memory grows by the tile: each vector on its own, so that no register holds it for long. */
RM_INLINE void rm_tile_add_to(const rm_tile *t, int rows, int vectors, float *to, size_t stride, size_t apart) {
#pragma GCC unroll 8
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
    for (int j = 0; j < vectors; j++) {
      float *at = to + (size_t)i * stride + (size_t)j * apart;
      rm_store(at, rm_load(at) + t->sum[i][j]);
    }
}

#endif
