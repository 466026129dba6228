/* median.h -- the element that stands in the middle, of an even number the lower of the two; NaN where there is one. */
#ifndef RM_OPS_INDEX_MEDIAN_H
#define RM_OPS_INDEX_MEDIAN_H

#include "core/tensor.h"

/* Along dim (kept with extent 1 if keepdim) with its position, which gets the gradient; or, of all elements, those that
 * equal it share it. Of nothing: NaN, which only float32 has. */
rm_status rm_median_along(rm_tensor *x, size_t dim, bool keepdim, rm_tensor **value, rm_tensor **index, rm_error *err);
rm_status rm_median(rm_tensor *x, rm_tensor **value, rm_error *err);

#endif
