/* pending.h -- a result not computed until somebody looks at it: a batch norm's, and, where no gradients
 * are recorded, a convolution's.
 *
 * `bn(conv(x)):relu()` is how a block is written, and what it should cost is one pass over
 * memory and one activation. So bn(x) takes its statistics at once, moves the running ones,
 * and returns a box that remembers what is left to do. `:relu()` does it together with
 * relu; `pending + t` gives another pending box, whose `:relu()` does all three together.
 * Whatever else is done with the box, even printing it, first does the rest as a plain batch
 * norm (+ addition): a user cannot tell such a tensor from any other.
 *
 * In evaluation, under no_grad, the convolution waits too: `bn` with fixed statistics is folded into its
 * weights (batch_norm_fold.c), and addition and relu are done where the convolution writes its output. So
 * `(bn(conv(x)) + shortcut):relu()` is one convolution and one activation. Shapes are checked at the call.
 *
 * Who is about to write into a tensor in place first has those completed that would read it.
 * Whether gradients are recorded is decided where bn was called; where that has changed in
 * between, nothing is joined. */
#ifndef RM_BIND_PENDING_H
#define RM_BIND_PENDING_H

#include "bind/state.h"
#include "ops/conv/conv.h"
#include "ops/norm/norm.h"

/* Pushes the box for a batch norm of x; returns 1. Tensors may be NULL as in rm_batch_norm. */
int bind_pushbatchnorm(lua_State *L, rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor *running_mean,
                       rm_tensor *running_var, const rm_batch_norm_options *options);

/* Pushes the box for a convolution of x; returns 1. Raises for wrong shapes. */
int bind_pushconv2d(lua_State *L, rm_tensor *x, rm_tensor *weight, rm_tensor *bias, const rm_conv_options *options);
/* If the value at `arg` is a convolution that waits, and a batch norm with these fixed statistics can be
 * folded into it: pushes the box for both, true. */
bool bind_pendingbatchnorm(lua_State *L, int arg, rm_tensor *weight, rm_tensor *bias, rm_tensor *running_mean,
                           rm_tensor *running_var, const rm_batch_norm_options *options);
/* The shape of what the value at `arg`, which waits, will be: (N, C, ...). NULL if it is not pending. */
const size_t *bind_pendingshape(lua_State *L, int arg, size_t *ndim);

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
