/* shape.h -- extents and strides: arithmetic on them, and how messages write them.
 *
 * Shapes are logical: images are (N, C, H, W). Strides count elements, not bytes.
 * A tensor is *dense* when its elements fill one run of memory without gaps, in
 * some order of the dimensions; channels-last is such an order. */
#ifndef RM_CORE_SHAPE_H
#define RM_CORE_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/status.h"

enum { RM_MAX_DIMS = 8 };

/* Number of elements, or RM_ERR_VALUE if it (or its size in bytes) overflows. */
rm_status rm_shape_numel(size_t ndim, const size_t shape[], size_t *numel, rm_error *err);

bool rm_shape_equal(size_t ndim_a, const size_t a[], size_t ndim_b, const size_t b[]);

/* Strides of the row-major layout, and of N,C,H,W held as N,H,W,C (ndim 4). */
void rm_strides_contiguous(size_t ndim, const size_t shape[], ptrdiff_t strides[]);
void rm_strides_channels_last(const size_t shape[4], ptrdiff_t strides[4]);

/* Dimensions of extent 1 never count: their stride is not looked at. */
bool rm_strides_are_contiguous(size_t ndim, const size_t shape[], const ptrdiff_t strides[]);
bool rm_strides_are_channels_last(size_t ndim, const size_t shape[], const ptrdiff_t strides[]);
bool rm_strides_are_dense(size_t ndim, const size_t shape[], const ptrdiff_t strides[]);

/* The shape that a and b broadcast to (aligned at the last dimension; 1 stretches).
 * `op` names the operation in the error. */
rm_status rm_shape_broadcast(const char *op, size_t ndim_a, const size_t a[], size_t ndim_b, const size_t b[],
                             size_t *ndim, size_t shape[RM_MAX_DIMS], rm_error *err);

/* Writes "(2, 3, 4)"; "()" for no dimensions. Returns buf. */
enum { RM_SHAPE_TEXT = 200 };
char *rm_shape_text(size_t ndim, const size_t shape[], char buf[RM_SHAPE_TEXT]);

#endif
