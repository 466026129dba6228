/* maxout.c -- the largest of each k neighboring channels.
 *
 * Channel c of the result is the largest of channels k c .. k c + k - 1: x seen as (N, C/k, k, ...)
 * and reduced over the third dimension. The gradient goes back to the channel that won. */
#include "core/tape.h"
#include "core/view.h"
#include "kernels/kernels.h"
#include "ops/check.h"
#include "ops/pointwise/maxout.h"
#include "ops/pointwise/pointwise.h"
#include "ops/reduce/reduce.h"

/* From one group of k channels to the next; where there are not two it does not matter, and k may be any number. */
static ptrdiff_t group_stride(const rm_tensor *x, size_t k) {
  return x->shape[1] / k > 1 ? x->strides[1] * (ptrdiff_t)k : x->strides[1];
}

/* x as (N, C/k, k, ...), sharing its memory. */
static rm_status grouped(const rm_tensor *x, size_t k, rm_tensor **view, rm_error *err) {
  size_t shape[RM_MAX_DIMS] = {x->shape[0], x->shape[1] / k, k};
  ptrdiff_t strides[RM_MAX_DIMS] = {x->strides[0], group_stride(x, k), x->strides[1]};
  for (size_t d = 2; d < x->ndim; d++) {
    shape[d + 1] = x->shape[d];
    strides[d + 1] = x->strides[d];
  }
  return rm_tensor_view(x, x->ndim + 1, shape, strides, x->offset, view, err);
}

/* Every k-th channel of dx, from channel j on: what candidate j of each group gets. */
static rm_status candidate(const rm_tensor *dx, size_t k, size_t j, const rm_tensor *y, rm_tensor **view,
                           rm_error *err) {
  ptrdiff_t strides[RM_MAX_DIMS];
  for (size_t d = 0; d < dx->ndim; d++) strides[d] = d == 1 ? group_stride(dx, k) : dx->strides[d];
  return rm_tensor_view(dx, y->ndim, y->shape, strides, dx->offset + j * (size_t)dx->strides[1], view, err);
}

/* Where candidate j won, it gets dy; elsewhere 0. */
static rm_status candidate_gradient(rm_tensor *dx, size_t k, size_t j, rm_tensor *winner, rm_tensor *dy,
                                    rm_error *err) {
  rm_tensor *to = NULL, *won = NULL;
  rm_status status = candidate(dx, k, j, winner, &to, err);
  if (status == RM_OK)
    status = rm_compare(RM_EQ, rm_operand_tensor(winner), rm_operand_integer((int64_t)j + 1), &won, err);
  if (status == RM_OK) {
    rm_map_kernel kernel = {.kind = RM_MAP_BFF_F, .fn.bff_f = rm_kernel_table()->select};
    rm_operand in[] = {rm_operand_tensor(won), rm_operand_tensor(dy), rm_operand_number(0)};
    rm_map(&kernel, to, 3, in);
  }
  rm_tensor_release(to);
  rm_tensor_release(won);
  return status;
}

/* Saved: the winners, counted from 1. */
static rm_status maxout_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  rm_tensor *winner = rm_node_saved(node, 0);
  size_t k = *(const size_t *)rm_node_payload(node);
  size_t shape[RM_MAX_DIMS], ndim = rm_node_input_shape(node, 0, shape);
  if (rm_tensor_is_channels_last(winner)) RM_TRY(rm_tensor_new_channels_last(shape, &dx[0], err));
  else RM_TRY(rm_tensor_new(RM_FLOAT32, ndim, shape, &dx[0], err));
  for (size_t j = 0; j < k; j++) RM_TRY(candidate_gradient(dx[0], k, j, winner, dy, err));
  return RM_OK;
}

static rm_status check(const rm_tensor *x, size_t k, rm_error *err) {
  RM_TRY(rm_check_float("maxout", "x", x, err));
  if (x->ndim < 2 || x->ndim >= RM_MAX_DIMS)
    return rm_fail(err, RM_ERR_SHAPE, "maxout: x has %zu dimensions, expected (N, C, ...)", x->ndim);
  if (k == 0 || x->shape[1] % k)
    return rm_fail(err, RM_ERR_SHAPE, "maxout: x has %zu channels, which k = %zu does not divide", x->shape[1], k);
  return RM_OK;
}

rm_status rm_maxout(rm_tensor *x, size_t k, rm_tensor **out, rm_error *err) {
  RM_TRY(check(x, k, err));
  static const bool over[RM_MAX_DIMS] = {[2] = true};
  rm_tensor *groups = NULL, *y = NULL, *winner = NULL;
  RM_TRY(grouped(x, k, &groups, err)); /* a plain view: what follows records nothing */
  rm_status status = rm_extreme(groups, true, over, false, &y, &winner, err);
  rm_tensor_release(groups);
  if (status == RM_OK && rm_tape_wants(1, &x)) {
    rm_record r = {.name = "maxout",
                   .backward = maxout_backward,
                   .ninputs = 1,
                   .inputs = &x,
                   .nsaved = 1,
                   .saved = &winner,
                   .payload = &k,
                   .payload_bytes = sizeof k};
    status = rm_tape_record(y, &r, err);
  }
  rm_tensor_release(winner);
  return rm_tensor_give(status, y, out);
}
