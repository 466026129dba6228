/* pool.c -- max and average pooling of channels-last images.
 *
 * All three operators are a grid of windows. Along each axis a window has a first and a
 * last row inside the image and, for averages, a number to divide by; these are worked
 * out once per axis (`span`), so that padding, ceil_mode and adaptive cells are gone by the
 * time pixels are visited. Images are independent: forward runs over output rows,
 * backward, whose windows may overlap, over images.
 *
 * Max pooling stores no indices: backward looks for the maximum again, in x and y, which
 * the neighboring operators keep alive anyway. */
#include "ops/pool/pool.h"

#include <string.h>
#include "base/number.h"
#include "core/copy.h"
#include "core/tape.h"
#include "kernels/kernels.h"
#include "memory/alloc.h"
#include "ops/check.h"
#include "ops/pool/dilated.h"
#include "ops/pool/subsample.h"
#include "ops/views/views.h"
#include "parallel/interrupt.h"
#include "parallel/pool.h"

/* Rows (or columns) begin .. end-1 of the image, divided by `count`. */
typedef struct {
  size_t begin, end, count;
} span;

/* Extents of the images and the windows on both axes. */
typedef struct {
  size_t n, c, h, w, oh, ow;
  size_t dilation[2];
  span *rows, *cols; /* oh and ow of them, in one block */
} grid;

/* Beyond them the extent of a dilated window, and the bytes of a grid, would not fit in a number. */
static const size_t MOST_KERNEL = (size_t)1 << 30, MOST_CELLS = (size_t)1 << 20;

/* --- windows ------------------------------------------------------------------------------ */

static rm_status check_image(const char *op, const rm_tensor *x, rm_error *err) {
  char text[RM_SHAPE_TEXT];
  RM_TRY(rm_check_float(op, "x", x, err));
  if (x->ndim != 4)
    return rm_fail(err, RM_ERR_SHAPE, "%s: x is %s, expected (N, C, H, W) or (C, H, W)", op, rm_tensor_text(x, text));
  if (x->shape[1] * x->shape[2] * x->shape[3] == 0) /* a batch of no images is fine */
    return rm_fail(err, RM_ERR_SHAPE, "%s: x is empty: %s", op, rm_tensor_text(x, text));
  return RM_OK;
}

static rm_status new_grid(const char *op, const rm_tensor *x, size_t oh, size_t ow, grid *g, rm_error *err) {
  *g = (grid){.n = x->shape[0], .c = x->shape[1], .h = x->shape[2], .w = x->shape[3], .oh = oh, .ow = ow};
  g->dilation[0] = g->dilation[1] = 1;
  g->rows = rm_alloc((oh + ow) * sizeof(span));
  if (!g->rows) return rm_fail(err, RM_ERR_MEMORY, "%s: out of memory", op);
  g->cols = g->rows + oh;
  return RM_OK;
}

static void free_grid(grid *g) { rm_free(g->rows, (g->oh + g->ow) * sizeof(span)); }

/* How many windows fit along one axis; 0 if none. In ceil_mode the last one may hang over the end, as far as it begins
 * in the image or the padding before it: the only one as well, so that an image of 1 gives 1 for a window of 2. */
static size_t window_count(size_t size, size_t kernel, size_t stride, size_t padding, bool ceil_mode) {
  size_t room = size + 2 * padding + (ceil_mode ? stride - 1 : 0);
  if (room < kernel) return 0;
  size_t n = (room - kernel) / stride + 1;
  if (ceil_mode && (n - 1) * stride >= size + padding) n--; /* would begin in the end padding */
  return n;
}

static size_t dilation_of(const rm_pool_options *o, size_t axis) { return rm_larger(1, o->dilation[axis]); }

/* From the first to the last row of a window. */
static size_t extent_of(const rm_pool_options *o, size_t axis) {
  return dilation_of(o, axis) * (o->kernel[axis] - 1) + 1;
}

