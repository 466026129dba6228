/* strassen_k.c -- a product of matrices with seven multiplications of halves instead of eight.
 *
 * Rows of x are pixels, columns channels; all three matrices are cut into quarters:
 *
 *   (C11 C12)   (A11 A12) (B11 B12)
 *   (C21 C22) = (A21 A22) (B21 B22)
 *
 * Winograd's form of Strassen's algorithm (Winograd 1971; Higham 2002, section 23.1) needs
 *
 *   S1 = A21 + A22   T1 = B12 - B11   P1 = A11 B11   P5 = S1 T1   U2 = P1 + P6    C11 = P1 + P2
 *   S2 = S1 - A11    T2 = B22 - T1    P2 = A12 B21   P6 = S2 T2   U3 = U2 + P7    C12 = U4 + P3
 *   S3 = A11 - A21   T3 = B22 - B12   P3 = S4 B22    P7 = S3 T3   U4 = U2 + P5    C21 = U3 - P4
 *   S4 = A12 - S2    T4 = T2 - B21    P4 = A22 T4                                 C22 = U3 + P5
 *
 * Sums go on in the registers they were begun in: P1, U2 and U4 are put aside on the way, and C22 is
 * U4 + P7. So a block of outputs costs three loads and stores more than an ordinary product.
 *
 * The error is small against the largest values of the block, not against each single one. */
#include "kernels/moments.h"
#include "kernels/tile.h"

enum { ROWS = RM_TILE_ROWS, PANEL = RM_PANEL };

/* --- sums of inputs and weights ---------------------------------------------------------- */
/* S1 .. S4 of `half` pairs of pixels (i, half + i) with 2c channels: each (half, c). c: whole vectors. */
void RM_ISA(strassen_sums)(size_t half, size_t c, const float *const *from, float *s) {
  size_t size = half * c;
  for (size_t i = 0; i < half; i++, s += c) {
    const float *a1 = from[i], *a2 = from[half + i];
    for (size_t k = 0; k < c; k += RM_VL) {
      rm_vec a11 = rm_load(a1 + k), a21 = rm_load(a2 + k), s1 = a21 + rm_load(a2 + c + k), s2 = s1 - a11;
      rm_store(s + k, s1);
      rm_store(s + size + k, s2);
      rm_store(s + 2 * size + k, a11 - a21);
      rm_store(s + 3 * size + k, rm_load(a1 + c + k) - s2);
    }
  }
}

size_t RM_ISA(strassen_packed)(size_t c, size_t columns) { return 7 * c * columns; }

/* Rows k and c + k of the weights, (2c, 2 columns), into the seven factors: panels of PANEL columns,
 * each B11 B21 T2 T1 B22 T3 -T4, in the order of their use. `columns` is a multiple of PANEL. */
void RM_ISA(strassen_pack)(size_t k, size_t c, size_t columns, const float *w, size_t row_stride, size_t column_stride,
                           float *packed) {
  const float *upper = w + k * row_stride, *lower = w + (c + k) * row_stride;
  for (size_t n = 0; n < columns; n++) {
    float *to = packed + n / PANEL * 7 * c * PANEL + k * PANEL + n % PANEL;
    float b11 = upper[n * column_stride], b12 = upper[(columns + n) * column_stride];
    float b21 = lower[n * column_stride], b22 = lower[(columns + n) * column_stride];
    float t1 = b12 - b11, t2 = b22 - t1, factors[7] = {b11, b21, t2, t1, b22, b22 - b12, b21 - t2};
    for (size_t f = 0; f < 7; f++) to[f * c * PANEL] = factors[f];
  }
}

/* --- products ------------------------------------------------------------------------------ */
RM_INLINE void multiply(rm_tile *t, const float *const a[ROWS], size_t c, const float *b) {
  for (size_t k = 0; k < c; k++, b += PANEL) rm_tile_step(t, ROWS, 2, a, k, b, RM_VL);
}

RM_INLINE void put(const rm_tile *t, float *to) { rm_tile_store(t, ROWS, 2, to, PANEL, RM_VL); }
RM_INLINE void get(rm_tile *t, const float *from) { rm_tile_load(t, ROWS, 2, from, PANEL, RM_VL); }

typedef struct {
  size_t pixels, half, c, columns;
  const float *const *from; /* pixels: the first half, then the second */
  float *const *to;
  const float *s;    /* S1 .. S4 */
  float *aside;      /* P1, U2, U4 of a panel, row by row in whole groups of ROWS */
  const char *ahead; /* what will be read next, asked for slice by slice */
  size_t slice;
  const rm_conv_finish *finish;
  const float *y;           /* where the whole output begins; finish->add lies as it does */
  rm_moments moments[2][2]; /* of the panel's columns, and of those on the right */
} block;

