/* strided_1d.h -- the transforms of strided.h along one axis, on vectors of channels; and where a tile lies.
 *
 * The points are +-3/8, +-5/4 and infinity: of those tried they lose the fewest digits, half as many again as the plain sum
 * of products does. */
#ifndef RM_KERNELS_STRIDED_1D_H
#define RM_KERNELS_STRIDED_1D_H

#include "kernels/isa.h"
#include "kernels/strided.h"

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
RM_INLINE void find_places(const rm_strided_images *g, size_t at[PIXELS * PIXELS]) {
  size_t apart = rm_strided_place(g);
  for (size_t i = 0; i < PIXELS; i++)
    for (size_t j = 0; j < PIXELS; j++) {
      size_t a = i < POINTS ? i : POINTS, b = j < POINTS ? j : POINTS;
      size_t copy = (i - a) * (j < POINTS ? 1 : PIXELS - POINTS) + (j - b);
      at[i * PIXELS + j] = (rm_strided_first(a * 6 + b) + copy) * apart;
    }
}

#endif