static void fill_windows(span *out, size_t n, size_t size, const rm_pool_options *o, size_t axis) {
  size_t padding = o->padding[axis], extent = extent_of(o, axis), dilation = dilation_of(o, axis);
  for (size_t i = 0; i < n; i++) {
    size_t begin = i * o->stride[axis]; /* counted from the start of the padding */
    size_t end = rm_smaller(begin + extent, size + 2 * padding);
    size_t missed = begin < padding ? (padding - begin + dilation - 1) / dilation * dilation : 0;
    out[i].begin = begin + missed - padding;
    out[i].end = rm_larger(out[i].begin, rm_smaller(end - padding, size));
    out[i].count = o->count_include_pad ? end - begin : out[i].end - out[i].begin;
  }
}

static rm_status pool_grid(const char *op, const rm_tensor *x, const rm_pool_options *o, grid *g, rm_error *err) {
  static const char *const axes[] = {"height", "width"};
  size_t n[2];
  char text[RM_SHAPE_TEXT];
  RM_TRY(check_image(op, x, err));
  for (size_t i = 0; i < 2; i++) {
    if (o->kernel[i] == 0 || o->stride[i] == 0)
      return rm_fail(err, RM_ERR_VALUE, "%s: kernel and stride must be at least 1, got %zu and %zu", op, o->kernel[i],
                     o->stride[i]);
    if (o->kernel[i] > MOST_KERNEL)
      return rm_fail(err, RM_ERR_VALUE, "%s: kernel must be at most %zu, got %zu", op, MOST_KERNEL, o->kernel[i]);
    if (o->padding[i] > o->kernel[i] / 2)
      return rm_fail(err, RM_ERR_VALUE, "%s: padding must be at most half of the kernel, got %zu of %zu", op,
                     o->padding[i], o->kernel[i]);
    if (o->dilation[i] > 1 << 20) return rm_fail(err, RM_ERR_VALUE, "%s: dilation must be at most %d", op, 1 << 20);
    n[i] = window_count(x->shape[2 + i], extent_of(o, i), o->stride[i], o->padding[i], o->ceil_mode);
    if (n[i] == 0)
      return rm_fail(err, RM_ERR_SHAPE, "%s: the window's %s %zu exceeds the image's %zu + 2*%zu\n  x  %s", op, axes[i],
                     extent_of(o, i), x->shape[2 + i], o->padding[i], rm_tensor_text(x, text));
  }
  RM_TRY(new_grid(op, x, n[0], n[1], g, err));
  for (size_t i = 0; i < 2; i++) g->dilation[i] = dilation_of(o, i);
  fill_windows(g->rows, g->oh, g->h, o, 0);
  fill_windows(g->cols, g->ow, g->w, o, 1);
  return RM_OK;
}

static void fill_cells(span *out, size_t n, size_t size) {
  for (size_t i = 0; i < n; i++) {
    out[i].begin = i * size / n;
    out[i].end = ((i + 1) * size + n - 1) / n;
    out[i].count = out[i].end - out[i].begin;
  }
}

static rm_status cell_grid(const rm_tensor *x, const size_t size[2], grid *g, rm_error *err) {
  RM_TRY(check_image("adaptive_avg_pool2d", x, err));
  if (size[0] == 0 || size[1] == 0)
    return rm_fail(err, RM_ERR_VALUE, "adaptive_avg_pool2d: output size must be at least 1, got (%zu, %zu)", size[0],
                   size[1]);
  if (size[0] > MOST_CELLS || size[1] > MOST_CELLS)
    return rm_fail(err, RM_ERR_VALUE, "adaptive_avg_pool2d: output size must be at most %zu, got (%zu, %zu)",
                   MOST_CELLS, size[0], size[1]);
  RM_TRY(new_grid("adaptive_avg_pool2d", x, size[0], size[1], g, err));
  fill_cells(g->rows, g->oh, g->h);
  fill_cells(g->cols, g->ow, g->w);
  return RM_OK;
}

/* --- visiting them -------------------------------------------------------------------------- */

typedef struct {
  const grid *g;
  bool max;
  bool halves; /* maxima of 2x2 windows that tile the image: a whole row at a time */
  const float *x, *dy;
  float *y, *dx;
  int64_t *indices;
} job;

