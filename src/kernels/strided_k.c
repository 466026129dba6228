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
    for (int i = 0; i < 5; i++) t[i] = in[2 * i];
    input_points(t, out);
    for (int i = 0; i < 4; i++) out[5 + i] = in[2 * i + 1];
  } else if (f == OUTPUT) {
    output_points(in, out);
    for (int i = 0; i < 4; i++) out[i] += in[5 + i];
  } else if (f == OUTPUT_GRADIENT) {
    rm_vec a = TIMES(q1, in[2], in[0]), b = TIMES(q1, in[3], in[1]), c = TIMES(q2, in[2], in[0]);
    rm_vec e = TIMES(q2, in[3], in[1]);
    out[0] = TIMES(p1, b, a);
    out[1] = LESS(p1, b, a);
    out[2] = TIMES(p2, e, c);
    out[3] = LESS(p2, e, c);
    out[4] = in[3];
    for (int i = 0; i < 4; i++) out[5 + i] = in[i];
  } else if (f == SPREAD) {
    input_points(in, out);
    for (int i = 0; i < 4; i++) out[5 + i] = in[i];
  } else {
    output_points(in, t);
    for (int i = 0; i < 4; i++) out[2 * i] = in[5 + i], out[2 * i + 1] = t[i];
  }
}

/* --- pixels and places ------------------------------------------------------------------------ */
typedef struct {
  size_t image, down, across; /* a tile's row and column in the image */
} spot;

RM_INLINE spot spot_of(const rm_strided_images *g, size_t t) {
  size_t in_image = t % (g->across * g->down);
  return (spot){t / (g->across * g->down), in_image / g->across, in_image % g->across};
}

/* The place at (i, j) of the nine by nine. */
RM_INLINE size_t place_at(int i, int j) {
  size_t a = i < POINTS ? (size_t)i : POINTS, b = j < POINTS ? (size_t)j : POINTS;
  size_t copy = (i < POINTS ? 0 : (size_t)(i - POINTS) * (j < POINTS ? 1 : 4)) +
                (j < POINTS ? 0 : (size_t)(j - POINTS));
  return rm_strided_first(a * 6 + b) + copy;
}

/* Where each of the nine by nine places is. */
static void find_places(const rm_strided_images *g, size_t at[PIXELS * PIXELS]) {
  for (int i = 0; i < PIXELS; i++)
    for (int j = 0; j < PIXELS; j++) at[i * PIXELS + j] = place_at(i, j) * rm_strided_place(g->tiles, g->c);
}

/* n x n pixels from (top, left) on; those outside of the image are at `zeros`. */
static void find_pixels(const rm_strided_images *g, const float *x, const float *zeros, size_t image, ptrdiff_t top,
                        ptrdiff_t left, int n, const float *at[PIXELS * PIXELS]) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      ptrdiff_t r = top + i, s = left + j;
      bool there = r >= 0 && s >= 0 && r < (ptrdiff_t)g->h && s < (ptrdiff_t)g->w;
      at[i * n + j] = there ? x + ((image * g->h + (size_t)r) * g->w + (size_t)s) * g->c : zeros;
    }
}

/* Pixels of a tile to its places: row t of each. */
RM_INLINE void to_places(transform f, const rm_strided_images *g, const float *const at[], const size_t place[],
                         float *v) {
  int n = taken(f);
  for (size_t k = 0; k < g->c; k += RM_VL) {
    rm_vec rows[PIXELS][PIXELS], in[PIXELS], out[PIXELS];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) in[j] = rm_load(at[i * n + j] + k);
      along_axis(f, in, rows[i]);
    }
    for (int j = 0; j < PIXELS; j++) {
      for (int i = 0; i < n; i++) in[i] = rows[i][j];
      along_axis(f, in, out);
      for (int i = 0; i < PIXELS; i++) rm_store(v + place[i * PIXELS + j] + k, out[i]);
    }
  }
}

/* Tiles first .. first+count-1 to rows 0 .. of all places; `zeros`: a pixel of them. */
void RM_ISA(strided_input)(const rm_strided_images *g, const float *x, const float *zeros, size_t first, size_t count,
                           float *v) {
  size_t place[PIXELS * PIXELS];
  find_places(g, place);
  for (size_t t = 0; t < count; t++, v += rm_strided_row(g->c)) {
    const float *at[PIXELS * PIXELS];
    spot p = spot_of(g, first + t);
    find_pixels(g, x, zeros, p.image, 8 * (ptrdiff_t)p.down - 1, 8 * (ptrdiff_t)p.across - 1, 9, at);
    to_places(INPUT, g, at, place, v);
  }
}

