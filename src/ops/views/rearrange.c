/* rearrange.c -- flip, roll, tile: see rearrange.h. */
#include "ops/views/rearrange.h"

#include <string.h>
#include "core/copy.h"
#include "core/tape.h"
#include "core/view.h"
#include "ops/views/join.h"
#include "ops/views/views.h"

/* --- flip --------------------------------------------------------------------------- */
typedef struct {
  bool dims[RM_MAX_DIMS];
} flipping;

/* A copy of the view that walks the flipped dimensions from their ends. */
static rm_status flip_plain(const rm_tensor *x, const bool dims[], rm_tensor **y, rm_error *err) {
  ptrdiff_t strides[RM_MAX_DIMS], offset = (ptrdiff_t)x->offset;
  for (size_t d = 0; d < x->ndim; d++) {
    strides[d] = dims[d] ? -x->strides[d] : x->strides[d];
    if (dims[d] && x->shape[d] > 0) offset += (ptrdiff_t)(x->shape[d] - 1) * x->strides[d];
  }
  rm_tensor *from = NULL, *fresh = NULL;
  rm_status status = rm_tensor_view(x, x->ndim, x->shape, strides, (size_t)offset, &from, err);
  if (status == RM_OK) status = rm_tensor_new_like(x, x->dtype, &fresh, err);
  if (status == RM_OK) status = rm_tensor_copy(fresh, from, err);
  rm_tensor_release(from);
  return rm_tensor_give(status, fresh, y);
}

static rm_status flip_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  const flipping *p = rm_node_payload(node);
  return flip_plain(dy, p->dims, &dx[0], err);
}

rm_status rm_flip(rm_tensor *x, const bool dims[], rm_tensor **out, rm_error *err) {
  flipping p = {{false}};
  rm_tensor *y = NULL;
  memcpy(p.dims, dims, x->ndim * sizeof *dims);
  RM_TRY(flip_plain(x, dims, &y, err));
  rm_status status = RM_OK;
  if (rm_tape_wants(1, &x))
    status = rm_tape_record(y,
                            &(rm_record){.name = "flip",
                                         .backward = flip_backward,
                                         .ninputs = 1,
                                         .inputs = &x,
                                         .payload = &p,
                                         .payload_bytes = sizeof p},
                            err);
  return rm_tensor_give(status, y, out);
}

/* --- roll --------------------------------------------------------------------------- */
rm_status rm_roll(rm_tensor *x, size_t dim, int64_t shift, rm_tensor **y, rm_error *err) {
  if (x->ndim == 0 && dim == 0) return rm_clone(x, y, err);
  if (dim >= x->ndim)
    return rm_fail(err, RM_ERR_SHAPE, "roll: x has %zu dimensions, dimension %zu is not among them", x->ndim, dim + 1);
  int64_t extent = (int64_t)x->shape[dim];
  size_t first = extent ? (size_t)((shift % extent + extent) % extent) : 0; /* of y: how many come from x's end */
  if (first == 0) return rm_clone(x, y, err);
  rm_tensor *parts[2] = {NULL, NULL};
  rm_status status = rm_narrow(x, dim, (size_t)extent - first, first, &parts[0], err);
  if (status == RM_OK) status = rm_narrow(x, dim, 0, (size_t)extent - first, &parts[1], err);
  if (status == RM_OK) status = rm_cat(2, parts, dim, y, err);
  rm_tensor_release(parts[0]);
  rm_tensor_release(parts[1]);
  return status;
}

/* --- tile --------------------------------------------------------------------------- */
/* x, seen as (outer, inner) with inner from dimension dim on, as (outer, times, inner), in the shape of y. */
static rm_status tile_one(rm_tensor *x, size_t dim, size_t times, rm_tensor **y, rm_error *err) {
  int64_t outer = 1, inner = 1, shape[RM_MAX_DIMS];
  rm_tensor *three = NULL, *wide = NULL;
  for (size_t d = 0; d < x->ndim; d++) {
    if (d < dim) outer *= (int64_t)x->shape[d];
    else inner *= (int64_t)x->shape[d];
    shape[d] = (int64_t)x->shape[d];
  }
  if (shape[dim] > 0 && times > SIZE_MAX / 16 / (size_t)shape[dim])
    return rm_fail(err, RM_ERR_SHAPE, "tile: %zu times are too many", times);
  shape[dim] *= (int64_t)times;
  rm_status status = rm_reshape(x, 3, (int64_t[]){outer, 1, inner}, &three, err);
  if (status == RM_OK) status = rm_expand(three, 3, (int64_t[]){outer, (int64_t)times, inner}, &wide, err);
  if (status == RM_OK) status = rm_reshape(wide, x->ndim, shape, y, err);
  rm_tensor_release(three);
  rm_tensor_release(wide);
  return status;
}

rm_status rm_tile(rm_tensor *x, size_t n, const size_t times[], rm_tensor **y, rm_error *err) {
  int64_t shape[RM_MAX_DIMS];
  size_t added = n > x->ndim ? n - x->ndim : 0, missing = x->ndim > n ? x->ndim - n : 0;
  for (size_t d = 0; d < added + x->ndim; d++) shape[d] = d < added ? 1 : (int64_t)x->shape[d - added];
  rm_tensor *now = NULL, *fresh = NULL;
  rm_status status = rm_reshape(x, added + x->ndim, shape, &now, err);
  for (size_t i = 0; status == RM_OK && i < n; i++) {
    if (times[i] == 1) continue;
    rm_tensor *more = NULL;
    status = tile_one(now, missing + i, times[i], &more, err);
    rm_tensor_release(now);
    now = more;
  }
  if (status == RM_OK && now->storage == x->storage) { /* all times were 1: it is a view still */
    status = rm_clone(now, &fresh, err);
    rm_tensor_release(now);
    now = fresh;
  }
  return rm_tensor_give(status, now, y);
}
