/* winograd_k.c -- 3x3 convolution with a quarter of the multiplications.
 *
 *   y = A' [ (G w G') . (B' x B) ] A        for one tile and channel, . elementwise
 *
 * Summed over input channels, the elementwise product is a matrix product for each of the 36
 * positions, and that is where the time goes. The transforms work on one vector of channels
 * at a time. The interpolation points are 0, +-5/8, +-3/2 and infinity: the error is half that
 * of the usual 0, +-1, +-2, at the same cost.
 *
 * The weight gradient is the same bilinear form read the other way:
 *   dw = G' [ (B' x B) . (A dy A') ] G.
 *
 * Source: Lavin and Gray 2016, arXiv:1509.09308; points after Barabasz et al. 2020,
 * arXiv:1803.10986. */
#include "kernels/isa.h"
#include <string.h>

enum { BLOCK = RM_WINO_BLOCK, TILE = RM_WINO_POSITIONS * BLOCK };

/* --- one-dimensional transforms ------------------------------------------------------ */
#define P1 0.625 /* the points: +-P1, +-P2 */
#define P2 1.5
#define Q1 (P1 * P1)
#define Q2 (P2 * P2)
static const float p1 = P1, p2 = P2, q1 = Q1, q2 = Q2, c1 = P1 * Q1, c2 = P2 * Q2;
static const float qq = Q1 * Q2, qs = Q1 + Q2;
/* Lagrange weights of the points 0, +-P1, +-P2; those of the input rows are moved into G. */
static const float n0 = 1 / (Q1 * Q2), n1 = 1 / (2 * Q1 * (Q1 - Q2)), n2 = 1 / (2 * Q2 * (Q2 - Q1));

/* B': 6 inputs -> 6 positions */
RM_INLINE void input_1d(const rm_vec d[6], rm_vec t[6]) {
  rm_vec a = d[4] - q2 * d[2], b = d[3] - q2 * d[1], c = d[4] - q1 * d[2], e = d[3] - q1 * d[1];
  t[0] = qq * d[0] + (d[4] - qs * d[2]);
  t[1] = a + p1 * b;
  t[2] = a - p1 * b;
  t[3] = c + p2 * e;
  t[4] = c - p2 * e;
  t[5] = qq * d[1] + (d[5] - qs * d[3]);
}

/* A': 6 positions -> 4 outputs */
RM_INLINE void output_1d(const rm_vec m[6], rm_vec y[4]) {
  rm_vec s1 = m[1] + m[2], d1 = m[1] - m[2], s2 = m[3] + m[4], d2 = m[3] - m[4];
  y[0] = m[0] + s1 + s2;
  y[1] = p1 * d1 + p2 * d2;
  y[2] = q1 * s1 + q2 * s2;
  y[3] = c1 * d1 + (c2 * d2 + m[5]);
}

/* A: 4 output gradients -> 6 positions */
RM_INLINE void gradient_1d(const rm_vec y[4], rm_vec m[6]) {
  rm_vec a = y[0] + q1 * y[2], b = y[1] + q1 * y[3], c = y[0] + q2 * y[2], e = y[1] + q2 * y[3];
  m[0] = y[0];
  m[1] = a + p1 * b;
  m[2] = a - p1 * b;
  m[3] = c + p2 * e;
  m[4] = c - p2 * e;
  m[5] = y[3];
}

/* G: 3 taps -> 6 positions */
RM_INLINE void weight_1d(const rm_vec g[3], rm_vec u[6]) {
  rm_vec a = g[0] + q1 * g[2], b = g[0] + q2 * g[2];
  u[0] = n0 * g[0];
  u[1] = n1 * (a + p1 * g[1]);
  u[2] = n1 * (a - p1 * g[1]);
  u[3] = n2 * (b + p2 * g[1]);
  u[4] = n2 * (b - p2 * g[1]);
  u[5] = g[2];
}

/* G': 6 positions -> 3 taps */
RM_INLINE void weight_gradient_1d(const rm_vec u[6], rm_vec g[3]) {
  rm_vec s1 = n1 * (u[1] + u[2]), d1 = n1 * (u[1] - u[2]), s2 = n2 * (u[3] + u[4]), d2 = n2 * (u[3] - u[4]);
  g[0] = n0 * u[0] + s1 + s2;
  g[1] = p1 * d1 + p2 * d2;
  g[2] = q1 * s1 + q2 * s2 + u[5];
}

