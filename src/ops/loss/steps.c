/* steps.c -- see steps.h. */
#include "ops/loss/steps.h"

#include "dist/batch.h"
#include "ops/reduce/reduce.h"

double rm_loss_undivided(void) { return 1 / (double)rm_batch_whole(1); }

rm_status rm_loss_total(size_t rows, size_t n, const double *each, double divisor, float *total, rm_error *err) {
  size_t groups = rm_batch_groups(n), group = rows / groups;
  float parts[RM_BATCH_GROUPS];
  for (size_t g = 0; g < groups; g++) {
    double sum = 0;
    for (size_t i = 0; i < group; i++) sum += each[g * group + i];
    parts[g] = (float)(sum / divisor);
  }
  rm_batch_add_up(1, groups, 1, parts);
  *total = parts[0];
  return rm_batch_mean(total, err);
}

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
  if (s->status == RM_OK && reduction == RM_NONE) {
    *y = rm_tensor_retain(each);
  } else if (s->status == RM_OK) {
    s->status = rm_batch_total(each, 1 / (reduction == RM_SUM ? rm_loss_undivided() : n), y, s->err);
  }
  for (size_t i = 0; i < s->count; i++) rm_tensor_release(s->made[i]);
  return s->status;
}
