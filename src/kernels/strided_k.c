/* strided_k.c -- the transforms of a 3x3 convolution with stride 2 (strided.h), one vector of channels at a time.
 *
 * Along an axis the points are +-3/8, +-5/4 and infinity: of those tried they lose the fewest digits, half as many
 * again as the plain sum of products does. Rows are transformed first, then columns, by way of the first-level cache. */
#include "kernels/moments.h"
#include "kernels/strided.h"
#include <string.h>

enum { BLOCK = 16, PIXELS = 9, POINTS = 5 };

#define P1 0.375
#define P2 1.25
#define Q1 (P1 * P1)
#define Q2 (P2 * P2)
static const float p1 = P1, p2 = P2, q1 = Q1, q2 = Q2, c1 = P1 * Q1, c2 = P2 * Q2, qq = Q1 * Q2, qs = Q1 + Q2;
#define TIMES(a, x, y) rm_fma(rm_splat(a), x, y) /* a x + y */
#define LESS(a, x, y) rm_nfma(rm_splat(a), x, y) /* y - a x */

/* --- along one axis ------------------------------------------------------------------------- */
/* 5 inputs -> 5 points */
RM_INLINE void input_points(const rm_vec d[5], rm_vec t[5]) {
  rm_vec a = LESS(q2, d[1], d[3]), b = LESS(q2, d[0], d[2]), c = LESS(q1, d[1], d[3]), e = LESS(q1, d[0], d[2]);
  t[0] = TIMES(p1, b, a);
  t[1] = LESS(p1, b, a);
  t[2] = TIMES(p2, e, c);
  t[3] = LESS(p2, e, c);
  t[4] = TIMES(qq, d[0], LESS(qs, d[2], d[4]));
}

/* 5 points -> 4 outputs */
RM_INLINE void output_points(const rm_vec m[5], rm_vec y[4]) {
  rm_vec s1 = m[0] + m[1], d1 = m[0] - m[1], s2 = m[2] + m[3], d2 = m[2] - m[3];
  y[0] = s1 + s2;
  y[1] = TIMES(p1, d1, p2 * d2);
  y[2] = TIMES(q1, s1, q2 * s2);
  y[3] = TIMES(c1, d1, TIMES(c2, d2, m[4]));
}

/* What is done along an axis, and how many values it takes and gives. */
typedef enum {
  INPUT,           /* 9 pixels of x -> 9 places */
  OUTPUT,          /* 9 places -> 4 pixels of y */
  OUTPUT_GRADIENT, /* 4 pixels of dy -> 9 places, for the weight gradient */
  SPREAD,          /* 5 pixels of dy -> 9 places, for the input gradient */
  GATHER           /* 9 places -> 8 pixels of dx */
} transform;

RM_INLINE int taken(transform f) { return f == OUTPUT_GRADIENT ? 4 : f == SPREAD ? 5 : 9; }
RM_INLINE int given(transform f) { return f == OUTPUT ? 4 : f == GATHER ? 8 : 9; }

RM_INLINE void along_axis(transform f, const rm_vec in[9], rm_vec out[9]) {
  rm_vec t[5];
  if (f == INPUT) {
#pragma GCC unroll 5
    for (int i = 0; i < 5; i++) t[i] = in[2 * i];
    input_points(t, out);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) out[5 + i] = in[2 * i + 1];
  } else if (f == OUTPUT) {
    output_points(in, out);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) out[i] += in[5 + i];
  } else if (f == OUTPUT_GRADIENT) {
    rm_vec a = TIMES(q1, in[2], in[0]), b = TIMES(q1, in[3], in[1]), c = TIMES(q2, in[2], in[0]);
    rm_vec e = TIMES(q2, in[3], in[1]);
    out[0] = TIMES(p1, b, a);
    out[1] = LESS(p1, b, a);
    out[2] = TIMES(p2, e, c);
    out[3] = LESS(p2, e, c);
    out[4] = in[3];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) out[5 + i] = in[i];
  } else if (f == SPREAD) {
    input_points(in, out);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) out[5 + i] = in[i];
  } else {
    output_points(in, t);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) out[2 * i] = in[5 + i], out[2 * i + 1] = t[i];
  }
}

/* --- where a tile lies -------------------------------------------------------------------------- */
typedef struct {
  size_t image, down, across; /* a tile's row and column in the image */
} spot;

RM_INLINE spot spot_of(const rm_strided_images *g, size_t t) {
  size_t in_image = t % (g->across * g->down);
  return (spot){t / (g->across * g->down), in_image / g->across, in_image % g->across};
}

