/* reduce.c -- sum, mean, product, variance, standard deviation and norm.
 *
 * Which loops run is plan.c's matter, how they are shared among threads that of
 * run.c; here are the formulas and their gradients. */
#include "ops/reduce/reduce.h"

#include <math.h>
#include <string.h>
#include "core/tape.h"
#include "core/view.h"
#include "dist/batch.h"
#include "kernels/kernels.h"
#include "ops/check.h"
#include "ops/pointwise/pointwise.h"
#include "ops/reduce/plan.h"
#include "ops/reduce/run.h"

static rm_operand of(rm_tensor *t) { return rm_operand_tensor(t); }

/* --- forward -------------------------------------------------------------------------------- */
/* What backward needs besides tensors: x's layout, and which dimensions are gone. */
typedef struct {
  double scale;
  bool over[RM_MAX_DIMS];
  ptrdiff_t strides[RM_MAX_DIMS];
  bool dense;
} reduce_payload;

static reduce_payload describe(const rm_tensor *x, const bool over[], double scale) {
  reduce_payload p = {.scale = scale, .dense = rm_tensor_is_dense(x)};
  for (size_t d = 0; d < x->ndim; d++) {
    p.over[d] = !over || over[d];
    p.strides[d] = x->strides[d];
  }
  return p;
}

/* A new tensor in the layout that x had. */
static rm_status gradient_like(const rm_node *node, const reduce_payload *p, rm_tensor **dx, rm_error *err) {
  size_t shape[RM_MAX_DIMS], ndim = rm_node_input_shape(node, 0, shape);
  rm_tensor *row_major = NULL;
  RM_TRY(rm_tensor_new(RM_FLOAT32, ndim, shape, &row_major, err));
  if (!p->dense || rm_strides_are_contiguous(ndim, shape, p->strides)) {
    *dx = row_major;
    return RM_OK;
  }
  rm_status status = rm_tensor_view(row_major, ndim, shape, p->strides, 0, dx, err);
  rm_tensor_release(row_major);
  return status;
}

/* Of scale * sum: dx = scale * dy, spread over the reduced dimensions. */
static rm_status sum_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  const reduce_payload *p = rm_node_payload(node);
  RM_TRY(gradient_like(node, p, &dx[0], err));
  rm_tensor *view = NULL;
  RM_TRY(rm_reduced_view(dy, dx[0]->ndim, p->over, &view, err));
  rm_map_kernel kernel = {.kind = RM_MAP_FF_F, .fn.ff_f = rm_kernel_table()->mul};
  rm_map(&kernel, dx[0], 2, (rm_operand[]){of(view), rm_operand_number(p->scale)});
  rm_tensor_release(view);
  return RM_OK;
}

static rm_status record(const char *op, rm_backward_fn backward, rm_tensor *x, rm_tensor *const saved[3],
                        const bool over[], double scale, rm_tensor *y, rm_error *err) {
  if (!rm_tape_wants(1, &x)) return RM_OK;
  reduce_payload payload = describe(x, over, scale);
  rm_record r = {.name = op,
                 .backward = backward,
                 .ninputs = 1,
                 .inputs = &x,
                 .nsaved = saved ? 3 : 0,
                 .saved = saved,
                 .payload = &payload,
                 .payload_bytes = sizeof payload};
  return rm_tape_record(y, &r, err);
}

/* How many elements make one of the result. */
static size_t reduced_count(const rm_tensor *x, const bool over[]) {
  size_t n = 1;
  for (size_t d = 0; d < x->ndim; d++)
    if (!over || over[d]) n *= x->shape[d];
  return n;
}

static rm_status scaled_sum(const char *op, rm_tensor *x, const bool over[], bool keepdim, double scale,
                            rm_tensor **out, rm_error *err) {
  rm_reduce_plan plan;
  rm_tensor *y = NULL;
  RM_TRY(rm_reduce_plan_of(x, over, keepdim, false, &plan, err));
  rm_status status = rm_reduce_run(op, &plan, RM_REDUCE_SUM, NULL, scale, &y, err);
  rm_tensor_release(plan.x);
  if (status == RM_OK) status = record(op, sum_backward, x, NULL, over, scale, y, err);
  return rm_tensor_give(status, y, out);
}

