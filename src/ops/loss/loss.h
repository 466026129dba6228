/* loss.h -- what training minimizes.
 *
 * Classification: x (N, C) or (N, C, d1, ...), labels int64 (N) or (N, d1, ...) with values
 * 1..C or ignore_index; weight (C) or NULL. Reductions: RM_MEAN divides by the (weighted)
 * number of labels that are not ignored; RM_NONE gives one value per label.
 * cross_entropy takes logits, nll_loss log-probabilities. */
#ifndef RM_OPS_LOSS_LOSS_H
#define RM_OPS_LOSS_LOSS_H

#include "core/tensor.h"

typedef enum {
  RM_MEAN,
  RM_SUM,
  RM_NONE,
  RM_BATCHMEAN /* of kl_div alone: the sum divided by the first extent */
} rm_reduction;

typedef struct {
  rm_reduction reduction;
  int64_t ignore_index;   /* a label that counts for nothing; PyTorch's -100 unless asked */
  double label_smoothing; /* s: the target is (1 - s) onehot + s / C. 0 in nll_loss */
} rm_loss_options;

/* labels may be a distribution for each row instead: float32, x's shape (soft_targets.c). It may carry a gradient, and
 * RM_MEAN then divides by the number of rows. */
rm_status rm_cross_entropy(rm_tensor *x, rm_tensor *labels, rm_tensor *weight, const rm_loss_options *options,
                           rm_tensor **y, rm_error *err);
rm_status rm_nll_loss(rm_tensor *x, rm_tensor *labels, rm_tensor *weight, const rm_loss_options *options, rm_tensor **y,
                      rm_error *err);

rm_status rm_cross_entropy_soft(rm_tensor *x, rm_tensor *target, rm_tensor *weight, const rm_loss_options *options,
                                rm_tensor **y, rm_error *err);

/* (x - target)^2, equal shapes; gradients to both. */
rm_status rm_mse_loss(rm_tensor *x, rm_tensor *target, rm_reduction reduction, rm_tensor **y, rm_error *err);

/* --- pairwise.c: x and target of equal shape, gradients to both; the mean of nothing is NaN -------- */
/* |x - target| */
rm_status rm_l1_loss(rm_tensor *x, rm_tensor *target, rm_reduction reduction, rm_tensor **y, rm_error *err);
/* d = |x - target|: d^2 / (2 beta) below beta, d - beta / 2 from there on. */
rm_status rm_smooth_l1_loss(rm_tensor *x, rm_tensor *target, double beta, rm_reduction reduction, rm_tensor **y,
                            rm_error *err);
/* weight and pos_weight may be NULL; they broadcast to x. */
rm_status rm_bce_with_logits(rm_tensor *x, rm_tensor *target, rm_tensor *weight, rm_tensor *pos_weight,
                             rm_reduction reduction, rm_tensor **y, rm_error *err);
/* x holds log-probabilities, target probabilities or, with log_target, their logarithms. */
rm_status rm_kl_div(rm_tensor *x, rm_tensor *target, bool log_target, rm_reduction reduction, rm_tensor **y,
                    rm_error *err);

#endif
