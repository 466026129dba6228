/* binary.c -- arithmetic between two tensors, or a tensor and a number. */
#include <stdio.h>
#include "core/copy.h"
#include "core/tape.h"
#include "kernels/kernels.h"
#include "ops/pointwise/pointwise.h"
#include "ops/reduce/reduce.h"

static const char *const names[] = {"add",     "sub",     "mul", "floor_divide", "remainder",
                                    "maximum", "minimum", "div", "pow"};
static bool takes_int64(rm_binary_op op) { return op <= RM_MINIMUM; }

static rm_map_kernel float_kernel(rm_binary_op op) {
  const rm_kernels *k = rm_kernel_table();
  rm_map_kernel m = {.kind = RM_MAP_FF_F};
  switch (op) {
    case RM_ADD: m.fn.ff_f = k->add; break;
    case RM_SUB: m.fn.ff_f = k->sub; break;
    case RM_MUL: m.fn.ff_f = k->mul; break;
    case RM_FLOOR_DIVIDE: m.fn.ff_f = k->floor_divide; break;
    case RM_REMAINDER: m.fn.ff_f = k->remainder; break;
    case RM_DIV: m.fn.ff_f = k->div; break;
    case RM_POW: m.fn.ff_f = k->pow; break;
    case RM_MAXIMUM: m.fn.ff_f = k->maximum; break;
    case RM_MINIMUM: m.fn.ff_f = k->minimum; break;
  }
  return m;
}

static rm_map_kernel int64_kernel(rm_binary_op op) {
  const rm_kernels *k = rm_kernel_table();
  rm_map_kernel m = {.kind = RM_MAP_II_I};
  switch (op) {
    case RM_ADD: m.fn.ii_i = k->add_i64; break;
    case RM_SUB: m.fn.ii_i = k->sub_i64; break;
    case RM_MUL: m.fn.ii_i = k->mul_i64; break;
    case RM_FLOOR_DIVIDE: m.fn.ii_i = k->floor_divide_i64; break;
    case RM_MAXIMUM: m.fn.ii_i = k->maximum_i64; break;
    case RM_MINIMUM: m.fn.ii_i = k->minimum_i64; break;
    default: m.fn.ii_i = k->remainder_i64;
  }
  return m;
}

/* The type in which a op b is computed. */
static rm_status operand_dtype(rm_binary_op op, const rm_operand *a, const rm_operand *b, rm_dtype *dtype,
                               rm_error *err) {
  const rm_operand *t = a->tensor ? a : b, *other = a->tensor ? b : a;
  rm_dtype first = t->tensor->dtype;
  if (other->tensor && other->tensor->dtype != first)
    return rm_advise(err, RM_ADVICE_CONVERT_ONE, "",
                     rm_fail(err, RM_ERR_TYPE, "%s: cannot mix %s and %s", names[op], rm_dtype_name(a->tensor->dtype),
                             rm_dtype_name(b->tensor->dtype)));
  if (first != RM_FLOAT32 && !(first == RM_INT64 && takes_int64(op)))
    return rm_advise(err, RM_ADVICE_TO_FLOAT, "x",
                     rm_fail(err, RM_ERR_TYPE, "%s: x is %s, expected float32%s", names[op], rm_dtype_name(first),
                             takes_int64(op) ? " or int64" : ""));
  if (first == RM_INT64 && !other->tensor && !other->whole)
    return rm_advise(
        err, RM_ADVICE_TO_FLOAT, "x",
        rm_fail(err, RM_ERR_TYPE, "%s: %g is not a whole number, but x is int64", names[op], other->number));
  *dtype = first;
  return RM_OK;
}

/* Floats divide by zero and get infinity; whole numbers cannot. With an empty operand nothing is divided. */
static rm_status check_divisor(rm_binary_op op, const rm_operand *a, const rm_operand *b, rm_dtype dtype,
                               rm_error *err) {
  if (dtype != RM_INT64 || (op != RM_FLOOR_DIVIDE && op != RM_REMAINDER)) return RM_OK;
  if ((a->tensor && a->tensor->numel == 0) || (b->tensor && b->tensor->numel == 0)) return RM_OK;
  bool zero = !b->tensor && b->integer == 0;
  if (b->tensor) {
    rm_tensor *nonzero = NULL, *all = NULL;
    rm_status status = rm_compare(RM_NE, *b, rm_operand_integer(0), &nonzero, err);
    if (status == RM_OK) status = rm_all(nonzero, NULL, false, &all, err);
    if (status == RM_OK) zero = *rm_tensor_u8(all) == 0;
    rm_tensor_release(nonzero);
    rm_tensor_release(all);
    RM_TRY(status);
  }
  return zero ? rm_fail(err, RM_ERR_VALUE, "%s: division of int64 by 0", names[op]) : RM_OK;
}

/* --- gradients ------------------------------------------------------------------------ */
typedef struct {
  rm_binary_op op;
  double a, b; /* numbers, where an operand is not a tensor */
} binary_payload;

