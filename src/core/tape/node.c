/* node.c -- nodes: made, read, and freed without recursion. */
#include "core/tape/node.h"

#include <string.h>
#include "core/hook.h"
#include "core/tape/saved.h"
#include "memory/alloc.h"

static size_t aligned(size_t bytes) { return (bytes + 15) & ~(size_t)15; }

static size_t node_bytes(size_t ninputs, size_t nsaved, size_t payload) {
  return aligned(sizeof(rm_node)) + aligned(ninputs * sizeof(rm_edge)) + aligned(nsaved * sizeof(rm_saved)) + payload;
}

rm_node *rm_node_new(const rm_record *r) {
  size_t bytes = node_bytes(r->ninputs, r->nsaved, r->payload_bytes);
  char *block = rm_alloc(bytes);
  if (!block) return NULL;
  memset(block, 0, bytes);
  rm_node *node = (rm_node *)block;
  atomic_init(&node->refs, 1);
  node->name = r->name;
  node->backward = r->backward;
  node->recompute = r->recompute;
  node->ninputs = r->ninputs;
  node->adds_up = r->adds_up;
  node->reads_source = r->reads_source;
  node->nsaved = r->nsaved;
  node->nbackward = r->nsaved - r->more_saved;
  node->payload_bytes = r->payload_bytes;
  node->edges = (rm_edge *)(block + aligned(sizeof *node));
  node->saved = (rm_saved *)((char *)node->edges + aligned(r->ninputs * sizeof(rm_edge)));
  node->payload = (char *)node->saved + aligned(r->nsaved * sizeof(rm_saved));
  if (r->payload) memcpy(node->payload, r->payload, r->payload_bytes);
  return node;
}

void rm_node_connect(rm_node *node, size_t input, rm_tensor *x) {
  rm_edge *e = &node->edges[input];
  e->ndim = x->ndim;
  memcpy(e->shape, x->shape, x->ndim * sizeof *x->shape);
  if (!x->requires_grad) return;
  if (x->node) {
    e->node = x->node;
    atomic_fetch_add(&x->node->refs, 1);
    if (x->node->depth >= node->depth) node->depth = x->node->depth + 1;
  } else {
    e->leaf = rm_tensor_retain(x);
  }
}

/* Nodes behind this one may lose their last owner in turn. A network is thousands of
 * nodes deep, so they wait in a list instead of on the stack. */
void rm_node_release(rm_node *node) {
  if (atomic_fetch_sub(&node->refs, 1) != 1) return;
  node->doomed = NULL;
  while (node) {
    rm_node *next = node->doomed;
    rm_saved_free(node);
    rm_hooks_release(node->hooks);
    rm_tensor_release(node->dy);
    rm_tensor_release(node->more_dy);
    rm_tensor_release(node->again);
    for (size_t i = 0; i < node->ninputs; i++) {
      rm_node *behind = node->edges[i].node;
      rm_tensor_release(node->edges[i].leaf);
      if (behind && atomic_fetch_sub(&behind->refs, 1) == 1) {
        behind->doomed = next;
        next = behind;
      }
    }
    rm_free(node, node_bytes(node->ninputs, node->nsaved, node->payload_bytes));
    node = next;
  }
}

bool rm_node_needs(const rm_node *node, size_t i) { return node->edges[i].node || node->edges[i].leaf; }
rm_tensor *rm_node_saved(const rm_node *node, size_t i) { return node->saved[i].tensor; }
bool rm_node_is(const rm_node *node, rm_backward_fn backward) { return node->backward == backward; }
rm_tensor *rm_node_more_dy(const rm_node *node) { return node->more_dy; }
const void *rm_node_payload(const rm_node *node) { return node->payload; }
const char *rm_node_name(const rm_node *node) { return node->name; }
const rm_node *rm_node_input(const rm_node *node, size_t i) { return node->edges[i].node; }
size_t rm_node_ninputs(const rm_node *node) { return node->ninputs; }
const rm_tensor *rm_node_leaf(const rm_node *node, size_t i) { return node->edges[i].leaf; }
rm_hook **rm_node_hooks(rm_node *node) { return &node->hooks; }
size_t rm_node_input_shape(const rm_node *node, size_t i, size_t shape[RM_MAX_DIMS]) {
  memcpy(shape, node->edges[i].shape, node->edges[i].ndim * sizeof *shape);
  return node->edges[i].ndim;
}
