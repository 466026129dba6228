/* winograd_1d.h -- the one-dimensional transforms of F(4x4, 3x3), on vectors of channels; and where a tile lies.
 *
 * The interpolation points are 0, +-5/8, +-3/2 and infinity: the error is half that of the
 * usual 0, +-1, +-2, at the same cost.
 *
 * Points after Barabasz et al. 2020, arXiv:1803.10986. */
#ifndef RM_KERNELS_WINOGRAD_1D_H
#define RM_KERNELS_WINOGRAD_1D_H

#include "kernels/tile.h"

enum {
  BLOCK = RM_WINO_BLOCK,
  TILE = RM_WINO_TILE,
  PANEL = RM_PANEL /* columns that a product takes at a time */
};

/* Width of the panel that column n is in: the last one may be half. */
RM_INLINE size_t panel_width(size_t n, size_t columns) {
  size_t begin = n / PANEL * PANEL;
  return columns - begin < PANEL ? columns - begin : PANEL;
}

#define P1 0.625 /* the points: +-P1, +-P2 */
#define P2 1.5
#define Q1 (P1 * P1)
#define Q2 (P2 * P2)
static const float p1 = P1, p2 = P2, q1 = Q1, q2 = Q2, c1 = P1 * Q1, c2 = P2 * Q2;
static const float qq = Q1 * Q2, qs = Q1 + Q2;
/* Lagrange weights of the points 0, +-P1, +-P2; those of the input rows are moved into G. */
static const float n0 = 1 / (Q1 * Q2), n1 = 1 / (2 * Q1 * (Q1 - Q2)), n2 = 1 / (2 * Q2 * (Q2 - Q1));

/* Of a number that multiplies vectors. */
#define TIMES(a, x, y) rm_fma(rm_splat(a), x, y) /* a x + y */
#define LESS(a, x, y) rm_nfma(rm_splat(a), x, y) /* y - a x */

/* B': 6 inputs -> 6 positions */
RM_INLINE void input_1d(const rm_vec d[6], rm_vec t[6]) {
  rm_vec a = LESS(q2, d[2], d[4]), b = LESS(q2, d[1], d[3]), c = LESS(q1, d[2], d[4]), e = LESS(q1, d[1], d[3]);
  t[0] = TIMES(qq, d[0], LESS(qs, d[2], d[4]));
  t[1] = TIMES(p1, b, a);
  t[2] = LESS(p1, b, a);
  t[3] = TIMES(p2, e, c);
  t[4] = LESS(p2, e, c);
  t[5] = TIMES(qq, d[1], LESS(qs, d[3], d[5]));
}

/* A': 6 positions -> 4 outputs */
RM_INLINE void output_1d(const rm_vec m[6], rm_vec y[4]) {
  rm_vec s1 = m[1] + m[2], d1 = m[1] - m[2], s2 = m[3] + m[4], d2 = m[3] - m[4];
  y[0] = m[0] + s1 + s2;
  y[1] = TIMES(p1, d1, p2 * d2);
  y[2] = TIMES(q1, s1, q2 * s2);
  y[3] = TIMES(c1, d1, TIMES(c2, d2, m[5]));
}

/* A: 4 output gradients -> 6 positions */
RM_INLINE void gradient_1d(const rm_vec y[4], rm_vec m[6]) {
  rm_vec a = TIMES(q1, y[2], y[0]), b = TIMES(q1, y[3], y[1]), c = TIMES(q2, y[2], y[0]), e = TIMES(q2, y[3], y[1]);
  m[0] = y[0];
  m[1] = TIMES(p1, b, a);
  m[2] = LESS(p1, b, a);
  m[3] = TIMES(p2, e, c);
  m[4] = LESS(p2, e, c);
  m[5] = y[3];
}

/* G: 3 taps -> 6 positions */
RM_INLINE void weight_1d(const rm_vec g[3], rm_vec u[6]) {
  rm_vec a = TIMES(q1, g[2], g[0]), b = TIMES(q2, g[2], g[0]);
  u[0] = n0 * g[0];
  u[1] = n1 * TIMES(p1, g[1], a);
  u[2] = n1 * LESS(p1, g[1], a);
  u[3] = n2 * TIMES(p2, g[1], b);
  u[4] = n2 * LESS(p2, g[1], b);
  u[5] = g[2];
}

/* G': 6 positions -> 3 taps */
RM_INLINE void weight_gradient_1d(const rm_vec u[6], rm_vec g[3]) {
  rm_vec s1 = n1 * (u[1] + u[2]), d1 = n1 * (u[1] - u[2]), s2 = n2 * (u[3] + u[4]), d2 = n2 * (u[3] - u[4]);
  g[0] = TIMES(n0, u[0], s1) + s2;
  g[1] = TIMES(p1, d1, p2 * d2);
  g[2] = TIMES(q1, s1, TIMES(q2, s2, u[5]));
}

/* --- where a tile lies ------------------------------------------------------------------ */
typedef struct {
  size_t image, down, across; /* a tile's row and column in the image */
} place;

/* Tile `t`, counted through all images. */
RM_INLINE place place_of(const rm_wino_images *g, size_t t) {
  size_t in_image = t % (g->across * g->down);
  return (place){t / (g->across * g->down), in_image / g->across, in_image % g->across};
}

RM_INLINE void next_place(const rm_wino_images *g, place *p) {
  if (++p->across < g->across) return;
  p->across = 0;
  if (++p->down < g->down) return;
  p->down = 0;
  p->image++;
}

#endif
