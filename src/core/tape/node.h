/* node.h -- what a node of the tape consists of; for the files of this folder.
 *
 * A node is one block of memory: the struct, its edges, what was saved, the payload. It is owned by
 * the tensor it computed and by the nodes that used that tensor. */
#ifndef RM_CORE_TAPE_NODE_H
#define RM_CORE_TAPE_NODE_H

#include "core/tape.h"

/* A tensor that backward needs: saved.h. */
typedef struct {
  rm_tensor *tensor; /* without history; NULL: nothing was saved here, or it is not at hand now */
  rm_tensor *weak;   /* NULL, or the same without keeping its elements: */
  rm_node *source;   /* who can compute them again, an input's node */
  unsigned version;
} rm_saved;

/* Where the gradient of an input goes. */
typedef struct {
  rm_node *node;   /* what computed the input, or NULL */
  rm_tensor *leaf; /* the input itself if it is a leaf that wants a gradient, or NULL */
  size_t ndim, shape[RM_MAX_DIMS];
} rm_edge;

struct rm_node {
  atomic_size_t refs;
  const char *name;
  rm_backward_fn backward;
  rm_recompute_fn recompute;
  size_t depth;     /* one more than the deepest of its inputs */
  unsigned version; /* of the output's storage when it was computed */
  size_t chain;     /* how many operations are computed again, one after the other, before this one can be */
  size_t ninputs, nsaved, payload_bytes;
  size_t nbackward;   /* of the saved: those that backward looks at, the first ones */
  bool adds_up;       /* its backward takes dy in two parts */
  bool reads_source;  /* its backward brings back what was saved weakly, if it needs it */
  bool used;          /* backward has been here and freed what was saved */
  rm_tensor *dy;      /* during a walk: the gradient of the output so far */
  rm_tensor *more_dy; /* the same, the second part; only with adds_up */
  rm_tensor *again;   /* during a walk: the output, computed again for those that kept it weakly */
  bool reached;       /* during a walk: already collected */
  size_t found;       /* during a walk: how many nodes were collected before it */
  rm_node *doomed;    /* during a release: next in the list of nodes to free */
  rm_hook *hooks;     /* look at dy */
  rm_edge *edges;
  rm_saved *saved;
  void *payload;
};

/* A node with the record's name, functions and payload; no edges yet, nothing saved. NULL: no memory. */
rm_node *rm_node_new(const rm_record *record);

/* x is the node's input of this number: its shape is kept, and where its gradient goes. */
void rm_node_connect(rm_node *node, size_t input, rm_tensor *x);

#endif
