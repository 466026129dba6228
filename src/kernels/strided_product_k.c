/* strided_product_k.c -- the matrix products of a 3x3 convolution with stride 2 (strided.h), one for each place.
 *
 * Each sum is one chain of multiply-adds over channels, or over the tiles of a block, from first to last: how columns are
 * cut into panels and rows into register tiles (kernels/tile.h) changes no bit. */
#include "kernels/strided.h"
#include "kernels/tile.h"

enum { BLOCK = 16, ROWS = RM_TILE_ROWS, PANEL = RM_PANEL, REST = BLOCK % ROWS };

/* --- outputs ---------------------------------------------------------------------------------- */
RM_INLINE void output_tile(int nv, size_t depth, const float *v, size_t v_row, const float *u, float *m, size_t m_row) {
  rm_tile sum;
  rm_tile_clear(&sum, ROWS, nv);
  for (size_t k = 0; k < depth; k++, u += nv * RM_VL) rm_tile_step_strided(&sum, ROWS, nv, v + k, v_row, u, RM_VL);
  rm_tile_store(&sum, ROWS, nv, m, m_row, RM_VL);
}

static __attribute__((noinline)) void output_two(size_t depth, const float *v, size_t v_row, const float *u, float *m,
                                                 size_t m_row) {
  output_tile(2, depth, v, v_row, u, m, m_row);
}

static __attribute__((noinline)) void output_one(size_t depth, const float *v, size_t v_row, const float *u, float *m,
                                                 size_t m_row) {
  output_tile(1, depth, v, v_row, u, m, m_row);
}

/* m = v u in all places: `count` tiles, from->c channels to to->c. Whole groups of ROWS tiles are computed, which there is
 * room for; what is beyond `count` is never read. u: as strided_weights makes them. The `ahead_bytes` from `ahead` on are
 * read into the cache meanwhile: products, which need little memory, hide the way. */
void RM_ISA(strided_product)(const rm_strided_images *from, const rm_strided_images *to, size_t count, const float *v,
                             const float *u, float *m, const float *ahead, size_t ahead_bytes) {
  size_t depth = from->c, columns = to->c, place = 0, v_place = rm_strided_place(from), m_place = rm_strided_place(to);
  size_t slice = (ahead_bytes / RM_STRIDED_PLACES + 63) / 64 * 64;
  const char *next = (const char *)ahead;
  for (size_t position = 0; position < RM_STRIDED_POSITIONS; position++, u += rm_strided_weights(depth, columns))
    for (size_t last = place + rm_strided_count(position); place < last; place++, next += slice) {
      for (size_t i = 0; i < slice; i += 64) __builtin_prefetch(next + i, 0, 2);
      for (size_t n = 0; n < columns; n += PANEL) {
        const float *a = v + place * v_place;
        float *c = m + place * m_place + n;
        for (size_t t = 0; t < count; t += ROWS, a += ROWS * from->row, c += ROWS * to->row)
          (columns - n >= PANEL ? output_two : output_one)(depth, a, from->row, u + n * depth, c, to->row);
      }
    }
}

/* --- weights ---------------------------------------------------------------------------------- */
/* Places that share a position make one chain. */
typedef struct {
  size_t places, tiles;
  const float *v, *m;
  size_t v_row, v_place, m_row, m_place;
} chain;

RM_INLINE void weight_tile(int rows, int nv, const chain *q, size_t row, size_t column, bool more, float *du,
                           size_t width) {
  rm_tile sum;
  rm_tile_clear(&sum, rows, nv);
  /* The sums so far come from far away: they are asked for before the work begins. */
#pragma GCC unroll 8
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < nv; j++) __builtin_prefetch(du + (size_t)i * width + (size_t)j * RM_VL, 1, 2);
  for (size_t p = 0; p < q->places; p++) {
    const float *a = q->v + p * q->v_place + row, *b = q->m + p * q->m_place + column;
    for (size_t t = 0; t < q->tiles; t++, a += q->v_row, b += q->m_row)
      rm_tile_step_strided(&sum, rows, nv, a, 1, b, RM_VL);
  }
  if (more) rm_tile_add_to(&sum, rows, nv, du, width, RM_VL);
  else rm_tile_store(&sum, rows, nv, du, width, RM_VL);
}

typedef void weight_fn(const chain *q, size_t row, size_t column, bool more, float *du, size_t width);
#define WEIGHT_TILE(name, rows, nv) \
  static __attribute__((noinline)) void name(const chain *q, size_t row, size_t column, bool more, float *du, \
                                             size_t width) { \
    weight_tile(rows, nv, q, row, column, more, du, width); \
  }
WEIGHT_TILE(weight_two, ROWS, 2)
WEIGHT_TILE(weight_one, ROWS, 1)
WEIGHT_TILE(weight_rest_two, REST, 2)
WEIGHT_TILE(weight_rest_one, REST, 1)

/* One position: du = v' m over `count` tiles of its places, (in->c, out->c), added to du if there is `more`. */
void RM_ISA(strided_weight_product)(const rm_strided_images *in, const rm_strided_images *out, size_t position,
                                    size_t count, const float *v, const float *m, bool more, float *du) {
  size_t first = rm_strided_first(position), width = out->c;
  chain q = {.places = rm_strided_count(position), .tiles = count};
  q.v_row = in->row, q.v_place = rm_strided_place(in), q.v = v + first * q.v_place;
  q.m_row = out->row, q.m_place = rm_strided_place(out), q.m = m + first * q.m_place;
  for (size_t n = 0; n < width; n += PANEL) {
    bool two = width - n >= PANEL;
    for (size_t r = 0; r < in->c; r += BLOCK) {
      float *to = du + r * width + n;
      size_t i = 0;
      for (; i + ROWS <= BLOCK; i += ROWS) (two ? weight_two : weight_one)(&q, r + i, n, more, to + i * width, width);
      if (REST > 0) (two ? weight_rest_two : weight_rest_one)(&q, r + i, n, more, to + i * width, width);
    }
  }
}