/* Where window (i, j) of image n begins in x, and its result in y. */
static size_t x_at(const grid *g, size_t n, size_t i, size_t j) {
  return ((n * g->h + g->rows[i].begin) * g->w + g->cols[j].begin) * g->c;
}
static size_t y_at(const grid *g, size_t n, size_t i, size_t j) { return ((n * g->oh + i) * g->ow + j) * g->c; }
/* How many rows or columns of the window there are. */
static size_t taps(const grid *g, span s, size_t axis) {
  return (s.end - s.begin + g->dilation[axis] - 1) / g->dilation[axis];
}
static bool is_dilated(const grid *g) { return g->dilation[0] > 1 || g->dilation[1] > 1; }
static float share(span row, span col) { return 1 / (float)(row.count * col.count); }

/* Output rows begin .. end-1 of all images. */
static void forward_range(void *ctx, size_t begin, size_t end) {
  const job *o = ctx;
  const grid *g = o->g;
  const rm_kernels *kernel = rm_kernel_table();
  for (size_t line = begin; line < end; line++) {
    size_t n = line / g->oh, i = line % g->oh;
    span row = g->rows[i];
    if (o->halves) {
      const float *upper = o->x + x_at(g, n, i, 0);
      kernel->max_row(g->ow, g->c, upper, upper + g->w * g->c, o->y + y_at(g, n, i, 0));
      continue;
    }
    for (size_t j = 0; j < g->ow; j++) {
      span col = g->cols[j];
      const float *x = o->x + x_at(g, n, i, j);
      float *y = o->y + y_at(g, n, i, j);
      size_t kh = taps(g, row, 0), kw = taps(g, col, 1);
      if (is_dilated(g)) rm_dilated_max(g->c, kh, kw, g->dilation[0] * g->w * g->c, g->dilation[1] * g->c, x, y);
      else if (o->max) kernel->max_window(g->c, kh, kw, g->w * g->c, x, y);
      else kernel->sum_window(g->c, kh, kw, g->w * g->c, share(row, col), x, y);
    }
  }
}

static void backward_halves(void *ctx, size_t begin, size_t end) {
  const job *o = ctx;
  const grid *g = o->g;
  size_t row = g->w * g->c;
  for (size_t n = begin; n < end; n++)
    for (size_t i = 0; i < g->oh; i++) {
      size_t at = x_at(g, n, i, 0), from = y_at(g, n, i, 0);
      if (!rm_kernel_table()->max_row_backward(g->ow, g->c, o->x + at, o->x + at + row, o->y + from, o->dy + from,
                                               o->dx + at, o->dx + at + row))
        continue;
      memset(o->dx + at, 0, 2 * row * sizeof(float)); /* a NaN: one window after the other */
      for (size_t j = 0; j < g->ow; j++, at += 2 * g->c, from += g->c)
        rm_kernel_table()->max_window_backward(g->c, 2, 2, row, o->x + at, o->y + from, o->dy + from, o->dx + at);
    }
}

static void backward_range(void *ctx, size_t begin, size_t end) {
  const job *o = ctx;
  const grid *g = o->g;
  const rm_kernels *kernel = rm_kernel_table();
  size_t image = g->h * g->w * g->c;
  memset(o->dx + begin * image, 0, (end - begin) * image * sizeof(float));
  for (size_t n = begin; n < end; n++)
    for (size_t i = 0; i < g->oh && !rm_broken(); i++)
      for (size_t j = 0; j < g->ow; j++) {
        span row = g->rows[i], col = g->cols[j];
        size_t at = x_at(g, n, i, j), from = y_at(g, n, i, j);
        size_t kh = taps(g, row, 0), kw = taps(g, col, 1);
        if (is_dilated(g))
          rm_dilated_max_backward(g->c, kh, kw, g->dilation[0] * g->w * g->c, g->dilation[1] * g->c, o->x + at,
                                  o->y + from, o->dy + from, o->dx + at);
        else if (o->max)
          kernel->max_window_backward(g->c, kh, kw, g->w * g->c, o->x + at, o->y + from, o->dy + from, o->dx + at);
        else kernel->sum_window_backward(g->c, kh, kw, g->w * g->c, share(row, col), o->dy + from, o->dx + at);
      }
}