/* How outputs are written: as they are; past the caches; after the shortcut's part and relu. And whether their moments
 * are taken. */
typedef struct {
  enum { KEPT, STREAMED, FINISHED } way;
  bool moments;
} manner;

enum { LEFT, RIGHT }; /* columns */

RM_INLINE void write_vector(const block *q, float *to, rm_vec v, manner how) {
  if (how.way == STREAMED) {
    rm_stream(to, v);
    return;
  }
  if (how.way == FINISHED && q->finish->add) v += rm_load(q->finish->add + (to - q->y));
  if (how.way == FINISHED && q->finish->relu) v = rm_keep(~(v < (rm_vec){0}), v);
  rm_store(to, v);
}

/* Rows i .. of the first or second half, whose columns begin at to[]. Rows that stand in for missing ones are
 * left out. */
RM_INLINE void write_out(block *q, const rm_tile *t, const rm_vec bias[2], float *const to[ROWS], manner how, int side,
                         size_t i, int half) {
  size_t rows = half ? q->pixels - q->half : q->half;
#pragma GCC unroll 2
  for (int j = 0; j < 2; j++) {
    rm_moments m;
    if (how.moments) m = half == 0 && i == 0 ? rm_moments_begin(t->sum[0][j] + bias[j]) : q->moments[side][j];
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++) {
      rm_vec v = t->sum[r][j] + bias[j];
      if (i + (size_t)r >= rows) continue;
      if (how.moments) rm_moments_add(&m, v);
      write_vector(q, to[r] + j * RM_VL, v, how);
    }
    if (how.moments) q->moments[side][j] = m;
  }
}

/* The products, which need little memory, hide the way from main memory. */
RM_INLINE void look_ahead(block *q) {
  for (size_t i = 0; i < q->slice; i += 64) __builtin_prefetch(q->ahead + i, 0, 2);
  q->ahead += q->slice;
}

/* The last pixel stands in for those that are missing from a group of ROWS. */
RM_INLINE size_t row_of(const block *q, size_t i) { return i < q->half ? i : q->half - 1; }

RM_INLINE void inputs(const block *q, size_t i, size_t first, size_t channel, const float *a[ROWS]) {
  for (size_t r = 0; r < ROWS; r++) a[r] = q->from[first + row_of(q, i + r)] + channel;
}

RM_INLINE void sums(const block *q, size_t i, size_t which, const float *a[ROWS]) {
  for (size_t r = 0; r < ROWS; r++) a[r] = q->s + (which * q->half + row_of(q, i + r)) * q->c;
}

RM_INLINE void outputs(const block *q, size_t i, size_t first, size_t column, float *to[ROWS]) {
  for (size_t r = 0; r < ROWS; r++) to[r] = q->to[first + row_of(q, i + r)] + column;
}

/* C11, and P1 put aside. */
RM_INLINE void upper_left(block *q, size_t n, const float *b11, const float *b21, const rm_vec bias[2], manner how) {
  for (size_t i = 0; i < q->half; i += ROWS) {
    look_ahead(q);
    const float *a[ROWS];
    float *to[ROWS];
    rm_tile sum;
    rm_tile_clear(&sum, ROWS, 2);
    inputs(q, i, 0, 0, a);
    multiply(&sum, a, q->c, b11);
    put(&sum, q->aside + 3 * i * PANEL);
    inputs(q, i, 0, q->c, a);
    multiply(&sum, a, q->c, b21);
    outputs(q, i, 0, n, to);
    write_out(q, &sum, bias, to, how, LEFT, i, 0);
  }
}

/* C12 from P1, and U2 and U4 put aside. */
RM_INLINE void upper_right(block *q, size_t n, const float *t2, const float *t1, const float *b22, const rm_vec bias[2],
                           manner how) {
  for (size_t i = 0; i < q->half; i += ROWS) {
    look_ahead(q);
    const float *a[ROWS];
    float *to[ROWS], *aside = q->aside + 3 * i * PANEL;
    rm_tile sum;
    get(&sum, aside);
    sums(q, i, 1, a);
    multiply(&sum, a, q->c, t2);
    put(&sum, aside + ROWS * PANEL);
    sums(q, i, 0, a);
    multiply(&sum, a, q->c, t1);
    put(&sum, aside + 2 * ROWS * PANEL);
    sums(q, i, 3, a);
    multiply(&sum, a, q->c, b22);
    outputs(q, i, 0, q->columns + n, to);
    write_out(q, &sum, bias, to, how, RIGHT, i, 0);
  }
}