RM_INLINE void next_spot(const rm_strided_images *g, spot *p) {
  if (++p->across < g->across) return;
  p->across = 0;
  if (++p->down < g->down) return;
  p->down = 0;
  p->image++;
}

/* Where each of the nine by nine places is: those with the same position follow each other. */
static void find_places(const rm_strided_images *g, size_t at[PIXELS * PIXELS]) {
  size_t apart = rm_strided_place(g);
  for (size_t i = 0; i < PIXELS; i++)
    for (size_t j = 0; j < PIXELS; j++) {
      size_t a = i < POINTS ? i : POINTS, b = j < POINTS ? j : POINTS;
      size_t copy = (i - a) * (j < POINTS ? 1 : PIXELS - POINTS) + (j - b);
      at[i * PIXELS + j] = (rm_strided_first(a * 6 + b) + copy) * apart;
    }
}

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

/* --- back to pixels --------------------------------------------------------------------------- */
/* A vector of all places of a tile as pixels, up and down first. */
RM_INLINE void columns_of(transform f, const size_t place[], const float *m, rm_vec columns[8][PIXELS]) {
  int n = given(f);
#pragma GCC unroll 9
  for (int j = 0; j < PIXELS; j++) {
    rm_vec in[PIXELS], out[PIXELS];
#pragma GCC unroll 9
    for (int i = 0; i < PIXELS; i++) in[i] = rm_load(m + place[i * PIXELS + j]);
    along_axis(f, in, out);
#pragma GCC unroll 8
    for (int i = 0; i < n; i++) columns[i][j] = out[i];
  }
}

/* Where the pixels of a tile go, and what is still to be done to them. PLAIN: nothing but the bias. STREAMED: nor will
 * they be read soon; they go past the caches. And whether their moments are taken. */
typedef struct {
  enum { FINISHED, PLAIN, STREAMED } way;
  bool moments;
} manner;

RM_INLINE rm_vec finished(rm_vec v, const rm_conv_finish *f, const float *to, const float *y) {
  if (f->add) v += rm_load(f->add + (to - y));
  return f->relu ? rm_keep(~(v < (rm_vec){0}), v) : v;
}

RM_INLINE void put(float *to, rm_vec v, manner how) {
  if (how.way == STREAMED) rm_stream(to, v);
  else rm_store(to, v);
}

/* (Vectors shorter than a cache line would be written past the caches part by part, which is slow.) */
static bool streams(const rm_strided_images *g, bool large, const float *y) {
  return large && sizeof(rm_vec) == 64 && g->pixel % BLOCK == 0 && (uintptr_t)y % 64 == 0;
}

RM_INLINE void output_tile(const rm_strided_images *g, const size_t place[], const float *m, const rm_conv_finish *f,
                           manner how, const float *y, int height, int width, float *tile, float *moments, bool begin) {
  size_t row = g->w * g->pixel;
  for (size_t k = 0; k < g->c; k += RM_VL) {
    rm_vec columns[8][PIXELS], bias = {0};
    if (f->bias) bias = rm_load(f->bias + k);
    columns_of(OUTPUT, place, m + k, columns);
    rm_moments sums = {0};
    if (how.moments && !begin) sums = rm_moments_load(moments + k, g->pixel);
#pragma GCC unroll 4
    for (int i = 0; i < height; i++) {
      rm_vec pixels[PIXELS];
      float *to = tile + (size_t)i * row + k;
      along_axis(OUTPUT, columns[i], pixels);
#pragma GCC unroll 4
      for (int j = 0; j < width; j++, to += g->pixel) {
        pixels[j] += bias;
        if (how.way == FINISHED) pixels[j] = finished(pixels[j], f, to, y);
        put(to, pixels[j], how);
      }
      if (how.moments && i == 0 && begin) sums = rm_moments_begin(pixels[0]);
      if (how.moments) rm_moments_add_row(&sums, pixels, width);
    }
    if (how.moments) rm_moments_store(&sums, moments + k, g->pixel);
  }
}

