/* winograd_k.c -- 3x3 convolution with a quarter of the multiplications: the transforms of tiles.
 *
 *   y = A' [ (G w G') . (B' x B) ] A        for one tile and channel, . elementwise
 *
 * Summed over input channels, the elementwise product is a matrix product for each of the 36
 * positions (winograd_product_k.c), and that is where the time goes. The transforms work on one
 * vector of channels at a time; those of weights are in winograd_weights_k.c.
 *
 * The weight gradient is the same bilinear form read the other way:
 *   dw = G' [ (B' x B) . (A dy A') ] G.
 *
 * Source: Lavin and Gray 2016, arXiv:1509.09308. */
#include "kernels/winograd_1d.h"
#include <string.h>

/* Pixels under a tile: (i, j) at row[i] + j * pixel, whole vectors of channels each. Only columns
 * left .. right-1 are there; the others are zero. Rows that are not there point to zeros. */
typedef struct {
  const float *row[6];
  size_t pixel;
  int left, right;
} window;

RM_INLINE void clear(float *to, size_t n) {
  for (size_t i = 0; i < n; i += RM_VL) rm_store(to + i, (rm_vec){0});
}

/* Channels end within a block: pixels are copied, zeros behind the last channel. */
static void copy_ragged(const rm_wino_images *g, int extent, float *patch, window *w) {
  size_t pixel = rm_wino_padded(g->c);
  for (int i = 0; i < extent; i++, patch += (size_t)extent * pixel) {
    for (int j = w->left; j < w->right; j++) {
      clear(patch + ((size_t)j + 1) * pixel - BLOCK, BLOCK);
      memcpy(patch + (size_t)j * pixel, w->row[i] + (size_t)j * w->pixel, g->c * sizeof(float));
    }
    w->row[i] = patch;
  }
  w->pixel = pixel;
}

/* extent x extent pixels. `patch` begins with a row of zeros. (The window is filled where it is: to return it would copy
 * it in vectors, which wait for the single pointers to be stored.) */
RM_INLINE void find_window(const rm_wino_images *g, const float *x, const place *p, int extent, float *patch,
                           window *w) {
  w->pixel = g->pixel;
  w->left = 0;
  w->right = extent;
  ptrdiff_t top = 4 * (ptrdiff_t)p->down - g->pad, left = 4 * (ptrdiff_t)p->across - g->pad;
  const float *row = x + ((ptrdiff_t)(p->image * g->h) + top) * (ptrdiff_t)(g->w * g->pixel) +
                     left * (ptrdiff_t)g->pixel;
#pragma GCC unroll 6
  for (int i = 0; i < extent; i++, row += g->w * g->pixel)
    w->row[i] = top + i >= 0 && top + i < (ptrdiff_t)g->h ? row : patch;
  if (left < 0) w->left = (int)-left;
  if ((ptrdiff_t)g->w - left < extent) w->right = (int)((ptrdiff_t)g->w - left);
  if (g->c % BLOCK) copy_ragged(g, extent, patch + (size_t)extent * g->pixel, w);
}

/* --- input ------------------------------------------------------------------------------ */
/* The two-dimensional transforms below make one or two rows of the result at a time: those whose
 * columns share terms. Six or twelve values then stay in registers, where all 36 would not. */

/* The next pixel. The compiler may not see through it: it would work out all 36 addresses ahead, keep
 * them in memory, since registers are few, and load an address for every number. */
RM_INLINE size_t next_pixel(size_t at, size_t pixel) {
  at += pixel;
  __asm__("" : "+r"(at));
  return at;
}

RM_INLINE void input_row(const rm_vec t[6], float *v) {
  rm_vec o[6];
  input_1d(t, o);
#pragma GCC unroll 6
  for (int j = 0; j < 6; j++) rm_store(v + j * BLOCK, o[j]);
}

/* Rows 0 and 5: qq d0 + d4 - qs d2, of rows 0, 2, 4 or 1, 3, 5. */
RM_INLINE void input_outer(const float *const row[5], size_t at, size_t pixel, int left, int right, float *v) {
  rm_vec t[6];
#pragma GCC unroll 6
  for (int j = 0; j < 6; j++, at = next_pixel(at, pixel)) {
    t[j] = (rm_vec){0};
    if (j >= left && j < right)
      t[j] = TIMES(qq, rm_load(row[0] + at), LESS(qs, rm_load(row[2] + at), rm_load(row[4] + at)));
  }
  input_row(t, v);
}

/* Rows 1 and 2 (p = P1, q = P2 squared) or 3 and 4 (p = P2, q = P1 squared): d4 - q d2 +- p (d3 - q d1). */
RM_INLINE void input_pair(const float *const row[6], size_t at, size_t pixel, int left, int right, float p, float q,
                          float *v) {
  rm_vec plus[6], minus[6];
#pragma GCC unroll 6
  for (int j = 0; j < 6; j++, at = next_pixel(at, pixel)) {
    plus[j] = minus[j] = (rm_vec){0};
    if (j >= left && j < right) {
      rm_vec a = LESS(q, rm_load(row[2] + at), rm_load(row[4] + at));
      rm_vec b = LESS(q, rm_load(row[1] + at), rm_load(row[3] + at));
      plus[j] = TIMES(p, b, a);
      minus[j] = LESS(p, b, a);
    }
  }
  input_row(plus, v);
  input_row(minus, v + 6 * BLOCK);
}

