/* steps.c -- see steps.h. */
#include "ops/loss/steps.h"

#include "ops/reduce/reduce.h"

rm_tensor *rm_step(rm_steps *s, rm_status status, rm_tensor *y) {
  if (s->status == RM_OK) s->status = status;
  if (status != RM_OK) return NULL;
  return s->made[s->count++] = y;
}

rm_tensor *rm_step_binary(rm_steps *s, rm_binary_op op, rm_operand a, rm_operand b) {
  rm_tensor *y = NULL;
  if (s->status != RM_OK) return NULL;
  rm_status status = rm_binary(op, a, b, &y, s->err);
  return rm_step(s, status, y);
}

rm_tensor *rm_step_unary(rm_steps *s, rm_unary_op op, rm_tensor *x, const double params[]) {
  rm_tensor *y = NULL;
  if (s->status != RM_OK) return NULL;
  rm_status status = rm_unary(op, x, params, &y, s->err);
  return rm_step(s, status, y);
}

rm_status rm_steps_reduce(rm_steps *s, rm_tensor *each, rm_reduction reduction, double n, rm_tensor **y) {
  rm_tensor *sum = NULL;
  if (s->status == RM_OK && reduction == RM_NONE) {
    *y = rm_tensor_retain(each);
  } else if (s->status == RM_OK && reduction == RM_MEAN && n == (double)each->numel) {
    s->status = rm_mean(each, NULL, false, y, s->err);
  } else if (s->status == RM_OK) {
    s->status = rm_sum(each, NULL, false, &sum, s->err);
    if (s->status == RM_OK && reduction == RM_SUM) *y = rm_tensor_retain(sum);
    else if (s->status == RM_OK) s->status = rm_binary(RM_DIV, rm_operand_tensor(sum), rm_operand_number(n), y, s->err);
    rm_tensor_release(sum);
  }
  for (size_t i = 0; i < s->count; i++) rm_tensor_release(s->made[i]);
  return s->status;
}
