/* compare.c -- comparisons, logic and choosing by it. Truth is uint8, 0 or 1. */
#include "core/copy.h"
#include "core/tape.h"
#include "kernels/kernels.h"
#include "ops/pointwise/pointwise.h"
#include "ops/reduce/reduce.h"

static const char *const compare_names[] = {"eq", "ne", "lt", "le", "gt", "ge"};

/* An operand in the type that both are compared in. uint8 counts as int64, exactly. */
static rm_status as_dtype(rm_operand *v, rm_dtype dtype, rm_tensor **copy, rm_error *err) {
  *copy = NULL;
  if (!v->tensor || v->tensor->dtype == dtype) return RM_OK;
  rm_tensor *t = NULL;
  RM_TRY(rm_tensor_new_like(v->tensor, dtype, &t, err));
  rm_status status = rm_tensor_copy(t, v->tensor, err);
  if (status == RM_OK) *copy = v->tensor = t;
  else rm_tensor_release(t);
  return status;
}

/* float32 if a tensor is, or a number that no whole one equals is compared with it. */
static rm_status compare_dtype(const char *op, const rm_operand *a, const rm_operand *b, rm_dtype *dtype,
                               rm_error *err) {
  const rm_operand *t = a->tensor ? a : b, *other = a->tensor ? b : a;
  bool is_float = t->tensor->dtype == RM_FLOAT32;
  if (other->tensor && (other->tensor->dtype == RM_FLOAT32) != is_float)
    return rm_advise(err, RM_ADVICE_CONVERT_ONE, "",
                     rm_fail(err, RM_ERR_TYPE, "%s: cannot compare %s with %s", op, rm_dtype_name(a->tensor->dtype),
                             rm_dtype_name(b->tensor->dtype)));
  if (!other->tensor && !is_float && !other->whole)
    return rm_advise(err, RM_ADVICE_TO_FLOAT, "x",
                     rm_fail(err, RM_ERR_TYPE, "%s: %g is not a whole number, but x is %s", op, other->number,
                             rm_dtype_name(t->tensor->dtype)));
  *dtype = is_float ? RM_FLOAT32 : RM_INT64;
  return RM_OK;
}

static rm_map_kernel compare_kernel(rm_compare_op op, rm_dtype dtype) {
  const rm_kernels *k = rm_kernel_table();
  bool is_float = dtype == RM_FLOAT32;
  rm_map_kernel m = {.kind = is_float ? RM_MAP_FF_B : RM_MAP_II_B};
  switch (op) {
    case RM_EQ:
      if (is_float) m.fn.ff_b = k->eq;
      else m.fn.ii_b = k->eq_i64;
      break;
    case RM_NE:
      if (is_float) m.fn.ff_b = k->ne;
      else m.fn.ii_b = k->ne_i64;
      break;
    case RM_LT:
    case RM_GT:
      if (is_float) m.fn.ff_b = k->lt;
      else m.fn.ii_b = k->lt_i64;
      break;
    case RM_LE:
    case RM_GE:
      if (is_float) m.fn.ff_b = k->le;
      else m.fn.ii_b = k->le_i64;
      break;
  }
  return m;
}

rm_status rm_compare(rm_compare_op op, rm_operand a, rm_operand b, rm_tensor **y, rm_error *err) {
  rm_dtype dtype = RM_FLOAT32;
  RM_TRY(compare_dtype(compare_names[op], &a, &b, &dtype, err));
  rm_tensor *copy_a = NULL, *copy_b = NULL;
  rm_status status = as_dtype(&a, dtype, &copy_a, err);
  if (status == RM_OK) status = as_dtype(&b, dtype, &copy_b, err);
  if (status == RM_OK) {
    bool swap = op == RM_GT || op == RM_GE;
    rm_operand in[] = {swap ? b : a, swap ? a : b};
    rm_map_kernel kernel = compare_kernel(op, dtype);
    status = rm_map_new(compare_names[op], &kernel, 2, in, RM_UINT8, y, err);
  }
  rm_tensor_release(copy_a);
  rm_tensor_release(copy_b);
  return status;
}

