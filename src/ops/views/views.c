/* views.c -- reshaping, reordering, slicing: new strides over the same storage.
 *
 * Strides make most of these free: a transposition swaps two of them, a slice moves the
 * offset, an expansion sets one to 0. What remains is the way back for the gradient:
 *   reshape, squeeze, ...  reshape dy to x's shape
 *   permute                permute dy by the inverse order
 *   expand                 sum dy over what was stretched
 *   slice                  put dy into zeros of x's shape, at the same places */
#include "ops/views/views.h"

#include <string.h>
#include "core/copy.h"
#include "core/tape.h"
#include "core/view.h"
#include "ops/reduce/reduce.h"

/* Records y = name(x) if x needs it. On failure y is released. */
static rm_status recorded(const char *name, rm_backward_fn backward, rm_tensor *x, rm_tensor *fresh,
                          const void *payload, size_t payload_bytes, rm_tensor **y, rm_error *err) {
  rm_record record = {.name = name,
                      .backward = backward,
                      .ninputs = 1,
                      .inputs = &x,
                      .payload = payload,
                      .payload_bytes = payload_bytes};
  rm_status status = rm_tape_wants(1, &x) ? rm_tape_record(fresh, &record, err) : RM_OK;
  return rm_tensor_give(status, fresh, y);
}

/* --- shape -------------------------------------------------------------------- */

/* Strides that show x, in row-major order of its elements, as `shape`; false if there are
 * none. Neighboring dimensions of x that follow each other in memory form one block; each
 * block must be cut into whole new dimensions, from the inside out. */
static bool view_strides(const rm_tensor *x, size_t ndim, const size_t shape[], ptrdiff_t strides[]) {
  if (x->numel == 0 || x->ndim == 0) {
    rm_strides_contiguous(ndim, shape, strides);
    return true;
  }
  size_t left = ndim;            /* new dimensions still without a stride */
  size_t block = 1, covered = 1; /* elements of the block, and of the dimensions cut from it */
  ptrdiff_t step = x->strides[x->ndim - 1];
  for (size_t d = x->ndim; d-- > 0;) {
    block *= x->shape[d];
    bool follows = d > 0 && (x->shape[d - 1] == 1 || x->strides[d - 1] == (ptrdiff_t)block * step);
    if (follows) continue;
    while (left > 0 && (covered < block || shape[left - 1] == 1)) {
      strides[--left] = (ptrdiff_t)covered * step;
      covered *= shape[left];
    }
    if (covered != block) return false;
    if (d > 0) step = x->strides[d - 1];
    block = covered = 1;
  }
  return left == 0;
}

static rm_status reshape_plain(rm_tensor *x, size_t ndim, const size_t shape[], rm_tensor **out, rm_error *err) {
  ptrdiff_t strides[RM_MAX_DIMS];
  if (view_strides(x, ndim, shape, strides)) return rm_tensor_view(x, ndim, shape, strides, x->offset, out, err);
  rm_tensor *rows;
  RM_TRY(rm_tensor_contiguous(x, &rows, err));
  rm_strides_contiguous(ndim, shape, strides);
  rm_status status = rm_tensor_view(rows, ndim, shape, strides, rows->offset, out, err);
  rm_tensor_release(rows);
  return status;
}

static rm_status reshape_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  size_t shape[RM_MAX_DIMS];
  size_t ndim = rm_node_input_shape(node, 0, shape);
  return reshape_plain(dy, ndim, shape, &dx[0], err);
}

