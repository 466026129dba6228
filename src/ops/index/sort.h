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

/* median.c: the element that stands in the middle, of an even number the lower of the two; NaN where there is one.
 * Along dim (kept with extent 1 if keepdim) with its position, which gets the gradient; or, of all elements, those that
 * equal it share it. Of nothing: NaN, which only float32 has. */
rm_status rm_median_along(rm_tensor *x, size_t dim, bool keepdim, rm_tensor **value, rm_tensor **index, rm_error *err);
rm_status rm_median(rm_tensor *x, rm_tensor **value, rm_error *err);

#endif