RM_INLINE void output_tiles(const rm_strided_images *g, const float *m, const rm_conv_finish *f, manner how,
                            size_t first, size_t count, float *y) {
  size_t place[PIXELS * PIXELS];
  find_places(g, place);
  spot p = spot_of(g, first);
  for (size_t t = first; t < first + count; t++, m += g->row, next_spot(g, &p)) {
    size_t rows = g->h - 4 * p.down, columns = g->w - 4 * p.across;
    float *tile = y + ((p.image * g->h + 4 * p.down) * g->w + 4 * p.across) * g->pixel, *moments = NULL;
    bool begin = t % RM_STRIDED_GROUP == 0;
    if (how.moments) moments = f->moments + t / RM_STRIDED_GROUP * 3 * g->pixel;
    if (rows >= 4 && columns >= 4) output_tile(g, place, m, f, how, y, 4, 4, tile, moments, begin);
    else
      output_tile(g, place, m, f, how, y, rows < 4 ? (int)rows : 4, columns < 4 ? (int)columns : 4, tile, moments,
                  begin);
  }
  if (how.way == STREAMED) rm_stream_fence();
}

#define OUTPUT_TILES(name, way, moments) \
  static __attribute__((noinline)) void name(const rm_strided_images *g, const float *m, const rm_conv_finish *f, \
                                             size_t first, size_t count, float *y) { \
    output_tiles(g, m, f, (manner){way, moments}, first, count, y); \
  }
OUTPUT_TILES(finished_tiles, FINISHED, false)
OUTPUT_TILES(finished_moments, FINISHED, true)
OUTPUT_TILES(plain_tiles, PLAIN, false)
OUTPUT_TILES(streamed_tiles, STREAMED, false)
OUTPUT_TILES(plain_moments, PLAIN, true)
OUTPUT_TILES(streamed_moments, STREAMED, true)

/* y: the whole output. The moments are those of groups of tiles, counted from the first tile of all. A `large` output
 * need not stay in the caches. */
void RM_ISA(strided_output)(const rm_strided_images *g, const float *m, const rm_conv_finish *f, bool large,
                            size_t first, size_t count, float *y) {
  bool stream = streams(g, large, y);
  if (f->add || f->relu) (f->moments ? finished_moments : finished_tiles)(g, m, f, first, count, y);
  else if (f->moments) (stream ? streamed_moments : plain_moments)(g, m, f, first, count, y);
  else (stream ? streamed_tiles : plain_tiles)(g, m, f, first, count, y);
}

RM_INLINE void gather_tile(const rm_strided_images *g, const size_t place[], const float *m, manner how, int height,
                           int width, float *tile) {
  size_t row = g->w * g->pixel;
  for (size_t k = 0; k < g->c; k += RM_VL) {
    rm_vec columns[8][PIXELS];
    columns_of(GATHER, place, m + k, columns);
#pragma GCC unroll 8
    for (int i = 0; i < height; i++) {
      rm_vec pixels[PIXELS];
      float *to = tile + (size_t)i * row + k;
      along_axis(GATHER, columns[i], pixels);
#pragma GCC unroll 8
      for (int j = 0; j < width; j++, to += g->pixel) put(to, pixels[j], how);
    }
  }
}

RM_INLINE void gather_tiles(const rm_strided_images *g, const float *m, manner how, size_t first, size_t count,
                            float *dx) {
  size_t place[PIXELS * PIXELS];
  find_places(g, place);
  spot p = spot_of(g, first);
  for (size_t t = first; t < first + count; t++, m += g->row, next_spot(g, &p)) {
    size_t rows = g->h - 8 * p.down, columns = g->w - 8 * p.across;
    float *tile = dx + ((p.image * g->h + 8 * p.down) * g->w + 8 * p.across) * g->pixel;
    if (rows >= 8 && columns >= 8) gather_tile(g, place, m, how, 8, 8, tile);
    else gather_tile(g, place, m, how, rows < 8 ? (int)rows : 8, columns < 8 ? (int)columns : 8, tile);
  }
  if (how.way == STREAMED) rm_stream_fence();
}

static __attribute__((noinline)) void plain_gather(const rm_strided_images *g, const float *m, size_t first,
                                                   size_t count, float *dx) {
  gather_tiles(g, m, (manner){PLAIN, false}, first, count, dx);
}
static __attribute__((noinline)) void streamed_gather(const rm_strided_images *g, const float *m, size_t first,
                                                      size_t count, float *dx) {
  gather_tiles(g, m, (manner){STREAMED, false}, first, count, dx);
}

/* 8 x 8 pixels of dx, the whole input's gradient, for each tile. */
void RM_ISA(strided_gather)(const rm_strided_images *g, const float *m, bool large, size_t first, size_t count,
                            float *dx) {
  (streams(g, large, dx) ? streamed_gather : plain_gather)(g, m, first, count, dx);
}
