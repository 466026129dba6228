/* group_rows.h -- the operator behind group, layer and instance norm; for the files of this folder. */
#ifndef RM_OPS_NORM_GROUP_ROWS_H
#define RM_OPS_NORM_GROUP_ROWS_H

#include "core/tensor.h"

/* x (N, C) or (N, C, ...), normalized over each of `groups` runs of channels, and what follows them, of each example.
 * weight and bias (C) or NULL. *stats, where asked for, is (2, N, groups): mean and biased variance. The caller has
 * checked types and shapes, and that groups divides C. */
rm_status rm_group_rows(const char *op, rm_tensor *x, size_t groups, rm_tensor *weight, rm_tensor *bias, double eps,
                        rm_tensor **stats, rm_tensor **y, rm_error *err);

#endif
