/* join.c -- cat, stack and pad: each input is a region of the output.
 *
 * Forward copies the inputs into their regions; backward hands out the same regions of
 * the gradient as views, copying nothing. */
#include "ops/views/join.h"

#include <string.h>
#include "core/copy.h"
#include "core/tape.h"
#include "core/view.h"
#include "ops/pointwise/fill.h"

/* The part of t that starts at start[d] with extents shape[d]; `dropped` (a dimension of
 * extent 1, or RM_MAX_DIMS for none) is left out of the view. */
static rm_status region(const rm_tensor *t, const size_t start[], const size_t shape[], size_t dropped, rm_tensor **out,
                        rm_error *err) {
  size_t ndim = 0, extents[RM_MAX_DIMS], offset = t->offset;
  ptrdiff_t strides[RM_MAX_DIMS];
  for (size_t d = 0; d < t->ndim; d++) {
    offset += start[d] * (size_t)t->strides[d];
    if (d == dropped) continue;
    extents[ndim] = shape[d];
    strides[ndim++] = t->strides[d];
  }
  return rm_tensor_view(t, ndim, extents, strides, offset, out, err);
}

static rm_status copy_region(rm_tensor *y, const rm_tensor *x, const size_t start[], const size_t shape[],
                             size_t dropped, rm_error *err) {
  if (x->numel == 0) return RM_OK;
  rm_tensor *part;
  RM_TRY(region(y, start, shape, dropped, &part, err));
  rm_status status = rm_tensor_copy(part, x, err);
  rm_tensor_release(part);
  return status;
}

/* An uninitialized result for inputs like x: channels-last stays channels-last. */
static rm_status new_result(const rm_tensor *x, size_t ndim, const size_t shape[], rm_tensor **y, rm_error *err) {
  bool last = ndim == 4 && x->ndim == 4 && x->dtype == RM_FLOAT32 && rm_tensor_is_channels_last(x) &&
              !rm_tensor_is_contiguous(x);
  return last ? rm_tensor_new_channels_last(shape, y, err) : rm_tensor_new(x->dtype, ndim, shape, y, err);
}

/* --- cat and stack ------------------------------------------------------------------ */

typedef struct {
  size_t dim;
  bool stacked; /* the inputs lack dimension dim */
} join;

static rm_status join_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  const join *j = rm_node_payload(node);
  size_t start[RM_MAX_DIMS] = {0}, shape[RM_MAX_DIMS], input[RM_MAX_DIMS];
  memcpy(shape, dy->shape, sizeof shape);
  for (size_t i = 0, at = 0; at < dy->shape[j->dim]; i++, at += shape[j->dim]) {
    rm_node_input_shape(node, i, input);
    start[j->dim] = at;
    shape[j->dim] = j->stacked ? 1 : input[j->dim];
    if (rm_node_needs(node, i)) RM_TRY(region(dy, start, shape, j->stacked ? j->dim : RM_MAX_DIMS, &dx[i], err));
  }
  return RM_OK;
}

/* `fresh` exists, taken over: fill it and record it, or give it up. */
static rm_status join_into(const char *op, size_t n, rm_tensor *const xs[], const join *j, rm_tensor *fresh,
                           rm_tensor **y, rm_error *err) {
  size_t start[RM_MAX_DIMS] = {0}, shape[RM_MAX_DIMS];
  memcpy(shape, fresh->shape, sizeof shape);
  rm_status status = RM_OK;
  for (size_t i = 0; status == RM_OK && i < n; i++) {
    shape[j->dim] = j->stacked ? 1 : xs[i]->shape[j->dim];
    status = copy_region(fresh, xs[i], start, shape, j->stacked ? j->dim : RM_MAX_DIMS, err);
    start[j->dim] += shape[j->dim];
  }
  if (status == RM_OK && rm_tape_wants(n, xs))
    status = rm_tape_record(fresh,
                            &(rm_record){.name = op,
                                         .backward = join_backward,
                                         .ninputs = n,
                                         .inputs = xs,
                                         .payload = j,
                                         .payload_bytes = sizeof *j},
                            err);
  return rm_tensor_give(status, fresh, y);
}

