/* lists.c -- see lists.h.
 *
 * The lists' dimensions are brought side by side and taken as one, in which a combination of positions is a single one:
 * what is left to do is index_select. */
#include "ops/index/lists.h"

#include <string.h>
#include "core/copy.h"
#include "core/view.h"
#include "ops/index/counting.h"
#include "ops/index/gather.h"
#include "ops/views/views.h"

/* --- masks as lists -------------------------------------------------------------------- */

static rm_status check_mask(const rm_tensor *x, size_t d, const rm_tensor *mask, rm_error *err) {
  char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
  bool fits = mask->ndim > 0 && d + mask->ndim <= x->ndim;
  for (size_t i = 0; fits && i < mask->ndim; i++) fits = mask->shape[i] == x->shape[d + i];
  if (fits) return RM_OK;
  return rm_fail(err, RM_ERR_SHAPE, "index: the mask is uint8 %s, which is not what x %s has from dimension %zu on",
                 rm_tensor_text(mask, a), rm_tensor_text(x, b), d + 1);
}

/* at[d], at[d + 1], ...: where the mask is not 0. */
static rm_status positions_of(rm_tensor *mask, size_t d, rm_tensor *at[], rm_error *err) {
  rm_tensor *table = NULL; /* (n, ndim of the mask) */
  RM_TRY(rm_nonzero(mask, &table, err));
  rm_status status = RM_OK;
  for (size_t i = 0; i < mask->ndim && status == RM_OK; i++)
    status = rm_tensor_view(table, 1, table->shape, table->strides, table->offset + i, &at[d + i], err);
  rm_tensor_release(table);
  return status;
}

/* at[d]: int64 for every dimension that has a list, else NULL; for the caller to release. */
static rm_status gather_lists(const rm_tensor *x, rm_tensor *const lists[], rm_tensor *at[], rm_error *err) {
  for (size_t d = 0; d < x->ndim; d++) {
    if (!lists[d]) continue;
    if (lists[d]->dtype == RM_UINT8) {
      RM_TRY(check_mask(x, d, lists[d], err));
      RM_TRY(positions_of(lists[d], d, at, err));
    } else if (lists[d]->dtype == RM_INT64) {
      at[d] = rm_tensor_retain(lists[d]);
    } else {
      return rm_fail(err, RM_ERR_TYPE, "index: dimension %zu: a list is %s, expected int64 or uint8", d + 1,
                     rm_dtype_name(lists[d]->dtype));
    }
  }
  return RM_OK;
}

/* --- the plan ----------------------------------------------------------------------------- */

/* The order of dimensions, and the shape of the part, whose lists have the shape (n, list). */
static rm_status arrange(const rm_tensor *x, rm_tensor *const at[], size_t n, const size_t list[], rm_index_plan *p,
                         rm_error *err) {
  size_t last = 0, count = 0;
  bool apart = false;
  p->first = p->width = p->ndim = 0;
  for (size_t d = 0; d < x->ndim; d++) {
    if (!at[d]) continue;
    if (p->width == 0) p->first = d;
    else apart = apart || d != last + 1;
    last = d;
    p->width++;
  }
  if (apart) p->first = 0;
  if (x->ndim - p->width + n > RM_MAX_DIMS)
    return rm_fail(err, RM_ERR_SHAPE, "index: the result would have %zu dimensions, at most %d", x->ndim - p->width + n,
                   RM_MAX_DIMS);
  for (size_t d = 0; d < x->ndim; d++)
    if (!apart || at[d]) p->order[count++] = d;
  for (size_t d = 0; d < x->ndim; d++)
    if (apart && !at[d]) p->order[count++] = d;
  for (size_t k = 0; k < p->first; k++) p->shape[p->ndim++] = x->shape[p->order[k]];
  for (size_t k = 0; k < n; k++) p->shape[p->ndim++] = list[k];
  for (size_t k = p->first + p->width; k < x->ndim; k++) p->shape[p->ndim++] = x->shape[p->order[k]];
  return RM_OK;
}

/* joint = joint * extent + the position in dimension d, for each element of the lists; from 0. */
static rm_status add_dimension(const rm_tensor *x, size_t d, const rm_tensor *list, rm_tensor *joint, rm_error *err) {
  ptrdiff_t strides[RM_MAX_DIMS];
  size_t added = joint->ndim - list->ndim;
  char text[RM_SHAPE_TEXT];
  rm_tensor *wide = NULL, *rows = NULL;
  for (size_t k = 0; k < joint->ndim; k++)
    strides[k] = k < added || list->shape[k - added] == 1 ? 0 : list->strides[k - added];
  RM_TRY(rm_tensor_view(list, joint->ndim, joint->shape, strides, list->offset, &wide, err));
  rm_status status = rm_tensor_contiguous(wide, &rows, err);
  int64_t extent = (int64_t)x->shape[d];
  for (size_t i = 0; i < joint->numel && status == RM_OK; i++) {
    int64_t v = rm_tensor_i64(rows)[i];
    if (v == 0 || v > extent || v < -extent)
      status = rm_fail(err, RM_ERR_VALUE,
                       "index: dimension %zu: position %lld (number %zu of the list) %s 1..%lld of %s", d + 1,
                       (long long)v, i + 1, v == 0 ? "counts from 1; expected" : "is out of range", (long long)extent,
                       rm_tensor_text(x, text));
    else rm_tensor_i64(joint)[i] = rm_tensor_i64(joint)[i] * extent + (v > 0 ? v - 1 : extent + v);
  }
  rm_tensor_release(wide);
  rm_tensor_release(rows);
  return status;
}

