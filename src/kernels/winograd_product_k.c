/* winograd_product_k.c -- the matrix products of F(4x4, 3x3), one for each position.
 *
 * Sums stay in registers (kernels/tile.h); what they need comes from the caches. Tiles are too far
 * apart for the processor to guess which it will need next, but the next position of a tile is its next
 * cache line: where the tiles do not fit the caches near by (`far`), that line is asked for on the way. */
#include "kernels/winograd_1d.h"

enum {
  NEAR_FLOATS = 48 * 1024,
  ROWS = RM_TILE_ROWS,
  REST = BLOCK % ROWS,   /* rows of a channel block that fill no tile */
  HALVES = PANEL > BLOCK /* the last panel may be one vector */
};

/* ROWS tiles x nv vectors of columns, over all input channels; if there is `more`, what is in c goes on. `a` steps from
 * channel block to channel block; c from vector to vector. */
RM_INLINE void product_tile(int nv, bool far, bool more, const float *a, size_t block, size_t blocks, const float *b,
                            float *c, size_t apart) {
  rm_tile sum;
  if (more) rm_tile_load(&sum, ROWS, nv, c, TILE, apart);
  else rm_tile_clear(&sum, ROWS, nv);
  for (size_t q = 0; q < blocks; q++, a += block) {
#pragma GCC unroll 8
    for (int i = 0; far && i < ROWS; i++) __builtin_prefetch(a + i * TILE + BLOCK, 0, 2);
    for (int k = 0; k < BLOCK; k++, b += nv * RM_VL) rm_tile_step_strided(&sum, ROWS, nv, a + k, TILE, b, RM_VL);
  }
  rm_tile_store(&sum, ROWS, nv, c, TILE, apart);
}

static __attribute__((noinline)) void product_two(bool far, bool more, const float *a, size_t block, size_t blocks,
                                                  const float *b, float *c, size_t apart) {
  product_tile(2, far, more, a, block, blocks, b, c, apart);
}

static __attribute__((noinline)) void product_one(bool far, bool more, const float *a, size_t block, size_t blocks,
                                                  const float *b, float *c) {
  product_tile(1, far, more, a, block, blocks, b, c, 0);
}

/* Floats from the first vector of the panel at column n to its second: in the same block, or in the next. */
static size_t to_second(size_t n, size_t block) {
  size_t second = n + RM_VL;
  return (second / BLOCK - n / BLOCK) * block + second % BLOCK - n % BLOCK;
}

/* One position: m = v u for `count` tiles, or m goes on where it left off, if there is `more`: chains over input channels
 * may be cut. Whole groups of ROWS tiles are computed; what is beyond `count` is never read. */
void RM_ISA(wino_product)(size_t count, size_t tiles, size_t rows, size_t columns, bool more, const float *v,
                          const float *u, float *m) {
  size_t height = rm_wino_padded(rows), width = rm_wino_padded(columns), block = tiles * TILE;
  for (size_t n = 0; n < width; n += PANEL) {
    bool far = n == 0 && block * (height / BLOCK) > NEAR_FLOATS;
    const float *b = u + n * height;
    float *c = m + n / BLOCK * block + n % BLOCK;
    for (size_t t = 0; t < count; t += ROWS) {
      if (!HALVES || panel_width(n, width) == PANEL)
        product_two(far, more, v + t * TILE, block, height / BLOCK, b, c + t * TILE, to_second(n, block));
      else product_one(far, more, v + t * TILE, block, height / BLOCK, b, c + t * TILE);
    }
  }
}

/* Rows of dU (input channels) x nv vectors of columns, added over the tiles, then to what is in c if there
 * is more: a sum of sums rounds less than one long sum. */
RM_INLINE void weight_tile(int rows, int nv, bool more, bool far_a, bool far_b, size_t count, const float *a,
                           const float *b, size_t apart, float *c) {
  rm_tile sum;
  rm_tile_clear(&sum, rows, nv);
  for (size_t t = 0; t < count; t++, a += TILE, b += TILE) {
    if (far_a) __builtin_prefetch(a + BLOCK, 0, 2);
    if (far_b) {
      __builtin_prefetch(b + BLOCK, 0, 2);
      if (nv == 2) __builtin_prefetch(b + apart + BLOCK, 0, 2);
    }
    rm_tile_step_strided(&sum, rows, nv, a, 1, b, apart);
  }
  if (more) rm_tile_add_to(&sum, rows, nv, c, nv * RM_VL, RM_VL);
  else rm_tile_store(&sum, rows, nv, c, nv * RM_VL, RM_VL);
}

typedef void weight_fn(bool more, bool far_a, bool far_b, size_t count, const float *a, const float *b, size_t apart,
                       float *c);

static __attribute__((noinline)) void weight_two(bool more, bool far_a, bool far_b, size_t count, const float *a,
                                                 const float *b, size_t apart, float *c) {
  weight_tile(ROWS, 2, more, far_a, far_b, count, a, b, apart, c);
}

static __attribute__((noinline)) void weight_one(bool more, bool far_a, bool far_b, size_t count, const float *a,
                                                 const float *b, size_t apart, float *c) {
  weight_tile(ROWS, 1, more, far_a, far_b, count, a, b, apart, c);
}

static __attribute__((noinline)) void weight_rest_two(bool more, bool far_a, bool far_b, size_t count, const float *a,
                                                      const float *b, size_t apart, float *c) {
  weight_tile(REST, 2, more, far_a, far_b, count, a, b, apart, c);
}

static __attribute__((noinline)) void weight_rest_one(bool more, bool far_a, bool far_b, size_t count, const float *a,
                                                      const float *b, size_t apart, float *c) {
  weight_tile(REST, 1, more, far_a, far_b, count, a, b, apart, c);
}

/* One position: du = v' m over `count` tiles, added to du if there is more than these tiles. */
void RM_ISA(wino_weight_product)(size_t count, size_t tiles, size_t rows, size_t columns, bool more, const float *v,
                                 const float *m, float *du) {
  size_t width = rm_wino_padded(columns), block = tiles * TILE;
  bool far = block * (rm_wino_padded(rows) / BLOCK) > NEAR_FLOATS;
  for (size_t n = 0; n < width; n += PANEL) {
    size_t w = panel_width(n, width), apart = to_second(n, block);
    bool two = !HALVES || w == PANEL;
    weight_fn *whole = two ? weight_two : weight_one, *rest = two ? weight_rest_two : weight_rest_one;
    const float *b = m + n / BLOCK * block + n % BLOCK;
    float *c = du + n * rm_wino_padded(rows);
    for (size_t r = 0; r < rows; r += BLOCK, c += BLOCK * w) {
      const float *a = v + r / BLOCK * block;
      bool far_a = far && n == 0, far_b = far && r == 0;
      size_t i = 0;
      for (; i + ROWS <= BLOCK; i += ROWS)
        whole(more, far_a && i == 0, far_b && i == 0, count, a + i, b, apart, c + i * w);
      if (REST > 0) rest(more, false, false, count, a + i, b, apart, c + i * w);
    }
  }
}
