/* winograd_output_k.c -- 3x3 convolution with a quarter of the multiplications (winograd_k.c): the products of a tile back to
 * pixels of the output, and what is done to them on the way: bias, shortcut, relu, moments. */
#include <string.h>
#include "kernels/moments.h"
#include "kernels/winograd_1d.h"

/* Where the pixels of a row go: `cols` of them lie in the image, `lanes` channels are real. */
typedef struct {
  rm_vec bias;
  int rows, cols;
  size_t lanes, row, pixel;
  bool relu;
  const float *add, *base; /* what is added to y[i] is at add + (y + i - base) */
  bool begin;              /* the moments, with the first pixel */
  rm_moments moments;
} target;

/* PLAIN: nothing is left to do but the bias. STREAMED: nor will the outputs be read soon; they go past
 * the caches. And whether their moments are taken. */
typedef struct {
  enum { FINISHED, PLAIN, STREAMED } way;
  bool moments;
} manner;

/* The shortcut's part, and relu. */
RM_INLINE rm_vec finish_vector(rm_vec v, const target *to, const float *y) {
  if (to->add) {
    rm_vec a = {0};
    memcpy(&a, to->add + (y - to->base), to->lanes * sizeof(float));
    v += a;
  }
  return to->relu ? rm_keep(~(v < (rm_vec){0}), v) : v;
}

RM_INLINE void output_row(const rm_vec t[6], target *to, manner how, float *y) {
  rm_vec o[4];
  output_1d(t, o);
#pragma GCC unroll 4
  for (int j = 0; j < to->cols; j++) {
    rm_vec v = o[j] + to->bias;
    if (how.way == FINISHED) v = finish_vector(v, to, y + j * to->pixel);
    if (how.moments) o[j] = v;
    if (how.way == STREAMED) rm_stream(y + j * to->pixel, v);
    else if (to->lanes == RM_VL) rm_store(y + j * to->pixel, v);
    else memcpy(y + j * to->pixel, &v, to->lanes * sizeof(float));
  }
  if (how.moments && to->begin) to->moments = rm_moments_begin(o[0]), to->begin = false;
  if (how.moments) rm_moments_add_row(&to->moments, o, to->cols);
}

/* Rows 0 and 2 share sums, rows 1 and 3 differences. */
RM_INLINE void output_vector(const float *m, target *to, manner how, float *y) {
  rm_vec t[6], u[6];
#pragma GCC unroll 6
  for (int j = 0; j < 6; j++) {
    const float *p = m + j * BLOCK;
    rm_vec s1 = rm_load(p + 6 * BLOCK) + rm_load(p + 12 * BLOCK),
           s2 = rm_load(p + 18 * BLOCK) + rm_load(p + 24 * BLOCK);
    t[j] = rm_load(p) + s1 + s2;
    u[j] = TIMES(q1, s1, q2 * s2);
  }
  output_row(t, to, how, y);
  if (to->rows > 2) output_row(u, to, how, y + 2 * to->row);
  if (to->rows < 2) return;
#pragma GCC unroll 6
  for (int j = 0; j < 6; j++) {
    const float *p = m + j * BLOCK;
    rm_vec d1 = rm_load(p + 6 * BLOCK) - rm_load(p + 12 * BLOCK),
           d2 = rm_load(p + 18 * BLOCK) - rm_load(p + 24 * BLOCK);
    t[j] = TIMES(p1, d1, p2 * d2);
    u[j] = TIMES(c1, d1, TIMES(c2, d2, rm_load(p + 30 * BLOCK)));
  }
  output_row(t, to, how, y + to->row);
  if (to->rows > 3) output_row(u, to, how, y + 3 * to->row);
}

/* Writes rows x cols pixels (4 x 4 but at the edge). `moments`: of the group of tiles, which begins with this one if so
 * said; channels are whole blocks then. */
RM_INLINE void output_tile(const rm_wino_images *g, const float *m, const rm_conv_finish *f, manner how,
                           const float *base, int rows, int cols, float *y, float *moments, bool begin) {
  size_t c = g->c, block = g->tiles * TILE, k = 0;
  target to = {.rows = rows,
               .cols = cols,
               .lanes = RM_VL,
               .row = g->w * g->pixel,
               .pixel = g->pixel,
               .relu = f->relu,
               .add = f->add,
               .base = base};
  for (; k + RM_VL <= c; k += RM_VL) {
    if (f->bias) to.bias = rm_load(f->bias + k);
    to.begin = begin;
    if (how.moments && !begin) to.moments = rm_moments_load(moments + k, g->pixel);
    output_vector(m + k / BLOCK * block + k % BLOCK, &to, how, y + k);
    if (how.moments) rm_moments_store(&to.moments, moments + k, g->pixel);
  }
  if (k == c) return;
  to.lanes = c - k;
  to.bias = (rm_vec){0};
  if (f->bias) memcpy(&to.bias, f->bias + k, to.lanes * sizeof(float));
  output_vector(m + k / BLOCK * block + k % BLOCK, &to, how, y + k);
}

RM_INLINE void output_tiles(const rm_wino_images *g, const float *m, const rm_conv_finish *f, manner how, size_t first,
                            size_t count, float *y) {
  place p = place_of(g, first);
  for (size_t t = 0; t < count; t++, m += TILE, next_place(g, &p)) {
    float *to = y + ((p.image * g->h + 4 * p.down) * g->w + 4 * p.across) * g->pixel, *moments = NULL;
    size_t rows = g->h - 4 * p.down, cols = g->w - 4 * p.across;
    bool begin = (first + t) % RM_WINO_GROUP == 0;
    if (how.moments) moments = f->moments + (first + t) / RM_WINO_GROUP * 3 * g->pixel;
    if (rows >= 4 && cols >= 4) output_tile(g, m, f, how, y, 4, 4, to, moments, begin);
    else output_tile(g, m, f, how, y, rows < 4 ? (int)rows : 4, cols < 4 ? (int)cols : 4, to, moments, begin);
  }
}

#define OUTPUT_TILES(name, way, moments) \
  static __attribute__((noinline)) void name(const rm_wino_images *g, const float *m, const rm_conv_finish *f, \
                                             size_t first, size_t count, float *y) { \
    output_tiles(g, m, f, (manner){way, moments}, first, count, y); \
    if (way == STREAMED) rm_stream_fence(); \
  }
OUTPUT_TILES(finished_tiles, FINISHED, false)
OUTPUT_TILES(plain_tiles, PLAIN, false)
OUTPUT_TILES(streamed_tiles, STREAMED, false)
OUTPUT_TILES(plain_moments, PLAIN, true)
OUTPUT_TILES(streamed_moments, STREAMED, true)

/* (Vectors shorter than a cache line would be written past the caches part by part, which is slow.) */
void RM_ISA(wino_output)(const rm_wino_images *g, const float *m, const rm_conv_finish *finish, bool large,
                         size_t first, size_t count, float *y) {
  bool lines = sizeof(rm_vec) == 64 && g->c % BLOCK == 0 && g->pixel % BLOCK == 0 && (uintptr_t)y % 64 == 0;
  bool stream = large && lines;
  if (finish->add || finish->relu) finished_tiles(g, m, finish, first, count, y);
  else if (finish->moments) (stream ? streamed_moments : plain_moments)(g, m, finish, first, count, y);
  else (stream ? streamed_tiles : plain_tiles)(g, m, finish, first, count, y);
}