/* --- logic -------------------------------------------------------------------------------- */
static rm_status check_truth(const char *op, const char *argument, const rm_tensor *t, rm_error *err) {
  if (t->dtype == RM_UINT8) return RM_OK;
  return rm_advise(err, RM_ADVICE_TO_TRUTH, "x",
                   rm_fail(err, RM_ERR_TYPE, "%s: %s is %s, expected uint8 as comparisons give it", op, argument,
                           rm_dtype_name(t->dtype)));
}

rm_status rm_logical(rm_logical_op op, rm_tensor *a, rm_tensor *b, rm_tensor **y, rm_error *err) {
  static const char *const names[] = {"logical_and", "logical_or", "logical_xor"};
  RM_TRY(check_truth(names[op], "the first operand", a, err));
  RM_TRY(check_truth(names[op], "the second operand", b, err));
  const rm_kernels *k = rm_kernel_table();
  rm_map_kernel kernel = {.kind = RM_MAP_BB_B};
  kernel.fn.bb_b = op == RM_AND ? k->logical_and : op == RM_OR ? k->logical_or : k->logical_xor;
  rm_operand in[] = {rm_operand_tensor(a), rm_operand_tensor(b)};
  return rm_map_new(names[op], &kernel, 2, in, RM_UINT8, y, err);
}

rm_status rm_logical_not(rm_tensor *a, rm_tensor **y, rm_error *err) {
  RM_TRY(check_truth("logical_not", "x", a, err));
  rm_map_kernel kernel = {.kind = RM_MAP_BB_B, .fn.bb_b = rm_kernel_table()->logical_xor};
  rm_operand in[] = {rm_operand_tensor(a), rm_operand_number(1)};
  return rm_map_new("logical_not", &kernel, 2, in, RM_UINT8, y, err);
}

/* --- where -------------------------------------------------------------------------------- */
/* The gradient goes to a where the condition holds, to b elsewhere. */
static rm_status where_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  rm_map_kernel kernel = {.kind = RM_MAP_BFF_F, .fn.bff_f = rm_kernel_table()->select};
  rm_operand condition = rm_operand_tensor(rm_node_saved(node, 0));
  rm_operand gradient = rm_operand_tensor(dy), zero = rm_operand_number(0);
  for (size_t i = 0; i < 2; i++) {
    if (!rm_node_needs(node, i)) continue;
    rm_operand in[] = {condition, i == 0 ? gradient : zero, i == 0 ? zero : gradient};
    size_t shape[RM_MAX_DIMS], ndim = rm_node_input_shape(node, i, shape);
    rm_tensor *full = NULL;
    RM_TRY(rm_map_new("where", &kernel, 3, in, RM_FLOAT32, &full, err));
    rm_status status = rm_sum_to(full, ndim, shape, &dx[i], err);
    rm_tensor_release(full);
    if (status != RM_OK) return status;
  }
  return RM_OK;
}

/* The type of the result: that of the tensors; two numbers give float32. */
static rm_status where_dtype(const char *op, const rm_operand *a, const rm_operand *b, rm_dtype *dtype, rm_error *err) {
  if (a->tensor && b->tensor && a->tensor->dtype != b->tensor->dtype)
    return rm_advise(err, RM_ADVICE_CONVERT_ONE, "",
                     rm_fail(err, RM_ERR_TYPE, "%s: cannot mix %s and %s", op, rm_dtype_name(a->tensor->dtype),
                             rm_dtype_name(b->tensor->dtype)));
  const rm_operand *t = a->tensor ? a : b, *other = a->tensor ? b : a;
  *dtype = t->tensor ? t->tensor->dtype : RM_FLOAT32;
  if (*dtype == RM_FLOAT32 || other->tensor) return RM_OK;
  if (!other->whole || (*dtype == RM_UINT8 && (other->integer < 0 || other->integer > 255)))
    return rm_fail(err, RM_ERR_TYPE, "%s: %g is not a whole number%s, but the other value is %s", op, other->number,
                   *dtype == RM_UINT8 ? " from 0 to 255" : "", rm_dtype_name(*dtype));
  return RM_OK;
}

