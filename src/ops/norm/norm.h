/* norm.h -- batch normalization, alone or together with a shortcut and relu.
 *
 *   y = relu((x - mean) / sqrt(var + eps) * weight + bias + add)
 *
 * per channel; `add` and relu are optional and cost no further pass over memory. Shapes:
 * x, add and y (N, C, H, W), (N, C, L) or (N, C); weight, bias, running_mean, running_var (C), the
 * first two or the last two may be NULL. In four dimensions y and all gradients are channels-last.
 * Source: Ioffe and Szegedy 2015, arXiv:1502.03167. */
#ifndef RM_OPS_NORM_NORM_H
#define RM_OPS_NORM_NORM_H

#include "core/tensor.h"

typedef struct {
  bool training;   /* normalize by the batch's statistics and move the running ones */
  double momentum; /* running = (1 - momentum) * running + momentum * batch */
  double eps;
} rm_batch_norm_options;

rm_status rm_batch_norm(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor *running_mean,
                        rm_tensor *running_var, const rm_batch_norm_options *options, rm_tensor *add, bool relu,
                        rm_tensor **y, rm_error *err);

/* The same in two steps, but for (N, C, L), for a caller who does not know yet whether an addition and relu
 * follow. The first computes all that is needed besides x, four numbers per channel, as a
 * tensor (4, C): mean, 1/deviation, scale, shift; it also moves the running statistics. The
 * second reads x, so nobody may write into x in between; weight and bias may change. */
rm_status rm_batch_norm_columns(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor *running_mean,
                                rm_tensor *running_var, const rm_batch_norm_options *options, rm_tensor **columns,
                                rm_error *err);
/* Fails for an eps below 0, or, where it is used, a momentum that is not from 0 to 1. */
rm_status rm_norm_check_numbers(const char *op, double eps, double momentum, bool uses_momentum, rm_error *err);
/* The columns for an x of this shape from running statistics alone. */
rm_status rm_batch_norm_fixed_columns(size_t ndim, const size_t shape[], rm_tensor *weight, rm_tensor *bias,
                                      rm_tensor *running_mean, rm_tensor *running_var, double eps, rm_tensor **columns,
                                      rm_error *err);
/* of_batch: the statistics came from x itself, so that gradients flow through them. */
rm_status rm_batch_norm_apply(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor *columns, bool of_batch,
                              rm_tensor *add, bool relu, rm_tensor **y, rm_error *err);

/* The convolution that computes a batch norm with these columns of conv2d(x, weight, bias):
 *   weight'[k] = weight[k] * scale[k],   bias'[k] = (bias[k] - mean[k]) * scale[k] + shift[k]
 * `bias` may be NULL. Records nothing. */
rm_status rm_batch_norm_fold(const rm_tensor *columns, rm_tensor *weight, rm_tensor *bias, rm_tensor **folded_weight,
                             rm_tensor **folded_bias, rm_error *err);

#endif