/* Whole numbers: exact, modulo 2^64. */
static rm_status integer_sum(rm_tensor *x, const bool over[], bool keepdim, rm_tensor **out, rm_error *err) {
  rm_reduce_plan p;
  rm_tensor *y = NULL;
  RM_TRY(rm_reduce_plan_of(x, over, keepdim, false, &p, err));
  rm_status status = rm_reduce_output(&p, RM_INT64, &y, err);
  if (status == RM_OK) {
    int64_t *to = rm_tensor_i64(y);
    const uint8_t *bytes = x->dtype == RM_UINT8 ? rm_tensor_u8(p.x) : NULL;
    const int64_t *words = bytes ? NULL : rm_tensor_i64(p.x);
    memset(to, 0, p.b * p.d * sizeof *to);
    size_t i = 0;
    for (size_t a = 0; a < p.a; a++)
      for (size_t b = 0; b < p.b; b++)
        for (size_t c = 0; c < p.c; c++)
          for (size_t d = 0; d < p.d; d++, i++) {
            uint64_t v = bytes ? bytes[i] : (uint64_t)words[i];
            to[b * p.d + d] = (int64_t)((uint64_t)to[b * p.d + d] + v);
          }
    *out = y;
  }
  rm_tensor_release(p.x);
  return status;
}

rm_status rm_sum(rm_tensor *x, const bool over[], bool keepdim, rm_tensor **y, rm_error *err) {
  if (x->dtype != RM_FLOAT32) return integer_sum(x, over, keepdim, y, err);
  return scaled_sum("sum", x, over, keepdim, 1, y, err);
}

rm_status rm_mean(rm_tensor *x, const bool over[], bool keepdim, rm_tensor **y, rm_error *err) {
  RM_TRY(rm_check_float("mean", "x", x, err));
  return scaled_sum("mean", x, over, keepdim, 1.0 / (double)reduced_count(x, over), y, err);
}

/* --- variance --------------------------------------------------------------------------------- */
/* dx = 2 scale (x - mean) dy, with scale = 1 / (n - 1 or n). Saved: x, mean. */
static rm_status var_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  const reduce_payload *p = rm_node_payload(node);
  rm_tensor *x = rm_node_saved(node, 0), *mean = NULL, *gradient = NULL, *scaled = NULL;
  rm_status status = rm_reduced_view(rm_node_saved(node, 1), x->ndim, p->over, &mean, err);
  if (status == RM_OK) status = rm_reduced_view(dy, x->ndim, p->over, &gradient, err);
  if (status == RM_OK) status = rm_binary(RM_MUL, of(gradient), rm_operand_number(2 * p->scale), &scaled, err);
  if (status == RM_OK) status = rm_tensor_new_like(x, RM_FLOAT32, &dx[0], err);
  if (status == RM_OK) {
    rm_map_kernel kernel = {.kind = RM_MAP_FFF_F, .fn.fff_f = rm_kernel_table()->center_scale};
    rm_map(&kernel, dx[0], 3, (rm_operand[]){of(x), of(mean), of(scaled)});
  }
  rm_tensor_release(mean);
  rm_tensor_release(gradient);
  rm_tensor_release(scaled);
  return status;
}

/* Two passes, mean and then deviations: one pass would subtract two large numbers. */
rm_status rm_var(rm_tensor *x, const bool over[], bool unbiased, bool keepdim, rm_tensor **out, rm_error *err) {
  RM_TRY(rm_check_float("var", "x", x, err));
  double n = (double)reduced_count(x, over), scale = 1 / fmax(n - unbiased, 0); /* of nothing: 0 * inf, NaN */
  rm_reduce_plan plan;
  rm_tensor *mean = NULL, *y = NULL;
  RM_TRY(rm_reduce_plan_of(x, over, keepdim, false, &plan, err));
  rm_status status = rm_reduce_run("var", &plan, RM_REDUCE_SUM, NULL, 1 / n, &mean, err);
  if (status == RM_OK) status = rm_reduce_run("var", &plan, RM_REDUCE_SQUARES, rm_tensor_f32(mean), scale, &y, err);
  rm_tensor_release(plan.x);
  if (status == RM_OK) status = record("var", var_backward, x, (rm_tensor *[]){x, mean, NULL}, over, scale, y, err);
  rm_tensor_release(mean);
  return rm_tensor_give(status, y, out);
}

