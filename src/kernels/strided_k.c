/* strided_k.c -- pixels to places: the transforms of a 3x3 convolution with stride 2 (strided.h), one vector of channels at
 * a time. Rows are transformed first, then columns, by way of the first-level cache. strided_output_k.c has the way back. */
#include "kernels/strided_1d.h"

/* --- pixels to places ---------------------------------------------------------------------------- */
/* Pixels under a tile: (i, j) at row[i] + j * g->pixel. Only columns left .. right-1 are there; the others are zero. Rows
 * that are not there point to zeros. */
typedef struct {
  const float *row[PIXELS];
  int left, right;
} window;

/* n x n pixels from (top, left) on. */
RM_INLINE void find_window(const rm_strided_images *g, const float *x, const float *zeros, size_t image, ptrdiff_t top,
                           ptrdiff_t left, int n, window *w) {
  const float *row = x + ((ptrdiff_t)(image * g->h) + top) * (ptrdiff_t)(g->w * g->pixel) + left * (ptrdiff_t)g->pixel;
#pragma GCC unroll 9
  for (int i = 0; i < n; i++, row += g->w * g->pixel)
    w->row[i] = top + i >= 0 && top + i < (ptrdiff_t)g->h ? row : zeros;
  w->left = left < 0 ? (int)-left : 0;
  w->right = (ptrdiff_t)g->w - left < n ? (int)((ptrdiff_t)g->w - left) : n;
}

RM_INLINE void to_places(transform f, const rm_strided_images *g, const window *w, int left, int right,
                         const size_t place[], float *v) {
  int n = taken(f), step = f == INPUT ? 8 : 4; /* pixels to the next tile, whose lines are asked for */
  for (size_t k = 0; k < g->c; k += RM_VL) {
    rm_vec rows[PIXELS][PIXELS], in[PIXELS], out[PIXELS];
#pragma GCC unroll 9
    for (int i = 0; i < n; i++) {
#pragma GCC unroll 9
      for (int j = 0; j < n; j++) {
        const float *at = w->row[i] + (size_t)j * g->pixel + k;
        in[j] = (rm_vec){0};
        if (j >= left && j < right) in[j] = rm_load(at);
        if (j >= n - step && k % 16 == 0) __builtin_prefetch(at + (size_t)step * g->pixel, 0, 2);
      }
      along_axis(f, in, rows[i]);
    }
#pragma GCC unroll 9
    for (int j = 0; j < PIXELS; j++) {
#pragma GCC unroll 9
      for (int i = 0; i < n; i++) in[i] = rows[i][j];
      along_axis(f, in, out);
#pragma GCC unroll 9
      for (int i = 0; i < PIXELS; i++) rm_store(v + place[i * PIXELS + j] + k, out[i]);
    }
  }
}

/* Of the transform f: tiles whose columns are all there; those where the first is missing (x begins with padding); and
 * all others. */
#define TO_PLACES(name, f) \
  static __attribute__((noinline)) void name##_inside(const rm_strided_images *g, const window *w, \
                                                      const size_t place[], float *v) { \
    to_places(f, g, w, 0, taken(f), place, v); \
  } \
  static __attribute__((noinline)) void name##_left(const rm_strided_images *g, const window *w, const size_t place[], \
                                                    float *v) { \
    to_places(f, g, w, 1, taken(f), place, v); \
  } \
  static __attribute__((noinline)) void name##_border(const rm_strided_images *g, const window *w, \
                                                      const size_t place[], float *v) { \
    to_places(f, g, w, w->left, w->right, place, v); \
  } \
  RM_INLINE void name(const rm_strided_images *g, const window *w, const size_t place[], float *v) { \
    if (w->right == taken(f) && w->left == 0) name##_inside(g, w, place, v); \
    else if (w->right == taken(f) && w->left == 1) name##_left(g, w, place, v); \
    else name##_border(g, w, place, v); \
  }
TO_PLACES(input, INPUT)
TO_PLACES(output_gradient, OUTPUT_GRADIENT)
TO_PLACES(spread, SPREAD)

/* Tiles first .. first+count-1 to rows 0 .. of all places. `zeros`: RM_STRIDED_ZEROS pixels of them. */
void RM_ISA(strided_input)(const rm_strided_images *g, const float *x, const float *zeros, size_t first, size_t count,
                           float *v) {
  size_t place[PIXELS * PIXELS];
  find_places(g, place);
  spot p = spot_of(g, first);
  for (size_t t = 0; t < count; t++, v += g->row, next_spot(g, &p)) {
    window w;
    find_window(g, x, zeros, p.image, 8 * (ptrdiff_t)p.down - 1, 8 * (ptrdiff_t)p.across - 1, 9, &w);
    input(g, &w, place, v);
  }
}

void RM_ISA(strided_output_gradient)(const rm_strided_images *g, const float *dy, const float *zeros, size_t first,
                                     size_t count, float *m) {
  size_t place[PIXELS * PIXELS];
  find_places(g, place);
  spot p = spot_of(g, first);
  for (size_t t = 0; t < count; t++, m += g->row, next_spot(g, &p)) {
    window w;
    find_window(g, dy, zeros, p.image, 4 * (ptrdiff_t)p.down, 4 * (ptrdiff_t)p.across, 4, &w);
    output_gradient(g, &w, place, m);
  }
}

void RM_ISA(strided_spread)(const rm_strided_images *g, const float *dy, const float *zeros, size_t first, size_t count,
                            float *v) {
  size_t place[PIXELS * PIXELS];
  find_places(g, place);
  spot p = spot_of(g, first);
  for (size_t t = 0; t < count; t++, v += g->row, next_spot(g, &p)) {
    window w;
    find_window(g, dy, zeros, p.image, 4 * (ptrdiff_t)p.down, 4 * (ptrdiff_t)p.across, 5, &w);
    spread(g, &w, place, v);
  }
}
