/* direct_k.c -- convolution straight from a padded channels-last image.
 *
 * What lies under the window of an output pixel is a few runs of memory: for a 3x3 kernel
 * three runs of 3C floats. They begin at the same offsets from every pixel, so a kernel needs
 * a pointer for each pixel and one list of offsets, and any stride, dilation or order of pixels
 * looks the same to it. ROWS pixels times two vectors of output channels are summed in
 * registers; each step takes one float of each pixel and two vectors of weights.
 *
 * Packed weights: panels of two vectors of columns (the last may be one), each [row][width],
 * filled up with zeros. */
#include <string.h>
#include "kernels/isa.h"

#if defined(__AVX512F__)
enum { ROWS = 8 }; /* 8 x 2 sums, of 32 registers */
#else
enum { ROWS = 6 }; /* 6 x 2 sums, two weights and one input: 15 of 16 registers */
#endif
enum { PANEL = 2 * RM_VL };

/* Without fused multiply-adds each product is rounded as well: then every run is summed by itself,
 * which makes up for it at the cost of one addition a run. */
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
enum { BY_RUN = 0 };
#else
enum { BY_RUN = 1 };
#endif

static size_t whole(size_t columns) { return (columns + RM_VL - 1) / RM_VL * RM_VL; }

/* Vectors in the panel that begins at column n. */
static int vectors(size_t n, size_t columns) { return columns - n > RM_VL ? 2 : 1; }

size_t RM_ISA(direct_packed)(size_t depth, size_t columns) { return depth * whole(columns); }

/* One row of weights into its place: column k is w[k * column_stride]. */
void RM_ISA(direct_pack)(size_t row, size_t columns, const float *w, size_t column_stride, size_t depth,
                         float *packed) {
  for (size_t n = 0; n < columns; n += PANEL) {
    size_t width = vectors(n, columns) * RM_VL;
    float *to = packed + n * depth + row * width;
    for (size_t k = 0; k < width; k++) to[k] = n + k < columns ? w[(n + k) * column_stride] : 0;
  }
}

/* --- forward ------------------------------------------------------------------------- */
/* Fewer than a vector, in pieces of fixed size: a copy of any length costs more than the sums. */
static __attribute__((noinline)) void store_few(float *to, const float *v, size_t columns) {
  for (size_t n = RM_VL / 2; n > 0; n /= 2)
    if (columns & n) {
      if (n == 8) memcpy(to, v, 8 * sizeof(float));
      else if (n == 4) memcpy(to, v, 4 * sizeof(float));
      else if (n == 2) memcpy(to, v, 2 * sizeof(float));
      else *to = *v;
      to += n, v += n;
    }
}

RM_INLINE void store_columns(float *to, rm_vec v, size_t columns, bool stream) {
  if (stream) rm_stream(to, v);
  else if (columns >= RM_VL) rm_store(to, v);
  else store_few(to, (const float *)&v, columns);
}

/* ROWS pixels, nv vectors; `columns` of them are real. */
RM_INLINE void forward_micro(int nv, const float *const *from, float *const *to, size_t runs, const ptrdiff_t *offsets,
                             size_t length, const float *w, size_t columns, const rm_vec bias[2], bool stream) {
  rm_vec sum[ROWS][2], total[ROWS][2] = {{{0}}};
#pragma GCC unroll 8
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 2
    for (int j = 0; j < nv; j++) sum[i][j] = bias[j];
  for (size_t r = 0; r < runs; r++) {
    const float *a[ROWS];
#pragma GCC unroll 8
    for (int i = 0; i < ROWS; i++) a[i] = from[i] + offsets[r];
    for (size_t k = 0; k < length; k++, w += nv * RM_VL) {
      rm_vec b[2];
#pragma GCC unroll 2
      for (int j = 0; j < nv; j++) b[j] = rm_load(w + j * RM_VL);
#pragma GCC unroll 8
      for (int i = 0; i < ROWS; i++) {
        rm_vec x = rm_splat(a[i][k]);
#pragma GCC unroll 2
        for (int j = 0; j < nv; j++) sum[i][j] += x * b[j];
      }
    }
    if (!BY_RUN) continue;
#pragma GCC unroll 8
    for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 2
      for (int j = 0; j < nv; j++) {
        total[i][j] += sum[i][j];
        sum[i][j] = (rm_vec){0};
      }
  }
  rm_vec(*result)[2] = sum;
  if (BY_RUN) result = total;
#pragma GCC unroll 8
  for (int i = 0; i < ROWS; i++) {
    if (nv == 2) store_columns(to[i], result[i][0], RM_VL, stream);
    store_columns(to[i] + (nv - 1) * RM_VL, result[i][nv - 1], columns - (nv - 1) * RM_VL, stream);
  }
}

typedef void (*forward_fn)(const float *const *from, float *const *to, size_t runs, const ptrdiff_t *offsets,
                           size_t length, const float *w, size_t columns, const rm_vec bias[2]);

