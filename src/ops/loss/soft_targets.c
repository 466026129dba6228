/* soft_targets.c -- cross entropy with a distribution for each row in place of a label.
 *
 * loss = -sum over classes of w[c] q[c] log p[c],  q = (1 - s) target + s / C,  log p = log softmax of x */
#include "ops/check.h"
#include "ops/loss/steps.h"
#include "ops/norm/softmax.h"
#include "ops/reduce/reduce.h"
#include "ops/views/views.h"

static rm_operand of(rm_tensor *t) { return rm_operand_tensor(t); }

static rm_status check(const rm_tensor *x, const rm_tensor *target, const rm_tensor *weight,
                       const rm_loss_options *options, rm_error *err) {
  char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
  double smooth = options->label_smoothing;
  RM_TRY(rm_check_float("cross_entropy", "x", x, err));
  RM_TRY(rm_check_float("cross_entropy", "target", target, err));
  if (x->ndim < 2 || x->numel == 0)
    return rm_fail(err, RM_ERR_SHAPE, "cross_entropy: x is %s, expected (N, C) with N and C at least 1",
                   rm_tensor_text(x, a));
  if (!rm_tensor_same_shape(x, target))
    return rm_fail(err, RM_ERR_SHAPE, "cross_entropy: probabilities do not fit x\n  x       %s\n  target  %s",
                   rm_tensor_text(x, a), rm_tensor_text(target, b));
  if (options->ignore_index >= 0)
    return rm_fail(err, RM_ERR_VALUE, "cross_entropy: ignore_index is for labels, but the target has probabilities");
  if (!(smooth >= 0 && smooth <= 1))
    return rm_fail(err, RM_ERR_VALUE, "cross_entropy: label_smoothing must be 0 to 1, got %g", smooth);
  if (!weight) return RM_OK;
  RM_TRY(rm_check_float("cross_entropy", "weight", weight, err));
  if (weight->ndim != 1 || weight->shape[0] != x->shape[1])
    return rm_fail(err, RM_ERR_SHAPE, "cross_entropy: x has %zu classes, weight is %s", x->shape[1],
                   rm_tensor_text(weight, b));
  return RM_OK;
}

/* weight (C) as (C, 1, ...), which broadcasts along dimension 1 of x. */
static rm_tensor *along_classes(rm_steps *s, const rm_tensor *x, rm_tensor *weight) {
  int64_t sizes[RM_MAX_DIMS] = {(int64_t)weight->shape[0]};
  rm_tensor *y = NULL;
  if (s->status != RM_OK) return NULL;
  for (size_t d = 1; d + 1 < x->ndim; d++) sizes[d] = 1;
  rm_status status = rm_reshape(weight, x->ndim - 1, sizes, &y, s->err);
  return rm_step(s, status, y);
}

rm_status rm_cross_entropy_soft(rm_tensor *x, rm_tensor *target, rm_tensor *weight, const rm_loss_options *options,
                                rm_tensor **y, rm_error *err) {
  RM_TRY(check(x, target, weight, options, err));
  rm_steps s = {.err = err};
  double smooth = options->label_smoothing, classes = (double)x->shape[1];
  bool over[RM_MAX_DIMS] = {false, true};
  rm_tensor *log = NULL, *row = NULL, *q = target;
  rm_status status = rm_log_softmax(x, 1, &log, err);
  rm_step(&s, status, log);
  if (smooth > 0) {
    q = rm_step_binary(&s, RM_MUL, of(q), rm_operand_number(1 - smooth));
    q = rm_step_binary(&s, RM_ADD, of(q), rm_operand_number(smooth / classes));
  }
  rm_tensor *each = rm_step_binary(&s, RM_MUL, of(log), of(q));
  if (weight) {
    rm_tensor *w = along_classes(&s, x, weight);
    each = rm_step_binary(&s, RM_MUL, of(each), of(w));
  }
  if (s.status == RM_OK) {
    status = rm_sum(each, over, false, &row, err);
    rm_step(&s, status, row);
  }
  row = rm_step_unary(&s, RM_NEG, row, NULL);
  return rm_steps_reduce(&s, row, options->reduction, (double)(x->numel / x->shape[1]), y);
}