/* g = kernel(in...), in a new tensor of the broadcast shape. */
static rm_status gradient(const rm_map_kernel *kernel, size_t n, const rm_operand in[], rm_tensor **g, rm_error *err) {
  return rm_map_new("backward", kernel, n, in, RM_FLOAT32, g, err);
}

/* The gradient toward operand `which` (0: a, 1: b), still in the shape of dy. */
static rm_status full_gradient(const binary_payload *p, size_t which, rm_operand a, rm_operand b, rm_operand y,
                               rm_tensor *dy_tensor, rm_tensor **g, rm_error *err) {
  const rm_kernels *k = rm_kernel_table();
  rm_operand dy = rm_operand_tensor(dy_tensor);
  rm_map_kernel two = {.kind = RM_MAP_FF_F}, three = {.kind = RM_MAP_FFF_F};
  switch (p->op) {
    case RM_MUL: two.fn.ff_f = k->mul; return gradient(&two, 2, (rm_operand[]){dy, which == 0 ? b : a}, g, err);
    case RM_FLOOR_DIVIDE: /* a step function */
      two.fn.ff_f = k->zero_backward;
      return gradient(&two, 2, (rm_operand[]){dy, dy}, g, err);
    case RM_REMAINDER: /* a - b * floor(a / b) */
      if (which == 0) break;
      three.fn.fff_f = k->remainder_backward_b;
      return gradient(&three, 3, (rm_operand[]){a, b, dy}, g, err);
    case RM_DIV:
      if (which == 0) {
        two.fn.ff_f = k->div;
        return gradient(&two, 2, (rm_operand[]){dy, b}, g, err);
      }
      three.fn.fff_f = k->div_backward_b;
      return gradient(&three, 3, (rm_operand[]){b, y, dy}, g, err);
    case RM_POW:
      three.fn.fff_f = which == 0 ? k->pow_backward : k->pow_backward_b;
      if (which == 0) return gradient(&three, 3, (rm_operand[]){a, dy, b}, g, err);
      return gradient(&three, 3, (rm_operand[]){a, y, dy}, g, err);
    case RM_MAXIMUM:
    case RM_MINIMUM:
      three.fn.fff_f = p->op == RM_MAXIMUM ? k->maximum_backward : k->minimum_backward;
      return gradient(&three, 3, (rm_operand[]){which == 0 ? a : b, which == 0 ? b : a, dy}, g, err);
    default: break;
  }
  *g = rm_tensor_retain(dy_tensor); /* add, sub, and the left side of a remainder */
  return RM_OK;
}

static rm_status binary_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  const binary_payload *p = rm_node_payload(node);
  rm_operand a = {.tensor = rm_node_saved(node, 0), .number = p->a};
  rm_operand b = {.tensor = rm_node_saved(node, 1), .number = p->b};
  rm_operand y = {.tensor = rm_node_saved(node, 2)};
  for (size_t i = 0; i < 2; i++) {
    if (!rm_node_needs(node, i)) continue;
    size_t shape[RM_MAX_DIMS], ndim = rm_node_input_shape(node, i, shape);
    rm_tensor *full = NULL;
    RM_TRY(full_gradient(p, i, a, b, y, dy, &full, err));
    rm_status status = rm_sum_to(full, ndim, shape, &dx[i], err);
    rm_tensor_release(full);
    if (status != RM_OK) return status;
    if (p->op == RM_SUB && i == 1) { /* dx may be dy itself, so not in place */
      rm_tensor *sum = dx[i];
      dx[i] = NULL;
      status = rm_unary(RM_NEG, sum, NULL, &dx[i], err);
      rm_tensor_release(sum);
      if (status != RM_OK) return status;
    }
  }
  return RM_OK;
}

/* Which of a, b and y the gradients of both operands read. */
static void choose_saved(rm_binary_op op, bool needs_a, bool needs_b, bool save[3]) {
  bool both = (op == RM_REMAINDER && needs_b) || op == RM_MAXIMUM || op == RM_MINIMUM;
  save[0] = both || (op == RM_MUL && needs_b) || op == RM_POW;
  save[1] = both || (op == RM_MUL && needs_a) || op == RM_DIV || (op == RM_POW && needs_a);
  save[2] = (op == RM_DIV || op == RM_POW) && needs_b;
}

static rm_status record(rm_binary_op op, rm_operand a, rm_operand b, rm_tensor *y, rm_error *err) {
  rm_tensor *inputs[] = {a.tensor, b.tensor};
  bool save[3];
  choose_saved(op, rm_tape_wants(1, &inputs[0]), rm_tape_wants(1, &inputs[1]), save);
  rm_tensor *saved[] = {save[0] ? a.tensor : NULL, save[1] ? b.tensor : NULL, save[2] ? y : NULL};
  binary_payload payload = {.op = op, .a = a.number, .b = b.number};
  rm_record r = {.name = names[op],
                 .backward = binary_backward,
                 .ninputs = 2,
                 .inputs = inputs,
                 .nsaved = 3,
                 .saved = saved,
                 .payload = &payload,
                 .payload_bytes = sizeof payload};
  return rm_tape_record(y, &r, err);
}

