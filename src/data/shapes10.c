/* shapes10.c -- draws the scenes of Shapes10.
 *
 * A scene is painted back to front on a canvas of floats (1.0 is full brightness):
 * background, clutter, the figure, a line or two across it, light, noise. All that
 * varies is drawn from the image's own stretch of the random sequence.
 *
 * The ranges below set the difficulty. The figure must stay recognizable to a person;
 * color, position, texture and clutter must say nothing about the class. */
#include "data/shapes10.h"

#include <math.h>
#include <string.h>
#include "base/elementary.h"
#include "core/rng.h"
#include "parallel/pool.h"
#include "data/figures.h"

#define PI 3.14159265358979323846f
enum { SIDE = RM_SHAPES10_SIDE, PIXELS = SIDE * SIDE, CLASSES = RM_SHAPES10_CLASSES };

static const char *const class_names[CLASSES] = {
    "circle", "square", "triangle", "star", "cross", "ring", "crescent", "arrow", "heart", "spiral",
};

const char *rm_shapes10_class(size_t k) { return class_names[k]; }

/* Streams of the generator: the scenes and the order of classes, for each part. */
enum { STREAM_SCENES = 0x5ca0, STREAM_CLASSES = 0x5cb0 };
/* Blocks of the random sequence that belong to one image. */
enum { BLOCKS_PER_IMAGE = 1 << 14 };

typedef struct {
  float c[3];
} color;

typedef struct {
  float rgb[3][SIDE][SIDE];
} canvas;

/* --- drawing lots ----------------------------------------------------------------- */
/* C leaves open which argument is evaluated first: no expression draws twice. */

static float between(rm_rng *rng, float low, float high) { return low + (high - low) * (float)rm_rng_double(rng); }

static bool chance(rm_rng *rng, double p) { return rm_rng_double(rng) < p; }

static color draw_color(rm_rng *rng) {
  float hue = between(rng, 0, 6), saturation = between(rng, 0, 1), value = between(rng, 0.15f, 1);
  color out;
  for (int i = 0; i < 3; i++) { /* HSV to RGB */
    float k = fmodf(hue + (float[]){5, 3, 1}[i], 6);
    float t = fmaxf(0, fminf(1, fminf(k, 4 - k)));
    out.c[i] = value * (1 - saturation * t);
  }
  return out;
}

static float difference(color a, color b) {
  float d = 0;
  for (int i = 0; i < 3; i++) d += fabsf(a.c[i] - b.c[i]) * (float[]){0.3f, 0.5f, 0.2f}[i];
  return d;
}

static color blend(color a, color b, float t) {
  color out;
  for (int i = 0; i < 3; i++) out.c[i] = a.c[i] + (b.c[i] - a.c[i]) * t;
  return out;
}

/* A color that differs from `other` by at least `least` (or the best of twenty). */
static color draw_unlike(rm_rng *rng, color other, float least) {
  color best = draw_color(rng);
  for (int i = 0; i < 20 && difference(best, other) < least; i++) {
    color next = draw_color(rng);
    if (difference(next, other) > difference(best, other)) best = next;
  }
  return best;
}

/* --- textures: a number in [0, 1] for each place ------------------------------------ */

typedef enum { PLAIN, GRADIENT, STRIPES, CHECKS, CLOUDS, TEXTURES } texture_kind;
enum { LATTICE = 9 };

typedef struct {
  texture_kind kind;
  float cx, cy, phase;             /* direction, as cycles per pixel */
  float lattice[LATTICE][LATTICE]; /* clouds: values at every fourth pixel */
} texture;

static texture draw_texture(rm_rng *rng) {
  texture t = {.kind = (texture_kind)rm_rng_below(rng, TEXTURES)};
  float angle = between(rng, 0, 2 * PI);
  float cycles = t.kind == GRADIENT ? 0.5f / SIDE : between(rng, 0.06f, 0.22f);
  t.cx = cycles * rm_math_cosf(angle);
  t.cy = cycles * rm_math_sinf(angle);
  t.phase = between(rng, 0, 1);
  if (t.kind == CLOUDS)
    for (int i = 0; i < LATTICE; i++)
      for (int j = 0; j < LATTICE; j++) t.lattice[i][j] = between(rng, 0, 1);
  return t;
}

