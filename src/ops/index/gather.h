/* gather.h -- elements picked by position.
 *
 * Positions are values of int64 tensors, so they count from 1 (core/tensor.h
 * says why); negative ones count from the end. */
#ifndef RM_OPS_INDEX_GATHER_H
#define RM_OPS_INDEX_GATHER_H

#include "core/tensor.h"

/* y[..., j, ...] = x[..., index[j], ...] along dim. index: int64 (K). Any dtype. An index
 * may repeat; its gradients add up. */
rm_status rm_index_select(rm_tensor *x, size_t dim, rm_tensor *index, rm_tensor **y, rm_error *err);

/* y[i][j][k] = x[i][index[i][j][k]][k] for dim 1: index has x's number of dimensions and, dim
 * aside, at most its extents. y has index's shape. Any dtype. */
rm_status rm_gather(rm_tensor *x, size_t dim, rm_tensor *index, rm_tensor **y, rm_error *err);

#endif