rm_status rm_std(rm_tensor *x, const bool over[], bool unbiased, bool keepdim, rm_tensor **y, rm_error *err) {
  RM_TRY(rm_check_float("std", "x", x, err));
  rm_tensor *variance = NULL;
  RM_TRY(rm_var(x, over, unbiased, keepdim, &variance, err));
  rm_status status = rm_unary(RM_DEVIATION, variance, NULL, y, err);
  rm_tensor_release(variance);
  return status;
}

/* --- norm and product --------------------------------------------------------------------------- */
/* dx = x / norm * dy. Saved: x, norm. */
static rm_status norm_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  const reduce_payload *p = rm_node_payload(node);
  rm_tensor *x = rm_node_saved(node, 0), *norm = NULL, *gradient = NULL;
  rm_status status = rm_reduced_view(rm_node_saved(node, 1), x->ndim, p->over, &norm, err);
  if (status == RM_OK) status = rm_reduced_view(dy, x->ndim, p->over, &gradient, err);
  if (status == RM_OK) status = rm_tensor_new_like(x, RM_FLOAT32, &dx[0], err);
  if (status == RM_OK) {
    rm_map_kernel kernel = {.kind = RM_MAP_FFF_F, .fn.fff_f = rm_kernel_table()->norm2_backward};
    rm_map(&kernel, dx[0], 3, (rm_operand[]){of(x), of(norm), of(gradient)});
  }
  rm_tensor_release(norm);
  rm_tensor_release(gradient);
  return status;
}

static rm_status norm2(rm_tensor *x, const bool over[], bool keepdim, rm_tensor **out, rm_error *err) {
  rm_reduce_plan plan;
  rm_tensor *y = NULL;
  RM_TRY(rm_reduce_plan_of(x, over, keepdim, false, &plan, err));
  rm_status status = rm_reduce_run("norm", &plan, RM_REDUCE_SQUARES, NULL, 1, &y, err);
  rm_tensor_release(plan.x);
  if (status == RM_OK) status = rm_unary_inplace(RM_SQRT, y, NULL, err);
  if (status == RM_OK) status = record("norm", norm_backward, x, (rm_tensor *[]){x, y, NULL}, over, 1, y, err);
  return rm_tensor_give(status, y, out);
}

/* dx = sign(x) |x|^(p-1) / norm^(p-1) * dy, and 0 where x (of p below 1, whose power is infinite) or the norm is 0.
 * Saved: x, norm; the payload's scale is p. */
static rm_status power_norm_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  enum { NORM, GRADIENT, SIZE, POWER, ZERO, KEPT, SIGN, SIGNED, BELOW, QUOTIENT, NOTHING, SHARE, HELD };
  const reduce_payload *p = rm_node_payload(node);
  const double less = p->scale - 1;
  const rm_operand nothing = rm_operand_number(0);
  rm_tensor *t[HELD] = {0}, *x = rm_node_saved(node, 0);
  rm_status s = rm_reduced_view(rm_node_saved(node, 1), x->ndim, p->over, &t[NORM], err);
  if (s == RM_OK) s = rm_reduced_view(dy, x->ndim, p->over, &t[GRADIENT], err);
  if (s == RM_OK) s = rm_unary(RM_ABS, x, NULL, &t[SIZE], err);
  if (s == RM_OK) s = rm_unary(RM_POW_NUMBER, t[SIZE], &less, &t[POWER], err);
  if (s == RM_OK) s = rm_compare(RM_EQ, of(x), nothing, &t[ZERO], err);
  if (s == RM_OK) s = rm_where(t[ZERO], nothing, of(t[POWER]), &t[KEPT], err);
  if (s == RM_OK) s = rm_unary(RM_SIGN, x, NULL, &t[SIGN], err);
  if (s == RM_OK) s = rm_mul(t[KEPT], t[SIGN], &t[SIGNED], err);
  if (s == RM_OK) s = rm_unary(RM_POW_NUMBER, t[NORM], &less, &t[BELOW], err);
  if (s == RM_OK) s = rm_div(t[GRADIENT], t[BELOW], &t[QUOTIENT], err);
  if (s == RM_OK) s = rm_compare(RM_EQ, of(t[NORM]), nothing, &t[NOTHING], err);
  if (s == RM_OK) s = rm_where(t[NOTHING], nothing, of(t[QUOTIENT]), &t[SHARE], err);
  if (s == RM_OK) s = rm_mul(t[SIGNED], t[SHARE], &dx[0], err);
  for (size_t i = 0; i < HELD; i++) rm_tensor_release(t[i]);
  return s;
}

