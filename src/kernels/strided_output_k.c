/* strided_output_k.c -- places back to pixels: outputs and input gradients of a 3x3 convolution with stride 2 (strided.h),
 * one vector of channels at a time, columns first. */
#include "kernels/moments.h"
#include "kernels/strided_1d.h"

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
OUTPUT_TILES(plain_tiles, PLAIN, false)
OUTPUT_TILES(streamed_tiles, STREAMED, false)
OUTPUT_TILES(plain_moments, PLAIN, true)
OUTPUT_TILES(streamed_moments, STREAMED, true)

/* y: the whole output. The moments are those of groups of tiles, counted from the first tile of all. A `large` output
 * need not stay in the caches. */
void RM_ISA(strided_output)(const rm_strided_images *g, const float *m, const rm_conv_finish *f, bool large,
                            size_t first, size_t count, float *y) {
  bool stream = streams(g, large, y);
  if (f->add || f->relu) finished_tiles(g, m, f, first, count, y);
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
