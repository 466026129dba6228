/* optim.h -- optimizer steps over all parameters of a network at once.
 *
 * A step is elementwise, and most tensors of a residual network are small. So all of
 * them are laid end to end, cut into blocks of 1024 floats, and the blocks divided
 * among the threads: one parallel pass a step, not one a tensor. Blocks start at fixed
 * places, so the number of threads changes no bit.
 *
 * Parameters whose `grad` is NULL are skipped. Parameters must be dense float32; state
 * tensors have the shape and layout of their parameter. Everything is written in place.
 * Formulas: PyTorch's, in the comment of each function. */
#ifndef RM_OPS_OPTIM_OPTIM_H
#define RM_OPS_OPTIM_OPTIM_H

#include "core/tensor.h"

enum { RM_OPTIM_STATES = 3 };

/* The parameters of one group. state[k][i] belongs to params[i]; it may be NULL where
 * params[i] has no gradient, and state[k] may be NULL where an optimizer does not use it. */
typedef struct {
  size_t n;
  rm_tensor *const *params;
  rm_tensor *const *state[RM_OPTIM_STATES];
  const uint64_t *steps; /* which step of its own each parameter is about to make, from 1 */
} rm_optim_set;

/* g += weight_decay * p;  v = g at step 1, then v = momentum * v + (1 - dampening) * g;
 * p -= lr * (nesterov ? g + momentum * v : v). Without momentum p -= lr * g, and no state.
 * state[0] v. */
typedef struct {
  double lr, momentum, dampening, weight_decay;
  bool nesterov;
} rm_sgd_options;
rm_status rm_sgd_step(const rm_optim_set *set, const rm_sgd_options *options, rm_error *err);

/* m = b1 * m + (1 - b1) * g;  s = b2 * s + (1 - b2) * g * g;
 * p -= lr * (m / (1 - b1^t)) / (sqrt(s / (1 - b2^t)) + eps).
 * weight_decay adds weight_decay * p to g; decoupled (AdamW), it multiplies p by
 * 1 - lr * weight_decay instead. state[0] m, state[1] s. */
typedef struct {
  double lr, beta1, beta2, eps, weight_decay;
  bool decoupled;
} rm_adam_options;
rm_status rm_adam_step(const rm_optim_set *set, const rm_adam_options *options, rm_error *err);

/* s = alpha * s + (1 - alpha) * g * g;  u = g / (sqrt(s) + eps), or, centered, with
 * s - a * a below the root, a = alpha * a + (1 - alpha) * g;
 * p -= lr * u, or with momentum v = momentum * v + u, p -= lr * v.
 * state[0] s, state[1] v (momentum > 0), state[2] a (centered). */
typedef struct {
  double lr, alpha, eps, weight_decay, momentum;
  bool centered;
} rm_rmsprop_options;
rm_status rm_rmsprop_step(const rm_optim_set *set, const rm_rmsprop_options *options, rm_error *err);

/* Scales all gradients by min(1, max_norm / (norm + 1e-6)), where the norm runs over all
 * of them together: the Euclidean one, or (infinite) the largest absolute value. *norm is
 * the norm before. A NaN norm leaves the gradients as they are. */
rm_status rm_clip_grad_norm(size_t n, rm_tensor *const params[], double max_norm, bool infinite, double *norm,
                            rm_error *err);

/* Scales each row of w (one output unit: w[i], whatever its dimensions) by
 * min(1, c / its Euclidean norm). */
rm_status rm_max_norm(rm_tensor *w, double c, rm_error *err);

#endif
