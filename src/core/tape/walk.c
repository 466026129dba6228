/* walk.c -- see walk.h. */
#include "core/tape/walk.h"

#include <stdlib.h>
#include "core/hook.h"
#include "core/tape/grow.h"

static bool collect(rm_walk *w, rm_node *node) {
  if (node->reached) return true;
  if (!rm_grow((void **)&w->nodes, w->n, &w->capacity, sizeof *w->nodes)) return false;
  node->reached = true;
  node->found = w->n;
  w->nodes[w->n++] = node;
  return true;
}

/* Deeper first; among equals the one found first, so that sums have one order. */
static int later_first(const void *a, const void *b) {
  const rm_node *x = *(rm_node *const *)a, *y = *(rm_node *const *)b;
  if (x->depth != y->depth) return x->depth < y->depth ? 1 : -1;
  return x->found < y->found ? -1 : 1;
}

rm_status rm_walk_plan(rm_walk *w, rm_node *root, rm_error *err) {
  if (root->reached) return rm_fail(err, RM_ERR_STATE, "backward: called by a hook of the same backward");
  bool room = collect(w, root);
  for (size_t i = 0; room && i < w->n; i++) {
    rm_node *node = w->nodes[i];
    if (node->used)
      return rm_advise(err, RM_ADVICE_KEEP_GRAPH, "",
                       rm_fail(err, RM_ERR_STATE,
                               "backward: %s was already differentiated and its saved tensors are freed", node->name));
    for (size_t k = 0; room && k < node->ninputs; k++)
      if (node->edges[k].node) room = collect(w, node->edges[k].node);
  }
  if (!room) return rm_fail(err, RM_ERR_MEMORY, "backward: out of memory");
  qsort(w->nodes, w->n, sizeof *w->nodes, later_first);
  return RM_OK;
}

void rm_walk_end(rm_walk *w, bool done) {
  for (size_t i = 0; i < w->n; i++) {
    rm_node *node = w->nodes[i];
    node->reached = false;
    node->used = node->used || done;
    if (node->used) { /* nothing comes this way again; a hook may hold the tensor that holds it */
      rm_hooks_release(node->hooks);
      node->hooks = NULL;
    }
    rm_tensor_release(node->dy);
    rm_tensor_release(node->more_dy);
    rm_tensor_release(node->again);
    node->dy = node->more_dy = node->again = NULL;
  }
  free(w->nodes);
}
