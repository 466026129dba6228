/* copy.h -- copying between layouts and element types.
 *
 * Nothing here is recorded on the tape; the differentiable versions are in ops/views. */
#ifndef RM_CORE_COPY_H
#define RM_CORE_COPY_H

#include "core/tensor.h"

/* These return x itself (retained) where it already is what was asked for. */
rm_status rm_tensor_contiguous(rm_tensor *x, rm_tensor **out, rm_error *err);
rm_status rm_tensor_channels_last(rm_tensor *x, rm_tensor **out, rm_error *err);
/* x in the layout of `like` (same shape, float32). */
rm_status rm_tensor_as_layout(rm_tensor *x, const rm_tensor *like, rm_tensor **out, rm_error *err);

/* Copies src into dst (equal shapes), converting the type: to uint8 and int64 by
 * truncation toward zero, saturated at the type's range, NaN becoming 0.
 * Marks dst as written. */
rm_status rm_tensor_copy(rm_tensor *dst, const rm_tensor *src, rm_error *err);
/* A dense copy in x's own layout. */
rm_status rm_tensor_clone(const rm_tensor *x, rm_tensor **out, rm_error *err);

#endif
