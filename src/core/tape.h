/* tape.h -- reverse-mode differentiation.
 *
 * An operator that sees an input which requires a gradient records a node: how to
 * turn the gradient of its output into the gradients of its inputs, and the tensors
 * it needs for that. The nodes form a graph from the loss back to the leaves, owned
 * by the tensors at its end: drop the loss and the graph is gone. rm_backward walks it
 * once, latest operations first, adds into the `grad` of the leaves and frees the
 * saved tensors as it goes.
 *
 * Saved tensors are kept without their history (no cycles), together with the
 * version of their storage: a later write in place makes backward fail instead of
 * giving a wrong gradient.
 *
 * A large input that the operation before can compute again at the price of a pass over memory
 * is not kept: relu(bn(c)) in front of a convolution follows from c, which is kept in any case.
 * It is saved weakly, and backward takes it from any tensor that still holds it or has it computed
 * again. What it follows from may be such a tensor in turn: relu(bn(c) + s) follows from c and s.
 *
 * An output that every reader can work out while it reads need not be computed at all: y is then a promise
 * (rm_tensor_promise), recorded like any output, and readers look at what its node saved. */
#ifndef RM_CORE_TAPE_H
#define RM_CORE_TAPE_H

#include "core/tensor.h"

/* Recording can be switched off (evaluation, updates); one switch per thread.
 * rm_grad_set returns what it was. */
bool rm_grad_enabled(void);
bool rm_grad_set(bool enabled);

/* True if an operator on these inputs has to record itself. NULL inputs are fine. */
bool rm_tape_wants(size_t n, rm_tensor *const inputs[]);

/* From dy, the gradient of the node's output (its shape, any strides), computes
 * dx[i], a tensor of input i's shape, for every i with rm_node_needs(node, i); the
 * others stay NULL. dx[i] passes to the caller, who may write into it if he turns out
 * to be its only owner; returning dy itself, retained, is fine. On failure, what is
 * in dx is released by the caller. Recording is off meanwhile. */
typedef rm_status (*rm_backward_fn)(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err);

/* Computes the node's output, from what it saved: the same bits each time. */
typedef rm_status (*rm_recompute_fn)(const rm_node *node, rm_tensor **y, rm_error *err);

/* Records y = op(inputs). Call it only if rm_tape_wants(...), with a fresh y.
 * `payload` (copied; may be NULL) holds what backward needs besides tensors.
 * Entries of `inputs` and `saved` may be NULL. y may be among the saved. */
typedef struct {
  const char *name; /* of the operator, for messages: "conv2d" */
  rm_backward_fn backward;
  rm_recompute_fn recompute; /* where that is cheap, else NULL; not with y among the saved */
  size_t ninputs;
  rm_tensor *const *inputs;
  size_t nsaved;
  rm_tensor *const *saved;
  size_t more_saved; /* so many of them, the last ones, only recompute looks at */
  bool adds_up;      /* backward looks at rm_node_more_dy */
  bool reads_source; /* backward asks rm_node_source, then rm_node_bring_back, for what may have to be computed */
  const void *payload;
  size_t payload_bytes;
} rm_record;
rm_status rm_tape_record(rm_tensor *y, const rm_record *record, rm_error *err);

/* y, fresh, has the elements that were promised, and becomes what the promise stands for: computed by its node. */
void rm_tape_keep_promise(const rm_tensor *promise, rm_tensor *y);

/* Whether x is the output of an operation that can compute it again, and large enough for that: then x, an input, costs
 * nothing to save, or is kept anyway for a chain of such outputs to begin with. */
bool rm_tape_can_recompute(const rm_tensor *x);

/* The second part of the gradient of the node's output, of the same layout as dy, or NULL. Only a record with
 * `adds_up` gets one: its backward adds it to dy in the pass that it makes anyway. */
rm_tensor *rm_node_more_dy(const rm_node *node);

bool rm_node_needs(const rm_node *node, size_t input);
rm_tensor *rm_node_saved(const rm_node *node, size_t i); /* borrowed; NULL if NULL was saved */
/* For a backward whose record has `reads_source`: NULL if saved tensor i is at hand, else the node that can compute it,
 * whose own saved tensors are as they were, though not all of them need be at hand. */
rm_status rm_node_source(const rm_node *node, size_t i, const rm_node **source, rm_error *err);
/* From now on it is at hand. */
rm_status rm_node_bring_back(const rm_node *node, size_t i, rm_error *err);
bool rm_node_is(const rm_node *node, rm_backward_fn backward); /* which operation it is */
const void *rm_node_payload(const rm_node *node);
/* The tensor that owns a node gives it up; frees the graph behind it without recursion. */
void rm_node_release(rm_node *node);
const char *rm_node_name(const rm_node *node);
/* Shape of input i, for gradients that are summed or scattered back to it. */
/* What computed input i; NULL for a leaf, and for what requires no gradient. */
const rm_node *rm_node_input(const rm_node *node, size_t input);
size_t rm_node_ninputs(const rm_node *node);
/* Input i itself if it is a leaf that wants a gradient, else NULL. */
const rm_tensor *rm_node_leaf(const rm_node *node, size_t input);
rm_hook **rm_node_hooks(rm_node *node); /* of the node's output: hook.h */
size_t rm_node_input_shape(const rm_node *node, size_t input, size_t shape[RM_MAX_DIMS]);

/* Gradients of y with respect to all leaves behind it, added to their `grad`.
 * dy may be NULL if y has one element. Unless keep_graph, the graph's saved tensors are freed
 * and a second backward through it is an error. On failure no leaf's grad has changed. */
rm_status rm_backward(rm_tensor *y, rm_tensor *dy, bool keep_graph, rm_error *err);

/* For a node's backward that computes something once more and goes back through that: the
 * gradients of leaves count as found by the walk that is going on; that of x, a leaf, becomes
 * *dx (NULL if x was not met). The second graph is freed. */
rm_status rm_backward_within(rm_tensor *y, rm_tensor *dy, const rm_tensor *x, rm_tensor **dx, rm_error *err);

/* Whether what is computed now was computed before, and only its graph is wanted: nothing is
 * counted or moved a second time then (running statistics). rm_tape_set_replaying returns what
 * was. One switch per thread. */
bool rm_tape_replaying(void);
bool rm_tape_set_replaying(bool on);

/* Makes a float32 leaf require a gradient or not. Refuses computed tensors. What was put off and would
 * record t (reader.h) is done first. */
rm_status rm_tensor_set_requires_grad(rm_tensor *t, bool requires, rm_error *err);
/* Replaces t's gradient (retained; NULL clears). Same shape, float32. */
rm_status rm_tensor_set_grad(rm_tensor *t, rm_tensor *grad, rm_error *err);
/* Refuses a write in place into a tensor the tape would lose track of: a leaf that
 * requires a gradient, or a computed tensor that carries one, while recording is on; and
 * into one whose positions share memory (stride 0). What was put off and would read the old
 * elements (reader.h) is done first. */
rm_status rm_tensor_check_writable(const char *op, const rm_tensor *t, rm_error *err);

#endif