static rm_status power_norm(rm_tensor *x, double p, const bool over[], bool keepdim, rm_tensor **out, rm_error *err) {
  rm_tensor *size = NULL, *powers = NULL, *sum = NULL, *y = NULL;
  bool was = rm_grad_set(false);
  rm_status status = rm_unary(RM_ABS, x, NULL, &size, err);
  if (status == RM_OK) status = rm_unary(RM_POW_NUMBER, size, &p, &powers, err);
  if (status == RM_OK) status = rm_sum(powers, over, keepdim, &sum, err);
  if (status == RM_OK) status = rm_unary(RM_POW_NUMBER, sum, &(double){1 / p}, &y, err);
  rm_grad_set(was);
  if (status == RM_OK) status = record("norm", power_norm_backward, x, (rm_tensor *[]){x, y, NULL}, over, p, y, err);
  rm_tensor_release(size);
  rm_tensor_release(powers);
  rm_tensor_release(sum);
  return rm_tensor_give(status, y, out);
}

/* Of 1 and infinity, composed of what they are made of, gradients included. */
rm_status rm_norm(rm_tensor *x, double p, const bool over[], bool keepdim, rm_tensor **y, rm_error *err) {
  RM_TRY(rm_check_float("norm", "x", x, err));
  if (!(p > 0)) return rm_fail(err, RM_ERR_VALUE, "norm: p must be positive, got %g", p);
  if (p == 2) return norm2(x, over, keepdim, y, err);
  if (p != 1 && !isinf(p)) return power_norm(x, p, over, keepdim, y, err);
  rm_tensor *size = NULL;
  RM_TRY(rm_unary(RM_ABS, x, NULL, &size, err));
  bool sum = p == 1 || reduced_count(x, over) == 0; /* of nothing: 0 */
  rm_status status = sum ? rm_sum(size, over, keepdim, y, err) : rm_extreme(size, true, over, keepdim, y, NULL, err);
  rm_tensor_release(size);
  return status;
}

/* dx = dy times the product of the other factors: y / x where there is no zero; the product of
 * the rest for a single zero, and 0 for everything else beside it. Saved: x. */
static rm_status prod_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  enum { GRADIENT, ZERO, FILLED, PRODUCT, COUNT, NONE, SINGLE, WHOLE, REST, SCALED, QUOTIENT, HELD };
  const reduce_payload *p = rm_node_payload(node);
  const rm_operand nothing = rm_operand_number(0), one = rm_operand_integer(1);
  rm_tensor *t[HELD] = {0}, *x = rm_node_saved(node, 0);
  rm_status s = rm_reduced_view(dy, x->ndim, p->over, &t[GRADIENT], err);
  if (s == RM_OK) s = rm_compare(RM_EQ, of(x), nothing, &t[ZERO], err);
  if (s == RM_OK) s = rm_where(t[ZERO], one, of(x), &t[FILLED], err);
  if (s == RM_OK) s = rm_prod(t[FILLED], p->over, true, &t[PRODUCT], err);
  if (s == RM_OK) s = rm_sum(t[ZERO], p->over, true, &t[COUNT], err);
  if (s == RM_OK) s = rm_compare(RM_LT, of(t[COUNT]), one, &t[NONE], err);
  if (s == RM_OK) s = rm_compare(RM_LE, of(t[COUNT]), one, &t[SINGLE], err);
  if (s == RM_OK) s = rm_mul(t[PRODUCT], t[GRADIENT], &t[SCALED], err);
  if (s == RM_OK) s = rm_where(t[NONE], of(t[SCALED]), nothing, &t[WHOLE], err);
  if (s == RM_OK) s = rm_where(t[SINGLE], of(t[SCALED]), nothing, &t[REST], err);
  if (s == RM_OK) s = rm_div(t[WHOLE], t[FILLED], &t[QUOTIENT], err);
  if (s == RM_OK) s = rm_where(t[ZERO], of(t[REST]), of(t[QUOTIENT]), &dx[0], err);
  for (size_t i = 0; i < HELD; i++) rm_tensor_release(t[i]);
  return s;
}

