/* observe.h -- one function that looks at every operation of a backward. */
#ifndef RM_CORE_TAPE_OBSERVE_H
#define RM_CORE_TAPE_OBSERVE_H

#include "core/tape.h"

/* Looks at an operation after it is done: dx[i] is the gradient of its input i, or NULL. A failure
 * ends the backward. */
typedef rm_status (*rm_backward_observer)(void *ctx, const rm_node *node, rm_tensor *const dx[], size_t ninputs,
                                          rm_error *err);

/* One for each thread; NULL: nobody looks. */
void rm_backward_observe(rm_backward_observer observer, void *ctx);

/* For the walk: shows the node to the observer. */
rm_status rm_backward_show(const rm_node *node, rm_tensor *const dx[], size_t ninputs, rm_error *err);

#endif
