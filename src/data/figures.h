/* figures.h -- the outlines that Shapes10 draws, as signed distances.
 *
 * A figure lives in a plane of its own: center 0, about 1 in radius, y upwards. Its signed distance
 * at a point is negative inside; divided by the size of a pixel it says how much of the
 * pixel the figure covers, which is all that anti-aliasing needs.
 * Source: Quilez, "2D distance functions", for polygons. */
#ifndef RM_DATA_FIGURES_H
#define RM_DATA_FIGURES_H

#include <stddef.h>

typedef struct {
  float x, y;
} rm_point;

typedef enum {
  RM_CIRCLE,
  RM_SQUARE,
  RM_TRIANGLE,
  RM_STAR,
  RM_CROSS,
  RM_RING,
  RM_CRESCENT,
  RM_ARROW,
  RM_HEART,
  RM_SPIRAL
} rm_figure_kind;

enum { RM_FIGURE_VERTICES = 24 };

/* A figure with its vertices worked out. `form` (0 to 1) varies what may vary: how
 * deep a star is cut, how wide a ring is. */
typedef struct {
  rm_figure_kind kind;
  float form;
  size_t n;
  rm_point vertex[RM_FIGURE_VERTICES];
} rm_figure;

rm_figure rm_figure_make(rm_figure_kind kind, float form);
float rm_figure_distance(const rm_figure *figure, rm_point p);

/* Distance to the segment from a to b. */
float rm_segment_distance(rm_point a, rm_point b, rm_point p);

#endif
