/* view.h -- other tensors on the same elements.
 *
 * Nothing here is recorded on the tape: ops/views/views.h is what users call. */
#ifndef RM_CORE_VIEW_H
#define RM_CORE_VIEW_H

#include "core/tensor.h"

/* Any shape and strides over x's storage. */
rm_status rm_tensor_view(const rm_tensor *x, size_t ndim, const size_t shape[], const ptrdiff_t strides[],
                         size_t offset, rm_tensor **out, rm_error *err);
/* The same elements without history: shares storage, requires no gradient. */
rm_status rm_tensor_detach(const rm_tensor *x, rm_tensor **out, rm_error *err);

/* The same elements as x without keeping them: what is left when they are gone is the version of
 * their storage, which tells whether they were written to. rm_tensor_revive gives an ordinary
 * tensor on them, or NULL where nobody has kept them. */
rm_status rm_tensor_weak(const rm_tensor *x, rm_tensor **out, rm_error *err);
rm_status rm_tensor_revive(const rm_tensor *weak, rm_tensor **out, rm_error *err);
/* Weak from the beginning: a channels-last tensor of this shape whose elements nobody has computed. */
rm_status rm_tensor_promise(const size_t shape[4], rm_tensor **out, rm_error *err);

#endif