/* All channels of a tile. `left` and `right` are constants for the tiles inside. */
RM_INLINE void input_tile(const window *w, size_t channels, size_t block, int left, int right, float *v) {
  for (size_t k = 0; k < channels; k += RM_VL) {
    float *to = v + k / BLOCK * block + k % BLOCK;
    input_outer(w->row, k, w->pixel, left, right, to);
    input_pair(w->row, k, w->pixel, left, right, p1, q2, to + 6 * BLOCK);
    input_pair(w->row, k, w->pixel, left, right, p2, q1, to + 18 * BLOCK);
    input_outer(w->row + 1, k, w->pixel, left, right, to + 30 * BLOCK);
  }
}

/* Tiles at the border: where padding is 1 and the width a multiple of 4, only one column is missing on a side, and
 * which one is a constant again. */
static __attribute__((noinline)) void input_tile_edge(const window *w, size_t channels, size_t block, float *v) {
  if (w->left == 1 && w->right == 6) input_tile(w, channels, block, 1, 6, v);
  else if (w->left == 0 && w->right == 5) input_tile(w, channels, block, 0, 5, v);
  else input_tile(w, channels, block, w->left, w->right, v);
}

void RM_ISA(wino_input)(const rm_wino_images *g, const float *x, float *patch, size_t first, size_t count, float *v) {
  size_t block = g->tiles * TILE, channels = rm_wino_padded(g->c);
  place p = place_of(g, first);
  clear(patch, 6 * rm_wino_padded(g->pixel));
  for (size_t t = 0; t < count; t++, v += TILE, next_place(g, &p)) {
    window w;
    find_window(g, x, &p, 6, patch, &w);
    if (w.left == 0 && w.right == 6) input_tile(&w, channels, block, 0, 6, v);
    else input_tile_edge(&w, channels, block, v);
  }
}

/* --- output gradient --------------------------------------------------------------------- */
RM_INLINE void gradient_row(const rm_vec t[4], float *m) {
  rm_vec o[6];
  gradient_1d(t, o);
#pragma GCC unroll 6
  for (int j = 0; j < 6; j++) rm_store(m + j * BLOCK, o[j]);
}

/* Rows 0 and 5: a row of dy as it is. */
RM_INLINE void gradient_outer(const float *row, size_t at, size_t pixel, int right, float *m) {
  rm_vec t[4];
#pragma GCC unroll 4
  for (int j = 0; j < 4; j++, at = next_pixel(at, pixel)) {
    t[j] = (rm_vec){0};
    if (j < right) t[j] = rm_load(row + at);
  }
  gradient_row(t, m);
}

/* Rows 1 and 2 or 3 and 4: y0 + q y2 +- p (y1 + q y3). */
RM_INLINE void gradient_pair(const float *const row[4], size_t at, size_t pixel, int right, float p, float q,
                             float *m) {
  rm_vec plus[4], minus[4];
#pragma GCC unroll 4
  for (int j = 0; j < 4; j++, at = next_pixel(at, pixel)) {
    plus[j] = minus[j] = (rm_vec){0};
    if (j < right) {
      rm_vec a = TIMES(q, rm_load(row[2] + at), rm_load(row[0] + at));
      rm_vec b = TIMES(q, rm_load(row[3] + at), rm_load(row[1] + at));
      plus[j] = TIMES(p, b, a);
      minus[j] = LESS(p, b, a);
    }
  }
  gradient_row(plus, m);
  gradient_row(minus, m + 6 * BLOCK);
}

RM_INLINE void gradient_tile(const window *w, size_t channels, size_t block, int right, float *m) {
  for (size_t k = 0; k < channels; k += RM_VL) {
    float *to = m + k / BLOCK * block + k % BLOCK;
    gradient_outer(w->row[0], k, w->pixel, right, to);
    gradient_pair(w->row, k, w->pixel, right, p1, q1, to + 6 * BLOCK);
    gradient_pair(w->row, k, w->pixel, right, p2, q2, to + 18 * BLOCK);
    gradient_outer(w->row[3], k, w->pixel, right, to + 30 * BLOCK);
  }
}

static __attribute__((noinline)) void gradient_tile_edge(const window *w, size_t channels, size_t block, float *m) {
  gradient_tile(w, channels, block, w->right, m);
}

void RM_ISA(wino_output_gradient)(const rm_wino_images *g, const float *dy, float *patch, size_t first, size_t count,
                                  float *m) {
  size_t block = g->tiles * TILE, channels = rm_wino_padded(g->c);
  place p = place_of(g, first);
  clear(patch, 6 * rm_wino_padded(g->pixel));
  for (size_t t = 0; t < count; t++, m += TILE, next_place(g, &p)) {
    window w;
    find_window(g, dy, &p, 4, patch, &w);
    if (w.right == 4) gradient_tile(&w, channels, block, 4, m);
    else gradient_tile_edge(&w, channels, block, m);
  }
}
