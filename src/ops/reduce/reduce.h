/* reduce.h -- sums, means, variances, norms and extremes over some or all dimensions.
 *
 * `over[d]` says whether dimension d is reduced (NULL: all are). With keepdim the
 * reduced dimensions stay with extent 1. The result keeps the order in memory of the
 * dimensions that are left. */
#ifndef RM_OPS_REDUCE_REDUCE_H
#define RM_OPS_REDUCE_REDUCE_H

#include "core/tensor.h"

/* int64 and uint8 give int64, exactly. */
rm_status rm_sum(rm_tensor *x, const bool over[], bool keepdim, rm_tensor **y, rm_error *err);
rm_status rm_mean(rm_tensor *x, const bool over[], bool keepdim, rm_tensor **y, rm_error *err);
/* scale times the sum of all of x, a loss, whose first dimension is that of a batch's images: as dist/batch.h has it. */
rm_status rm_batch_total(rm_tensor *x, double scale, rm_tensor **y, rm_error *err);
/* Divided by n, or, unbiased, by n - 1. */
rm_status rm_var(rm_tensor *x, const bool over[], bool unbiased, bool keepdim, rm_tensor **y, rm_error *err);
rm_status rm_std(rm_tensor *x, const bool over[], bool unbiased, bool keepdim, rm_tensor **y, rm_error *err);
/* (sum |x|^p)^(1/p); p may be INFINITY. */
rm_status rm_norm(rm_tensor *x, double p, const bool over[], bool keepdim, rm_tensor **y, rm_error *err);
rm_status rm_prod(rm_tensor *x, const bool over[], bool keepdim, rm_tensor **y, rm_error *err);

/* log of the sum of e^x (logsumexp.c). */
rm_status rm_logsumexp(rm_tensor *x, const bool over[], bool keepdim, rm_tensor **y, rm_error *err);

/* The largest (or smallest) value, and where it is: the position along the reduced dimension,
 * or, of several, in row-major order of those; int64, from 1. Of equal values the first counts,
 * and it alone gets the gradient. NaN counts as largest and as smallest. Either of `value`
 * and `index` may be NULL. */
rm_status rm_extreme(rm_tensor *x, bool largest, const bool over[], bool keepdim, rm_tensor **value, rm_tensor **index,
                     rm_error *err);

/* Records y, a number that `op` chose among all of x: the elements that equal it share its gradient (of NaN, all NaN). */
rm_status rm_record_choice(const char *op, rm_tensor *x, rm_tensor *y, rm_error *err);

/* uint8: whether any, or all, of x are not 0. */
rm_status rm_any(rm_tensor *x, const bool over[], bool keepdim, rm_tensor **y, rm_error *err);
rm_status rm_all(rm_tensor *x, const bool over[], bool keepdim, rm_tensor **y, rm_error *err);

/* The gradient of broadcasting: g summed to a shape that broadcasts to g's. Not recorded. Where nothing
 * is to be summed it is g itself, retained. */
rm_status rm_sum_to(rm_tensor *g, size_t ndim, const size_t shape[], rm_tensor **out, rm_error *err);

#endif
