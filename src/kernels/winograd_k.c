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
  rm_vec s1 = n1 * (u[1] + u[2]), d1 = n1 * (u[1] - u[2]), s2 = n2 * (u[3] + u[4]),
         d2 = n2 * (u[3] - u[4]);
  g[0] = n0 * u[0] + s1 + s2;
  g[1] = p1 * d1 + p2 * d2;
  g[2] = q1 * s1 + q2 * s2 + u[5];
}

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

/* Pixels under a tile: (i, j) at first + i * row + j * pixel, whole vectors of channels each. */
typedef struct {
  const float *first;
  size_t row, pixel;
} window;

RM_INLINE void clear(float *to, size_t n) {
  for (size_t i = 0; i < n; i += RM_VL) rm_store(to + i, (rm_vec){0});
}

RM_INLINE void copy(float *to, const float *from, size_t n) {
  for (size_t i = 0; i < n; i += RM_VL) rm_store(to + i, rm_load(from + i));
}

/* Pixels whose channels end within a block: zeros behind the last. */
static void copy_ragged(float *to, const float *from, size_t pixels, size_t c) {
  for (size_t j = 0; j < pixels; j++, to += rm_wino_padded(c), from += c) {
    clear(to + rm_wino_padded(c) - BLOCK, BLOCK);
    memcpy(to, from, c * sizeof(float));
  }
}

/* Copies extent x extent pixels, zeros where there is no image. */
static window copy_window(const rm_wino_images *g, const float *x, place p, ptrdiff_t extent,
                          float *patch) {
  ptrdiff_t h = (ptrdiff_t)g->h, w = (ptrdiff_t)g->w;
  size_t pixel = rm_wino_padded(g->c), left = p.j < 0 ? (size_t)-p.j : 0;
  size_t right = w - p.j < extent ? (size_t)(w - p.j) : (size_t)extent;
  const float *image = x + p.image * g->h * g->w * g->c;
  float *to = patch;
  for (ptrdiff_t i = p.i; i < p.i + extent; i++, to += (size_t)extent * pixel) {
    size_t from = i >= 0 && i < h ? left : right;
    const float *row = image + (i * w + p.j + (ptrdiff_t)from) * (ptrdiff_t)g->c;
    clear(to, from * pixel);
    if (pixel == g->c) copy(to + from * pixel, row, (right - from) * pixel);
    else copy_ragged(to + from * pixel, row, right - from, g->c);
    clear(to + right * pixel, ((size_t)extent - right) * pixel);
  }
  return (window){patch, (size_t)extent * pixel, pixel};
}

/* The pixels where they are, or copied if they reach over the edge or their channels do not fill
 * blocks. */
RM_INLINE window window_at(const rm_wino_images *g, const float *x, size_t tile, ptrdiff_t extent,
                           float *patch) {
  place p = place_of(g, tile);
  if (p.i < 0 || p.j < 0 || p.i + extent > (ptrdiff_t)g->h || p.j + extent > (ptrdiff_t)g->w ||
      g->c % BLOCK)
    return copy_window(g, x, p, extent, patch);
  return (window){x + ((p.image * g->h + p.i) * g->w + p.j) * g->c, g->w * g->c, g->c};
}

/* --- input ------------------------------------------------------------------------------ */
/* The two-dimensional transforms below make one or two rows of the result at a time: those whose
 * columns share terms. Six or twelve values then stay in registers, where all 36 would not. */

/* The next pixel. The compiler may not see through it: it would work out all 36 addresses ahead, keep
 * them in memory for want of registers, and load an address for every number. */
RM_INLINE const float *next_pixel(const float *p, size_t pixel) {
  p += pixel;
  __asm__("" : "+r"(p));
  return p;
}

RM_INLINE void input_row(const rm_vec t[6], float *v) {
  rm_vec o[6];
  input_1d(t, o);
#pragma GCC unroll 6
  for (int j = 0; j < 6; j++) rm_store(v + j * BLOCK, o[j]);
}

/* Rows 0 and 5: qq d0 + d4 - qs d2, and the same one pixel further down. */
RM_INLINE void input_outer(const float *d, size_t row, size_t pixel, float *v) {
  rm_vec t[6];
#pragma GCC unroll 6
  for (int j = 0; j < 6; j++, d = next_pixel(d, pixel))
    t[j] = qq * rm_load(d) + (rm_load(d + 4 * row) - qs * rm_load(d + 2 * row));
  input_row(t, v);
}

