/* direct_positions.c -- see direct_positions.h. */
#include "ops/conv/direct_positions.h"

#include "base/number.h"
#include "kernels/kernels.h"
#include "parallel/interrupt.h"
#include "parallel/pool.h"

/* How many floats of the images that are computed together should stay in the second-level cache; and where so few
 * are read that a second tile, which shares the weights, may join them. */
enum { CACHED_FLOATS = 96 * 1024, FEW_FLOATS = 32 * 1024, LARGEST_TILE = 8 };

/* Taps as a grid: `across` in each row. */
typedef struct {
  size_t down, across;
} grid;

/* False unless the taps of each row are neighbors in memory, as without dilation. */
static bool is_grid(const rm_direct_class *c, grid *g) {
  size_t across = 1;
  while (across < c->taps && c->a[across] == c->a[0]) across++;
  if (c->taps == 0 || c->taps % across != 0) return false;
  for (size_t t = 0; t < c->taps; t++)
    if (c->a[t] != c->a[t / across * across] || c->b[t] != c->b[0] + (ptrdiff_t)(t % across)) return false;
  *g = (grid){c->taps / across, across};
  return true;
}

typedef struct {
  size_t first, count;
} span;

/* Of `count` taps, `step` apart in the list, those that read inside of `size` from pixel `at` on. */
static span inside(const ptrdiff_t *taps, size_t count, size_t step, ptrdiff_t at, size_t size) {
  span s = {0, 0};
  while (s.first < count && at + taps[s.first * step] < 0) s.first++;
  while (s.first + s.count < count && at + taps[(s.first + s.count) * step] < (ptrdiff_t)size) s.count++;
  return s;
}

static span rows_inside(const rm_direct *d, const rm_direct_class *c, grid g, size_t i) {
  return inside(c->a, g.down, g.across, (ptrdiff_t)(i * d->step_h), d->in_h);
}

static span columns_inside(const rm_direct *d, const rm_direct_class *c, grid g, size_t j) {
  return inside(c->b, g.across, 1, (ptrdiff_t)(j * d->step_w), d->in_w);
}

/* --- whether it pays --------------------------------------------------------------------- */
/* Tiles of images that are computed together: one, or two. 0: they would read too much. It follows from the shape alone,
 * since a method's choice shows where a weight is infinite; so tiles count for the largest that any instruction set has. */
static size_t tiles_together(const rm_direct *d) {
  size_t most = 0; /* floats under the rows of a window */
  for (size_t k = 0; k < d->classes; k++) {
    grid g;
    if (is_grid(&d->class[k], &g)) most = rm_larger(most, g.down * d->in_w * d->in_c);
  }
  if (LARGEST_TILE * most > CACHED_FLOATS) return 0;
  return 2 * LARGEST_TILE * most <= FEW_FLOATS ? 2 : 1;
}

/* Whether at least three of twenty products would be with padding. */
static bool saves(const rm_direct *d) {
  size_t all = 0, left = 0;
  for (size_t k = 0; k < d->classes; k++) {
    const rm_direct_class *c = &d->class[k];
    size_t down = 0, across = 0;
    grid g;
    if (!is_grid(c, &g)) return false;
    for (size_t i = 0; i < c->rows; i++) down += rows_inside(d, c, g, i).count;
    for (size_t j = 0; j < c->cols; j++) across += columns_inside(d, c, g, j).count;
    left += down * across;
    all += c->rows * c->cols * c->taps;
  }
  return 20 * left <= 17 * all;
}

bool rm_direct_by_position(const rm_direct *d) {
  size_t tiles = tiles_together(d);
  return d->groups == 1 && tiles > 0 && d->n >= tiles * LARGEST_TILE && saves(d);
}

/* --- the sums ------------------------------------------------------------------------------ */
typedef struct {
  const rm_direct *d;
  const rm_conv_finish *finish;
  float *out;
  size_t together;
} job;

/* Pixel (i, j) of a class, of images first .. first+count-1. */
static void position(const job *q, const rm_direct_class *c, grid g, size_t first, size_t count, size_t i, span columns,
                     size_t j) {
  const rm_direct *d = q->d;
  const float *from[RM_DIRECT_PIXELS];
  float *to[RM_DIRECT_PIXELS];
  ptrdiff_t offsets[RM_DIRECT_TAPS];
  span rows = rows_inside(d, c, g, i);
  size_t y = c->first_row + i * d->out_step_h, x = c->first_col + j * d->out_step_w, taps = g.down * g.across;
  for (size_t r = 0; r < rows.count; r++) {
    ptrdiff_t h = (ptrdiff_t)(i * d->step_h) + c->a[(rows.first + r) * g.across];
    ptrdiff_t w = (ptrdiff_t)(j * d->step_w) + c->b[columns.first];
    offsets[r] = (h * (ptrdiff_t)d->in_w + w) * (ptrdiff_t)d->in_c;
  }
  for (size_t n = 0; n < count; n++) {
    from[n] = d->in + (first + n) * d->in_h * d->in_w * d->in_c;
    to[n] = q->out + (((first + n) * d->out_h + y) * d->out_w + x) * d->out_c;
  }
  rm_direct_runs runs = {.count = columns.count ? rows.count : 0,
                         .length = columns.count * d->in_c,
                         .offsets = offsets,
                         .first = (rows.first * g.across + columns.first) * d->in_c,
                         .apart = g.across * d->in_c,
                         .depth = taps * d->in_c};
  rm_kernel_table()->direct_forward(count, from, to, &runs, c->packed, d->out_cg, q->finish, q->out, false);
}

static void some_images(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  const rm_direct *d = q->d;
  for (size_t band = begin; band < end; band++) {
    size_t first = band * q->together, count = rm_smaller(q->together, d->n - first);
    for (size_t k = 0; k < d->classes; k++) {
      const rm_direct_class *c = &d->class[k];
      grid g;
      is_grid(c, &g);
      for (size_t i = 0; i < c->rows && !rm_broken(); i++)
        for (size_t j = 0; j < c->cols; j++) position(q, c, g, first, count, i, columns_inside(d, c, g, j), j);
    }
  }
}

void rm_direct_positions(const rm_direct *d, const rm_conv_finish *finish, float *out) {
  size_t images = tiles_together(d) * rm_kernel_table()->rows;
  rm_parallel((d->n + images - 1) / images, 1, some_images, &(job){d, finish, out, images});
}