/* The whole shape from sizes with at most one -1. */
static rm_status infer(const char *op, const rm_tensor *x, size_t ndim, const int64_t sizes[], size_t shape[],
                       rm_error *err) {
  char from[RM_SHAPE_TEXT], to[RM_SHAPE_TEXT];
  size_t known = 1, inferred = ndim;
  if (ndim > RM_MAX_DIMS)
    return rm_fail(err, RM_ERR_SHAPE, "%s: at most %d dimensions, got %zu", op, RM_MAX_DIMS, ndim);
  for (size_t d = 0; d < ndim; d++) {
    if (sizes[d] == -1 && inferred == ndim) {
      inferred = d;
      shape[d] = 1;
    } else if (sizes[d] < 0) {
      return rm_fail(err, RM_ERR_VALUE,
                     sizes[d] == -1 ? "%s: only one size may be -1" : "%s: a size is a count or -1, got %lld", op,
                     (long long)sizes[d]);
    } else {
      shape[d] = (size_t)sizes[d];
    }
  }
  RM_TRY(rm_shape_numel(ndim, shape, &known, err));
  if (inferred < ndim && known && x->numel % known == 0) {
    shape[inferred] = x->numel / known;
    known *= shape[inferred];
  } else if (inferred < ndim) {
    return rm_fail(err, RM_ERR_SHAPE, "%s: x %s has %zu elements, no multiple of %zu", op, rm_tensor_text(x, from),
                   x->numel, known);
  }
  if (known != x->numel)
    return rm_fail(err, RM_ERR_SHAPE, "%s: x %s has %zu elements, %s needs %zu", op, rm_tensor_text(x, from), x->numel,
                   rm_shape_text(ndim, shape, to), known);
  return RM_OK;
}

static rm_status reshape_as(const char *name, rm_tensor *x, size_t ndim, const size_t shape[], rm_tensor **y,
                            rm_error *err) {
  rm_tensor *fresh;
  RM_TRY(reshape_plain(x, ndim, shape, &fresh, err));
  return recorded(name, reshape_backward, x, fresh, NULL, 0, y, err);
}

rm_status rm_reshape(rm_tensor *x, size_t ndim, const int64_t sizes[], rm_tensor **y, rm_error *err) {
  size_t shape[RM_MAX_DIMS];
  RM_TRY(infer("reshape", x, ndim, sizes, shape, err));
  return reshape_as("reshape", x, ndim, shape, y, err);
}

rm_status rm_view(rm_tensor *x, size_t ndim, const int64_t sizes[], rm_tensor **y, rm_error *err) {
  size_t shape[RM_MAX_DIMS];
  ptrdiff_t strides[RM_MAX_DIMS];
  RM_TRY(infer("view", x, ndim, sizes, shape, err));
  if (!view_strides(x, ndim, shape, strides)) {
    char from[RM_SHAPE_TEXT], to[RM_SHAPE_TEXT];
    return rm_fail(err, RM_ERR_SHAPE,
                   "view: x %s lies in memory in another order, so %s needs a copy "
                   "(use x:reshape)",
                   rm_tensor_text(x, from), rm_shape_text(ndim, shape, to));
  }
  return reshape_as("view", x, ndim, shape, y, err);
}

rm_status rm_flatten(rm_tensor *x, size_t from, size_t to, rm_tensor **y, rm_error *err) {
  size_t shape[RM_MAX_DIMS] = {1}, n = 0;
  if (x->ndim == 0) return reshape_as("flatten", x, 1, shape, y, err);
  if (from > to || to >= x->ndim)
    return rm_fail(err, RM_ERR_VALUE, "flatten: no range of dimensions from %zu to %zu", from + 1, to + 1);
  for (size_t d = 0; d < x->ndim; d++) {
    if (d > from && d <= to) shape[n - 1] *= x->shape[d];
    else shape[n++] = x->shape[d];
  }
  return reshape_as("flatten", x, n, shape, y, err);
}

/* The dimensions of extent 1 keep no stride worth looking at, so these are views always. */
rm_status rm_squeeze(rm_tensor *x, const bool dims[], rm_tensor **y, rm_error *err) {
  size_t shape[RM_MAX_DIMS], n = 0;
  ptrdiff_t strides[RM_MAX_DIMS];
  for (size_t d = 0; d < x->ndim; d++) {
    if (x->shape[d] == 1 && (!dims || dims[d])) continue;
    shape[n] = x->shape[d];
    strides[n++] = x->strides[d];
  }
  rm_tensor *fresh;
  RM_TRY(rm_tensor_view(x, n, shape, strides, x->offset, &fresh, err));
  return recorded("squeeze", reshape_backward, x, fresh, NULL, 0, y, err);
}