#define FORWARD(name, nv, stream)                                                                            \
  static void name(const float *const *from, float *const *to, size_t runs, const ptrdiff_t *offsets,        \
                   size_t length, const float *w, size_t columns, const rm_vec bias[2]) {                    \
    forward_micro(nv, from, to, runs, offsets, length, w, columns, bias, stream);                            \
  }
FORWARD(forward_one, 1, false) FORWARD(forward_two, 2, false)
FORWARD(forward_one_streamed, 1, true) FORWARD(forward_two_streamed, 2, true)

static const forward_fn forward_by_vectors[2][2] = {{forward_one, forward_two},
                                                    {forward_one_streamed, forward_two_streamed}};

/* The shortcut's part and relu, on pixels just written: they are in the first-level cache. */
static __attribute__((noinline)) void finish_pixels(size_t pixels, float *const *to, size_t columns,
                                                    const rm_conv_finish *f, const float *y) {
  for (size_t p = 0; p < pixels; p++) {
    const float *add = f->add ? f->add + (to[p] - y) : NULL;
    for (size_t j = 0; j < columns; j++) {
      float v = add ? to[p][j] + add[j] : to[p][j];
      to[p][j] = f->relu && v < 0 ? 0 : v;
    }
  }
}

/* Where the last pixels are fewer than ROWS, the last one is computed several times. finish->bias
 * belongs to these columns; finish->add lies as the whole output does, which begins at y. `stream`: past
 * the caches; columns are whole vectors then, rows of `to` aligned to them, and nothing but a bias follows. */
void RM_ISA(direct_forward)(size_t pixels, const float *const *from, float *const *to, size_t runs,
                            const ptrdiff_t *offsets, size_t length, const float *packed, size_t columns,
                            const rm_conv_finish *finish, const float *y, bool stream) {
  for (size_t n = 0; n < columns; n += PANEL) {
    size_t left = columns - n < PANEL ? columns - n : PANEL;
    rm_vec start[2] = {{0}};
    if (finish->bias) memcpy(start, finish->bias + n, left * sizeof(float));
    for (size_t p = 0; p < pixels; p += ROWS) {
      const float *a[ROWS];
      float *c[ROWS];
      for (size_t i = 0; i < ROWS; i++) {
        size_t q = p + i < pixels ? p + i : pixels - 1;
        a[i] = from[q];
        c[i] = to[q] + n;
      }
      forward_by_vectors[stream][left > RM_VL](a, c, runs, offsets, length, packed + n * runs * length, left, start);
      if (finish->add || finish->relu)
        finish_pixels(pixels - p < ROWS ? pixels - p : ROWS, c, left, finish, y);
    }
  }
  if (stream) rm_stream_fence();
}

/* --- weight gradient ------------------------------------------------------------------- */
/* `rows` rows of dW, nv vectors of columns: added over all pixels. */
RM_INLINE void weights_micro(int rows, int nv, size_t pixels, const float *const *from, ptrdiff_t offset,
                             const float *dy, float *dw, size_t width) {
  rm_vec sum[ROWS][2];
#pragma GCC unroll 8
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
    for (int j = 0; j < nv; j++) sum[i][j] = (rm_vec){0};
  for (size_t p = 0; p < pixels; p++, dy += nv * RM_VL) {
    const float *a = from[p] + offset;
    rm_vec b[2];
#pragma GCC unroll 2
    for (int j = 0; j < nv; j++) b[j] = rm_load(dy + j * RM_VL);
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
      rm_vec x = rm_splat(a[i]);
#pragma GCC unroll 2
      for (int j = 0; j < nv; j++) sum[i][j] += x * b[j];
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
    for (int j = 0; j < nv; j++) {
      float *to = dw + i * width + j * RM_VL;
      rm_store(to, rm_load(to) + sum[i][j]);
    }
}

typedef void (*weights_fn)(size_t pixels, const float *const *from, ptrdiff_t offset, const float *dy, float *dw,
                           size_t width);

#define WEIGHTS(rows, nv)                                                                                        \
  static void weights_##rows##_##nv(size_t pixels, const float *const *from, ptrdiff_t offset, const float *dy, \
                                    float *dw, size_t width) {                                                  \
    weights_micro(rows, nv, pixels, from, offset, dy, dw, width);                                               \
  }
#define WEIGHTS_BOTH(rows) WEIGHTS(rows, 1) WEIGHTS(rows, 2)
WEIGHTS_BOTH(1) WEIGHTS_BOTH(2) WEIGHTS_BOTH(3) WEIGHTS_BOTH(4) WEIGHTS_BOTH(5) WEIGHTS_BOTH(6)
#if defined(__AVX512F__)
WEIGHTS_BOTH(7) WEIGHTS_BOTH(8)
#endif

