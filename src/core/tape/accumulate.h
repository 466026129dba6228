/* accumulate.h -- adding gradients to each other; for the files of this folder. */
#ifndef RM_CORE_TAPE_ACCUMULATE_H
#define RM_CORE_TAPE_ACCUMULATE_H

#include "core/tensor.h"

/* into += from: dense tensors of one layout. */
void rm_gradient_add(rm_tensor *into, const rm_tensor *from);

/* *sum += g, where *sum may be NULL. Takes over the caller's reference to g, also on failure. */
rm_status rm_gradient_accumulate(rm_tensor **sum, rm_tensor *g, rm_error *err);

#endif