rm_status rm_prod(rm_tensor *x, const bool over[], bool keepdim, rm_tensor **out, rm_error *err) {
  RM_TRY(rm_check_float("prod", "x", x, err));
  rm_reduce_plan plan;
  rm_tensor *y = NULL;
  RM_TRY(rm_reduce_plan_of(x, over, keepdim, false, &plan, err));
  rm_status status = rm_reduce_run("prod", &plan, RM_REDUCE_PRODUCT, NULL, 1, &y, err);
  rm_tensor_release(plan.x);
  if (status == RM_OK) status = record("prod", prod_backward, x, (rm_tensor *[]){x, NULL, NULL}, over, 1, y, err);
  return rm_tensor_give(status, y, out);
}

/* --- sums over a batch ----------------------------------------------------------------------------- */

/* The first dimension is that of images, or may be: each of their groups (dist/batch.h) has a sum of its own. */
static rm_status sum_of_groups(rm_tensor *g, const bool over[], double scale, size_t groups, rm_tensor **out,
                               rm_error *err) {
  if (groups == 1) return scaled_sum("sum", g, over, true, scale, out, err);
  rm_tensor *half = NULL, *sums[2] = {0};
  size_t shape[RM_MAX_DIMS];
  memcpy(shape, g->shape, sizeof shape);
  shape[0] /= 2;
  rm_status status = RM_OK;
  for (size_t i = 0; i < 2 && status == RM_OK; i++) {
    ptrdiff_t first = (ptrdiff_t)(i * shape[0]) * g->strides[0];
    status = rm_tensor_view(g, g->ndim, shape, g->strides, (size_t)((ptrdiff_t)g->offset + first), &half, err);
    if (status == RM_OK) status = sum_of_groups(half, over, scale, groups / 2, &sums[i], err);
    rm_tensor_release(half);
    half = NULL;
  }
  if (status == RM_OK) status = rm_binary(RM_ADD, of(sums[0]), of(sums[1]), out, err);
  rm_tensor_release(sums[0]);
  rm_tensor_release(sums[1]);
  return status;
}

rm_status rm_batch_total(rm_tensor *x, double scale, rm_tensor **out, rm_error *err) {
  size_t groups = x->ndim ? rm_batch_groups(x->shape[0]) : 1;
  bool over[RM_MAX_DIMS], was = rm_grad_set(false);
  for (size_t d = 0; d < RM_MAX_DIMS; d++) over[d] = true;
  rm_tensor *sum = NULL, *y = NULL;
  rm_status status = sum_of_groups(x, over, scale, groups, &sum, err);
  rm_grad_set(was);
  if (status == RM_OK) status = rm_tensor_view(sum, 0, NULL, NULL, sum->offset, &y, err);
  rm_tensor_release(sum);
  if (status == RM_OK) status = rm_batch_mean(rm_tensor_f32(y), err);
  if (status == RM_OK) status = record("sum", sum_backward, x, NULL, NULL, scale, y, err);
  return rm_tensor_give(status, y, out);
}

/* --- broadcasting backwards ------------------------------------------------------------------------ */
rm_status rm_sum_to(rm_tensor *g, size_t ndim, const size_t shape[], rm_tensor **out, rm_error *err) {
  if (rm_shape_equal(g->ndim, g->shape, ndim, shape)) {
    *out = rm_tensor_retain(g);
    return RM_OK;
  }
  bool over[RM_MAX_DIMS];
  size_t missing = g->ndim - ndim;
  for (size_t d = 0; d < g->ndim; d++) over[d] = d < missing || (shape[d - missing] == 1 && g->shape[d] != 1);
  rm_tensor *sum = NULL;
  bool was = rm_grad_set(false);
  rm_status status = over[0] ? sum_of_groups(g, over, 1, rm_batch_groups(g->shape[0]), &sum, err)
                             : rm_sum(g, over, true, &sum, err);
  rm_grad_set(was);
  RM_TRY(status);
  status = rm_tensor_view(sum, ndim, shape, sum->strides + missing, sum->offset, out, err);
  rm_tensor_release(sum);
  return status;
}
