/* pairwise.c -- losses between each element and its target: absolute and smoothed distance, binary cross entropy,
 * Kullback-Leibler divergence. Each is a few elementwise operators and a reduction. */
#include "ops/check.h"
#include "ops/loss/steps.h"

static rm_operand of(rm_tensor *t) { return rm_operand_tensor(t); }

static rm_status check_pair(const char *op, const rm_tensor *x, const rm_tensor *target, rm_error *err) {
  char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
  RM_TRY(rm_check_float(op, "x", x, err));
  RM_TRY(rm_check_float(op, "target", target, err));
  if (rm_tensor_same_shape(x, target)) return RM_OK;
  return rm_fail(err, RM_ERR_SHAPE, "%s: shapes differ\n  x       %s\n  target  %s", op, rm_tensor_text(x, a),
                 rm_tensor_text(target, b));
}

rm_status rm_l1_loss(rm_tensor *x, rm_tensor *target, rm_reduction reduction, rm_tensor **y, rm_error *err) {
  RM_TRY(check_pair("l1_loss", x, target, err));
  rm_steps s = {.err = err};
  rm_tensor *difference = rm_step_binary(&s, RM_SUB, of(x), of(target));
  rm_tensor *each = rm_step_unary(&s, RM_ABS, difference, NULL);
  return rm_steps_reduce(&s, each, reduction, (double)x->numel, y);
}

rm_status rm_smooth_l1_loss(rm_tensor *x, rm_tensor *target, double beta, rm_reduction reduction, rm_tensor **y,
                            rm_error *err) {
  RM_TRY(check_pair("smooth_l1_loss", x, target, err));
  if (!(beta >= 0)) return rm_fail(err, RM_ERR_VALUE, "smooth_l1_loss: beta must not be negative, got %g", beta);
  rm_steps s = {.err = err};
  rm_tensor *difference = rm_step_binary(&s, RM_SUB, of(x), of(target));
  rm_tensor *each = rm_step_unary(&s, RM_SMOOTH_L1, difference, &beta);
  return rm_steps_reduce(&s, each, reduction, (double)x->numel, y);
}

/* NULL, or float32 and no larger than x in any dimension. */
static rm_status check_weight(const char *name, const rm_tensor *x, const rm_tensor *weight, rm_error *err) {
  static const char op[] = "binary_cross_entropy_with_logits";
  if (!weight) return RM_OK;
  RM_TRY(rm_check_float(op, name, weight, err));
  bool fits = weight->ndim <= x->ndim;
  for (size_t d = 0; fits && d < weight->ndim; d++) {
    size_t extent = x->shape[x->ndim - weight->ndim + d];
    fits = weight->shape[d] == 1 || weight->shape[d] == extent;
  }
  if (fits) return RM_OK;
  char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
  return rm_fail(err, RM_ERR_SHAPE, "%s: %s %s does not broadcast to x %s", op, name, rm_tensor_text(weight, a),
                 rm_tensor_text(x, b));
}

/* With s the logistic function: -(p t log s(x) + (1 - t) log s(-x)) = (1 - t) x - (1 + (p - 1) t) log s(x). */
rm_status rm_bce_with_logits(rm_tensor *x, rm_tensor *target, rm_tensor *weight, rm_tensor *pos_weight,
                             rm_reduction reduction, rm_tensor **y, rm_error *err) {
  RM_TRY(check_pair("binary_cross_entropy_with_logits", x, target, err));
  RM_TRY(check_weight("weight", x, weight, err));
  RM_TRY(check_weight("pos_weight", x, pos_weight, err));
  rm_steps s = {.err = err};
  const rm_operand one = rm_operand_integer(1);
  rm_tensor *negative = rm_step_binary(&s, RM_SUB, one, of(target));
  rm_tensor *outside = rm_step_binary(&s, RM_MUL, of(negative), of(x));
  rm_tensor *log = rm_step_unary(&s, RM_LOGSIGMOID, x, NULL);
  if (pos_weight) {
    rm_tensor *more = rm_step_binary(&s, RM_SUB, of(pos_weight), one);
    rm_tensor *share = rm_step_binary(&s, RM_MUL, of(more), of(target));
    rm_tensor *factor = rm_step_binary(&s, RM_ADD, of(share), one);
    log = rm_step_binary(&s, RM_MUL, of(factor), of(log));
  }
  rm_tensor *each = rm_step_binary(&s, RM_SUB, of(outside), of(log));
  if (weight) each = rm_step_binary(&s, RM_MUL, of(each), of(weight));
  return rm_steps_reduce(&s, each, reduction, (double)x->numel, y);
}

/* t (log t - x), 0 where t is 0; of a log_target e^t (t - x). */
rm_status rm_kl_div(rm_tensor *x, rm_tensor *target, bool log_target, rm_reduction reduction, rm_tensor **y,
                    rm_error *err) {
  RM_TRY(check_pair("kl_div", x, target, err));
  if (reduction == RM_BATCHMEAN && x->ndim == 0)
    return rm_fail(err, RM_ERR_SHAPE, "kl_div: batchmean divides by the first extent, but x is a single number");
  rm_steps s = {.err = err};
  rm_tensor *each;
  if (log_target) {
    rm_tensor *p = rm_step_unary(&s, RM_EXP, target, NULL);
    rm_tensor *difference = rm_step_binary(&s, RM_SUB, of(target), of(x));
    each = rm_step_binary(&s, RM_MUL, of(p), of(difference));
  } else {
    rm_tensor *own = rm_step_unary(&s, RM_XLOGX, target, NULL);
    rm_tensor *cross = rm_step_binary(&s, RM_MUL, of(target), of(x));
    each = rm_step_binary(&s, RM_SUB, of(own), of(cross));
  }
  return rm_steps_reduce(&s, each, reduction, (double)(reduction == RM_BATCHMEAN ? x->shape[0] : x->numel), y);
}