/* Rows 1 and 2 (p = P1, q = P2 squared) or 3 and 4 (p = P2, q = P1 squared): d4 - q d2 +- p (d3 - q d1). */
RM_INLINE void input_pair(const float *d, size_t row, size_t pixel, float p, float q, float *v) {
  rm_vec plus[6], minus[6];
#pragma GCC unroll 6
  for (int j = 0; j < 6; j++, d = next_pixel(d, pixel)) {
    rm_vec a = rm_load(d + 4 * row) - q * rm_load(d + 2 * row);
    rm_vec b = rm_load(d + 3 * row) - q * rm_load(d + row);
    plus[j] = a + p * b;
    minus[j] = a - p * b;
  }
  input_row(plus, v);
  input_row(minus, v + 6 * BLOCK);
}

void RM_ISA(wino_input)(const rm_wino_images *g, const float *x, float *patch, size_t first,
                        size_t count, float *v) {
  size_t block = g->tiles * TILE, channels = rm_wino_padded(g->c);
  for (size_t t = 0; t < count; t++, v += TILE) {
    window w = window_at(g, x, first + t, 6, patch);
    for (size_t k = 0; k < channels; k += RM_VL) {
      const float *d = w.first + k;
      float *to = v + k / BLOCK * block + k % BLOCK;
      input_outer(d, w.row, w.pixel, to);
      input_pair(d, w.row, w.pixel, p1, q2, to + 6 * BLOCK);
      input_pair(d, w.row, w.pixel, p2, q1, to + 18 * BLOCK);
      input_outer(d + w.row, w.row, w.pixel, to + 30 * BLOCK);
    }
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
RM_INLINE void gradient_outer(const float *d, size_t pixel, float *m) {
  rm_vec t[4] = {rm_load(d), rm_load(d + pixel), rm_load(d + 2 * pixel), rm_load(d + 3 * pixel)};
  gradient_row(t, m);
}

/* Rows 1 and 2 or 3 and 4: y0 + q y2 +- p (y1 + q y3). */
RM_INLINE void gradient_pair(const float *d, size_t row, size_t pixel, float p, float q, float *m) {
  rm_vec plus[4], minus[4];
#pragma GCC unroll 4
  for (int j = 0; j < 4; j++, d = next_pixel(d, pixel)) {
    rm_vec a = rm_load(d) + q * rm_load(d + 2 * row), b = rm_load(d + row) + q * rm_load(d + 3 * row);
    plus[j] = a + p * b;
    minus[j] = a - p * b;
  }
  gradient_row(plus, m);
  gradient_row(minus, m + 6 * BLOCK);
}

void RM_ISA(wino_output_gradient)(const rm_wino_images *g, const float *dy, float *patch, size_t first,
                                  size_t count, float *m) {
  size_t block = g->tiles * TILE, channels = rm_wino_padded(g->c);
  for (size_t t = 0; t < count; t++, m += TILE) {
    window w = window_at(g, dy, first + t, 4, patch);
    for (size_t k = 0; k < channels; k += RM_VL) {
      const float *d = w.first + k;
      float *to = m + k / BLOCK * block + k % BLOCK;
      gradient_outer(d, w.pixel, to);
      gradient_pair(d, w.row, w.pixel, p1, q1, to + 6 * BLOCK);
      gradient_pair(d, w.row, w.pixel, p2, q2, to + 18 * BLOCK);
      gradient_outer(d + 3 * w.row, w.pixel, to + 30 * BLOCK);
    }
  }
}

/* --- output ------------------------------------------------------------------------------- */
/* Where the pixels of a row go: `cols` of them lie in the image, `lanes` channels are real. */
typedef struct {
  rm_vec bias;
  int rows, cols;
  size_t lanes, row, pixel;
  bool relu;
  const float *add, *base; /* what is added to y[i] is at add + (y + i - base) */
} target;

/* The shortcut's part, and relu. */
RM_INLINE rm_vec finish_vector(rm_vec v, const target *to, const float *y) {
  if (to->add) {
    rm_vec a = {0};
    memcpy(&a, to->add + (y - to->base), to->lanes * sizeof(float));
    v += a;
  }
  return to->relu ? rm_keep(~(v < (rm_vec){0}), v) : v;
}

RM_INLINE void output_row(const rm_vec t[6], const target *to, bool plain, float *y) {
  rm_vec o[4];
  output_1d(t, o);
#pragma GCC unroll 4
  for (int j = 0; j < to->cols; j++) {
    rm_vec v = o[j] + to->bias;
    if (!plain) v = finish_vector(v, to, y + j * to->pixel);
    if (to->lanes == RM_VL) rm_store(y + j * to->pixel, v);
    else memcpy(y + j * to->pixel, &v, to->lanes * sizeof(float));
  }
}

/* Rows 0 and 2 share sums, rows 1 and 3 differences. */
RM_INLINE void output_vector(const float *m, const target *to, bool plain, float *y) {
  rm_vec t[6], u[6];
#pragma GCC unroll 6
  for (int j = 0; j < 6; j++) {
    const float *p = m + j * BLOCK;
    rm_vec s1 = rm_load(p + 6 * BLOCK) + rm_load(p + 12 * BLOCK),
           s2 = rm_load(p + 18 * BLOCK) + rm_load(p + 24 * BLOCK);
    t[j] = rm_load(p) + s1 + s2;
    u[j] = q1 * s1 + q2 * s2;
  }
  output_row(t, to, plain, y);
  if (to->rows > 2) output_row(u, to, plain, y + 2 * to->row);
  if (to->rows < 2) return;
#pragma GCC unroll 6
  for (int j = 0; j < 6; j++) {
    const float *p = m + j * BLOCK;
    rm_vec d1 = rm_load(p + 6 * BLOCK) - rm_load(p + 12 * BLOCK),
           d2 = rm_load(p + 18 * BLOCK) - rm_load(p + 24 * BLOCK);
    t[j] = p1 * d1 + p2 * d2;
    u[j] = c1 * d1 + (c2 * d2 + rm_load(p + 30 * BLOCK));
  }
  output_row(t, to, plain, y + to->row);
  if (to->rows > 3) output_row(u, to, plain, y + 3 * to->row);
}

/* Writes rows x cols pixels (4 x 4 but at the edge). `plain`: nothing is left to do but the bias. */
RM_INLINE void output_tile(const rm_wino_images *g, const float *m, const rm_conv_finish *f, bool plain,
                           const float *base, int rows, int cols, float *y) {
  size_t c = g->c, block = g->tiles * TILE, k = 0;
  target to = {{0}, rows, cols, RM_VL, g->w * c, c, f->relu, f->add, base};
  for (; k + RM_VL <= c; k += RM_VL) {
    if (f->bias) to.bias = rm_load(f->bias + k);
    output_vector(m + k / BLOCK * block + k % BLOCK, &to, plain, y + k);
  }
  if (k == c) return;
  to.lanes = c - k;
  to.bias = (rm_vec){0};
  if (f->bias) memcpy(&to.bias, f->bias + k, to.lanes * sizeof(float));
  output_vector(m + k / BLOCK * block + k % BLOCK, &to, plain, y + k);
}

RM_INLINE void output_tiles(const rm_wino_images *g, const float *m, const rm_conv_finish *f, bool plain,
                            size_t first, size_t count, float *y) {
  for (size_t t = 0; t < count; t++, m += TILE) {
    place p = place_of(g, first + t);
    float *to = y + ((p.image * g->h + p.i) * g->w + p.j) * g->c;
    size_t rows = g->h - p.i, cols = g->w - p.j;
    if (rows >= 4 && cols >= 4) output_tile(g, m, f, plain, y, 4, 4, to);
    else output_tile(g, m, f, plain, y, rows < 4 ? (int)rows : 4, cols < 4 ? (int)cols : 4, to);
  }
}

static __attribute__((noinline)) void finished_tiles(const rm_wino_images *g, const float *m,
                                                     const rm_conv_finish *f, size_t first, size_t count,
                                                     float *y) {
  output_tiles(g, m, f, false, first, count, y);
}

void RM_ISA(wino_output)(const rm_wino_images *g, const float *m, const rm_conv_finish *finish, size_t first,
                         size_t count, float *y) {
  if (finish->add || finish->relu) finished_tiles(g, m, finish, first, count, y);
  else output_tiles(g, m, finish, true, first, count, y);
}

/* --- weights -------------------------------------------------------------------------------- */
/* Taps of 16 columns of one row; `flip` turns the kernel by 180 degrees. */
static void gather_taps(const float *w, size_t column_stride, size_t columns, int flip,
                        float taps[9][BLOCK]) {
  memset(taps, 0, 9 * BLOCK * sizeof(float));
  for (size_t k = 0; k < columns; k++)
    for (int t = 0; t < 9; t++) taps[t][k] = w[k * column_stride + (flip ? 8 - t : t)];
}

RM_INLINE void weight_vector(const float taps[9][BLOCK], size_t lane, float *u, size_t stride) {
  rm_vec t[6][3];
#pragma GCC unroll 3
  for (int j = 0; j < 3; j++) {
    rm_vec g[3] = {rm_load(taps[j] + lane), rm_load(taps[3 + j] + lane), rm_load(taps[6 + j] + lane)},
           o[6];
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

void RM_ISA(wino_weights)(const float *w, size_t rows, size_t columns, size_t row_stride,
                          size_t column_stride, int flip, size_t row_block, size_t column_block,
                          float *u) {
  size_t height = rm_wino_padded(rows), width = rm_wino_padded(columns), first = column_block * BLOCK;
  size_t stride = rm_wino_weights_stride(rows, columns),
         n = columns - first < BLOCK ? columns - first : BLOCK;
  for (size_t r = row_block * BLOCK; r < (row_block + 1) * BLOCK; r++) {
    float taps[9][BLOCK];
    gather_taps(w + r * row_stride + first * column_stride, column_stride, r < rows ? n : 0, flip,
                taps);
    for (size_t lane = 0; lane < BLOCK; lane += RM_VL) {
      size_t column = first + lane, panel = panel_width(column, width);
      weight_vector(taps, lane, u + column / PANEL * PANEL * height + r * panel + column % PANEL,
                    stride);
    }
  }
}

/* Adds the parts in order, transforms back and writes dw (column, row, 3, 3). */
void RM_ISA(wino_weight_gradient)(const float *du, size_t parts, size_t part_stride, size_t rows,
                                  size_t columns, size_t row_block, size_t column_block, float *dw) {
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
          for (size_t p = 1; p < parts; p++)
            u[i] += rm_load(from + p * part_stride + (i * 6 + j) * stride);
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
RM_INLINE void product_micro(int nv, const float *a, size_t block, size_t blocks, const float *b,
                             float *const c[2]) {
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

static __attribute__((noinline)) void product_two(const float *a, size_t block, size_t blocks,
                                                  const float *b, float *c0, float *c1_) {
  product_micro(2, a, block, blocks, b, (float *[]){c0, c1_});
}

static __attribute__((noinline)) void product_one(const float *a, size_t block, size_t blocks,
                                                  const float *b, float *c) {
  product_micro(1, a, block, blocks, b, (float *[]){c, NULL});
}

/* One position: m = v u for `count` tiles. Whole groups of ROWS tiles are computed; what is
 * beyond `count` is never read. */
void RM_ISA(wino_product)(size_t count, size_t tiles, size_t rows, size_t columns, const float *v,
                          const float *u, float *m) {
  size_t height = rm_wino_padded(rows), width = rm_wino_padded(columns), block = tiles * TILE;
  for (size_t n = 0; n < width; n += PANEL) {
    const float *b = u + n * height;
    size_t second = n + RM_VL;
    float *c = m + n / BLOCK * block + n % BLOCK, *d = m + second / BLOCK * block + second % BLOCK;
    for (size_t t = 0; t < count; t += ROWS) {
      if (panel_width(n, width) == PANEL)
        product_two(v + t * TILE, block, height / BLOCK, b, c + t * TILE, d + t * TILE);
      else product_one(v + t * TILE, block, height / BLOCK, b, c + t * TILE);
    }
  }
}

/* rows r .. r+n-1 of dU (input channels) x NV vectors of columns, added over the tiles. */
RM_INLINE void weight_micro(int n, int nv, size_t count, const float *a, const float *const b[2],
                            float *c, size_t width) {
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

#define WEIGHT_MICRO(n, nv)                                                                     \
  static __attribute__((noinline)) void weight_micro_##n##_##nv(                                \
      size_t count, const float *a, const float *b0, const float *b1, float *c, size_t width) { \
    weight_micro(n, nv, count, a, (const float *[]){b0, b1}, c, width);                         \
  }
#if defined(__AVX512F__)
WEIGHT_MICRO(8, 2)
WEIGHT_MICRO(8, 1)
#else
WEIGHT_MICRO(6, 2)
WEIGHT_MICRO(4, 2)
#endif

/* One position: du += v' m over `count` tiles. */
void RM_ISA(wino_weight_product)(size_t count, size_t tiles, size_t rows, size_t columns,
                                 const float *v, const float *m, float *du) {
  size_t width = rm_wino_padded(columns), block = tiles * TILE;
  for (size_t n = 0; n < width; n += PANEL) {
    size_t second = n + RM_VL < width ? n + RM_VL : n;
    const float *b0 = m + n / BLOCK * block + n % BLOCK,
                *b1 = m + second / BLOCK * block + second % BLOCK;
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
