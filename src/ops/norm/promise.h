/* promise.h -- relu of a batch norm that is not computed: who reads it works it out from what the batch norm read.
 *
 * y = relu((x - mean) * scale + shift) is a pass over memory, and another when it is read. A convolution that looks at
 * blocks of pixels one after the other needs neither: it normalizes a block into its cache (ops/conv/pixels.h), in
 * forward and once more for the gradient of its weights. So y is never stored. Who wants it all the same has it
 * computed (rm_batch_norm_apply, to be given the promise's node: rm_tape_keep_promise). */
#ifndef RM_OPS_NORM_PROMISE_H
#define RM_OPS_NORM_PROMISE_H

#include "core/tensor.h"

/* *y: a promise (rm_tensor_promise) of what rm_batch_norm_apply gives for the same arguments with relu, recorded on the tape.
 * Untouched where no gradients are recorded, where x is no batch of images, and where x is not kept for backward either. */
rm_status rm_batch_norm_promise(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor *columns, bool of_batch,
                                rm_tensor **y, rm_error *err);

/* What to compute it from, borrowed: x, channels-last, and the columns (batch_norm.h). */
typedef struct {
  const rm_tensor *x, *columns;
} rm_promise;
/* False if the node computes something else, or what it saved is not at hand. */
bool rm_promise_source(const rm_node *node, rm_promise *out);

#endif
