/* gather.c -- index_select and gather.
 *
 * Both operators are one loop with two ways to look up a position; their gradients run
 * it backwards and add. Everything is row-major here, y seen as (outer, picked, inner)
 * around the dimension that is picked from. */
#include "ops/index/gather.h"

#include <string.h>
#include "core/copy.h"
#include "core/tape.h"
#include "parallel/pool.h"

typedef struct {
  size_t dim;
  bool slices; /* index_select: one index for a whole slice; gather: one for each element */
} pick;

/* Positions 1..n or -n..-1 made 0..n-1, row-major; or the first that is wrong, named. */
static rm_status positions(const char *op, rm_tensor *index, size_t n, rm_tensor **out, rm_error *err) {
  if (index->dtype != RM_INT64)
    return rm_advise(err, RM_ADVICE_TO_INT64, "index",
                     rm_fail(err, RM_ERR_TYPE, "%s: index is %s, expected int64", op, rm_dtype_name(index->dtype)));
  rm_tensor *p;
  RM_TRY(rm_tensor_new(RM_INT64, index->ndim, index->shape, &p, err));
  rm_status status = rm_tensor_copy(p, index, err);
  int64_t *v = rm_tensor_i64(p), extent = (int64_t)n;
  for (size_t i = 0; status == RM_OK && i < p->numel; i++) {
    if (v[i] == 0 || v[i] > extent || v[i] < -extent)
      status = rm_fail(err, RM_ERR_VALUE, "%s: index %lld at position %zu is out of range, expected 1..%lld%s", op,
                       (long long)v[i], i + 1, (long long)extent, v[i] == 0 ? " (indices count from 1)" : "");
    v[i] = v[i] > 0 ? v[i] - 1 : extent + v[i];
  }
  return rm_tensor_give(status, p, out);
}

typedef struct {
  const pick *pick;
  const rm_tensor *x, *y; /* their shapes; gather's x may be larger in every dimension */
  const int64_t *index;
  size_t outer, picked, inner, size;
  char *x_data, *y_data;
} loop;

static loop loop_over(const rm_tensor *x, const rm_tensor *y, const rm_tensor *index, const pick *p) {
  loop l = {.pick = p,
            .x = x,
            .y = y,
            .index = rm_tensor_i64(index),
            .outer = 1,
            .picked = y->shape[p->dim],
            .inner = 1,
            .size = rm_dtype_size(x->dtype),
            .x_data = rm_tensor_data(x),
            .y_data = rm_tensor_data(y)};
  for (size_t d = 0; d < p->dim; d++) l.outer *= y->shape[d];
  for (size_t d = p->dim + 1; d < y->ndim; d++) l.inner *= y->shape[d];
  return l;
}

/* The element of x that element `at` of y is picked from. */
static size_t source(const loop *l, size_t at) {
  size_t dim = l->pick->dim, i = at % l->inner, row = at / l->inner;
  if (l->pick->slices) {
    size_t o = row / l->picked, j = row % l->picked;
    return (o * l->x->shape[dim] + (size_t)l->index[j]) * l->inner + i;
  }
  size_t from = 0, step = 1, rest = at;
  for (size_t d = l->y->ndim; d-- > 0; rest /= l->y->shape[d]) {
    size_t coordinate = d == dim ? (size_t)l->index[at] : rest % l->y->shape[d];
    from += coordinate * step;
    step *= l->x->shape[d];
  }
  return from;
}

/* Rows (o, j) of y; for slices a row is one run of x. */
static void pick_rows(void *ctx, size_t begin, size_t end) {
  const loop *l = ctx;
  size_t run = l->pick->slices ? l->inner : 1;
  for (size_t at = begin * l->inner; at < end * l->inner; at += run)
    memcpy(l->y_data + at * l->size, l->x_data + source(l, at) * l->size, run * l->size);
}

/* The same walk with roles exchanged: x += y. A thread takes whole outer positions, whose
 * sources are apart, so repeated indices add up in one order. */
static void add_back(void *ctx, size_t begin, size_t end) {
  const loop *l = ctx;
  float *dx = (float *)l->x_data;
  const float *dy = (const float *)l->y_data;
  size_t each = l->picked * l->inner;
  for (size_t at = begin * each; at < end * each; at++) dx[source(l, at)] += dy[at];
}

enum { GRAIN = 16384, BLOCK = 1024 /* columns of slices that a thread takes at a time */ };