void RM_ISA(strided_output_gradient)(const rm_strided_images *g, const float *dy, const float *zeros, size_t first,
                                     size_t count, float *m) {
  size_t place[PIXELS * PIXELS];
  find_places(g, place);
  for (size_t t = 0; t < count; t++, m += rm_strided_row(g->c)) {
    const float *at[PIXELS * PIXELS];
    spot p = spot_of(g, first + t);
    find_pixels(g, dy, zeros, p.image, 4 * (ptrdiff_t)p.down, 4 * (ptrdiff_t)p.across, 4, at);
    to_places(OUTPUT_GRADIENT, g, at, place, m);
  }
}

void RM_ISA(strided_spread)(const rm_strided_images *g, const float *dy, const float *zeros, size_t first, size_t count,
                            float *v) {
  size_t place[PIXELS * PIXELS];
  find_places(g, place);
  for (size_t t = 0; t < count; t++, v += rm_strided_row(g->c)) {
    const float *at[PIXELS * PIXELS];
    spot p = spot_of(g, first + t);
    find_pixels(g, dy, zeros, p.image, 4 * (ptrdiff_t)p.down, 4 * (ptrdiff_t)p.across, 5, at);
    to_places(SPREAD, g, at, place, v);
  }
}

/* --- back to pixels --------------------------------------------------------------------------- */
/* A vector of all places of a tile as pixels. */
RM_INLINE void to_pixels(transform f, const size_t place[], const float *m, rm_vec pixels[8][PIXELS]) {
  rm_vec columns[PIXELS][PIXELS], in[PIXELS], out[PIXELS];
  int n = given(f);
  for (int j = 0; j < PIXELS; j++) {
    for (int i = 0; i < PIXELS; i++) in[i] = rm_load(m + place[i * PIXELS + j]);
    along_axis(f, in, out);
    for (int i = 0; i < n; i++) columns[i][j] = out[i];
  }
  for (int i = 0; i < n; i++) along_axis(f, columns[i], pixels[i]);
}

RM_INLINE rm_vec finished(rm_vec v, rm_vec bias, const rm_conv_finish *f, const float *y, const float *base) {
  v += bias;
  if (f->add) v += rm_load(f->add + (y - base));
  return f->relu ? rm_keep(~(v < (rm_vec){0}), v) : v;
}

/* y: the whole output. The moments are those of groups of tiles, counted from the first tile of all. */
void RM_ISA(strided_output)(const rm_strided_images *g, const float *m, const rm_conv_finish *f, size_t first,
                            size_t count, float *y) {
  size_t place[PIXELS * PIXELS];
  find_places(g, place);
  for (size_t t = first; t < first + count; t++, m += rm_strided_row(g->c)) {
    spot p = spot_of(g, t);
    size_t rows = g->h - 4 * p.down, columns = g->w - 4 * p.across;
    float *tile = y + ((p.image * g->h + 4 * p.down) * g->w + 4 * p.across) * g->c;
    float *moments = f->moments ? f->moments + t / RM_STRIDED_GROUP * 3 * g->c : NULL;
    for (size_t k = 0; k < g->c; k += RM_VL) {
      rm_vec pixels[8][PIXELS], bias = {0};
      if (f->bias) bias = rm_load(f->bias + k);
      to_pixels(OUTPUT, place, m + k, pixels);
      rm_moments sums = {0};
      if (moments && t % RM_STRIDED_GROUP) sums = rm_moments_load(moments + k, g->c);
      else if (moments) sums = rm_moments_begin(pixels[0][0] + bias);
      for (size_t i = 0; i < 4 && i < rows; i++) {
        for (size_t j = 0; j < 4 && j < columns; j++) {
          float *to = tile + (i * g->w + j) * g->c + k;
          pixels[i][j] = finished(pixels[i][j], bias, f, to, y);
          rm_store(to, pixels[i][j]);
        }
        if (moments) rm_moments_add_row(&sums, pixels[i], columns < 4 ? (int)columns : 4);
      }
      if (moments) rm_moments_store(&sums, moments + k, g->c);
    }
  }
}

/* 8 x 8 pixels of dx, the whole input's gradient, for each tile. */
void RM_ISA(strided_gather)(const rm_strided_images *g, const float *m, size_t first, size_t count, float *dx) {
  size_t place[PIXELS * PIXELS];
  find_places(g, place);
  for (size_t t = first; t < first + count; t++, m += rm_strided_row(g->c)) {
    spot p = spot_of(g, t);
    size_t rows = g->h - 8 * p.down, columns = g->w - 8 * p.across;
    float *tile = dx + ((p.image * g->h + 8 * p.down) * g->w + 8 * p.across) * g->c;
    for (size_t k = 0; k < g->c; k += RM_VL) {
      rm_vec pixels[8][PIXELS];
      to_pixels(GATHER, place, m + k, pixels);
      for (size_t i = 0; i < 8 && i < rows; i++)
        for (size_t j = 0; j < 8 && j < columns; j++) rm_store(tile + (i * g->w + j) * g->c + k, pixels[i][j]);
    }
  }
}