static float clouds(const texture *t, float x, float y) {
  float u = x / 4, v = y / 4;
  int i = (int)v, j = (int)u;
  float a = u - (float)j, b = v - (float)i;
  const float *upper = &t->lattice[i][j], *lower = &t->lattice[i + 1][j];
  return (upper[0] * (1 - a) + upper[1] * a) * (1 - b) + (lower[0] * (1 - a) + lower[1] * a) * b;
}

/* A wave between 0 and 1 with edges about a pixel wide. */
static float wave(float cycles) {
  float t = fabsf(cycles - floorf(cycles) - 0.5f) * 2; /* a triangle wave */
  return fmaxf(0, fminf(1, (t - 0.5f) * 3 + 0.5f));
}

static float texture_at(const texture *t, float x, float y) {
  float along = x * t->cx + y * t->cy + t->phase, across = y * t->cx - x * t->cy + t->phase;
  switch (t->kind) {
    case GRADIENT: return fabsf(along - 2 * floorf(along / 2) - 1);
    case STRIPES: return wave(along);
    case CHECKS: {
      float a = wave(along), b = wave(across);
      return a + b - 2 * a * b;
    }
    case CLOUDS: return clouds(t, x, y);
    default: return 0;
  }
}

/* --- painting --------------------------------------------------------------------- */

/* What a thing is painted with: between two colors, as a texture says. */
typedef struct {
  color first, second;
  texture weave;
} paint;

/* `strength` is how far apart the two colors may be. */
static paint draw_paint(rm_rng *rng, color base, float strength) {
  paint p = {.first = base};
  p.second = blend(base, draw_color(rng), strength);
  p.weave = draw_texture(rng);
  return p;
}

static void put(canvas *to, int x, int y, const paint *p, float cover) {
  float t = texture_at(&p->weave, (float)x, (float)y);
  for (int c = 0; c < 3; c++) {
    float color = p->first.c[c] + (p->second.c[c] - p->first.c[c]) * t;
    to->rgb[c][y][x] += (color - to->rgb[c][y][x]) * cover;
  }
}

/* Share of a pixel that lies inside an edge `distance` pixels away. */
static float coverage(float distance) { return fmaxf(0, fminf(1, 0.5f - distance)); }

static void paint_background(canvas *to, const paint *p) {
  memset(to, 0, sizeof *to);
  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++) put(to, x, y, p, 1);
}

/* Pixels from `low` to `high`, as far as there are any. */
typedef struct {
  int begin, end;
} span;

static span pixels_between(float low, float high) {
  float begin = ceilf(fmaxf(low, 0)), end = floorf(fminf(high, SIDE - 1)) + 1;
  return (span){(int)begin, (int)end};
}

/* A straight stroke with round ends. */
static void paint_stroke(canvas *to, rm_point a, rm_point b, float half_width, const paint *p) {
  float reach = half_width + 0.5f;
  span ys = pixels_between(fminf(a.y, b.y) - reach, fmaxf(a.y, b.y) + reach);
  span xs = pixels_between(fminf(a.x, b.x) - reach, fmaxf(a.x, b.x) + reach);
  for (int y = ys.begin; y < ys.end; y++)
    for (int x = xs.begin; x < xs.end; x++) {
      float cover = coverage(rm_segment_distance(a, b, (rm_point){(float)x, (float)y}) - half_width);
      if (cover > 0) put(to, x, y, p, cover);
    }
}

/* Where a figure stands: place = center + scale * M * own, M of rows (m[0] m[1]), (m[2] m[3]). */
typedef struct {
  rm_point center;
  float radius;
  float m[4];
} stance;

