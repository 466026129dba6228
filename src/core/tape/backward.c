/* backward.c -- walking back through what was recorded. */
#include <stdlib.h>
#include <string.h>
#include "core/hook.h"
#include "core/tape/accumulate.h"
#include "core/tape/leaves.h"
#include "core/tape/observe.h"
#include "core/tape/saved.h"
#include "core/tape/walk.h"
#include "core/view.h"
#include "measure/profile.h"
#include "parallel/interrupt.h"

enum { FEW_INPUTS = 8 };

/* A hook is the user's own code, which may write into anything. */
static rm_status run_hooks(rm_hook *hooks, rm_tensor **grad, rm_error *err) {
  rm_unbreakable pause = rm_unbreakable_begin();
  rm_status status = rm_hooks_run(hooks, grad, err);
  rm_unbreakable_end(pause);
  return status;
}

/* Both parts of the gradient of the node's output become one. */
static rm_status add_up(rm_node *node, rm_error *err) {
  rm_tensor *more = node->more_dy;
  node->more_dy = NULL;
  return more ? rm_gradient_accumulate(&node->dy, more, err) : RM_OK;
}

/* One more part of the gradient of the node's output; g is taken over, also on failure. */
static rm_status collect(rm_node *node, rm_tensor *g, rm_error *err) {
  rm_status status = add_up(node, err);
  if (status == RM_OK && node->adds_up && node->dy && rm_tensor_is_dense(g) && rm_tensor_same_layout(node->dy, g)) {
    node->more_dy = g;
    return RM_OK;
  }
  if (status == RM_OK) return rm_gradient_accumulate(&node->dy, g, err);
  rm_tensor_release(g);
  return status;
}

/* The node's own backward: *dy, given up, becomes dx. */
static rm_status differentiate(rm_node *node, rm_tensor *dx[], rm_error *err) {
  rm_tensor *dy = node->dy;
  rm_tensor_release(node->again); /* whoever kept the output weakly has been visited */
  node->dy = node->again = NULL;
  rm_status status = node->reads_source ? RM_OK : rm_saved_bring_back(node, node->nbackward, err);
  rm_scope scope = rm_profile_begin();
  if (status == RM_OK) status = node->backward(node, dy, dx, err);
  rm_profile_end(scope, node->name, RM_PROFILE_BACKWARD);
  rm_saved_let_go(node);
  if (status == RM_OK) status = rm_backward_show(node, dx, node->ninputs, err);
  rm_tensor_release(node->more_dy);
  node->more_dy = NULL;
  rm_tensor_release(dy); /* before the sums: dx may then be its only owner */
  return status;
}

/* Each dx[i] goes to what is behind input i; all are released if status is a failure already. */
static rm_status distribute(rm_node *node, rm_tensor *dx[], rm_leaves *leaves, rm_status status, rm_error *err) {
  for (size_t i = 0; i < node->ninputs; i++) {
    rm_tensor *g = dx[i];
    if (!g) continue;
    const rm_edge *e = &node->edges[i];
    if (status != RM_OK || !rm_node_needs(node, i)) rm_tensor_release(g);
    else if (e->node) status = collect(e->node, g, err);
    else status = rm_leaves_add(leaves, e->leaf, g, err);
  }
  return status;
}

static rm_status visit(rm_node *node, rm_leaves *leaves, bool keep_graph, rm_error *err) {
  RM_TRY(rm_saved_check(node, node->nbackward, err));
  if (node->hooks) RM_TRY(add_up(node, err));
  if (node->hooks) RM_TRY(run_hooks(node->hooks, &node->dy, err));
  rm_tensor *few[FEW_INPUTS], **dx = few;
  if (node->ninputs > FEW_INPUTS) dx = malloc(node->ninputs * sizeof *dx);
  if (!dx) return rm_fail(err, RM_ERR_MEMORY, "backward: out of memory");
  memset(dx, 0, node->ninputs * sizeof *dx);
  rm_status status = differentiate(node, dx, err);
  if (status == RM_OK && !keep_graph) {
    rm_saved_free(node);
    node->used = true; /* also where the walk fails later on */
  }
  status = distribute(node, dx, leaves, status, err);
  if (dx != few) free(dx);
  return status;
}

