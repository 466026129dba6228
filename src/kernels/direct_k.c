/* direct_k.c -- convolution straight from a padded channels-last image.
 *
 * What lies under the window of an output pixel is a few runs of memory: for a 3x3 kernel
 * three runs of 3C floats. They begin at the same offsets from every pixel, so a kernel needs
 * a pointer for each pixel and one list of offsets, and any stride, dilation or order of pixels
 * looks the same to it. Products are those of kernels/tile.h: a row for each pixel, output channels as columns;
 * each step takes one float of each pixel and two vectors of weights.
 *
 * Packed weights: panels of two vectors of columns (the last may be one), each [row][width],
 * filled up with zeros. */
#include <string.h>
#include "kernels/tile.h"

enum { ROWS = RM_TILE_ROWS, PANEL = RM_PANEL };

/* Without fused multiply-adds each product is rounded as well: then every run is summed by itself,
 * which makes up for it at the cost of one addition a run. */
enum { BY_RUN = !RM_FUSED };

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

/* ROWS pixels, nv vectors; `columns` of them are real. w: the panel of weights. */
RM_INLINE void forward_tile(int nv, const float *const *from, float *const *to, const rm_direct_runs *runs,
                            const float *w, size_t columns, const rm_vec bias[2], bool stream) {
  size_t length = runs->length, between = (runs->apart - length) * (size_t)nv * RM_VL;
  w += runs->first * (size_t)nv * RM_VL;
  rm_tile sum, total;
  rm_tile_begin(&sum, ROWS, nv, bias);
  if (BY_RUN) rm_tile_clear(&total, ROWS, nv);
  for (size_t r = 0; r < runs->count; r++, w += between) {
    const float *a[ROWS];
#pragma GCC unroll 8
    for (int i = 0; i < ROWS; i++) a[i] = from[i] + runs->offsets[r];
    for (size_t k = 0; k < length; k++, w += nv * RM_VL) rm_tile_step(&sum, ROWS, nv, a, k, w, RM_VL);
    if (BY_RUN) {
      rm_tile_merge(&total, ROWS, nv, &sum);
      rm_tile_clear(&sum, ROWS, nv);
    }
  }
  const rm_tile *result = BY_RUN && runs->count ? &total : &sum;
#pragma GCC unroll 8
  for (int i = 0; i < ROWS; i++) {
    if (nv == 2) store_columns(to[i], result->sum[i][0], RM_VL, stream);
    store_columns(to[i] + (nv - 1) * RM_VL, result->sum[i][nv - 1], columns - (nv - 1) * RM_VL, stream);
  }
}

typedef void forward_fn(const float *const *from, float *const *to, const rm_direct_runs *runs, const float *w,
                        size_t columns, const rm_vec bias[2]);

static void forward_one(const float *const *from, float *const *to, const rm_direct_runs *runs, const float *w,
                        size_t columns, const rm_vec bias[2]) {
  forward_tile(1, from, to, runs, w, columns, bias, false);
}

static void forward_two(const float *const *from, float *const *to, const rm_direct_runs *runs, const float *w,
                        size_t columns, const rm_vec bias[2]) {
  forward_tile(2, from, to, runs, w, columns, bias, false);
}

static void forward_one_streamed(const float *const *from, float *const *to, const rm_direct_runs *runs, const float *w,
                                 size_t columns, const rm_vec bias[2]) {
  forward_tile(1, from, to, runs, w, columns, bias, true);
}

static void forward_two_streamed(const float *const *from, float *const *to, const rm_direct_runs *runs, const float *w,
                                 size_t columns, const rm_vec bias[2]) {
  forward_tile(2, from, to, runs, w, columns, bias, true);
}

static forward_fn *const forward_by_vectors[2][2] = {{forward_one, forward_two},
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
void RM_ISA(direct_forward)(size_t pixels, const float *const *from, float *const *to, const rm_direct_runs *runs,
                            const float *packed, size_t columns, const rm_conv_finish *finish, const float *y,
                            bool stream) {
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
      forward_by_vectors[stream][left > RM_VL](a, c, runs, packed + n * runs->depth, left, start);
      if (finish->add || finish->relu) finish_pixels(pixels - p < ROWS ? pixels - p : ROWS, c, left, finish, y);
    }
  }
  if (stream) rm_stream_fence();
}

/* --- weight gradient ------------------------------------------------------------------- */
/* Where the floats of a pixel begin. */
typedef struct {
  bool scattered; /* each pixel has a pointer; a constant, as the sizes of a tile are */
  const float *const *from;
  ptrdiff_t offset; /* from each pointer */
  const float *dense;
  size_t step; /* from pixel to pixel */
} operand;

RM_INLINE operand scattered(const float *const *from, ptrdiff_t offset) {
  return (operand){.scattered = true, .from = from, .offset = offset};
}

RM_INLINE operand dense(const float *first, size_t step) { return (operand){.dense = first, .step = step}; }

RM_INLINE const float *floats_of(const operand *q, size_t pixel) {
  return q->scattered ? q->from[pixel] + q->offset : q->dense + pixel * q->step;
}

/* `rows` rows of dW, nv vectors of columns, `apart` floats from one to the next: added over all pixels. */
RM_INLINE void weights_tile(int rows, int nv, size_t pixels, operand a, operand b, size_t apart, float *dw,
                            size_t width) {
  if (rows > ROWS) __builtin_unreachable();
  rm_tile sum;
  rm_tile_clear(&sum, rows, nv);
  for (size_t p = 0; p < pixels; p++)
    rm_tile_step_strided(&sum, rows, nv, floats_of(&a, p), 1, floats_of(&b, p), apart);
  rm_tile_add_to(&sum, rows, nv, dw, width, RM_VL);
}