/* Any rotation, mirrored or not, slightly squeezed in any direction. */
static stance draw_stance(rm_rng *rng, float smallest, float largest) {
  stance s = {.radius = between(rng, smallest, largest)};
  float room = SIDE / 2 - 0.8f * s.radius;
  s.center.x = (SIDE - 1) / 2.0f + between(rng, -room, room);
  s.center.y = (SIDE - 1) / 2.0f + between(rng, -room, room);
  float turn = between(rng, 0, 2 * PI), lean = between(rng, 0, 2 * PI), squeeze = between(rng, 0.75f, 1);
  float mirror = chance(rng, 0.5) ? -1 : 1;
  float c = rm_math_cosf(turn), n = rm_math_sinf(turn), a = rm_math_cosf(lean), b = rm_math_sinf(lean);
  /* S = squeeze along the direction (a, b); M = S * rotation * mirror */
  float s00 = 1 - (1 - squeeze) * a * a, s01 = -(1 - squeeze) * a * b, s11 = 1 - (1 - squeeze) * b * b;
  s.m[0] = (s00 * c + s01 * n) * mirror;
  s.m[1] = -s00 * n + s01 * c;
  s.m[2] = (s01 * c + s11 * n) * mirror;
  s.m[3] = -s01 * n + s11 * c;
  return s;
}

/* `shift` moves it, for a shadow; an outline is painted where the edge is near. */
static void paint_figure(canvas *to, const rm_figure *f, const stance *s, float shift, const paint *inside,
                         const paint *edge, float strength) {
  float det = s->m[0] * s->m[3] - s->m[1] * s->m[2];
  float inverse[4] = {s->m[3] / det, -s->m[1] / det, -s->m[2] / det, s->m[0] / det};
  float unit = s->radius * sqrtf(fabsf(det)), reach = 1.45f * s->radius + 1;
  span ys = pixels_between(s->center.y + shift - reach, s->center.y + shift + reach);
  span xs = pixels_between(s->center.x + shift - reach, s->center.x + shift + reach);
  for (int y = ys.begin; y < ys.end; y++)
    for (int x = xs.begin; x < xs.end; x++) {
      float dx = (float)x - s->center.x - shift, dy = s->center.y - (float)y + shift;
      if (dx * dx + dy * dy > reach * reach) continue;
      rm_point own = {(inverse[0] * dx + inverse[1] * dy) / s->radius, (inverse[2] * dx + inverse[3] * dy) / s->radius};
      float distance = rm_figure_distance(f, own) * unit, cover = coverage(distance);
      if (cover > 0) put(to, x, y, inside, cover * strength);
      if (edge && fabsf(distance) < 1.2f) put(to, x, y, edge, coverage(fabsf(distance) - 0.6f));
    }
}

/* --- the scene -------------------------------------------------------------------- */

static rm_point draw_place(rm_rng *rng) {
  rm_point p;
  p.x = between(rng, 0, SIDE);
  p.y = between(rng, 0, SIDE);
  return p;
}

/* Small things that are none of the ten figures: dots, strokes, angles of two strokes. */
static void paint_clutter(canvas *to, rm_rng *rng) {
  size_t n = 1 + rm_rng_below(rng, 4);
  for (size_t i = 0; i < n; i++) {
    paint p = draw_paint(rng, draw_color(rng), 0.3f);
    rm_point a = draw_place(rng), b = a;
    float angle = between(rng, 0, 2 * PI), reach = between(rng, 3, 10), width = between(rng, 0.5f, 1.6f);
    uint64_t what = rm_rng_below(rng, 4);
    if (what == 0) width = between(rng, 0.8f, 2.4f);
    else b = (rm_point){a.x + reach * rm_math_cosf(angle), a.y + reach * rm_math_sinf(angle)};
    paint_stroke(to, a, b, width, &p);
    if (what == 3) {
      angle += between(rng, 1, 2.2f);
      paint_stroke(to, a, (rm_point){a.x + reach * rm_math_cosf(angle), a.y + reach * rm_math_sinf(angle)}, width, &p);
    }
  }
}

static void paint_lines_across(canvas *to, rm_rng *rng) {
  size_t n = rm_rng_below(rng, 3);
  for (size_t i = 0; i < n; i++) {
    paint p = draw_paint(rng, draw_color(rng), 0.3f);
    rm_point a = draw_place(rng), b = draw_place(rng);
    paint_stroke(to, a, b, between(rng, 0.4f, 1.1f), &p);
  }
}