/* All tensors have the type and, dimension `except` aside, the shape of the first. */
static rm_status check_alike(const char *op, size_t n, rm_tensor *const xs[], size_t except, rm_error *err) {
  char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
  for (size_t i = 1; i < n; i++) {
    bool fits = xs[i]->ndim == xs[0]->ndim;
    for (size_t d = 0; fits && d < xs[0]->ndim; d++) fits = d == except || xs[i]->shape[d] == xs[0]->shape[d];
    if (!fits)
      return rm_fail(err, RM_ERR_SHAPE, "%s: tensor %zu is %s, tensor 1 is %s%s", op, i + 1, rm_tensor_text(xs[i], a),
                     rm_tensor_text(xs[0], b),
                     except < RM_MAX_DIMS ? "; all but the joined dimension must be equal" : "; shapes must be equal");
    if (xs[i]->dtype != xs[0]->dtype)
      return rm_fail(err, RM_ERR_TYPE, "%s: tensor %zu is %s, tensor 1 is %s", op, i + 1, rm_dtype_name(xs[i]->dtype),
                     rm_dtype_name(xs[0]->dtype));
  }
  return RM_OK;
}

rm_status rm_cat(size_t n, rm_tensor *const xs[], size_t dim, rm_tensor **y, rm_error *err) {
  if (n == 0) return rm_fail(err, RM_ERR_VALUE, "cat: expected at least one tensor");
  if (dim >= xs[0]->ndim)
    return rm_fail(err, RM_ERR_SHAPE, "cat: tensors have %zu dimensions, dimension %zu is not among them", xs[0]->ndim,
                   dim + 1);
  RM_TRY(check_alike("cat", n, xs, dim, err));
  size_t shape[RM_MAX_DIMS];
  memcpy(shape, xs[0]->shape, sizeof shape);
  for (size_t i = 1; i < n; i++) shape[dim] += xs[i]->shape[dim];
  rm_tensor *fresh;
  RM_TRY(new_result(xs[0], xs[0]->ndim, shape, &fresh, err));
  return join_into("cat", n, xs, &(join){dim, false}, fresh, y, err);
}

rm_status rm_stack(size_t n, rm_tensor *const xs[], size_t dim, rm_tensor **y, rm_error *err) {
  if (n == 0) return rm_fail(err, RM_ERR_VALUE, "stack: expected at least one tensor");
  if (dim > xs[0]->ndim)
    return rm_fail(err, RM_ERR_SHAPE, "stack: the result has %zu dimensions, dimension %zu is not among them",
                   xs[0]->ndim + 1, dim + 1);
  if (xs[0]->ndim == RM_MAX_DIMS)
    return rm_fail(err, RM_ERR_SHAPE, "stack: the result would have more than %d dimensions", RM_MAX_DIMS);
  RM_TRY(check_alike("stack", n, xs, RM_MAX_DIMS, err));
  size_t shape[RM_MAX_DIMS];
  memcpy(shape, xs[0]->shape, dim * sizeof *shape);
  memcpy(shape + dim + 1, xs[0]->shape + dim, (xs[0]->ndim - dim) * sizeof *shape);
  shape[dim] = n;
  rm_tensor *fresh;
  RM_TRY(rm_tensor_new(xs[0]->dtype, xs[0]->ndim + 1, shape, &fresh, err));
  return join_into("stack", n, xs, &(join){dim, true}, fresh, y, err);
}

/* --- pad -------------------------------------------------------------------------------- */

static rm_status pad_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  size_t shape[RM_MAX_DIMS];
  rm_node_input_shape(node, 0, shape);
  return region(dy, rm_node_payload(node), shape, RM_MAX_DIMS, &dx[0], err);
}

rm_status rm_pad(rm_tensor *x, const size_t before[], const size_t after[], double value, rm_tensor **y,
                 rm_error *err) {
  size_t shape[RM_MAX_DIMS], start[RM_MAX_DIMS] = {0};
  for (size_t d = 0; d < x->ndim; d++) {
    if (before[d] > PTRDIFF_MAX / 4 || after[d] > PTRDIFF_MAX / 4)
      return rm_fail(err, RM_ERR_VALUE, "pad: %zu and %zu elements around dimension %zu", before[d], after[d], d + 1);
    shape[d] = before[d] + x->shape[d] + after[d];
    start[d] = before[d];
  }
  rm_tensor *fresh;
  RM_TRY(new_result(x, x->ndim, shape, &fresh, err));
  rm_fill(fresh, rm_element_of(value, fresh->dtype));
  rm_status status = copy_region(fresh, x, start, x->shape, RM_MAX_DIMS, err);
  if (status == RM_OK && rm_tape_wants(1, &x))
    status = rm_tape_record(fresh,
                            &(rm_record){.name = "pad",
                                         .backward = pad_backward,
                                         .ninputs = 1,
                                         .inputs = &x,
                                         .payload = start,
                                         .payload_bytes = sizeof start},
                            err);
  return rm_tensor_give(status, fresh, y);
}