static rm_map_kernel select_kernel(rm_dtype dtype) {
  const rm_kernels *k = rm_kernel_table();
  rm_map_kernel m = {.kind = RM_MAP_BFF_F, .fn.bff_f = k->select};
  if (dtype == RM_INT64) m = (rm_map_kernel){.kind = RM_MAP_BII_I, .fn.bii_i = k->select_i64};
  if (dtype == RM_UINT8) m = (rm_map_kernel){.kind = RM_MAP_BUU_U, .fn.buu_u = k->select_u8};
  return m;
}

static rm_status choose(const char *op, rm_tensor *condition, rm_operand a, rm_operand b, rm_tensor **out,
                        rm_error *err) {
  rm_dtype dtype = RM_FLOAT32;
  RM_TRY(where_dtype(op, &a, &b, &dtype, err));
  rm_map_kernel kernel = select_kernel(dtype);
  rm_operand in[] = {rm_operand_tensor(condition), a, b};
  rm_tensor *y = NULL;
  RM_TRY(rm_map_new(op, &kernel, 3, in, dtype, &y, err));
  rm_tensor *inputs[] = {a.tensor, b.tensor};
  rm_status status = RM_OK;
  if (rm_tape_wants(2, inputs)) {
    rm_record r = {
        .name = op, .backward = where_backward, .ninputs = 2, .inputs = inputs, .nsaved = 1, .saved = &condition};
    status = rm_tape_record(y, &r, err);
  }
  return rm_tensor_give(status, y, out);
}

rm_status rm_where(rm_tensor *condition, rm_operand a, rm_operand b, rm_tensor **y, rm_error *err) {
  RM_TRY(check_truth("where", "condition", condition, err));
  return choose("where", condition, a, b, y, err);
}

/* --- masked_fill -------------------------------------------------------------------------- */
static rm_status check_value(const char *op, const rm_operand *value, rm_error *err) {
  char text[RM_SHAPE_TEXT];
  if (!value->tensor || value->tensor->ndim == 0) return RM_OK;
  return rm_fail(err, RM_ERR_SHAPE, "%s: the value is a tensor %s, expected a number or one of shape ()", op,
                 rm_tensor_text(value->tensor, text));
}

rm_status rm_masked_fill(rm_tensor *x, rm_tensor *mask, rm_operand value, rm_tensor **y, rm_error *err) {
  RM_TRY(check_truth("masked_fill", "mask", mask, err));
  RM_TRY(check_value("masked_fill", &value, err));
  return choose("masked_fill", mask, value, rm_operand_tensor(x), y, err);
}

rm_status rm_masked_fill_inplace(rm_tensor *x, rm_tensor *mask, rm_operand value, rm_error *err) {
  static const char op[] = "masked_fill_";
  char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
  size_t ndim, shape[RM_MAX_DIMS];
  rm_dtype dtype = x->dtype;
  rm_operand own = rm_operand_tensor(x);
  RM_TRY(check_truth(op, "mask", mask, err));
  RM_TRY(check_value(op, &value, err));
  RM_TRY(where_dtype(op, &value, &own, &dtype, err));
  RM_TRY(rm_shape_broadcast(op, x->ndim, x->shape, mask->ndim, mask->shape, &ndim, shape, err));
  if (!rm_shape_equal(ndim, shape, x->ndim, x->shape))
    return rm_fail(err, RM_ERR_SHAPE, "%s: x has shape %s and cannot grow to fit the mask %s", op, rm_tensor_text(x, a),
                   rm_tensor_text(mask, b));
  if (rm_tape_wants(1, &value.tensor))
    return rm_advise(
        err, RM_ADVICE_OUT_OF_PLACE, "masked_fill",
        rm_fail(err, RM_ERR_STATE, "%s: the value requires a gradient, which a write in place would lose", op));
  rm_tensor *copy = NULL; /* of a mask that lies in what is written */
  if (mask->storage == x->storage) {
    RM_TRY(rm_tensor_clone(mask, &copy, err));
    mask = copy;
  }
  rm_map_kernel kernel = select_kernel(dtype);
  rm_map(&kernel, x, 3, (rm_operand[]){rm_operand_tensor(mask), value, own});
  rm_tensor_mark_written(x);
  rm_tensor_release(copy);
  return RM_OK;
}
