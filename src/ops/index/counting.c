/* counting.c -- one_hot, bincount, nonzero, unique: see counting.h. */
#include "ops/index/counting.h"

#include <string.h>
#include "core/copy.h"
#include "core/tape.h"
#include "memory/alloc.h"
#include "ops/check.h"
#include "ops/index/gather.h"
#include "ops/index/sort.h"
#include "ops/pointwise/pointwise.h"
#include "ops/views/views.h"

/* The row-major values of t, int64 and at least 1; *largest of them, 0 if there is none. */
static rm_status positions(const char *op, rm_tensor *t, rm_tensor **rows, int64_t *largest, rm_error *err) {
  if (t->dtype != RM_INT64)
    return rm_advise(err, RM_ADVICE_TO_INT64, "x",
                     rm_fail(err, RM_ERR_TYPE, "%s: x is %s, expected int64", op, rm_dtype_name(t->dtype)));
  RM_TRY(rm_tensor_contiguous(t, rows, err));
  rm_status status = RM_OK;
  *largest = 0;
  for (size_t i = 0; i < t->numel && status == RM_OK; i++) {
    int64_t v = rm_tensor_i64(*rows)[i];
    if (v < 1)
      status = rm_fail(err, RM_ERR_VALUE, "%s: %lld at position %zu, expected at least 1%s", op, (long long)v, i + 1,
                       v == 0 ? " (positions and labels count from 1)" : "");
    if (v > *largest) *largest = v;
  }
  if (status != RM_OK) rm_tensor_release(*rows);
  return status;
}

rm_status rm_one_hot(rm_tensor *index, size_t classes, rm_tensor **y, rm_error *err) {
  rm_tensor *rows = NULL, *fresh = NULL;
  int64_t largest;
  size_t shape[RM_MAX_DIMS], ndim = index->ndim;
  if (ndim == RM_MAX_DIMS)
    return rm_fail(err, RM_ERR_SHAPE, "one_hot: x has %d dimensions already, the most", RM_MAX_DIMS);
  RM_TRY(positions("one_hot", index, &rows, &largest, err));
  rm_status status = RM_OK;
  if (classes == 0 && index->numel == 0)
    status = rm_fail(err, RM_ERR_VALUE, "one_hot: x is empty and does not tell the number of classes");
  if (classes && (uint64_t)largest > classes)
    status = rm_fail(err, RM_ERR_VALUE, "one_hot: label %lld, but there are %zu classes", (long long)largest, classes);
  memcpy(shape, index->shape, sizeof shape);
  shape[ndim] = classes ? classes : (size_t)largest;
  if (status == RM_OK) status = rm_tensor_zeros(RM_INT64, ndim + 1, shape, &fresh, err);
  for (size_t i = 0; status == RM_OK && i < index->numel; i++)
    rm_tensor_i64(fresh)[i * shape[ndim] + (size_t)rm_tensor_i64(rows)[i] - 1] = 1;
  rm_tensor_release(rows);
  return rm_tensor_give(status, fresh, y);
}

static rm_status count_weights(const rm_tensor *rows, rm_tensor *weights, rm_tensor *y, rm_error *err) {
  rm_tensor *w = NULL;
  double *sums = rm_alloc(y->numel * sizeof *sums);
  rm_status status = sums ? RM_OK : rm_fail(err, RM_ERR_MEMORY, "bincount: out of memory");
  if (status == RM_OK) status = rm_tensor_contiguous(weights, &w, err);
  if (status == RM_OK) {
    for (size_t k = 0; k < y->numel; k++) sums[k] = 0;
    for (size_t i = 0; i < rows->numel; i++) sums[rm_tensor_i64(rows)[i] - 1] += rm_tensor_f32(w)[i];
    for (size_t k = 0; k < y->numel; k++) rm_tensor_f32(y)[k] = (float)sums[k];
  }
  rm_free(sums, y->numel * sizeof *sums);
  rm_tensor_release(w);
  return status;
}

rm_status rm_bincount(rm_tensor *x, rm_tensor *weights, size_t least, rm_tensor **out, rm_error *err) {
  char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
  rm_tensor *rows = NULL, *y = NULL;
  int64_t largest;
  if (x->ndim != 1)
    return rm_fail(err, RM_ERR_SHAPE, "bincount: x is %s, expected one dimension", rm_tensor_text(x, a));
  if (weights) RM_TRY(rm_check_float("bincount", "weights", weights, err));
  if (weights && !rm_tensor_same_shape(x, weights))
    return rm_fail(err, RM_ERR_SHAPE, "bincount: weights are %s, x is %s", rm_tensor_text(weights, a),
                   rm_tensor_text(x, b));
  RM_TRY(positions("bincount", x, &rows, &largest, err));
  size_t bins = (size_t)largest > least ? (size_t)largest : least;
  rm_status status = rm_tensor_zeros(weights ? RM_FLOAT32 : RM_INT64, 1, &bins, &y, err);
  if (status == RM_OK && weights && bins > 0) status = count_weights(rows, weights, y, err);
  for (size_t i = 0; status == RM_OK && !weights && i < x->numel; i++) rm_tensor_i64(y)[rm_tensor_i64(rows)[i] - 1]++;
  rm_tensor_release(rows);
  return rm_tensor_give(status, y, out);
}

