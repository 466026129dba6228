/* pointwise.h -- elementwise operators.
 *
 * Operands broadcast as everywhere (aligned at the last dimension, 1 stretches); a
 * gradient is summed back to its operand's shape. float32 computes; int64 can be added,
 * subtracted, multiplied, divided with remainder and compared (the larger and the smaller of two included), exactly; the two do not mix
 * without being asked to.
 * A result takes the memory layout of the first operand that has its shape. */
#ifndef RM_OPS_POINTWISE_POINTWISE_H
#define RM_OPS_POINTWISE_POINTWISE_H

#include "ops/pointwise/map.h"

/* --- two operands (binary.c) ------------------------------------------------------- */
/* The whole-number quotient is floor(a / b); the remainder has b's sign. */
typedef enum {
  RM_ADD,
  RM_SUB,
  RM_MUL,
  RM_FLOOR_DIVIDE,
  RM_REMAINDER,
  RM_MAXIMUM,
  RM_MINIMUM, /* of int64 too, up to here */
  RM_DIV,
  RM_POW
} rm_binary_op;
/* At least one operand is a tensor. */
rm_status rm_binary(rm_binary_op op, rm_operand a, rm_operand b, rm_tensor **y, rm_error *err);
rm_status rm_add(rm_tensor *a, rm_tensor *b, rm_tensor **y, rm_error *err);
rm_status rm_sub(rm_tensor *a, rm_tensor *b, rm_tensor **y, rm_error *err);
rm_status rm_mul(rm_tensor *a, rm_tensor *b, rm_tensor **y, rm_error *err);
rm_status rm_div(rm_tensor *a, rm_tensor *b, rm_tensor **y, rm_error *err);

/* In place: x = x op b, or x op alpha * b, where op is RM_ADD or RM_SUB. Never recorded: a b that carries a gradient is refused
 * while recording is on. The caller has asked rm_tensor_check_writable about x. */
rm_status rm_binary_inplace(rm_binary_op op, rm_tensor *x, rm_operand b, rm_error *err);
rm_status rm_add_scaled(rm_binary_op op, rm_tensor *x, rm_operand b, double alpha, rm_error *err);

/* --- one operand and up to two numbers (unary.c) ------------------------------------- */
typedef enum {
#define RM_UNARY(op, kernel, name, numbers, keep) RM_##op,
#define RM_UNARY_FLAT(op, kernel, name) RM_##op,
#include "kernels/unary_list.h" /* RM_NEG, RM_ABS, ... */
#undef RM_UNARY_FLAT
#undef RM_UNARY
  RM_POW_NUMBER, /* exponent; its kernels are those of two operands */
  RM_DEVIATION,  /* sqrt of a variance: its gradient at 0 is 0 */
  RM_UNARY_COUNT
} rm_unary_op;
/* params may be NULL for operators without any. Those that give whole numbers of whole ones take int64, too (whole.c);
 * all others float32 alone. */
rm_status rm_unary(rm_unary_op op, rm_tensor *x, const double params[], rm_tensor **y, rm_error *err);
rm_status rm_unary_inplace(rm_unary_op op, rm_tensor *x, const double params[], rm_error *err);
const char *rm_unary_name(rm_unary_op op); /* as messages have it */
bool rm_unary_takes_whole(rm_unary_op op);
rm_status rm_unary_whole(rm_unary_op op, rm_tensor *x, const double params[], rm_tensor **y, rm_error *err);
rm_status rm_relu(rm_tensor *x, rm_tensor **y, rm_error *err);
rm_status rm_exp(rm_tensor *x, rm_tensor **y, rm_error *err);
rm_status rm_log(rm_tensor *x, rm_tensor **y, rm_error *err);
rm_status rm_sqrt(rm_tensor *x, rm_tensor **y, rm_error *err);

/* --- truth (compare.c): uint8, 0 or 1 -------------------------------------------------- */
typedef enum { RM_EQ, RM_NE, RM_LT, RM_LE, RM_GT, RM_GE } rm_compare_op;
rm_status rm_compare(rm_compare_op op, rm_operand a, rm_operand b, rm_tensor **y, rm_error *err);
typedef enum { RM_AND, RM_OR, RM_XOR } rm_logical_op;
rm_status rm_logical(rm_logical_op op, rm_tensor *a, rm_tensor *b, rm_tensor **y, rm_error *err);
rm_status rm_logical_not(rm_tensor *a, rm_tensor **y, rm_error *err);
/* a where the condition (uint8) is not 0, else b. */
rm_status rm_where(rm_tensor *condition, rm_operand a, rm_operand b, rm_tensor **y, rm_error *err);
/* The value (a number, or a tensor of shape ()) where the mask (uint8) is not 0, else x; they broadcast. In place x
 * keeps its shape; the caller has asked rm_tensor_check_writable about it. */
rm_status rm_masked_fill(rm_tensor *x, rm_tensor *mask, rm_operand value, rm_tensor **y, rm_error *err);
rm_status rm_masked_fill_inplace(rm_tensor *x, rm_tensor *mask, rm_operand value, rm_error *err);

#endif