/* C22 = U4 + P7 and C21 = U2 + P7 - P4. */
RM_INLINE void lower(block *q, size_t n, const float *t3, const float *minus_t4, const rm_vec bias[2],
                     const rm_vec bias_right[2], manner how) {
  for (size_t i = 0; i < q->half; i += ROWS) {
    look_ahead(q);
    const float *a[ROWS], *aside = q->aside + 3 * i * PANEL;
    float *to[ROWS];
    rm_tile sum;
    rm_tile_clear(&sum, ROWS, 2);
    sums(q, i, 2, a);
    multiply(&sum, a, q->c, t3);
    outputs(q, i, q->half, q->columns + n, to);
    const float *u4 = aside + 2 * ROWS * PANEL, *u2 = aside + ROWS * PANEL;
#pragma GCC unroll 2
    for (size_t j = 0; j < 2; j++) {
      rm_moments m;
      if (how.moments) m = q->moments[RIGHT][j];
#pragma GCC unroll 8
      for (size_t r = 0; r < ROWS; r++) { /* vector by vector: there are no registers for a second tile */
        size_t at = r * PANEL + j * RM_VL;
        rm_vec v = sum.sum[r][j] + rm_load(u4 + at) + bias_right[j];
        sum.sum[r][j] += rm_load(u2 + at);
        if (i + r >= q->pixels - q->half) continue;
        if (how.moments) rm_moments_add(&m, v);
        write_vector(q, to[r] + j * RM_VL, v, how);
      }
      if (how.moments) q->moments[RIGHT][j] = m;
    }
    inputs(q, i, q->half, q->c, a);
    multiply(&sum, a, q->c, minus_t4);
    outputs(q, i, q->half, n, to);
    write_out(q, &sum, bias, to, how, LEFT, i, 1);
  }
}

RM_INLINE void product(block *q, const float *packed, manner how) {
  size_t f = q->c * PANEL;
  const float *bias = q->finish->bias;
  for (size_t n = 0; n < q->columns; n += PANEL, packed += 7 * f) {
    rm_vec left[2] = {{0}}, right[2] = {{0}};
    if (bias)
#pragma GCC unroll 2
      for (size_t j = 0; j < 2; j++) {
        left[j] = rm_load(bias + n + j * RM_VL);
        right[j] = rm_load(bias + q->columns + n + j * RM_VL);
      }
    upper_left(q, n, packed, packed + f, left, how);
    upper_right(q, n, packed + 2 * f, packed + 3 * f, packed + 4 * f, right, how);
    lower(q, n, packed + 5 * f, packed + 6 * f, left, right, how);
    for (size_t side = 0; how.moments && side < 2; side++)
      for (size_t j = 0; j < 2; j++)
        rm_moments_store(&q->moments[side][j], q->finish->moments + side * q->columns + n + j * RM_VL, 2 * q->columns);
  }
}

#define PRODUCT(name, way, moments) \
  static __attribute__((noinline)) void name(block *q, const float *packed) { \
    product(q, packed, (manner){way, moments}); \
    if (way == STREAMED) rm_stream_fence(); \
  }
PRODUCT(product_kept, KEPT, false)
PRODUCT(product_streamed, STREAMED, false)
PRODUCT(product_finished, FINISHED, false)
PRODUCT(product_kept_moments, KEPT, true)
PRODUCT(product_streamed_moments, STREAMED, true)

/* to[i][0 .. 2 columns) = from[i][0 .. 2c) times the weights, finished, for `pixels`, which are taken for an even
 * number: the last one may be there twice. finish->moments are this block's. `s` has the sums of pixels; `aside` holds 3 panels of half pixels, rounded up to whole groups of 8. finish->add lies as the
 * whole output does, which begins at y. `stream`: past the caches; then the rows of `to` are aligned to 64
 * bytes, and nothing but a bias follows. The `ahead_bytes` from `ahead` on are read into the cache meanwhile. */
void RM_ISA(strassen_product)(size_t pixels, size_t c, size_t columns, const float *const *from, const float *s,
                              const float *packed, const rm_conv_finish *finish, float *aside, float *const *to,
                              const float *y, bool stream, const float *ahead, size_t ahead_bytes) {
  size_t half = (pixels + 1) / 2, steps = 3 * ((half + ROWS - 1) / ROWS) * (columns / PANEL);
  size_t slice = (ahead_bytes / steps + 63) / 64 * 64;
  block q = {.pixels = pixels,
             .half = half,
             .c = c,
             .columns = columns,
             .from = from,
             .to = to,
             .s = s,
             .aside = aside,
             .ahead = (const char *)ahead,
             .slice = slice,
             .finish = finish,
             .y = y};
  if (finish->moments) (stream ? product_streamed_moments : product_kept_moments)(&q, packed);
  else if (stream) product_streamed(&q, packed);
  else if (finish->add || finish->relu) product_finished(&q, packed);
  else product_kept(&q, packed);
}
