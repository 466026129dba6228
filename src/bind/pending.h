/* pending.h -- a batch norm's result, not computed until somebody looks at it.
 *
 * `bn(conv(x)):relu()` is how a block is written, and what it should cost is one pass over
 * memory and one activation. So bn(x) takes its statistics at once, moves the running ones,
 * and returns a box that remembers what is left to do. `:relu()` does it together with
 * relu; `pending + t` gives another pending box, whose `:relu()` does all three together.
 * Whatever else is done with the box, even printing it, first does the rest as a plain batch
 * norm (+ addition): a user cannot tell such a tensor from any other.
 *
 * Who is about to write into a tensor in place first has those completed that would read it.
 * Whether gradients are recorded is decided where bn was called; where that has changed in
 * between, nothing is joined. */
#ifndef RM_BIND_PENDING_H
#define RM_BIND_PENDING_H

#include "bind/state.h"
#include "ops/norm.h"

/* Pushes the box for a batch norm of x; returns 1. Tensors may be NULL as in rm_batch_norm. */
int bind_pushbatchnorm(lua_State *L, rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor *running_mean,
                       rm_tensor *running_var, const rm_batch_norm_options *options);

/* If the value at `arg` is pending and can be joined with relu: pushes the result, true. */
bool bind_pendingrelu(lua_State *L, int arg);
/* The same for the sum of the values at 1 and 2. */
bool bind_pendingadd(lua_State *L);

/* Computes what the box still owes. */
void bind_complete(lua_State *L, bind_box *box);
/* Completes all that would read t's memory: it is about to be written. */
void bind_completereaders(lua_State *L, const rm_tensor *t);
/* Completes all of which t is an input: whether it requires a gradient is about to change. */
void bind_completerecorders(lua_State *L, const rm_tensor *t);
/* Forgets what the box owes: it is collected. */
void bind_droppending(bind_box *box);

#endif