/* One function for each number of rows: the inner loop is unrolled by it. */
static const weights_fn weights_by_rows[2][ROWS + 1] = {
#if defined(__AVX512F__)
    {NULL, weights_1_1, weights_2_1, weights_3_1, weights_4_1, weights_5_1, weights_6_1, weights_7_1, weights_8_1},
    {NULL, weights_1_2, weights_2_2, weights_3_2, weights_4_2, weights_5_2, weights_6_2, weights_7_2, weights_8_2},
#else
    {NULL, weights_1_1, weights_2_1, weights_3_1, weights_4_1, weights_5_1, weights_6_1},
    {NULL, weights_1_2, weights_2_2, weights_3_2, weights_4_2, weights_5_2, weights_6_2},
#endif
};

/* dy (pixels, columns) in panels, each [pixel][width], filled up with zeros. */
void RM_ISA(direct_pack_gradient)(size_t pixels, size_t columns, const float *dy, size_t stride, float *packed) {
  for (size_t n = 0; n < columns; n += PANEL) {
    size_t width = vectors(n, columns) * RM_VL, left = columns - n < width ? columns - n : width;
    for (size_t p = 0; p < pixels; p++, packed += width) {
      const float *from = dy + p * stride + n;
      if (left == width)
        for (size_t k = 0; k < width; k += RM_VL) rm_store(packed + k, rm_load(from + k));
      else
        for (size_t k = 0; k < width; k++) packed[k] = k < left ? from[k] : 0;
    }
  }
}

/* dw (runs * length, columns) += x' dy; `columns` in whole vectors. All of dy meets a few rows
 * of dw at a time, so that both dy and those rows of x stay in the first-level cache. Rows are cut
 * evenly: 9 as 5 and 4, since a single one would wait for its own sum. */
void RM_ISA(direct_weights)(size_t pixels, const float *const *from, const float *packed, size_t runs,
                            const ptrdiff_t *offsets, size_t length, size_t columns, float *dw) {
  size_t blocks = (length + ROWS - 1) / ROWS, each = (length + blocks - 1) / blocks;
  for (size_t r = 0; r < runs; r++)
    for (size_t k = 0; k < length; k += each) {
      size_t rows = length - k < each ? length - k : each;
      for (size_t n = 0; n < columns; n += PANEL)
        weights_by_rows[vectors(n, columns) - 1][rows](pixels, from, offsets[r] + (ptrdiff_t)k, packed + n * pixels,
                                                       dw + (r * length + k) * columns + n, columns);
    }
}

/* --- weight gradient, vectors along the window ------------------------------------------- */
/* `rows` output channels, nv vectors of the window: added over all pixels. */
RM_INLINE void window_micro(int rows, int nv, size_t pixels, const float *const *from, const ptrdiff_t *places,
                            const float *dy, size_t stride, float *dw, size_t width) {
  rm_vec sum[ROWS][2];
#pragma GCC unroll 8
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
    for (int j = 0; j < nv; j++) sum[i][j] = (rm_vec){0};
  for (size_t p = 0; p < pixels; p++, dy += stride) {
    rm_vec b[2];
#pragma GCC unroll 2
    for (int j = 0; j < nv; j++) b[j] = rm_load(from[p] + places[j]);
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
      rm_vec x = rm_splat(dy[i]);
#pragma GCC unroll 2
      for (int j = 0; j < nv; j++) sum[i][j] += x * b[j];
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
    for (int j = 0; j < nv; j++) {
      float *to = dw + i * width + j * RM_VL;
      rm_store(to, rm_load(to) + sum[i][j]);
    }
}

typedef void (*window_fn)(size_t pixels, const float *const *from, const ptrdiff_t *places, const float *dy,
                          size_t stride, float *dw, size_t width);

#define WINDOW(rows, nv)                                                                                     \
  static void window_##rows##_##nv(size_t pixels, const float *const *from, const ptrdiff_t *places,        \
                                   const float *dy, size_t stride, float *dw, size_t width) {               \
    window_micro(rows, nv, pixels, from, places, dy, stride, dw, width);                                    \
  }
#define WINDOW_BOTH(rows) WINDOW(rows, 1) WINDOW(rows, 2)
WINDOW_BOTH(1) WINDOW_BOTH(2) WINDOW_BOTH(3) WINDOW_BOTH(4) WINDOW_BOTH(5) WINDOW_BOTH(6)

static const window_fn window_by_rows[2][7] = {
    {NULL, window_1_1, window_2_1, window_3_1, window_4_1, window_5_1, window_6_1},
    {NULL, window_1_2, window_2_2, window_3_2, window_4_2, window_5_2, window_6_2},
};

/* dw (columns, vectors * RM_VL) += dy' x, where a window's vectors begin at `places`. Lanes past the end of a
 * run read what lies there, and add up to sums that nobody asks for. */
void RM_ISA(direct_window_weights)(size_t pixels, const float *const *from, const float *dy, size_t columns,
                                   size_t vectors, const ptrdiff_t *places, float *dw) {
  for (size_t k = 0; k < columns; k += 6) {
    size_t rows = columns - k < 6 ? columns - k : 6;
    for (size_t v = 0; v < vectors; v += 2)
      window_by_rows[vectors - v > 1][rows](pixels, from, places + v, dy + k, columns,
                                            dw + (k * vectors + v) * RM_VL, vectors * RM_VL);
  }
}