/* Of slices: unit (o, block of columns). Every element of x belongs to one unit, whose order is that of the index. */
static void add_slices(void *ctx, size_t begin, size_t end) {
  const loop *l = ctx;
  size_t blocks = (l->inner + BLOCK - 1) / BLOCK, extent = l->x->shape[l->pick->dim];
  for (size_t unit = begin; unit < end; unit++) {
    size_t o = unit / blocks, first = unit % blocks * BLOCK;
    size_t count = l->inner - first < BLOCK ? l->inner - first : BLOCK;
    for (size_t j = 0; j < l->picked; j++) {
      float *dx = (float *)l->x_data + (o * extent + (size_t)l->index[j]) * l->inner + first;
      const float *dy = (const float *)l->y_data + (o * l->picked + j) * l->inner + first;
      for (size_t i = 0; i < count; i++) dx[i] += dy[i];
    }
  }
}

static rm_status gather_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  size_t shape[RM_MAX_DIMS], ndim = rm_node_input_shape(node, 0, shape);
  rm_tensor *rows;
  RM_TRY(rm_tensor_zeros(RM_FLOAT32, ndim, shape, &dx[0], err));
  RM_TRY(rm_tensor_contiguous(dy, &rows, err));
  loop l = loop_over(dx[0], rows, rm_node_saved(node, 0), rm_node_payload(node));
  size_t blocks = (l.inner + BLOCK - 1) / BLOCK, block = l.inner < BLOCK ? l.inner : BLOCK;
  if (rows->numel && l.pick->slices) rm_parallel(l.outer * blocks, 1 + GRAIN / (l.picked * block), add_slices, &l);
  else if (rows->numel) rm_parallel(l.outer, 1 + GRAIN / (l.picked * l.inner), add_back, &l);
  rm_tensor_release(rows);
  return RM_OK;
}

/* y of the given shape from x by `index` (0-based positions, taken over). */
static rm_status run_pick(const char *op, rm_tensor *x, rm_tensor *index, const pick *p, size_t ndim,
                          const size_t shape[], rm_tensor **y, rm_error *err) {
  rm_tensor *rows = NULL, *fresh = NULL;
  rm_status status = rm_tensor_contiguous(x, &rows, err);
  if (status == RM_OK) status = rm_tensor_new(x->dtype, ndim, shape, &fresh, err);
  if (status == RM_OK) {
    loop l = loop_over(rows, fresh, index, p);
    if (fresh->numel) rm_parallel(l.outer * l.picked, 1 + GRAIN / l.inner, pick_rows, &l);
    if (rm_tape_wants(1, &x))
      status = rm_tape_record(fresh,
                              &(rm_record){.name = op,
                                           .backward = gather_backward,
                                           .ninputs = 1,
                                           .inputs = &x,
                                           .nsaved = 1,
                                           .saved = &index,
                                           .payload = p,
                                           .payload_bytes = sizeof *p},
                              err);
  }
  rm_tensor_release(rows);
  rm_tensor_release(index);
  return rm_tensor_give(status, fresh, y);
}

static rm_status check_dim(const char *op, const rm_tensor *x, size_t dim, rm_error *err) {
  if (dim < x->ndim) return RM_OK;
  return rm_fail(err, RM_ERR_SHAPE, "%s: x has %zu dimensions, dimension %zu is not among them", op, x->ndim, dim + 1);
}

rm_status rm_index_select(rm_tensor *x, size_t dim, rm_tensor *index, rm_tensor **y, rm_error *err) {
  RM_TRY(check_dim("index_select", x, dim, err));
  if (index->ndim != 1) {
    char text[RM_SHAPE_TEXT];
    return rm_fail(err, RM_ERR_SHAPE, "index_select: index is %s, expected one dimension", rm_tensor_text(index, text));
  }
  rm_tensor *p;
  RM_TRY(positions("index_select", index, x->shape[dim], &p, err));
  size_t shape[RM_MAX_DIMS];
  memcpy(shape, x->shape, sizeof shape);
  shape[dim] = index->numel;
  return run_pick("index_select", x, p, &(pick){dim, true}, x->ndim, shape, y, err);
}

rm_status rm_gather(rm_tensor *x, size_t dim, rm_tensor *index, rm_tensor **y, rm_error *err) {
  RM_TRY(check_dim("gather", x, dim, err));
  bool fits = index->ndim == x->ndim;
  for (size_t d = 0; fits && d < x->ndim; d++) fits = d == dim || index->shape[d] <= x->shape[d];
  if (!fits) {
    char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
    return rm_fail(err, RM_ERR_SHAPE, "gather: index is %s, x is %s; but for dimension %zu it must fit into x",
                   rm_tensor_text(index, a), rm_tensor_text(x, b), dim + 1);
  }
  rm_tensor *p;
  RM_TRY(positions("gather", index, x->shape[dim], &p, err));
  return run_pick("gather", x, p, &(pick){dim, false}, index->ndim, index->shape, y, err);
}
