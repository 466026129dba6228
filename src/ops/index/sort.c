/* sort.c -- sort and topk: order the positions, then gather the values.
 *
 * Every element becomes a 64-bit key of the same order (floats by their bits, NaN above
 * all), so one comparison serves all types. The position breaks ties, which makes the
 * order stable and the same everywhere. */
#include <stdlib.h>
#include <string.h>
#include "core/copy.h"
#include "ops/index/gather.h"
#include "ops/index/sort.h"
#include "ops/views/views.h"
#include "parallel/interrupt.h"
#include "parallel/pool.h"
#include "parallel/scratch.h"

typedef struct {
  int64_t key, position;
} item;

static int by_key(const void *a, const void *b) {
  const item *x = a, *y = b;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  return x->position < y->position ? -1 : x->position > y->position;
}

/* A float's bits, read as an integer, rise with the value if positive and fall if negative. */
static int64_t float_key(float x) {
  int32_t bits;
  if (x != x) return INT64_MAX;
  x += 0.0f; /* -0 becomes 0 */
  memcpy(&bits, &x, sizeof bits);
  return bits >= 0 ? bits : (int64_t)INT32_MIN - bits;
}

static int64_t key_of(const rm_tensor *x, size_t i) {
  if (x->dtype == RM_FLOAT32) return float_key(rm_tensor_f32(x)[i]);
  return x->dtype == RM_UINT8 ? rm_tensor_u8(x)[i] : rm_tensor_i64(x)[i];
}

typedef struct {
  const rm_tensor *x; /* row-major, seen as (outer, extent, inner) */
  int64_t *indices;   /* (outer, k, inner), 1-based */
  size_t extent, k, inner;
  bool descending;
} ranking;

/* Rows (o, i): the first k positions of each in order. */
static void rank_rows(void *ctx, size_t begin, size_t end) {
  const ranking *r = ctx;
  item *items = rm_scratch(0, r->extent * sizeof *items); /* reserved: it cannot fail */
  for (size_t row = begin; row < end && !rm_broken(); row++) {
    size_t o = row / r->inner, i = row % r->inner;
    for (size_t j = 0; j < r->extent; j++) {
      int64_t key = key_of(r->x, (o * r->extent + j) * r->inner + i);
      items[j] = (item){r->descending ? ~key : key, (int64_t)j + 1};
    }
    qsort(items, r->extent, sizeof *items, by_key);
    for (size_t j = 0; j < r->k; j++) r->indices[(o * r->k + j) * r->inner + i] = items[j].position;
  }
}

static rm_status first_ranked(const char *op, rm_tensor *x, size_t k, size_t dim, bool descending, rm_tensor **values,
                              rm_tensor **indices, rm_error *err) {
  if (dim >= x->ndim)
    return rm_fail(err, RM_ERR_SHAPE, "%s: x has %zu dimensions, dimension %zu is not among them", op, x->ndim,
                   dim + 1);
  if (k > x->shape[dim])
    return rm_fail(err, RM_ERR_VALUE, "%s: k is %zu, dimension %zu has %zu elements", op, k, dim + 1, x->shape[dim]);
  size_t shape[RM_MAX_DIMS], outer = 1, inner = 1;
  memcpy(shape, x->shape, sizeof shape);
  shape[dim] = k;
  for (size_t d = 0; d < dim; d++) outer *= shape[d];
  for (size_t d = dim + 1; d < x->ndim; d++) inner *= shape[d];
  RM_TRY(rm_scratch_reserve(0, (x->shape[dim] + 1) * sizeof(item), err));
  rm_tensor *rows, *found = NULL;
  RM_TRY(rm_tensor_contiguous(x, &rows, err));
  rm_status status = rm_tensor_new(RM_INT64, x->ndim, shape, &found, err);
  if (status == RM_OK) {
    ranking r = {rows, rm_tensor_i64(found), x->shape[dim], k, inner, descending};
    if (found->numel) rm_parallel(outer * inner, 1 + 2048 / x->shape[dim], rank_rows, &r);
    status = rm_gather(x, dim, found, values, err);
  }
  rm_tensor_release(rows);
  return rm_tensor_give(status, found, indices);
}

/* A single number: sorted as a row of one. */
static rm_status rank_number(const char *op, rm_tensor *x, size_t k, size_t dim, bool descending, rm_tensor **values,
                             rm_tensor **indices, rm_error *err) {
  static const int64_t one = 1;
  rm_tensor *row = NULL, *value = NULL, *index = NULL;
  if (k != 1) return rm_fail(err, RM_ERR_VALUE, "%s: k is %zu, but x is a single number", op, k);
  rm_status status = rm_reshape(x, 1, &one, &row, err);
  if (status == RM_OK) status = first_ranked(op, row, 1, dim, descending, &value, &index, err);
  if (status == RM_OK) status = rm_reshape(value, 0, NULL, values, err);
  if (status == RM_OK) {
    status = rm_reshape(index, 0, NULL, indices, err);
    if (status != RM_OK) rm_tensor_release(*values);
  }
  rm_tensor_release(row);
  rm_tensor_release(value);
  rm_tensor_release(index);
  return status;
}

rm_status rm_sort(rm_tensor *x, size_t dim, bool descending, rm_tensor **values, rm_tensor **indices, rm_error *err) {
  size_t k = dim < x->ndim ? x->shape[dim] : 0;
  if (x->ndim == 0) return rank_number("sort", x, 1, dim, descending, values, indices, err);
  return first_ranked("sort", x, k, dim, descending, values, indices, err);
}

rm_status rm_topk(rm_tensor *x, size_t k, size_t dim, bool largest, rm_tensor **values, rm_tensor **indices,
                  rm_error *err) {
  if (x->ndim == 0) return rank_number("topk", x, k, dim, largest, values, indices, err);
  return first_ranked("topk", x, k, dim, largest, values, indices, err);
}