/* Position, from 1 within the image, of the pixel of the window that gets the gradient: the first that holds the
 * maximum, or the last NaN, as in PyTorch. */
static int64_t winner(const job *o, size_t n, size_t i, size_t j, size_t c) {
  const grid *g = o->g;
  float best = o->y[y_at(g, n, i, j) + c];
  int64_t last = 0;
  for (size_t h = g->rows[i].begin; h < g->rows[i].end; h += g->dilation[0])
    for (size_t w = g->cols[j].begin; w < g->cols[j].end; w += g->dilation[1]) {
      float v = o->x[((n * g->h + h) * g->w + w) * g->c + c];
      if (v == best) return (int64_t)(h * g->w + w) + 1;
      if (v != v) last = (int64_t)(h * g->w + w) + 1;
    }
  return last;
}

/* The indices are row-major: they are looked at, not computed with. */
static void index_range(void *ctx, size_t begin, size_t end) {
  const job *o = ctx;
  const grid *g = o->g;
  int64_t *out = o->indices + begin * g->c * g->oh * g->ow;
  for (size_t n = begin; n < end; n++)
    for (size_t c = 0; c < g->c && !rm_broken(); c++)
      for (size_t i = 0; i < g->oh; i++)
        for (size_t j = 0; j < g->ow; j++) *out++ = winner(o, n, i, j, c);
}

/* --- the operators ---------------------------------------------------------------------------- */

/* What backward needs to lay out the same grid. */
typedef struct {
  bool max, adaptive;
  rm_pool_options options;
  size_t x_shape[4];
} payload;

static rm_status make_grid(const rm_tensor *x, const payload *p, grid *g, rm_error *err) {
  if (p->adaptive) return cell_grid(x, p->options.kernel, g, err);
  return pool_grid(p->max ? "max_pool2d" : "avg_pool2d", x, &p->options, g, err);
}

static bool are_halves(const payload *p, const grid *g) {
  const rm_pool_options *o = &p->options;
  return p->max && o->kernel[0] == 2 && o->kernel[1] == 2 && o->stride[0] == 2 && o->stride[1] == 2 &&
         o->padding[0] + o->padding[1] == 0 && !is_dilated(g) && g->h == 2 * g->oh && g->w == 2 * g->ow;
}

/* Windows of one pixel, of maxima and of averages alike. */
static bool is_subsample(const payload *p) { return !p->adaptive && p->options.kernel[0] * p->options.kernel[1] == 1; }

static rm_subsample_grid subsample_grid(const payload *p, const grid *g) {
  return (rm_subsample_grid){g->n, g->c, g->h, g->w, g->oh, g->ow, p->options.stride[0], p->options.stride[1]};
}

static rm_status pool_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  const payload *p = rm_node_payload(node);
  const rm_tensor *x = rm_node_saved(node, 0), *y = rm_node_saved(node, 1);
  rm_tensor *dy_last = NULL;
  grid g;
  RM_TRY(rm_tensor_new_channels_last(p->x_shape, &dx[0], err));
  RM_TRY(make_grid(dx[0], p, &g, err));
  rm_status status = rm_tensor_channels_last(dy, &dy_last, err);
  if (status == RM_OK) {
    job o = {.g = &g, .max = p->max, .dy = rm_tensor_f32(dy_last), .dx = rm_tensor_f32(dx[0])};
    if (p->max) o.x = rm_tensor_f32(x), o.y = rm_tensor_f32(y);
    rm_subsample_grid pixels = subsample_grid(p, &g);
    if (is_subsample(p)) rm_subsample_backward(&pixels, o.dy, o.dx);
    else rm_parallel(g.n, 1, are_halves(p, &g) ? backward_halves : backward_range, &o);
  }
  rm_tensor_release(dy_last);
  free_grid(&g);
  return status;
}

