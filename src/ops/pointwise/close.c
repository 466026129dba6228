/* close.c -- see close.h. */
#include "ops/pointwise/close.h"

#include <math.h>
#include "core/tape.h"
#include "ops/pointwise/pointwise.h"
#include "ops/views/views.h"

static rm_operand of(rm_tensor *t) { return rm_operand_tensor(t); }

static rm_status size_against_infinity(rm_compare_op op, rm_tensor *x, rm_tensor **y, rm_error *err) {
  rm_tensor *size = NULL;
  RM_TRY(rm_unary(RM_ABS, x, NULL, &size, err));
  rm_status status = rm_compare(op, of(size), rm_operand_number(INFINITY), y, err);
  rm_tensor_release(size);
  return status;
}

rm_status rm_is_kind(rm_number_kind kind, rm_tensor *x, rm_tensor **y, rm_error *err) {
  bool was = rm_grad_set(false);
  rm_status status;
  if (kind == RM_IS_NAN) status = rm_compare(RM_NE, of(x), of(x), y, err);
  else if (x->dtype != RM_FLOAT32) status = rm_compare(kind == RM_IS_INF ? RM_NE : RM_EQ, of(x), of(x), y, err);
  else status = size_against_infinity(kind == RM_IS_INF ? RM_EQ : RM_LT, x, y, err);
  rm_grad_set(was);
  return status;
}

/* The difference of whole numbers is exact; all else is float32, as in PyTorch. */
static rm_status near(rm_tensor *a, rm_tensor *b, double rtol, double atol, rm_tensor **y, rm_error *err) {
  enum { DIFFERENCE, FLOAT, FLOAT_B, DISTANCE, SIZE, SHARE, ROOM, WITHIN, FINITE, HELD };
  rm_tensor *t[HELD] = {0};
  rm_status s = rm_sub(a, b, &t[DIFFERENCE], err);
  if (s == RM_OK) s = rm_to(t[DIFFERENCE], RM_FLOAT32, &t[FLOAT], err);
  if (s == RM_OK) s = rm_to(b, RM_FLOAT32, &t[FLOAT_B], err);
  if (s == RM_OK) s = rm_unary(RM_ABS, t[FLOAT], NULL, &t[DISTANCE], err);
  if (s == RM_OK) s = rm_unary(RM_ABS, t[FLOAT_B], NULL, &t[SIZE], err);
  if (s == RM_OK) s = rm_binary(RM_MUL, of(t[SIZE]), rm_operand_number(rtol), &t[SHARE], err);
  if (s == RM_OK) s = rm_binary(RM_ADD, of(t[SHARE]), rm_operand_number(atol), &t[ROOM], err);
  if (s == RM_OK) s = rm_compare(RM_LE, of(t[DISTANCE]), of(t[ROOM]), &t[WITHIN], err);
  if (s == RM_OK) s = rm_compare(RM_LT, of(t[DISTANCE]), rm_operand_number(INFINITY), &t[FINITE], err);
  if (s == RM_OK) s = rm_logical(RM_AND, t[WITHIN], t[FINITE], y, err);
  for (size_t i = 0; i < HELD; i++) rm_tensor_release(t[i]);
  return s;
}

static rm_status both_nan(rm_tensor *a, rm_tensor *b, rm_tensor **y, rm_error *err) {
  rm_tensor *first = NULL, *second = NULL;
  rm_status s = rm_is_kind(RM_IS_NAN, a, &first, err);
  if (s == RM_OK) s = rm_is_kind(RM_IS_NAN, b, &second, err);
  if (s == RM_OK) s = rm_logical(RM_AND, first, second, y, err);
  rm_tensor_release(first);
  rm_tensor_release(second);
  return s;
}

rm_status rm_isclose(const char *op, rm_tensor *a, rm_tensor *b, double rtol, double atol, bool equal_nan,
                     rm_tensor **y, rm_error *err) {
  if (!(rtol >= 0) || !(atol >= 0))
    return rm_fail(err, RM_ERR_VALUE, "%s: rtol and atol must not be negative, got %g and %g", op, rtol, atol);
  if (a->dtype != b->dtype)
    return rm_advise(err, RM_ADVICE_CONVERT_ONE, "",
                     rm_fail(err, RM_ERR_TYPE, "%s: cannot compare %s with %s", op, rm_dtype_name(a->dtype),
                             rm_dtype_name(b->dtype)));
  size_t ndim, shape[RM_MAX_DIMS];
  RM_TRY(rm_shape_broadcast(op, a->ndim, a->shape, b->ndim, b->shape, &ndim, shape, err));
  enum { EQUAL, A, B, NEAR, EITHER, NAN_BOTH, HELD };
  rm_dtype dtype = a->dtype == RM_FLOAT32 ? RM_FLOAT32 : RM_INT64;
  rm_tensor *t[HELD] = {0};
  bool was = rm_grad_set(false);
  rm_status s = rm_compare(RM_EQ, of(a), of(b), &t[EQUAL], err);
  if (s == RM_OK) s = rm_to(a, dtype, &t[A], err);
  if (s == RM_OK) s = rm_to(b, dtype, &t[B], err);
  if (s == RM_OK) s = near(t[A], t[B], rtol, atol, &t[NEAR], err);
  if (s == RM_OK) s = rm_logical(RM_OR, t[EQUAL], t[NEAR], equal_nan ? &t[EITHER] : y, err);
  if (s == RM_OK && equal_nan) s = both_nan(t[A], t[B], &t[NAN_BOTH], err);
  if (s == RM_OK && equal_nan) s = rm_logical(RM_OR, t[EITHER], t[NAN_BOTH], y, err);
  rm_grad_set(was);
  for (size_t i = 0; i < HELD; i++) rm_tensor_release(t[i]);
  return s;
}
