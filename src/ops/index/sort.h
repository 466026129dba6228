/* sort.h -- values in order, and the positions they had.
 *
 * Positions are int64 and count from 1, as everywhere where users see them. */
#ifndef RM_OPS_INDEX_SORT_H
#define RM_OPS_INDEX_SORT_H

#include "core/tensor.h"

/* Values in order along dim, and where they stood (int64). Equal values keep their order;
 * NaN counts as the largest. Gradients flow to the values. */
rm_status rm_sort(rm_tensor *x, size_t dim, bool descending, rm_tensor **values, rm_tensor **indices, rm_error *err);

/* The k largest (or smallest) along dim, in order. */
rm_status rm_topk(rm_tensor *x, size_t k, size_t dim, bool largest, rm_tensor **values, rm_tensor **indices,
                  rm_error *err);

#endif