static rm_status first_gradient(rm_tensor *y, rm_tensor *dy, rm_tensor **out, rm_error *err) {
  char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
  if (!y->requires_grad)
    return rm_fail(err, RM_ERR_STATE, "backward: the tensor %s does not depend on anything that requires a gradient",
                   rm_tensor_text(y, a));
  if (!dy && y->numel != 1)
    return rm_advise(err, RM_ADVICE_REDUCE, "",
                     rm_fail(err, RM_ERR_SHAPE, "backward: the tensor is %s, no scalar", rm_tensor_text(y, a)));
  if (dy && (dy->dtype != RM_FLOAT32 || !rm_tensor_same_shape(dy, y)))
    return rm_fail(err, RM_ERR_SHAPE, "backward: the gradient is %s %s, expected float32 %s", rm_dtype_name(dy->dtype),
                   rm_tensor_text(dy, a), rm_tensor_text(y, b));
  if (dy) return rm_tensor_detach(dy, out, err);
  RM_TRY(rm_tensor_new(RM_FLOAT32, y->ndim, y->shape, out, err));
  *rm_tensor_f32(*out) = 1;
  return RM_OK;
}

/* From y, whose gradient is seed (taken over), to the leaves. Ctrl-C may end it: all gradients are
 * gathered aside, so it leaves no trace of them. */
static rm_status go_back(rm_walk *walk, rm_tensor *y, rm_tensor *seed, bool keep_graph, rm_leaves *leaves,
                         rm_error *err) {
  if (!y->node) return rm_leaves_add(leaves, y, seed, err);
  rm_status status = rm_walk_plan(walk, y->node, err);
  if (status == RM_OK) y->node->dy = seed;
  else rm_tensor_release(seed);
  rm_breakable_begin();
  for (size_t i = 0; status == RM_OK && i < walk->n && !rm_broken(); i++)
    if (walk->nodes[i]->dy) status = visit(walk->nodes[i], leaves, keep_graph, err);
  return rm_breakable_end(status, err);
}

static _Thread_local rm_leaves *current; /* of the innermost walk that is going on */

/* outer: NULL, or what the walk has found inside which this one goes on. */
static rm_status backward(rm_tensor *y, rm_tensor *dy, bool keep_graph, rm_leaves *outer, const rm_tensor *x,
                          rm_tensor **dx, rm_error *err) {
  rm_tensor *seed;
  RM_TRY(first_gradient(y, dy, &seed, err));
  rm_walk walk = {0};
  rm_leaves leaves = {.inner = outer != NULL}, *before = current;
  current = &leaves;
  bool was = rm_grad_set(false);
  rm_status status = go_back(&walk, y, seed, keep_graph, &leaves, err);
  rm_unbreakable pause = rm_unbreakable_begin();
  if (status == RM_OK)
    status = outer ? rm_leaves_hand_over(&leaves, outer, x, dx, err) : rm_leaves_deliver(&leaves, err);
  rm_unbreakable_end(pause);
  rm_walk_end(&walk, status == RM_OK && !keep_graph);
  rm_leaves_free(&leaves);
  rm_grad_set(was);
  current = before;
  return status;
}

rm_status rm_backward(rm_tensor *y, rm_tensor *dy, bool keep_graph, rm_error *err) {
  return backward(y, dy, keep_graph, NULL, NULL, NULL, err);
}

rm_status rm_backward_within(rm_tensor *y, rm_tensor *dy, const rm_tensor *x, rm_tensor **dx, rm_error *err) {
  if (!current) return rm_fail(err, RM_ERR_STATE, "backward: not inside of another");
  return backward(y, dy, false, current, x, dx, err);
}