/* A loop for each number of rows: it is unrolled by it. */
RM_INLINE void weights_by_rows(size_t rows, int nv, size_t pixels, operand a, operand b, size_t apart, float *dw,
                               size_t width) {
  switch (rows) {
    case 1: weights_tile(1, nv, pixels, a, b, apart, dw, width); break;
    case 2: weights_tile(2, nv, pixels, a, b, apart, dw, width); break;
    case 3: weights_tile(3, nv, pixels, a, b, apart, dw, width); break;
    case 4: weights_tile(4, nv, pixels, a, b, apart, dw, width); break;
    case 5: weights_tile(5, nv, pixels, a, b, apart, dw, width); break;
    case 6: weights_tile(6, nv, pixels, a, b, apart, dw, width); break;
    case 7: weights_tile(7, nv, pixels, a, b, apart, dw, width); break;
    case 8: weights_tile(8, nv, pixels, a, b, apart, dw, width); break;
  }
}

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

/* Rows from x, columns from dy in a panel of nv vectors. */
RM_INLINE void columns_panel(size_t rows, int nv, size_t pixels, const float *const *from, ptrdiff_t offset,
                             const float *dy, float *dw, size_t width) {
  weights_by_rows(rows, nv, pixels, scattered(from, offset), dense(dy, nv * RM_VL), RM_VL, dw, width);
}

static void columns_one(size_t rows, size_t pixels, const float *const *from, ptrdiff_t offset, const float *dy,
                        float *dw, size_t width) {
  columns_panel(rows, 1, pixels, from, offset, dy, dw, width);
}

static void columns_two(size_t rows, size_t pixels, const float *const *from, ptrdiff_t offset, const float *dy,
                        float *dw, size_t width) {
  columns_panel(rows, 2, pixels, from, offset, dy, dw, width);
}

/* dw (runs * length, columns) += x' dy; `columns` in whole vectors. A panel of dy meets all of x's rows: it stays in the
 * first-level cache, and of x so many pixels' lines as the next rows are on. Rows are cut evenly: 9 as 5 and 4, since
 * a single one would wait for its own sum. What is read next is asked for on the way, slice by slice. */
void RM_ISA(direct_weights)(size_t pixels, const float *const *from, const float *packed, size_t runs,
                            const ptrdiff_t *offsets, size_t length, size_t columns, float *dw,
                            const float *const ahead[2], const size_t ahead_bytes[2]) {
  size_t blocks = (length + ROWS - 1) / ROWS, each = (length + blocks - 1) / blocks;
  size_t steps = (columns + PANEL - 1) / PANEL * runs * blocks, step = 0, slice[2];
  for (size_t i = 0; i < 2; i++) slice[i] = (ahead_bytes[i] / steps + 63) / 64 * 64;
  for (size_t n = 0; n < columns; n += PANEL)
    for (size_t r = 0; r < runs; r++)
      for (size_t k = 0; k < length; k += each, step++) {
        size_t rows = length - k < each ? length - k : each;
        for (size_t i = 0; i < 2; i++)
          for (size_t at = step * slice[i]; at < (step + 1) * slice[i] && at < ahead_bytes[i]; at += 64)
            __builtin_prefetch((const char *)ahead[i] + at, 0, 2);
        (vectors(n, columns) == 2 ? columns_two : columns_one)(rows, pixels, from, offsets[r] + (ptrdiff_t)k,
                                                               packed + n * pixels, dw + (r * length + k) * columns + n,
                                                               columns);
      }
}

/* --- weight gradient, vectors along the window ------------------------------------------- */
/* Rows from dy (output channels), columns from x: vectors of the window, which lie anywhere. */
RM_INLINE void window_panel(size_t rows, int nv, size_t pixels, const float *const *from, const ptrdiff_t *places,
                            const float *dy, size_t stride, float *dw, size_t width) {
  size_t apart = nv == 2 ? (size_t)(places[1] - places[0]) : 0;
  weights_by_rows(rows, nv, pixels, dense(dy, stride), scattered(from, places[0]), apart, dw, width);
}

static void window_one(size_t rows, size_t pixels, const float *const *from, const ptrdiff_t *places, const float *dy,
                       size_t stride, float *dw, size_t width) {
  window_panel(rows, 1, pixels, from, places, dy, stride, dw, width);
}

static void window_two(size_t rows, size_t pixels, const float *const *from, const ptrdiff_t *places, const float *dy,
                       size_t stride, float *dw, size_t width) {
  window_panel(rows, 2, pixels, from, places, dy, stride, dw, width);
}

/* dw (columns, vectors * RM_VL) += dy' x, where a window's vectors begin at `places`. Lanes past the end of a
 * run read what lies there, and add up to sums that nobody asks for. */
void RM_ISA(direct_window_weights)(size_t pixels, const float *const *from, const float *dy, size_t columns,
                                   size_t vectors, const ptrdiff_t *places, float *dw) {
  for (size_t k = 0; k < columns; k += ROWS) {
    size_t rows = columns - k < ROWS ? columns - k : ROWS;
    for (size_t v = 0; v < vectors; v += 2)
      (vectors - v > 1 ? window_two : window_one)(rows, pixels, from, places + v, dy + k, columns,
                                                  dw + (k * vectors + v) * RM_VL, vectors * RM_VL);
  }
}
