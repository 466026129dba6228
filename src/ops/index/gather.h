/* gather.h -- elements picked by position, and sorted.
 *
 * Positions are values of int64 tensors, so they count from 1, as everywhere in Lua;
 * negative ones count from the end. */
#ifndef RM_OPS_INDEX_GATHER_H
#define RM_OPS_INDEX_GATHER_H

#include "core/tensor.h"

/* y[..., j, ...] = x[..., index[j], ...] along dim. index: int64 (K). Any dtype. An index
 * may repeat; its gradients add up. */
rm_status rm_index_select(rm_tensor *x, size_t dim, rm_tensor *index, rm_tensor **y, rm_error *err);

/* y[i][j][k] = x[i][index[i][j][k]][k] for dim 1: index has x's number of dimensions and, dim
 * aside, at most its extents. y has index's shape. Any dtype. */
rm_status rm_gather(rm_tensor *x, size_t dim, rm_tensor *index, rm_tensor **y, rm_error *err);

/* Values in order along dim, and where they stood (int64). Equal values keep their order;
 * NaN counts as the largest. Gradients flow to the values. */
rm_status rm_sort(rm_tensor *x, size_t dim, bool descending, rm_tensor **values, rm_tensor **indices,
                  rm_error *err);

/* The k largest (or smallest) along dim, in order. */
rm_status rm_topk(rm_tensor *x, size_t k, size_t dim, bool largest, rm_tensor **values,
                  rm_tensor **indices, rm_error *err);

#endif
