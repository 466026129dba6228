/* figures.c -- five polygons, a heart (a polygon of 24 corners), and four round figures. */
#include "data/figures.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "base/elementary.h"

#define PI 3.14159265358979323846f

static float mix(float a, float b, float t) { return a + (b - a) * t; }
static float dot(rm_point a, rm_point b) { return a.x * b.x + a.y * b.y; }
static rm_point minus(rm_point a, rm_point b) { return (rm_point){a.x - b.x, a.y - b.y}; }
static float length(rm_point a) { return sqrtf(dot(a, a)); }

/* --- corners ---------------------------------------------------------------------- */

static void corners(rm_figure *f, size_t n, const rm_point vertex[]) {
  f->n = n;
  memcpy(f->vertex, vertex, n * sizeof *vertex);
}

/* n corners on a circle, the first at the top; every other one at radius `inner`. */
static void corners_round(rm_figure *f, size_t n, float inner) {
  f->n = n;
  for (size_t i = 0; i < n; i++) {
    float angle = 2 * PI * (float)i / (float)n, r = i % 2 ? inner : 1;
    f->vertex[i] = (rm_point){r * rm_math_sinf(angle), r * rm_math_cosf(angle)};
  }
}

static void corners_cross(rm_figure *f, float a) {
  corners(
      f, 12,
      (rm_point[]){
          {-a, 1}, {a, 1}, {a, a}, {1, a}, {1, -a}, {a, -a}, {a, -1}, {-a, -1}, {-a, -a}, {-1, -a}, {-1, a}, {-a, a}});
}

static void corners_arrow(rm_figure *f, float form) {
  float shaft = mix(0.16f, 0.30f, form), neck = mix(0.25f, -0.05f, form);
  corners(f, 7,
          (rm_point[]){{0, 1}, {0.8f, neck}, {shaft, neck}, {shaft, -1}, {-shaft, -1}, {-shaft, neck}, {-0.8f, neck}});
}

static void corners_heart(rm_figure *f) {
  f->n = RM_FIGURE_VERTICES;
  for (size_t i = 0; i < f->n; i++) {
    float t = 2 * PI * (float)i / (float)f->n, s = rm_math_sinf(t);
    f->vertex[i] = (rm_point){
        16 * s * s * s / 16,
        (13 * rm_math_cosf(t) - 5 * rm_math_cosf(2 * t) - 2 * rm_math_cosf(3 * t) - rm_math_cosf(4 * t) + 2.5f) / 15};
  }
}

rm_figure rm_figure_make(rm_figure_kind kind, float form) {
  rm_figure f = {.kind = kind, .form = form};
  switch (kind) {
    case RM_SQUARE: corners(&f, 4, (rm_point[]){{-0.8f, 0.8f}, {0.8f, 0.8f}, {0.8f, -0.8f}, {-0.8f, -0.8f}}); break;
    case RM_TRIANGLE: corners(&f, 3, (rm_point[]){{0, 1}, {0.92f, -0.68f}, {-0.92f, -0.68f}}); break;
    case RM_STAR: corners_round(&f, 10, mix(0.36f, 0.50f, form)); break;
    case RM_CROSS: corners_cross(&f, mix(0.22f, 0.36f, form)); break;
    case RM_ARROW: corners_arrow(&f, form); break;
    case RM_HEART: corners_heart(&f); break;
    default: break; /* round ones have no corners */
  }
  return f;
}

/* --- distances -------------------------------------------------------------------- */

static float segment_squared(rm_point a, rm_point b, rm_point p) {
  rm_point along = minus(b, a), to = minus(p, a);
  float square = dot(along, along), t = square > 0 ? dot(to, along) / square : 0; /* a point: 0 */
  t = t < 0 ? 0 : t > 1 ? 1 : t;
  rm_point off = {to.x - t * along.x, to.y - t * along.y};
  return dot(off, off);
}

float rm_segment_distance(rm_point a, rm_point b, rm_point p) { return sqrtf(segment_squared(a, b, p)); }

/* Distance to the nearest edge; inside if a ray to the right crosses an odd number. */
static float polygon_distance(size_t n, const rm_point v[], rm_point p) {
  float nearest = 1e9f;
  bool inside = false;
  for (size_t i = 0, j = n - 1; i < n; j = i++) {
    nearest = fminf(nearest, segment_squared(v[j], v[i], p));
    if ((v[i].y > p.y) != (v[j].y > p.y) && p.x < v[i].x + (v[j].x - v[i].x) * (p.y - v[i].y) / (v[j].y - v[i].y))
      inside = !inside;
  }
  return inside ? -sqrtf(nearest) : sqrtf(nearest);
}

/* The disc without another disc of nearly its size that lies to the right. */
static float crescent_distance(float form, rm_point p) {
  float bite = length(minus(p, (rm_point){mix(0.40f, 0.60f, form), 0}));
  return fmaxf(length(p) - 1, mix(0.80f, 0.86f, form) - bite);
}

/* A band along r = step * angle: distance, nearly, to the closest turn, and to the outer end. */
static float spiral_distance(float form, rm_point p) {
  float turns = mix(1.6f, 2.3f, form), step = 0.88f / turns, half = 0.25f * step;
  float r = length(p), turn = rm_math_atan2f(p.y, p.x) / (2 * PI);
  if (turn < 0) turn += 1;
  float nearest = length(
      minus(p, (rm_point){0.88f * rm_math_cosf(2 * PI * turns), 0.88f * rm_math_sinf(2 * PI * turns)}));
  float last = floorf(turns - turn), k = rintf(r / step - turn);
  k = k < 0 ? 0 : k > last ? last : k;
  if (last >= 0) nearest = fminf(nearest, fabsf(r - step * (turn + k)));
  return nearest - half;
}

float rm_figure_distance(const rm_figure *f, rm_point p) {
  switch (f->kind) {
    case RM_CIRCLE: return length(p) - 0.92f;
    case RM_RING: return fabsf(length(p) - mix(0.66f, 0.78f, f->form)) - mix(0.26f, 0.14f, f->form);
    case RM_CRESCENT: return crescent_distance(f->form, p);
    case RM_SPIRAL: return spiral_distance(f->form, p);
    default: return polygon_distance(f->n, f->vertex, p);
  }
}
