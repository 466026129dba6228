/* loss.h -- what training minimizes.
 *
 * Classification: x (N, C) or (N, C, d1, ...), labels int64 (N) or (N, d1, ...) with values
 * 1..C or ignore_index; weight (C) or NULL. Reductions: RM_MEAN divides by the (weighted)
 * number of labels that are not ignored; RM_NONE gives one value per label.
 * cross_entropy takes logits, nll_loss log-probabilities. */
#ifndef RM_OPS_LOSS_LOSS_H
#define RM_OPS_LOSS_LOSS_H

#include "core/tensor.h"

typedef enum { RM_MEAN, RM_SUM, RM_NONE } rm_reduction;

typedef struct {
  rm_reduction reduction;
  int64_t ignore_index;   /* a label that counts for nothing; PyTorch's -100 unless asked */
  double label_smoothing; /* s: the target is (1 - s) onehot + s / C. 0 in nll_loss */
} rm_loss_options;

rm_status rm_cross_entropy(rm_tensor *x, rm_tensor *labels, rm_tensor *weight, const rm_loss_options *options,
                           rm_tensor **y, rm_error *err);
rm_status rm_nll_loss(rm_tensor *x, rm_tensor *labels, rm_tensor *weight, const rm_loss_options *options, rm_tensor **y,
                      rm_error *err);

/* (x - target)^2, equal shapes; gradients to both. */
rm_status rm_mse_loss(rm_tensor *x, rm_tensor *target, rm_reduction reduction, rm_tensor **y, rm_error *err);

#endif