rm_status rm_unsqueeze(rm_tensor *x, size_t dim, rm_tensor **y, rm_error *err) {
  size_t shape[RM_MAX_DIMS + 1], n = 0;
  ptrdiff_t strides[RM_MAX_DIMS + 1];
  if (x->ndim == RM_MAX_DIMS)
    return rm_fail(err, RM_ERR_SHAPE, "unsqueeze: x has %d dimensions already, the most", RM_MAX_DIMS);
  if (dim > x->ndim)
    return rm_fail(err, RM_ERR_VALUE, "unsqueeze: the result has %zu dimensions, no %zu", x->ndim + 1, dim + 1);
  for (size_t d = 0; d <= x->ndim; d++) {
    if (d == dim) {
      shape[n] = 1;
      strides[n++] = d < x->ndim ? (ptrdiff_t)x->shape[d] * x->strides[d] : 1;
    }
    if (d == x->ndim) break;
    shape[n] = x->shape[d];
    strides[n++] = x->strides[d];
  }
  rm_tensor *fresh;
  RM_TRY(rm_tensor_view(x, n, shape, strides, x->offset, &fresh, err));
  return recorded("unsqueeze", reshape_backward, x, fresh, NULL, 0, y, err);
}

/* --- order -------------------------------------------------------------------- */

typedef struct {
  size_t order[RM_MAX_DIMS];
} permutation;

static rm_status permute_plain(const rm_tensor *x, const size_t order[], rm_tensor **out, rm_error *err) {
  size_t shape[RM_MAX_DIMS];
  ptrdiff_t strides[RM_MAX_DIMS];
  for (size_t d = 0; d < x->ndim; d++) {
    shape[d] = x->shape[order[d]];
    strides[d] = x->strides[order[d]];
  }
  return rm_tensor_view(x, x->ndim, shape, strides, x->offset, out, err);
}

static rm_status permute_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  const permutation *p = rm_node_payload(node);
  size_t inverse[RM_MAX_DIMS];
  for (size_t d = 0; d < dy->ndim; d++) inverse[p->order[d]] = d;
  return permute_plain(dy, inverse, &dx[0], err);
}

static rm_status permute_as(const char *name, rm_tensor *x, const size_t order[], rm_tensor **y, rm_error *err) {
  permutation p;
  rm_tensor *fresh;
  memcpy(p.order, order, sizeof p.order);
  RM_TRY(permute_plain(x, order, &fresh, err));
  return recorded(name, permute_backward, x, fresh, &p, sizeof p, y, err);
}

rm_status rm_permute(rm_tensor *x, size_t ndim, const size_t order[], rm_tensor **y, rm_error *err) {
  size_t whole[RM_MAX_DIMS] = {0};
  bool seen[RM_MAX_DIMS] = {false};
  if (ndim != x->ndim)
    return rm_fail(err, RM_ERR_SHAPE, "permute: x has %zu dimensions, the order names %zu", x->ndim, ndim);
  for (size_t d = 0; d < ndim; d++) {
    if (order[d] >= ndim || seen[order[d]])
      return rm_fail(err, RM_ERR_VALUE, "permute: every dimension must occur once, %zu does not", order[d] + 1);
    seen[order[d]] = true;
    whole[d] = order[d];
  }
  return permute_as("permute", x, whole, y, err);
}

rm_status rm_transpose(rm_tensor *x, size_t a, size_t b, rm_tensor **y, rm_error *err) {
  size_t order[RM_MAX_DIMS];
  if (a >= x->ndim || b >= x->ndim)
    return rm_fail(err, RM_ERR_VALUE, "transpose: x has %zu dimensions, no %zu", x->ndim, (a > b ? a : b) + 1);
  for (size_t d = 0; d < RM_MAX_DIMS; d++) order[d] = d;
  order[a] = b;
  order[b] = a;
  return permute_as("transpose", x, order, y, err);
}

/* --- extent ------------------------------------------------------------------- */

