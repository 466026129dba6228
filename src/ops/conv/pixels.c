/* pixels.c -- see pixels.h. */
#include "ops/conv/pixels.h"

#include <stdint.h>
#include "base/number.h"
#include "kernels/kernels.h"
#include "ops/norm/batch_norm.h"
#include "parallel/scratch.h"

enum { SLOT = 4 /* of scratch memory; methods use the others */, STRIP_FLOATS = 64 * 1024 };

/* Rows of pixels, counted through all images. */
typedef struct {
  size_t begin, end;
} rows;

static rows rows_under(const rm_conv_tiles *t, size_t first, size_t count) {
  size_t all = t->down * t->across, last = first + count - 1;
  ptrdiff_t top = (ptrdiff_t)(first % all / t->across * t->step) - t->pad;
  ptrdiff_t bottom = (ptrdiff_t)(last % all / t->across * t->step + t->extent) - t->pad;
  return (rows){first / all * t->h + (size_t)(top > 0 ? top : 0),
                last / all * t->h + rm_smaller(t->h, (size_t)(bottom > 0 ? bottom : 0))};
}

/* So many tiles lie in at most this many rows: those of their rows of tiles, and what these look at above and below,
 * or between images. */
static size_t most_rows(const rm_conv_tiles *t, size_t count) {
  size_t tile_rows = (count + t->across - 2) / t->across + 1, images = (tile_rows + t->down - 2) / t->down + 1;
  size_t more = t->h > t->down * t->step ? t->h - t->down * t->step : 0; /* of an image, in no row of tiles */
  return tile_rows * t->step + images * more + t->extent;
}

static size_t strip_bytes(const rm_conv_tiles *t, size_t count) {
  return most_rows(t, count) * t->w * t->c * sizeof(float);
}

size_t rm_conv_pixels_step(const rm_conv_pixels *p, const rm_conv_tiles *t, size_t unit) {
  size_t count = unit;
  if (!p->columns) return SIZE_MAX;
  while (strip_bytes(t, 2 * count) <= STRIP_FLOATS * sizeof(float)) count *= 2;
  return count;
}

rm_status rm_conv_pixels_reserve(const rm_conv_pixels *p, const rm_conv_tiles *t, size_t count, rm_error *err) {
  return p->columns ? rm_scratch_reserve(SLOT, strip_bytes(t, count), err) : RM_OK;
}

const float *rm_conv_pixels_under(const rm_conv_pixels *p, const rm_conv_tiles *t, size_t first, size_t count) {
  if (!p->columns) return p->x;
  rows r = rows_under(t, first, count);
  size_t c = t->c, row = t->w * c;
  const float *columns = p->columns;
  float *strip = rm_scratch(SLOT, strip_bytes(t, count));
  rm_kernel_table()->norm_relu((r.end - r.begin) * t->w, c, p->x + r.begin * row, columns + RM_NORM_MEAN * c,
                               columns + RM_NORM_SCALE * c, columns + RM_NORM_SHIFT * c, strip);
  return (const float *)((uintptr_t)strip - r.begin * row * sizeof(float));
}