static rm_status record(rm_tensor *x, rm_tensor *x_last, rm_tensor *y, const payload *p, rm_error *err) {
  rm_tensor *const inputs[] = {x}, *const saved[] = {p->max ? x_last : NULL, p->max ? y : NULL};
  if (!rm_tape_wants(1, inputs)) return RM_OK;
  const char *name = p->adaptive ? "adaptive_avg_pool2d" : p->max ? "max_pool2d" : "avg_pool2d";
  return rm_tape_record(y,
                        &(rm_record){.name = name,
                                     .backward = pool_backward,
                                     .ninputs = 1,
                                     .inputs = inputs,
                                     .nsaved = 2,
                                     .saved = saved,
                                     .payload = p,
                                     .payload_bytes = sizeof *p},
                        err);
}

static rm_status pool_images(rm_tensor *x, payload *p, rm_tensor **out, rm_tensor **indices, rm_error *err) {
  grid g;
  rm_tensor *x_last = NULL, *y = NULL, *positions = NULL;
  RM_TRY(make_grid(x, p, &g, err));
  memcpy(p->x_shape, x->shape, sizeof p->x_shape);
  size_t shape[4] = {g.n, g.c, g.oh, g.ow};
  rm_status status = rm_tensor_channels_last(x, &x_last, err);
  if (status == RM_OK) status = rm_tensor_new_channels_last(shape, &y, err);
  if (status == RM_OK && indices) status = rm_tensor_new(RM_INT64, 4, shape, &positions, err);
  if (status == RM_OK) {
    job o = {.g = &g, .max = p->max, .halves = are_halves(p, &g), .x = rm_tensor_f32(x_last), .y = rm_tensor_f32(y)};
    size_t line = g.h * g.w * g.c / g.oh; /* floats read for one output row, about */
    rm_subsample_grid pixels = subsample_grid(p, &g);
    if (is_subsample(p)) rm_subsample(&pixels, o.x, o.y);
    else rm_parallel(g.n * g.oh, rm_larger(1, 16384 / rm_larger(1, line)), forward_range, &o);
    if (indices) {
      o.indices = rm_tensor_i64(positions);
      rm_parallel(g.n, 1, index_range, &o);
    }
    status = record(x, x_last, y, p, err);
  }
  free_grid(&g);
  rm_tensor_release(x_last);
  if (status == RM_OK) {
    *out = y;
    if (indices) *indices = positions;
  } else {
    rm_tensor_release(y);
    rm_tensor_release(positions);
  }
  return status;
}

static rm_status without_batch(rm_tensor *t, rm_tensor **out, rm_error *err) {
  return rm_reshape(t, 3, (int64_t[]){(int64_t)t->shape[1], (int64_t)t->shape[2], (int64_t)t->shape[3]}, out, err);
}

/* One image (C, H, W) is a batch of one, whose result is one image. */
static rm_status pool(rm_tensor *x, payload *p, rm_tensor **out, rm_tensor **indices, rm_error *err) {
  if (x->ndim != 3) return pool_images(x, p, out, indices, err);
  rm_tensor *images = NULL, *y = NULL, *positions = NULL, *one = NULL, *its = NULL;
  RM_TRY(rm_unsqueeze(x, 0, &images, err));
  rm_status status = pool_images(images, p, &y, indices ? &positions : NULL, err);
  if (status == RM_OK && indices) status = without_batch(positions, &its, err);
  if (status == RM_OK) status = without_batch(y, &one, err);
  if (status == RM_OK) {
    *out = one;
    if (indices) *indices = its;
  } else {
    rm_tensor_release(its);
  }
  rm_tensor_release(images);
  rm_tensor_release(y);
  rm_tensor_release(positions);
  return status;
}

rm_status rm_max_pool2d(rm_tensor *x, const rm_pool_options *options, rm_tensor **y, rm_tensor **indices,
                        rm_error *err) {
  payload p = {.max = true, .options = *options};
  return pool(x, &p, y, indices, err);
}

rm_status rm_avg_pool2d(rm_tensor *x, const rm_pool_options *options, rm_tensor **y, rm_error *err) {
  payload p = {.options = *options};
  p.options.dilation[0] = p.options.dilation[1] = 1;
  return pool(x, &p, y, NULL, err);
}

rm_status rm_adaptive_avg_pool2d(rm_tensor *x, const size_t size[2], rm_tensor **y, rm_error *err) {
  payload p = {.adaptive = true, .options.kernel = {size[0], size[1]}};
  return pool(x, &p, y, NULL, err);
}