static rm_status expand_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  size_t shape[RM_MAX_DIMS];
  size_t ndim = rm_node_input_shape(node, 0, shape);
  return rm_sum_to(dy, ndim, shape, &dx[0], err);
}

rm_status rm_expand(rm_tensor *x, size_t ndim, const int64_t sizes[], rm_tensor **y, rm_error *err) {
  size_t shape[RM_MAX_DIMS];
  ptrdiff_t strides[RM_MAX_DIMS];
  char text[RM_SHAPE_TEXT];
  if (ndim < x->ndim || ndim > RM_MAX_DIMS)
    return rm_fail(err, RM_ERR_SHAPE, "expand: x %s needs %zu to %d sizes, got %zu", rm_tensor_text(x, text), x->ndim,
                   RM_MAX_DIMS, ndim);
  size_t added = ndim - x->ndim;
  for (size_t d = 0; d < ndim; d++) {
    size_t old = d < added ? 1 : x->shape[d - added];
    if (sizes[d] < 0 && (sizes[d] != -1 || d < added))
      return rm_fail(err, RM_ERR_VALUE, "expand: size %zu must be a count%s, got %lld", d + 1,
                     d < added ? "" : " or -1", (long long)sizes[d]);
    shape[d] = sizes[d] == -1 ? old : (size_t)sizes[d];
    if (old != 1 && old != shape[d])
      return rm_fail(err, RM_ERR_SHAPE, "expand: size %zu is %zu, x %s has %zu there (only 1 can be stretched)", d + 1,
                     shape[d], rm_tensor_text(x, text), old);
    strides[d] = old == shape[d] && d >= added ? x->strides[d - added] : 0;
  }
  rm_tensor *fresh;
  RM_TRY(rm_tensor_view(x, ndim, shape, strides, x->offset, &fresh, err));
  return recorded("expand", expand_backward, x, fresh, NULL, 0, y, err);
}

/* What backward needs: where the slice lay, and whether x was channels-last, so that the
 * zeros around the gradient lie in memory as the neighbors expect them. */
typedef struct {
  rm_range ranges[RM_MAX_DIMS];
  bool channels_last;
} slice_payload;

/* The part of x that ranges name; dropped dimensions stay with extent 1 if keep. */
static rm_status slice_plain(const rm_tensor *x, const rm_range ranges[], bool keep, rm_tensor **out, rm_error *err) {
  size_t shape[RM_MAX_DIMS], n = 0;
  ptrdiff_t strides[RM_MAX_DIMS], offset = (ptrdiff_t)x->offset;
  for (size_t d = 0; d < x->ndim; d++) {
    if (ranges[d].length) offset += (ptrdiff_t)ranges[d].start * x->strides[d];
    if (ranges[d].drop && !keep) continue;
    shape[n] = ranges[d].length;
    strides[n++] = x->strides[d] * (ptrdiff_t)ranges[d].step;
  }
  return rm_tensor_view(x, n, shape, strides, (size_t)offset, out, err);
}

/* dy with the dropped dimensions back. */
static rm_status undropped(const rm_tensor *dy, size_t ndim, const rm_range ranges[], rm_tensor **out, rm_error *err) {
  size_t shape[RM_MAX_DIMS], from = 0;
  ptrdiff_t strides[RM_MAX_DIMS];
  for (size_t d = 0; d < ndim; d++) {
    shape[d] = ranges[d].length;
    strides[d] = ranges[d].drop ? 1 : dy->strides[from++];
  }
  return rm_tensor_view(dy, ndim, shape, strides, dy->offset, out, err);
}

static rm_status slice_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  const slice_payload *p = rm_node_payload(node);
  size_t shape[RM_MAX_DIMS];
  size_t ndim = rm_node_input_shape(node, 0, shape);
  rm_tensor *whole = NULL, *part = NULL, *source = NULL;
  rm_status status = p->channels_last ? rm_tensor_new_channels_last(shape, &whole, err)
                                      : rm_tensor_new(RM_FLOAT32, ndim, shape, &whole, err);
  if (status != RM_OK) return status;
  memset(rm_tensor_data(whole), 0, whole->numel * sizeof(float));
  status = slice_plain(whole, p->ranges, true, &part, err);
  if (status == RM_OK) status = undropped(dy, ndim, p->ranges, &source, err);
  if (status == RM_OK) status = rm_tensor_copy(part, source, err);
  rm_tensor_release(source);
  rm_tensor_release(part);
  if (status == RM_OK) dx[0] = whole;
  else rm_tensor_release(whole);
  return status;
}

