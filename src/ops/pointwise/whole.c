/* whole.c -- functions of one whole number: int64 stays int64, exactly. They are made of those of two operands. */
#include <math.h>
#include "ops/pointwise/pointwise.h"

static rm_operand of(rm_tensor *t) { return rm_operand_tensor(t); }

bool rm_unary_takes_whole(rm_unary_op op) {
  switch (op) {
    case RM_NEG:
    case RM_ABS:
    case RM_SIGN:
    case RM_SQUARE:
    case RM_CLAMP:
    case RM_FLOOR:
    case RM_CEIL:
    case RM_ROUND:
    case RM_TRUNC: return true;
    default: return false;
  }
}

/* low <= x <= high; a limit that is infinite is none. */
static rm_status clamp(rm_tensor *x, const double limits[2], rm_tensor **y, rm_error *err) {
  rm_operand operands[2];
  for (int i = 0; i < 2; i++) {
    double v = limits[i];
    if (isinf(v)) v = v < 0 ? (double)INT64_MIN : 0x1.fffffffffffffp62;
    if (v != floor(v) || v < -0x1p63 || v >= 0x1p63)
      return rm_fail(err, RM_ERR_TYPE, "clamp: %g is not a whole number, but x is int64", v);
    operands[i] = rm_operand_integer(isinf(limits[i]) && v > 0 ? INT64_MAX : (int64_t)v);
  }
  rm_tensor *above = NULL;
  RM_TRY(rm_binary(RM_MAXIMUM, of(x), operands[0], &above, err));
  rm_status status = rm_binary(RM_MINIMUM, of(above), operands[1], y, err);
  rm_tensor_release(above);
  return status;
}

static rm_status absolute(rm_tensor *x, rm_tensor **y, rm_error *err) {
  rm_tensor *negative = NULL;
  RM_TRY(rm_binary(RM_MUL, of(x), rm_operand_integer(-1), &negative, err));
  rm_status status = rm_binary(RM_MAXIMUM, of(x), of(negative), y, err);
  rm_tensor_release(negative);
  return status;
}

rm_status rm_unary_whole(rm_unary_op op, rm_tensor *x, const double params[], rm_tensor **y, rm_error *err) {
  switch (op) {
    case RM_NEG: return rm_binary(RM_MUL, of(x), rm_operand_integer(-1), y, err);
    case RM_ABS: return absolute(x, y, err);
    case RM_SIGN: return clamp(x, (double[]){-1, 1}, y, err);
    case RM_SQUARE: return rm_mul(x, x, y, err);
    case RM_CLAMP: return clamp(x, params, y, err);
    default: return rm_binary(RM_ADD, of(x), rm_operand_integer(0), y, err); /* rounding: a copy */
  }
}