static rm_status join(const rm_tensor *x, rm_tensor *const at[], rm_index_plan *p, rm_tensor **out, rm_error *err) {
  size_t n = 0, shape[RM_MAX_DIMS];
  for (size_t d = 0; d < x->ndim; d++) {
    size_t wider_ndim, wider[RM_MAX_DIMS];
    if (!at[d]) continue;
    RM_TRY(rm_shape_broadcast("index", n, shape, at[d]->ndim, at[d]->shape, &wider_ndim, wider, err));
    n = wider_ndim;
    memcpy(shape, wider, n * sizeof *shape);
  }
  RM_TRY(arrange(x, at, n, shape, p, err));
  rm_tensor *joint = NULL, *row = NULL;
  RM_TRY(rm_tensor_zeros(RM_INT64, n, shape, &joint, err));
  rm_status status = RM_OK;
  for (size_t d = 0; d < x->ndim && status == RM_OK; d++)
    if (at[d]) status = add_dimension(x, d, at[d], joint, err);
  for (size_t i = 0; i < joint->numel && status == RM_OK; i++) rm_tensor_i64(joint)[i]++;
  if (status == RM_OK) status = rm_reshape(joint, 1, (int64_t[]){(int64_t)joint->numel}, &row, err);
  rm_tensor_release(joint);
  return rm_tensor_give(status, row, out);
}

rm_status rm_index_plan_of(rm_tensor *x, rm_tensor *const lists[], rm_index_plan *plan, rm_tensor **at, rm_error *err) {
  rm_tensor *each[RM_MAX_DIMS] = {NULL};
  rm_status status = gather_lists(x, lists, each, err);
  if (status == RM_OK) status = join(x, each, plan, at, err);
  for (size_t d = 0; d < RM_MAX_DIMS; d++) rm_tensor_release(each[d]);
  return status;
}

/* --- reading and writing ------------------------------------------------------------------- */

static size_t product(const rm_tensor *x, const rm_index_plan *p, size_t from, size_t to) {
  size_t n = 1;
  for (size_t k = from; k < to; k++) n *= x->shape[p->order[k]];
  return n;
}

rm_status rm_index_read(rm_tensor *x, const rm_index_plan *p, rm_tensor *at, rm_tensor **y, rm_error *err) {
  size_t behind = p->first + p->width;
  int64_t three[] = {(int64_t)product(x, p, 0, p->first), (int64_t)product(x, p, p->first, behind),
                     (int64_t)product(x, p, behind, x->ndim)};
  int64_t shape[RM_MAX_DIMS];
  for (size_t d = 0; d < p->ndim; d++) shape[d] = (int64_t)p->shape[d];
  rm_tensor *ordered = NULL, *flat = NULL, *picked = NULL;
  rm_status status = rm_permute(x, x->ndim, p->order, &ordered, err);
  if (status == RM_OK) status = rm_reshape(ordered, 3, three, &flat, err);
  if (status == RM_OK) status = rm_index_select(flat, 1, at, &picked, err);
  if (status == RM_OK) status = rm_reshape(picked, p->ndim, shape, y, err);
  rm_tensor_release(ordered);
  rm_tensor_release(flat);
  rm_tensor_release(picked);
  return status;
}

/* Where element i, counted row by row over the dimensions order[from..to), lies in x. */
static ptrdiff_t place(const rm_tensor *x, const rm_index_plan *p, size_t from, size_t to, size_t i) {
  ptrdiff_t offset = 0;
  for (size_t k = to; k-- > from; i /= x->shape[p->order[k]])
    offset += (ptrdiff_t)(i % x->shape[p->order[k]]) * x->strides[p->order[k]];
  return offset;
}

void rm_index_write(rm_tensor *x, const rm_index_plan *p, const rm_tensor *at, const rm_tensor *value) {
  size_t behind = p->first + p->width, size = rm_dtype_size(x->dtype);
  size_t before = product(x, p, 0, p->first), after = product(x, p, behind, x->ndim);
  char *data = rm_tensor_data(x);
  const char *from = rm_tensor_data(value);
  for (size_t b = 0; b < before; b++)
    for (size_t k = 0; k < at->numel; k++) {
      ptrdiff_t start = place(x, p, 0, p->first, b) + place(x, p, p->first, behind, (size_t)rm_tensor_i64(at)[k] - 1);
      for (size_t a = 0; a < after; a++, from += size)
        memcpy(data + (start + place(x, p, behind, x->ndim, a)) * (ptrdiff_t)size, from, size);
    }
  rm_tensor_mark_written(x);
}