static rm_status slice_as(const char *name, rm_tensor *x, const rm_range ranges[], rm_tensor **y, rm_error *err) {
  slice_payload p = {.channels_last = rm_tensor_is_channels_last(x)};
  for (size_t d = 0; d < x->ndim; d++) {
    const rm_range *r = &ranges[d];
    if (r->step < 1 || (r->drop && r->length != 1) || (!r->length && r->start > x->shape[d]) ||
        (r->length && (r->start >= x->shape[d] || r->length - 1 > (x->shape[d] - 1 - r->start) / r->step)))
      return rm_fail(err, RM_ERR_VALUE, "%s: dimension %zu has extent %zu, no %zu positions from %zu on", name, d + 1,
                     x->shape[d], r->length, r->start + 1);
    p.ranges[d] = *r;
  }
  rm_tensor *fresh;
  RM_TRY(slice_plain(x, ranges, false, &fresh, err));
  return recorded(name, slice_backward, x, fresh, &p, sizeof p, y, err);
}

rm_status rm_slice(rm_tensor *x, const rm_range ranges[], rm_tensor **y, rm_error *err) {
  return slice_as("slice", x, ranges, y, err);
}

/* All of x, but for one dimension. */
static rm_status slice_one(const char *name, rm_tensor *x, size_t dim, rm_range range, rm_tensor **y, rm_error *err) {
  rm_range ranges[RM_MAX_DIMS];
  if (dim >= x->ndim) return rm_fail(err, RM_ERR_VALUE, "%s: x has %zu dimensions, no %zu", name, x->ndim, dim + 1);
  for (size_t d = 0; d < x->ndim; d++) ranges[d] = (rm_range){0, x->shape[d], 1, false};
  ranges[dim] = range;
  return slice_as(name, x, ranges, y, err);
}

rm_status rm_narrow(rm_tensor *x, size_t dim, size_t start, size_t length, rm_tensor **y, rm_error *err) {
  return slice_one("narrow", x, dim, (rm_range){start, length, 1, false}, y, err);
}

rm_status rm_select(rm_tensor *x, size_t dim, size_t index, rm_tensor **y, rm_error *err) {
  return slice_one("select", x, dim, (rm_range){index, 1, 1, true}, y, err);
}

/* --- copies ------------------------------------------------------------------- */

/* y has x's elements, so x has y's gradient. */
static rm_status copy_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  (void)node;
  (void)err;
  dx[0] = rm_tensor_retain(dy);
  return RM_OK;
}

rm_status rm_contiguous(rm_tensor *x, rm_tensor **y, rm_error *err) {
  rm_tensor *fresh;
  if (rm_tensor_is_contiguous(x)) {
    *y = rm_tensor_retain(x);
    return RM_OK;
  }
  RM_TRY(rm_tensor_contiguous(x, &fresh, err));
  return recorded("contiguous", copy_backward, x, fresh, NULL, 0, y, err);
}

rm_status rm_clone(rm_tensor *x, rm_tensor **y, rm_error *err) {
  rm_tensor *fresh;
  RM_TRY(rm_tensor_clone(x, &fresh, err));
  return recorded("clone", copy_backward, x, fresh, NULL, 0, y, err);
}

rm_status rm_to(rm_tensor *x, rm_dtype dtype, rm_tensor **y, rm_error *err) {
  rm_tensor *fresh;
  if (x->dtype == dtype) {
    *y = rm_tensor_retain(x);
    return RM_OK;
  }
  RM_TRY(rm_tensor_new_like(x, dtype, &fresh, err));
  return rm_tensor_give(rm_tensor_copy(fresh, x, err), fresh, y);
}
