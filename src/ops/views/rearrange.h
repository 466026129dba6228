/* rearrange.h -- the same elements in other places: copies, through which gradients flow. Any dtype. */
#ifndef RM_OPS_VIEWS_REARRANGE_H
#define RM_OPS_VIEWS_REARRANGE_H

#include "core/tensor.h"

/* The order of positions turned around in every dimension d with dims[d]. */
rm_status rm_flip(rm_tensor *x, const bool dims[], rm_tensor **y, rm_error *err);

/* Elements move `shift` positions on along dim; what leaves the end comes in at the start. */
rm_status rm_roll(rm_tensor *x, size_t dim, int64_t shift, rm_tensor **y, rm_error *err);

/* x `times[d]` times along dimension d, aligned at the last one as in broadcasting: extents of 1 are put in front of
 * x's, or ones in front of the times. */
rm_status rm_tile(rm_tensor *x, size_t n, const size_t times[], rm_tensor **y, rm_error *err);

#endif
