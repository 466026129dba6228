/* group_norm.h -- normalization inside each example: of groups of channels, of each channel, of the last dimensions.
 *
 *   y = (x - mean) / sqrt(var + eps) * weight + bias
 *
 * Mean and (biased) variance are those of an example's own numbers, so that a batch of one is as good as any and
 * training is like evaluation. weight and bias may be NULL. A gradient flows to all three. Of four dimensions y and
 * the gradient of x are channels-last.
 * Sources: Wu and He 2018, arXiv:1803.08494 (groups); Ba et al. 2016, arXiv:1607.06450 (layers); Ulyanov et al. 2016,
 * arXiv:1607.08022 (instances). */
#ifndef RM_OPS_NORM_GROUP_NORM_H
#define RM_OPS_NORM_GROUP_NORM_H

#include "ops/norm/norm.h"

/* x (N, C, ...): statistics over C / groups neighboring channels and all that follows; weight, bias (C). */
rm_status rm_group_norm(rm_tensor *x, size_t groups, rm_tensor *weight, rm_tensor *bias, double eps, rm_tensor **y,
                        rm_error *err);

/* Statistics over the last ndim dimensions, whose extents are `shape`, which is that of weight and bias too. */
rm_status rm_layer_norm(rm_tensor *x, size_t ndim, const size_t shape[], rm_tensor *weight, rm_tensor *bias, double eps,
                        rm_tensor **y, rm_error *err);

/* x (N, C, ...): statistics of each channel. With options->training x's own, which move the running ones by the mean
 * over the batch; else the running ones, which there must be. The running ones may be NULL, both of them. */
rm_status rm_instance_norm(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor *running_mean,
                           rm_tensor *running_var, const rm_batch_norm_options *options, rm_tensor **y, rm_error *err);

#endif