/* --- partial vectors ------------------------------------------------------------------ */
/* The first n lanes, n < RM_VL; zeros behind them. */
static rm_vec load_some(const float *p, size_t n) {
  rm_vec v = {0};
  memcpy(&v, p, n * sizeof(float));
  return v;
}

static void store_some(float *p, rm_vec v, size_t n) { memcpy(p, &v, n * sizeof(float)); }

RM_INLINE rm_vec load_lanes(const float *p, size_t lanes) { return lanes == RM_VL ? rm_load(p) : load_some(p, lanes); }

/* --- where a tile lies ------------------------------------------------------------------ */
typedef struct {
  size_t image;
  ptrdiff_t i, j; /* first pixel; may lie in the padding */
} place;

/* Tile `t`, counted through all images. */
RM_INLINE place place_of(const rm_wino_images *g, size_t t) {
  size_t in_image = t % (g->across * g->down);
  return (place){t / (g->across * g->down), 4 * (ptrdiff_t)(in_image / g->across) - g->pad,
                 4 * (ptrdiff_t)(in_image % g->across) - g->pad};
}

/* The pixels under a tile: pixel (i, j) is at row[i] + j * channels if from <= j < to, and
 * zero otherwise. Rows outside the image point to zeros. */
typedef struct {
  const float *row[6];
  int from, to;
} window;

RM_INLINE window window_at(const rm_wino_images *g, const float *x, const float *zeros, place p, int extent) {
  ptrdiff_t h = (ptrdiff_t)g->h, w = (ptrdiff_t)g->w, c = (ptrdiff_t)g->c;
  const float *row = x + (((ptrdiff_t)p.image * h + p.i) * w + p.j) * c;
  window v = {.from = p.j < 0 ? (int)-p.j : 0, .to = w - p.j < extent ? (int)(w - p.j) : extent};
#pragma GCC unroll 6
  for (int i = 0; i < extent; i++) v.row[i] = p.i + i >= 0 && p.i + i < h ? row + i * w * c : zeros;
  return v;
}

/* --- input ------------------------------------------------------------------------------ */
/* One vector of channels, from channel k on, of which `lanes` exist. */
RM_INLINE void input_vector(const window *from, size_t c, size_t k, size_t lanes, float *v) {
  rm_vec t[6][6];
#pragma GCC unroll 6
  for (int j = 0; j < 6; j++) {
    rm_vec d[6], o[6] = {{0}};
    if (j >= from->from && j < from->to) {
#pragma GCC unroll 6
      for (int i = 0; i < 6; i++) d[i] = load_lanes(from->row[i] + j * c + k, lanes);
      input_1d(d, o);
    }
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++) t[i][j] = o[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < 6; i++) {
    rm_vec o[6];
    input_1d(t[i], o);
#pragma GCC unroll 6
    for (int j = 0; j < 6; j++) rm_store(v + (i * 6 + j) * BLOCK, o[j]);
  }
}

/* Channels that fill up the last block. */
static void clear_channels(size_t from, size_t to, float *v, size_t block) {
  for (size_t k = from; k < to; k++)
    for (size_t p = 0; p < RM_WINO_POSITIONS; p++) v[k / BLOCK * block + p * BLOCK + k % BLOCK] = 0;
}

void RM_ISA(wino_input)(const rm_wino_images *g, const float *x, const float *zeros, size_t first, size_t count,
                        float *v) {
  size_t block = g->tiles * TILE, c = g->c;
  for (size_t t = 0; t < count; t++, v += TILE) {
    window w = window_at(g, x, zeros, place_of(g, first + t), 6);
    size_t k = 0;
    for (; k + RM_VL <= c; k += RM_VL) input_vector(&w, c, k, RM_VL, v + k / BLOCK * block + k % BLOCK);
    if (k < c) input_vector(&w, c, k, c - k, v + k / BLOCK * block + k % BLOCK);
    clear_channels(c, rm_wino_padded(c), v, block);
  }
}