rm_status rm_nonzero(rm_tensor *x, rm_tensor **out, rm_error *err) {
  rm_tensor *truth = NULL, *rows = NULL, *y = NULL;
  rm_status status = rm_compare(RM_NE, rm_operand_tensor(x), rm_operand_integer(0), &truth, err);
  if (status == RM_OK) status = rm_tensor_contiguous(truth, &rows, err);
  size_t shape[2] = {0, x->ndim};
  const uint8_t *set = status == RM_OK ? rm_tensor_u8(rows) : NULL;
  for (size_t i = 0; status == RM_OK && i < x->numel; i++) shape[0] += set[i];
  if (status == RM_OK) status = rm_tensor_new(RM_INT64, 2, shape, &y, err);
  int64_t *to = status == RM_OK ? rm_tensor_i64(y) : NULL;
  for (size_t i = 0; status == RM_OK && i < x->numel; i++) {
    if (!set[i]) continue;
    for (size_t d = x->ndim, rest = i; d-- > 0; rest /= x->shape[d]) to[d] = (int64_t)(rest % x->shape[d]) + 1;
    to += x->ndim;
  }
  rm_tensor_release(truth);
  rm_tensor_release(rows);
  return rm_tensor_give(status, y, out);
}

/* --- unique ------------------------------------------------------------------------------------ */
static bool differs(const rm_tensor *sorted, size_t i) {
  if (sorted->dtype == RM_FLOAT32) return rm_tensor_f32(sorted)[i] != rm_tensor_f32(sorted)[i - 1];
  if (sorted->dtype == RM_UINT8) return rm_tensor_u8(sorted)[i] != rm_tensor_u8(sorted)[i - 1];
  return rm_tensor_i64(sorted)[i] != rm_tensor_i64(sorted)[i - 1];
}

/* sorted, and where its elements were: the results. */
static rm_status collect(const rm_tensor *x, rm_tensor *sorted, const rm_tensor *order, rm_tensor **values,
                         rm_tensor **inverse, rm_tensor **counts, rm_error *err) {
  size_t n = sorted->numel, k = 0, size = rm_dtype_size(sorted->dtype);
  for (size_t i = 0; i < n; i++) k += i == 0 || differs(sorted, i);
  rm_tensor *v = NULL, *where = NULL, *many = NULL;
  rm_status status = rm_tensor_new(sorted->dtype, 1, &k, &v, err);
  if (status == RM_OK) status = rm_tensor_new(RM_INT64, x->ndim, x->shape, &where, err);
  if (status == RM_OK) status = rm_tensor_zeros(RM_INT64, 1, &k, &many, err);
  if (status == RM_OK) {
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
      if (i == 0 || differs(sorted, i)) {
        memcpy((char *)rm_tensor_data(v) + at * size, (const char *)rm_tensor_data(sorted) + i * size, size);
        at++;
      }
      rm_tensor_i64(where)[rm_tensor_i64(order)[i] - 1] = (int64_t)at;
      rm_tensor_i64(many)[at - 1]++;
    }
    *values = rm_tensor_retain(v);
    if (inverse) *inverse = rm_tensor_retain(where);
    if (counts) *counts = rm_tensor_retain(many);
  }
  rm_tensor_release(v);
  rm_tensor_release(where);
  rm_tensor_release(many);
  return status;
}

rm_status rm_unique(rm_tensor *x, rm_tensor **values, rm_tensor **inverse, rm_tensor **counts, rm_error *err) {
  rm_tensor *row = NULL, *sorted = NULL, *order = NULL;
  bool was = rm_grad_set(false);
  rm_status status = rm_reshape(x, 1, (int64_t[]){(int64_t)x->numel}, &row, err);
  if (status == RM_OK) status = rm_sort(row, 0, false, &sorted, &order, err);
  if (status == RM_OK) status = collect(x, sorted, order, values, inverse, counts, err);
  rm_grad_set(was);
  rm_tensor_release(row);
  rm_tensor_release(sorted);
  rm_tensor_release(order);
  return status;
}