/* --- forward ---------------------------------------------------------------------------- */
rm_status rm_binary(rm_binary_op op, rm_operand a, rm_operand b, rm_tensor **out, rm_error *err) {
  rm_dtype dtype = RM_FLOAT32;
  RM_TRY(operand_dtype(op, &a, &b, &dtype, err));
  RM_TRY(check_divisor(op, &a, &b, dtype, err));
  if (op == RM_POW && !b.tensor) return rm_unary(RM_POW_NUMBER, a.tensor, &b.number, out, err);
  rm_operand in[] = {a, b};
  rm_tensor *y = NULL;
  rm_map_kernel kernel = dtype == RM_INT64 ? int64_kernel(op) : float_kernel(op);
  RM_TRY(rm_map_new(names[op], &kernel, 2, in, dtype, &y, err));
  rm_status status = RM_OK;
  if (rm_tape_wants(2, (rm_tensor *[]){a.tensor, b.tensor})) status = record(op, a, b, y, err);
  return rm_tensor_give(status, y, out);
}

rm_status rm_add(rm_tensor *a, rm_tensor *b, rm_tensor **y, rm_error *err) {
  return rm_binary(RM_ADD, rm_operand_tensor(a), rm_operand_tensor(b), y, err);
}
rm_status rm_sub(rm_tensor *a, rm_tensor *b, rm_tensor **y, rm_error *err) {
  return rm_binary(RM_SUB, rm_operand_tensor(a), rm_operand_tensor(b), y, err);
}
rm_status rm_mul(rm_tensor *a, rm_tensor *b, rm_tensor **y, rm_error *err) {
  return rm_binary(RM_MUL, rm_operand_tensor(a), rm_operand_tensor(b), y, err);
}
rm_status rm_div(rm_tensor *a, rm_tensor *b, rm_tensor **y, rm_error *err) {
  return rm_binary(RM_DIV, rm_operand_tensor(a), rm_operand_tensor(b), y, err);
}

/* --- in place --------------------------------------------------------------------------- */
/* Runs x = kernel(x, b, ...). Where b lies in x's memory in another order, it is copied
 * first: the loop would read what it has already overwritten. */
static rm_status map_inplace(const rm_map_kernel *kernel, const char *op, rm_tensor *x, size_t n, rm_operand in[],
                             rm_error *err) {
  rm_tensor *b = in[1].tensor, *copy = NULL;
  if (b) {
    size_t ndim, shape[RM_MAX_DIMS];
    char name[40];
    snprintf(name, sizeof name, "%s_", op);
    RM_TRY(rm_shape_broadcast(name, x->ndim, x->shape, b->ndim, b->shape, &ndim, shape, err));
    if (!rm_shape_equal(ndim, shape, x->ndim, x->shape)) {
      char tx[RM_SHAPE_TEXT], tb[RM_SHAPE_TEXT];
      return rm_fail(err, RM_ERR_SHAPE, "%s: x has shape %s and cannot grow to fit %s", name, rm_tensor_text(x, tx),
                     rm_tensor_text(b, tb));
    }
    if (rm_tape_wants(1, &b))
      return rm_advise(err, RM_ADVICE_OUT_OF_PLACE, op,
                       rm_fail(err, RM_ERR_STATE,
                               "%s: the second operand requires a gradient, which a write "
                               "in place would lose",
                               name));
    if (b->storage == x->storage && !(b->offset == x->offset && rm_tensor_same_layout(x, b))) {
      RM_TRY(rm_tensor_clone(b, &copy, err));
      in[1].tensor = copy;
    }
  }
  rm_map(kernel, x, n, in);
  rm_tensor_mark_written(x);
  rm_tensor_release(copy);
  return RM_OK;
}

rm_status rm_binary_inplace(rm_binary_op op, rm_tensor *x, rm_operand b, rm_error *err) {
  rm_dtype dtype = RM_FLOAT32;
  rm_operand in[] = {rm_operand_tensor(x), b};
  RM_TRY(operand_dtype(op, &in[0], &b, &dtype, err));
  RM_TRY(check_divisor(op, &in[0], &b, dtype, err));
  rm_map_kernel kernel = dtype == RM_INT64 ? int64_kernel(op) : float_kernel(op);
  return map_inplace(&kernel, names[op], x, 2, in, err);
}

rm_status rm_add_scaled(rm_binary_op op, rm_tensor *x, rm_operand b, double alpha, rm_error *err) {
  if (alpha == 1) return rm_binary_inplace(op, x, b, err);
  rm_dtype dtype = RM_FLOAT32;
  rm_operand in[] = {rm_operand_tensor(x), b, rm_operand_number(op == RM_SUB ? -alpha : alpha)};
  RM_TRY(operand_dtype(op, &in[0], &b, &dtype, err));
  if (dtype != RM_FLOAT32)
    return rm_advise(err, RM_ADVICE_TO_FLOAT, "x",
                     rm_fail(err, RM_ERR_TYPE, "%s_: x is int64, alpha needs float32", names[op]));
  rm_map_kernel kernel = {.kind = RM_MAP_FFF_F, .fn.fff_f = rm_kernel_table()->axpy};
  return map_inplace(&kernel, names[op], x, 3, in, err);
}