/* --- output gradient --------------------------------------------------------------------- */
RM_INLINE void gradient_vector(const window *from, size_t c, size_t k, size_t lanes, float *m) {
  rm_vec t[6][4];
#pragma GCC unroll 4
  for (int j = 0; j < 4; j++) {
    rm_vec d[4], o[6] = {{0}};
    if (j < from->to) {
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) d[i] = load_lanes(from->row[i] + j * c + k, lanes);
      gradient_1d(d, o);
    }
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++) t[i][j] = o[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < 6; i++) {
    rm_vec o[6];
    gradient_1d(t[i], o);
#pragma GCC unroll 6
    for (int j = 0; j < 6; j++) rm_store(m + (i * 6 + j) * BLOCK, o[j]);
  }
}

void RM_ISA(wino_output_gradient)(const rm_wino_images *g, const float *dy, const float *zeros, size_t first,
                                  size_t count, float *m) {
  size_t block = g->tiles * TILE, c = g->c;
  for (size_t t = 0; t < count; t++, m += TILE) {
    window w = window_at(g, dy, zeros, place_of(g, first + t), 4);
    size_t k = 0;
    for (; k + RM_VL <= c; k += RM_VL) gradient_vector(&w, c, k, RM_VL, m + k / BLOCK * block + k % BLOCK);
    if (k < c) gradient_vector(&w, c, k, c - k, m + k / BLOCK * block + k % BLOCK);
    clear_channels(c, rm_wino_padded(c), m, block);
  }
}

/* --- output ------------------------------------------------------------------------------- */
/* One vector of channels of one tile. Rows and columns beyond rows, cols lie outside the image;
 * `lanes` channels of the vector are real. */
RM_INLINE void output_vector(const float *m, rm_vec bias, int rows, int cols, size_t lanes, size_t channels, size_t row,
                             float *y) {
  rm_vec t[4][6];
#pragma GCC unroll 6
  for (int j = 0; j < 6; j++) {
    rm_vec d[6], o[4];
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++) d[i] = rm_load(m + (i * 6 + j) * BLOCK);
    output_1d(d, o);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) t[i][j] = o[i];
  }
#pragma GCC unroll 4
  for (int i = 0; i < rows; i++, y += row) {
    rm_vec o[4];
    output_1d(t[i], o);
#pragma GCC unroll 4
    for (int j = 0; j < cols; j++) {
      if (lanes == RM_VL) rm_store(y + j * channels, o[j] + bias);
      else store_some(y + j * channels, o[j] + bias, lanes);
    }
  }
}

/* Writes rows x cols pixels (4 x 4 but at the edge). */
RM_INLINE void output_tile(const float *m, const float *bias, size_t block, int rows, int cols, size_t channels,
                           size_t row, float *y) {
  size_t k = 0;
  for (; k + RM_VL <= channels; k += RM_VL)
    output_vector(m + k / BLOCK * block + k % BLOCK, bias ? rm_load(bias + k) : (rm_vec){0}, rows, cols, RM_VL, channels,
                  row, y + k);
  if (k < channels)
    output_vector(m + k / BLOCK * block + k % BLOCK, bias ? load_some(bias + k, channels - k) : (rm_vec){0}, rows, cols,
                  channels - k, channels, row, y + k);
}

void RM_ISA(wino_output)(const rm_wino_images *g, const float *m, const float *bias, size_t first, size_t count,
                         float *y) {
  size_t block = g->tiles * TILE, row = g->w * g->c;
  for (size_t t = 0; t < count; t++, m += TILE) {
    place p = place_of(g, first + t);
    float *to = y + ((p.image * g->h + p.i) * g->w + p.j) * g->c;
    size_t rows = g->h - p.i, cols = g->w - p.j;
    if (rows >= 4 && cols >= 4) output_tile(m, bias, block, 4, 4, g->c, row, to);
    else output_tile(m, bias, block, rows < 4 ? (int)rows : 4, cols < 4 ? (int)cols : 4, g->c, row, to);
  }
}