static void paint_scene(canvas *to, rm_figure_kind kind, rm_rng *rng) {
  color ground = draw_color(rng);
  float mottle = between(rng, 0.05f, 0.5f), weave = between(rng, 0, 0.35f);
  paint back = draw_paint(rng, ground, mottle);
  paint_background(to, &back);
  paint_clutter(to, rng);
  color around = blend(back.first, back.second, 0.5f);
  paint front = draw_paint(rng, draw_unlike(rng, around, 0.28f), weave);
  rm_figure figure = rm_figure_make(kind, between(rng, 0, 1));
  stance s = draw_stance(rng, 7.5f, 13.5f);
  bool shadowed = chance(rng, 0.3), outlined = chance(rng, 0.35);
  paint black = {.weave = {.kind = PLAIN}};
  if (shadowed) paint_figure(to, &figure, &s, 1.5f, &black, NULL, 0.45f);
  paint line = {.first = draw_unlike(rng, blend(front.first, front.second, 0.5f), 0.3f)};
  line.second = line.first;
  paint_figure(to, &figure, &s, 0, &front, outlined ? &line : NULL, 1);
  paint_lines_across(to, rng);
}

/* Sum of four bytes, scaled to mean 0 and variance 1: close enough to a normal. */
static float rough_normal(uint32_t r) {
  int sum = (int)(r & 255) + (int)(r >> 8 & 255) + (int)(r >> 16 & 255) + (int)(r >> 24);
  return ((float)sum - 510) * (1 / 147.8f);
}

/* Light from one side, then noise, then bytes. */
static void expose(const canvas *from, rm_rng *rng, uint8_t *image) {
  float angle = between(rng, 0, 2 * PI), fall = between(rng, 0, 0.35f), sigma = between(rng, 0.01f, 0.06f);
  float lx = fall * rm_math_cosf(angle) / (SIDE / 2), ly = fall * rm_math_sinf(angle) / (SIDE / 2);
  float gain = between(rng, 0.75f, 1.1f);
  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++) {
      uint32_t r[4];
      rm_rng_block(rng, rng->position++, r);
      float light = gain * (1 + lx * (float)(x - SIDE / 2) + ly * (float)(y - SIDE / 2));
      for (int c = 0; c < 3; c++) {
        float v = from->rgb[c][y][x] * light + sigma * rough_normal(r[c]);
        image[c * PIXELS + y * SIDE + x] = (uint8_t)(fmaxf(0, fminf(1, v)) * 255 + 0.5f);
      }
    }
}

/* --- the set ---------------------------------------------------------------------- */

typedef struct {
  uint64_t seed, part;
  rm_tensor *images, *labels;
} job;

/* Class of image i: its place in the permutation that its group of ten draws. */
static size_t class_of(const job *j, size_t i) {
  rm_rng rng = rm_rng_new(j->seed, STREAM_CLASSES + j->part);
  rng.position = i / CLASSES * CLASSES;
  size_t order[CLASSES];
  for (size_t k = 0; k < CLASSES; k++) order[k] = k;
  for (size_t k = CLASSES - 1; k > 0; k--) {
    size_t other = rm_rng_below(&rng, k + 1), kept = order[k];
    order[k] = order[other];
    order[other] = kept;
  }
  return order[i % CLASSES];
}

static void draw_range(void *ctx, size_t begin, size_t end) {
  const job *j = ctx;
  for (size_t i = begin; i < end; i++) {
    canvas c;
    rm_rng rng = rm_rng_new(j->seed, STREAM_SCENES + j->part);
    rng.position = (uint64_t)i * BLOCKS_PER_IMAGE;
    size_t k = class_of(j, i);
    paint_scene(&c, (rm_figure_kind)k, &rng);
    expose(&c, &rng, rm_tensor_u8(j->images) + i * 3 * PIXELS);
    rm_tensor_i64(j->labels)[i] = (int64_t)k + 1;
  }
}

rm_status rm_shapes10(size_t n, uint64_t seed, uint64_t part, rm_tensor **images, rm_tensor **labels, rm_error *err) {
  const size_t shape[4] = {n, 3, SIDE, SIDE};
  job j = {.seed = seed, .part = part};
  RM_TRY(rm_tensor_new(RM_UINT8, 4, shape, &j.images, err));
  rm_status status = rm_tensor_new(RM_INT64, 1, shape, &j.labels, err);
  if (status != RM_OK) {
    rm_tensor_release(j.images);
    return status;
  }
  rm_parallel(n, 16, draw_range, &j);
  *images = j.images;
  *labels = j.labels;
  return RM_OK;
}
