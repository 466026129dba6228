/* winograd_product_k.c -- the matrix products of F(4x4, 3x3), one for each position.
 *
 * ROWS x 2 vectors of sums stay in registers; what they need comes from the caches. Tiles are too far
 * apart for the processor to guess which it will need next, but the next position of a tile is its next
 * cache line: where the tiles do not fit the caches near by (`far`), that line is asked for on the way. */
#include "kernels/winograd_1d.h"

enum { NEAR_FLOATS = 48 * 1024 };

#if defined(__AVX512F__)
enum { ROWS = 8 }; /* 8 x 2 sums, of 32 registers */
#else
enum { ROWS = 6 }; /* 6 x 2 sums, two weights and one input: 15 of 16 registers */
#endif

/* ROWS tiles x NV vectors of columns, over all input channels. `a` steps from channel block to channel
 * block; c from vector to vector. */
RM_INLINE void product_micro(int nv, bool far, const float *a, size_t block, size_t blocks, const float *b,
                             float *const c[2]) {
  rm_vec sum[ROWS][2];
#pragma GCC unroll 8
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 2
    for (int j = 0; j < nv; j++) sum[i][j] = (rm_vec){0};
  for (size_t q = 0; q < blocks; q++, a += block) {
#pragma GCC unroll 8
    for (int i = 0; far && i < ROWS; i++) __builtin_prefetch(a + i * TILE + BLOCK, 0, 2);
    for (int k = 0; k < BLOCK; k++, b += nv * RM_VL) {
      rm_vec w[2];
#pragma GCC unroll 2
      for (int j = 0; j < nv; j++) w[j] = rm_load(b + j * RM_VL);
#pragma GCC unroll 8
      for (int i = 0; i < ROWS; i++) {
        rm_vec x = rm_splat(a[i * TILE + k]);
#pragma GCC unroll 2
        for (int j = 0; j < nv; j++) sum[i][j] += x * w[j];
      }
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 2
    for (int j = 0; j < nv; j++) rm_store(c[j] + i * TILE, sum[i][j]);
}

static __attribute__((noinline)) void product_two(bool far, const float *a, size_t block, size_t blocks,
                                                  const float *b, float *c0, float *c1_) {
  product_micro(2, far, a, block, blocks, b, (float *[]){c0, c1_});
}

static __attribute__((noinline)) void product_one(bool far, const float *a, size_t block, size_t blocks,
                                                  const float *b, float *c) {
  product_micro(1, far, a, block, blocks, b, (float *[]){c, NULL});
}

/* One position: m = v u for `count` tiles. Whole groups of ROWS tiles are computed; what is
 * beyond `count` is never read. */
void RM_ISA(wino_product)(size_t count, size_t tiles, size_t rows, size_t columns, const float *v,
                          const float *u, float *m) {
  size_t height = rm_wino_padded(rows), width = rm_wino_padded(columns), block = tiles * TILE;
  for (size_t n = 0; n < width; n += PANEL) {
    bool far = n == 0 && block * (height / BLOCK) > NEAR_FLOATS;
    const float *b = u + n * height;
    size_t second = n + RM_VL;
    float *c = m + n / BLOCK * block + n % BLOCK, *d = m + second / BLOCK * block + second % BLOCK;
    for (size_t t = 0; t < count; t += ROWS) {
      if (panel_width(n, width) == PANEL)
        product_two(far, v + t * TILE, block, height / BLOCK, b, c + t * TILE, d + t * TILE);
      else product_one(far, v + t * TILE, block, height / BLOCK, b, c + t * TILE);
    }
  }
}

/* Rows of dU (input channels) x NV vectors of columns, added over the tiles, then to what is in c if there
 * is more: a sum of sums rounds less than one long sum. */
RM_INLINE void weight_micro(int n, int nv, bool more, bool far_a, bool far_b, size_t count, const float *a,
                            const float *const b[2], float *c) {
  rm_vec sum[8][2];
  const float *b0 = b[0], *b1 = b[1];
#pragma GCC unroll 8
  for (int i = 0; i < n; i++)
#pragma GCC unroll 2
    for (int j = 0; j < nv; j++) sum[i][j] = (rm_vec){0};
  for (size_t t = 0; t < count; t++, a += TILE, b0 += TILE, b1 += TILE) {
    rm_vec w[2] = {rm_load(b0), rm_load(b1)};
    if (far_a) __builtin_prefetch(a + BLOCK, 0, 2);
    if (far_b) {
      __builtin_prefetch(b0 + BLOCK, 0, 2);
      __builtin_prefetch(b1 + BLOCK, 0, 2);
    }
#pragma GCC unroll 8
    for (int i = 0; i < n; i++) {
      rm_vec x = rm_splat(a[i]);
#pragma GCC unroll 2
      for (int j = 0; j < nv; j++) sum[i][j] += x * w[j];
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < n; i++)
#pragma GCC unroll 2
    for (int j = 0; j < nv; j++) {
      float *to = c + (i * nv + j) * RM_VL;
      if (more) sum[i][j] += rm_load(to);
      rm_store(to, sum[i][j]);
    }
}

#define WEIGHT_MICRO(n, nv)                                                                   \
  static __attribute__((noinline)) void weight_micro_##n##_##nv(                              \
      bool more, bool far_a, bool far_b, size_t count, const float *a, const float *b0,       \
      const float *b1, float *c) {                                                            \
    weight_micro(n, nv, more, far_a, far_b, count, a, (const float *[]){b0, b1}, c);          \
  }
#if defined(__AVX512F__)
WEIGHT_MICRO(8, 2)
WEIGHT_MICRO(8, 1)
#else
WEIGHT_MICRO(6, 2)
WEIGHT_MICRO(4, 2)
#endif

/* One position: du = v' m over `count` tiles, added to du if there is more than these tiles. */
void RM_ISA(wino_weight_product)(size_t count, size_t tiles, size_t rows, size_t columns, bool more,
                                 const float *v, const float *m, float *du) {
  size_t width = rm_wino_padded(columns), block = tiles * TILE;
  bool far = block * (rm_wino_padded(rows) / BLOCK) > NEAR_FLOATS;
  for (size_t n = 0; n < width; n += PANEL) {
    size_t w = panel_width(n, width), second = w == PANEL ? n + RM_VL : n;
    const float *b0 = m + n / BLOCK * block + n % BLOCK,
                *b1 = m + second / BLOCK * block + second % BLOCK;
    float *c = du + n * rm_wino_padded(rows);
    for (size_t r = 0; r < rows; r += BLOCK, c += BLOCK * w) {
      const float *a = v + r / BLOCK * block;
      bool far_a = far && n == 0, far_b = far && r == 0;
#if defined(__AVX512F__)
      if (w == PANEL) {
        weight_micro_8_2(more, far_a, far_b, count, a, b0, b1, c);
        weight_micro_8_2(more, false, false, count, a + 8, b0, b1, c + 8 * w);
      } else {
        weight_micro_8_1(more, far_a, far_b, count, a, b0, b1, c);
        weight_micro_8_1(more, false, false, count, a + 8, b0, b1, c + 8 * w);
      }
#else
      weight_micro_6_2(more, far_a, far_b, count, a, b0, b1, c);
      weight_micro_6_2(more, false, false, count, a + 6, b0, b1, c + 6 * w);
      weight_micro_4_2(more, false, false, count, a + 12, b0, b1, c + 12 * w);
#endif
    }
  }
}