/* --- weights -------------------------------------------------------------------------------- */
/* Taps of 16 columns of one row; `flip` turns the kernel by 180 degrees. */
static void gather_taps(const float *w, size_t column_stride, size_t columns, int flip, float taps[9][BLOCK]) {
  memset(taps, 0, 9 * BLOCK * sizeof(float));
  for (size_t k = 0; k < columns; k++)
    for (int t = 0; t < 9; t++) taps[t][k] = w[k * column_stride + (flip ? 8 - t : t)];
}

RM_INLINE void weight_vector(const float taps[9][BLOCK], size_t lane, float *u, size_t stride) {
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

enum { PANEL = 2 * RM_VL }; /* columns the product takes at a time */

/* Width of the panel that column n is in: the last one may be half. */
RM_INLINE size_t panel_width(size_t n, size_t columns) {
  size_t begin = n / PANEL * PANEL;
  return columns - begin < PANEL ? columns - begin : PANEL;
}

void RM_ISA(wino_weights)(const float *w, size_t rows, size_t columns, size_t row_stride, size_t column_stride,
                          int flip, size_t row_block, size_t column_block, float *u) {
  size_t height = rm_wino_padded(rows), width = rm_wino_padded(columns), first = column_block * BLOCK;
  size_t stride = rm_wino_weights_stride(rows, columns), n = columns - first < BLOCK ? columns - first : BLOCK;
  for (size_t r = row_block * BLOCK; r < (row_block + 1) * BLOCK; r++) {
    float taps[9][BLOCK];
    gather_taps(w + r * row_stride + first * column_stride, column_stride, r < rows ? n : 0, flip, taps);
    for (size_t lane = 0; lane < BLOCK; lane += RM_VL) {
      size_t column = first + lane, panel = panel_width(column, width);
      weight_vector(taps, lane, u + column / PANEL * PANEL * height + r * panel + column % PANEL, stride);
    }
  }
}

/* Adds the parts in order, transforms back and writes dw (column, row, 3, 3). */
void RM_ISA(wino_weight_gradient)(const float *du, size_t parts, size_t part_stride, size_t rows, size_t columns,
                                  size_t row_block, size_t column_block, float *dw) {
  size_t stride = rm_wino_weights_stride(rows, columns), width = rm_wino_padded(columns);
  for (size_t r = row_block * BLOCK; r < rows && r < (row_block + 1) * BLOCK; r++)
    for (size_t k = column_block * BLOCK; k < columns && k < (column_block + 1) * BLOCK; k += RM_VL) {
      const float *from = du + r * width + k;
      rm_vec t[3][6], g[3][3];
#pragma GCC unroll 6
      for (int j = 0; j < 6; j++) {
        rm_vec u[6], o[3];
#pragma GCC unroll 6
        for (int i = 0; i < 6; i++) {
          u[i] = rm_load(from + (i * 6 + j) * stride);
          for (size_t p = 1; p < parts; p++) u[i] += rm_load(from + p * part_stride + (i * 6 + j) * stride);
        }
        weight_gradient_1d(u, o);
        for (int i = 0; i < 3; i++) t[i][j] = o[i];
      }
      for (int i = 0; i < 3; i++) weight_gradient_1d(t[i], g[i]);
      for (size_t lane = 0; lane < RM_VL && k + lane < columns; lane++)
        for (int q = 0; q < 9; q++) dw[((k + lane) * rows + r) * 9 + q] = g[q / 3][q % 3][lane];
    }
}

/* --- products --------------------------------------------------------------------------------- */
#if defined(__AVX512F__)
enum { ROWS = 8 }; /* 8 x 2 sums, of 32 registers */
#else
enum { ROWS = 6 }; /* 6 x 2 sums, two weights and one input: 15 of 16 registers */
#endif

/* ROWS tiles x NV vectors of columns, over all input channels. `a` steps from channel block to channel
 * block; c from vector to vector. */
RM_INLINE void product_micro(int nv, const float *a, size_t block, size_t blocks, const float *b, float *const c[2]) {
  rm_vec sum[ROWS][2];
#pragma GCC unroll 8
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 2
    for (int j = 0; j < nv; j++) sum[i][j] = (rm_vec){0};
  for (size_t q = 0; q < blocks; q++, a += block)
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
#pragma GCC unroll 8
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 2
    for (int j = 0; j < nv; j++) rm_store(c[j] + i * TILE, sum[i][j]);
}

static __attribute__((noinline)) void product_two(const float *a, size_t block, size_t blocks, const float *b,
                                                  float *c0, float *c1_) {
  product_micro(2, a, block, blocks, b, (float *[]){c0, c1_});
}

static __attribute__((noinline)) void product_one(const float *a, size_t block, size_t blocks, const float *b, float *c) {
  product_micro(1, a, block, blocks, b, (float *[]){c, NULL});
}

/* One position: m = v u for `count` tiles. Whole groups of ROWS tiles are computed; what is
 * beyond `count` is never read. */
void RM_ISA(wino_product)(size_t count, size_t tiles, size_t rows, size_t columns, const float *v, const float *u,
                          float *m) {
  size_t height = rm_wino_padded(rows), width = rm_wino_padded(columns), block = tiles * TILE;
  for (size_t n = 0; n < width; n += PANEL) {
    const float *b = u + n * height;
    size_t second = n + RM_VL;
    float *c = m + n / BLOCK * block + n % BLOCK, *d = m + second / BLOCK * block + second % BLOCK;
    for (size_t t = 0; t < count; t += ROWS) {
      if (panel_width(n, width) == PANEL) product_two(v + t * TILE, block, height / BLOCK, b, c + t * TILE, d + t * TILE);
      else product_one(v + t * TILE, block, height / BLOCK, b, c + t * TILE);
    }
  }
}

/* rows r .. r+n-1 of dU (input channels) x NV vectors of columns, added over the tiles. */
RM_INLINE void weight_micro(int n, int nv, size_t count, const float *a, const float *const b[2], float *c,
                            size_t width) {
  rm_vec sum[8][2];
  const float *b0 = b[0], *b1 = b[1];
#pragma GCC unroll 8
  for (int i = 0; i < n; i++)
#pragma GCC unroll 2
    for (int j = 0; j < nv; j++) sum[i][j] = rm_load(c + i * width + j * RM_VL);
  for (size_t t = 0; t < count; t++, a += TILE, b0 += TILE, b1 += TILE) {
    rm_vec w[2] = {rm_load(b0), rm_load(b1)};
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
    for (int j = 0; j < nv; j++) rm_store(c + i * width + j * RM_VL, sum[i][j]);
}

#define WEIGHT_MICRO(n, nv)                                                                                 \
  static __attribute__((noinline)) void weight_micro_##n##_##nv(size_t count, const float *a, const float *b0, \
                                                                const float *b1, float *c, size_t width) {  \
    weight_micro(n, nv, count, a, (const float *[]){b0, b1}, c, width);                                     \
  }
#if defined(__AVX512F__)
WEIGHT_MICRO(8, 2)
WEIGHT_MICRO(8, 1)
#else
WEIGHT_MICRO(6, 2)
WEIGHT_MICRO(4, 2)
#endif

/* One position: du += v' m over `count` tiles. */
void RM_ISA(wino_weight_product)(size_t count, size_t tiles, size_t rows, size_t columns, const float *v,
                                 const float *m, float *du) {
  size_t width = rm_wino_padded(columns), block = tiles * TILE;
  for (size_t n = 0; n < width; n += PANEL) {
    size_t second = n + RM_VL < width ? n + RM_VL : n;
    const float *b0 = m + n / BLOCK * block + n % BLOCK, *b1 = m + second / BLOCK * block + second % BLOCK;
    for (size_t r = 0; r < rows; r += BLOCK) {
      const float *a = v + r / BLOCK * block;
      float *c = du + r * width + n;
#if defined(__AVX512F__)
      for (size_t i = 0; i < BLOCK; i += 8)
        (second > n ? weight_micro_8_2 : weight_micro_8_1)(count, a + i, b0, b1, c + i * width, width);
#else
      weight_micro_6_2(count, a, b0, b1, c, width);
      weight_micro_6_2(count, a + 6, b0, b1, c + 6 * width, width);
      weight_micro_4_2(count, a + 12, b0, b1, c + 12 * width, width);
#endif
    }
  }
}
