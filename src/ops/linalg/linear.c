/* linear.c -- y = x W^T + b.
 *
 *   dx = dy W,   dW = dy^T x,   db = sum of dy over its rows
 *
 * x is taken as a (rows, in) matrix, all leading dimensions together. */
#include <string.h>
#include "core/copy.h"
#include "core/tape.h"
#include "dist/batch.h"
#include "dist/world.h"
#include "ops/check.h"
#include "ops/linalg/column_sums.h"
#include "ops/linalg/linear.h"
#include "ops/linalg/product.h"

static rm_status check(const rm_tensor *x, const rm_tensor *w, const rm_tensor *b, rm_error *err) {
  char sx[RM_SHAPE_TEXT], sw[RM_SHAPE_TEXT];
  RM_TRY(rm_check_float("linear", "x", x, err));
  RM_TRY(rm_check_float("linear", "weight", w, err));
  if (w->ndim != 2)
    return rm_fail(err, RM_ERR_SHAPE, "linear: weight has shape %s, expected (out, in)", rm_tensor_text(w, sw));
  if (x->ndim < 1 || x->shape[x->ndim - 1] != w->shape[1])
    return rm_fail(err, RM_ERR_SHAPE,
                   "linear: x has %zu features, weight expects %zu\n  x       %s  (..., in)\n  weight  "
                   "%s  (out, in)",
                   x->ndim < 1 ? (size_t)1 : x->shape[x->ndim - 1], w->shape[1], rm_tensor_text(x, sx),
                   rm_tensor_text(w, sw));
  return rm_check_bias("linear", b, w->shape[0], err);
}

static size_t rows_of(size_t ndim, const size_t shape[]) {
  size_t rows = 1;
  for (size_t d = 0; d + 1 < ndim; d++) rows *= shape[d];
  return rows;
}

/* dw = g' x, each element one chain over all rows. Where a batch is shared the rows of all processes are gathered, and
 * each process computes some rows of dw; the others are -0, which adding up over processes leaves out. */
static rm_status weight_gradient(size_t rows, size_t in, size_t out, const float *g, const float *x, float *dw,
                                 rm_error *err) {
  if (!rm_batch_shared())
    return rm_product_parallel(out, in, rows, (rm_matrix){g, 1, out}, (rm_matrix){x, in, 1}, NULL, dw, in, err);
  size_t size = (size_t)rm_world_size(), rank = (size_t)rm_world_rank();
  size_t first = out * rank / size, end = out * (rank + 1) / size;
  float *gs = NULL, *xs = NULL;
  for (size_t i = 0; i < out * in; i++) dw[i] = -0.0f;
  RM_TRY(rm_batch_gather(rows * out, g, &gs, err));
  rm_status status = rm_batch_gather(rows * in, x, &xs, err);
  if (status == RM_OK) {
    status = rm_product_parallel(end - first, in, rm_batch_whole(rows), (rm_matrix){gs + first, 1, out},
                                 (rm_matrix){xs, in, 1}, NULL, dw + first * in, in, err);
    rm_batch_free(rows * in, xs);
  }
  rm_batch_free(rows * out, gs);
  return status;
}

/* g: the gradient of y, row-major. */
static rm_status gradients(const rm_node *node, rm_tensor *g, rm_tensor *dx[], rm_error *err) {
  rm_tensor *x = rm_node_saved(node, 0), *w = rm_node_saved(node, 1);
  size_t shape[RM_MAX_DIMS], ndim = rm_node_input_shape(node, 0, shape);
  size_t rows = rows_of(ndim, shape), in = shape[ndim - 1], out = g->shape[g->ndim - 1];
  if (rm_node_needs(node, 0)) {
    RM_TRY(rm_tensor_new(RM_FLOAT32, ndim, shape, &dx[0], err));
    RM_TRY(rm_product_parallel(rows, in, out, (rm_matrix){rm_tensor_f32(g), out, 1},
                               (rm_matrix){rm_tensor_f32(w), in, 1}, NULL, rm_tensor_f32(dx[0]), in, err));
  }
  if (rm_node_needs(node, 1)) {
    RM_TRY(rm_tensor_new(RM_FLOAT32, 2, (size_t[]){out, in}, &dx[1], err));
    RM_TRY(weight_gradient(rows, in, out, rm_tensor_f32(g), rm_tensor_f32(x), rm_tensor_f32(dx[1]), err));
  }
  if (!rm_node_needs(node, 2)) return RM_OK;
  RM_TRY(rm_tensor_new(RM_FLOAT32, 1, &out, &dx[2], err));
  size_t n = ndim > 1 ? shape[0] : 1;
  return rm_batch_sums(n, n ? rows / n : 0, out, rm_tensor_f32(g), rm_tensor_f32(dx[2]), err);
}

static rm_status backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  rm_tensor *g = NULL;
  RM_TRY(rm_tensor_contiguous(dy, &g, err));
  rm_status status = gradients(node, g, dx, err);
  rm_tensor_release(g);
  return status;
}

/* x, w, b: row-major. */
static rm_status forward(rm_tensor *x, rm_tensor *w, rm_tensor *b, rm_tensor **y, rm_error *err) {
  size_t shape[RM_MAX_DIMS], rows = rows_of(x->ndim, x->shape), in = w->shape[1], out = w->shape[0];
  memcpy(shape, x->shape, x->ndim * sizeof *shape);
  shape[x->ndim - 1] = out;
  RM_TRY(rm_tensor_new(RM_FLOAT32, x->ndim, shape, y, err));
  return rm_product_parallel(rows, out, in, (rm_matrix){rm_tensor_f32(x), in, 1}, (rm_matrix){rm_tensor_f32(w), 1, in},
                             b ? rm_tensor_f32(b) : NULL, rm_tensor_f32(*y), out, err);
}

static rm_status record(rm_tensor *const inputs[3], rm_tensor *x, rm_tensor *w, rm_tensor *y, rm_error *err) {
  if (!rm_tape_wants(3, inputs)) return RM_OK;
  rm_tensor *saved[] = {inputs[1]->requires_grad ? x : NULL, inputs[0]->requires_grad ? w : NULL};
  return rm_tape_record(
      y,
      &(rm_record){.name = "linear", .backward = backward, .ninputs = 3, .inputs = inputs, .nsaved = 2, .saved = saved},
      err);
}

rm_status rm_linear(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor **out, rm_error *err) {
  RM_TRY(check(x, weight, bias, err));
  rm_tensor *xs = NULL, *ws = NULL, *bs = NULL, *y = NULL;
  rm_status status = rm_tensor_contiguous(x, &xs, err);
  if (status == RM_OK) status = rm_tensor_contiguous(weight, &ws, err);
  if (status == RM_OK && bias) status = rm_tensor_contiguous(bias, &bs, err);
  if (status == RM_OK) status = forward(xs, ws, bs, &y, err);
  if (status == RM_OK) status = record((rm_tensor *[]){x, weight, bias}, xs, ws, y, err);
  rm_tensor_release(xs);
  rm_tensor_release(ws);
  rm_tensor_release(bs);
  return rm_tensor_give(status, y, out);
}
