/* median.c -- see median.h. */
#include "ops/index/median.h"

#include <math.h>
#include <string.h>
#include "core/tape.h"
#include "ops/index/gather.h"
#include "ops/index/sort.h"
#include "ops/reduce/reduce.h"
#include "ops/views/views.h"

/* Which of the n sorted values `inner` apart is the median; NaN stands at the end. */
static size_t middle(const rm_tensor *values, size_t first, size_t n, size_t inner) {
  size_t at = (n - 1) / 2;
  if (values->dtype != RM_FLOAT32) return at;
  const float *v = rm_tensor_f32(values) + first;
  if (!isnan(v[(n - 1) * inner])) return at;
  for (at = 0; !isnan(v[at * inner]);) at++;
  return at;
}

/* The positions of the medians, with dim kept. x has elements along it. */
static rm_status find(rm_tensor *x, size_t dim, rm_tensor **index, rm_error *err) {
  size_t shape[RM_MAX_DIMS], n = x->shape[dim], inner = 1;
  rm_tensor *values = NULL, *order = NULL, *found = NULL;
  memcpy(shape, x->shape, sizeof shape);
  shape[dim] = 1;
  for (size_t d = dim + 1; d < x->ndim; d++) inner *= shape[d];
  bool was = rm_grad_set(false);
  rm_status status = rm_sort(x, dim, false, &values, &order, err);
  rm_grad_set(was);
  if (status == RM_OK) status = rm_tensor_new(RM_INT64, x->ndim, shape, &found, err);
  for (size_t i = 0; status == RM_OK && i < found->numel; i++) {
    size_t first = i / inner * n * inner + i % inner;
    rm_tensor_i64(found)[i] = rm_tensor_i64(order)[first + middle(values, first, n, inner) * inner];
  }
  rm_tensor_release(values);
  rm_tensor_release(order);
  return rm_tensor_give(status, found, index);
}

/* A single number as a row of one. */
static rm_status median_of_number(rm_tensor *x, rm_tensor **value, rm_tensor **index, rm_error *err) {
  rm_tensor *one = NULL;
  RM_TRY(rm_tensor_new(RM_INT64, 0, NULL, &one, err));
  *rm_tensor_i64(one) = 1;
  return rm_tensor_give(rm_clone(x, value, err), one, index);
}

rm_status rm_median_along(rm_tensor *x, size_t dim, bool keepdim, rm_tensor **value, rm_tensor **index, rm_error *err) {
  char text[RM_SHAPE_TEXT];
  if (dim >= (x->ndim ? x->ndim : 1))
    return rm_fail(err, RM_ERR_SHAPE, "median: x has %zu dimensions, dimension %zu is not among them", x->ndim,
                   dim + 1);
  if (x->ndim == 0) return median_of_number(x, value, index, err);
  if (x->shape[dim] == 0)
    return rm_fail(err, RM_ERR_SHAPE, "median: x has no elements to choose from, shape %s", rm_tensor_text(x, text));
  bool dropped[RM_MAX_DIMS] = {false};
  dropped[dim] = !keepdim;
  rm_tensor *found = NULL, *picked = NULL, *v = NULL, *i = NULL;
  rm_status status = find(x, dim, &found, err);
  if (status == RM_OK) status = rm_gather(x, dim, found, &picked, err);
  if (status == RM_OK) status = rm_squeeze(picked, dropped, &v, err);
  if (status == RM_OK) status = rm_squeeze(found, dropped, &i, err);
  if (status == RM_OK) *value = v, *index = i;
  else rm_tensor_release(v);
  rm_tensor_release(found);
  rm_tensor_release(picked);
  return status;
}

rm_status rm_median(rm_tensor *x, rm_tensor **value, rm_error *err) {
  static const int64_t all = -1;
  rm_tensor *row = NULL, *picked = NULL, *y = NULL, *index = NULL;
  if (x->numel == 0 && x->dtype == RM_FLOAT32) return rm_tensor_scalar(NAN, value, err);
  bool was = rm_grad_set(false);
  rm_status status = rm_reshape(x, 1, &all, &row, err);
  if (status == RM_OK) status = rm_median_along(row, 0, false, &picked, &index, err);
  if (status == RM_OK) status = rm_clone(picked, &y, err); /* not a view, so that it can be recorded */
  rm_grad_set(was);
  if (status == RM_OK) status = rm_record_choice("median", x, y, err);
  rm_tensor_release(row);
  rm_tensor_release(picked);
  rm_tensor_release(index);
  return rm_tensor_give(status, y, value);
}
