/* batch_norm_backward.h -- the gradients of batch norm, for the tape. */
#ifndef RM_NORM_BATCH_NORM_BACKWARD_H
#define RM_NORM_BATCH_NORM_BACKWARD_H

#include "core/tape.h"

rm_status rm_batch_norm_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err);

#endif
