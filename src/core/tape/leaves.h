/* leaves.h -- the gradients of leaves that one walk has found so far; for the files of this folder.
 *
 * They are gathered here and added to the `grad` of the leaves at the very end, so that a backward
 * that fails half way has changed nothing the user can see. */
#ifndef RM_CORE_TAPE_LEAVES_H
#define RM_CORE_TAPE_LEAVES_H

#include "core/tape/buckets.h"

typedef struct {
  struct rm_leaf_gradient {
    rm_tensor *leaf, *grad;
  } * items;
  size_t n, capacity;
  rm_buckets *buckets; /* of a shared batch (dist/batch.h): what has not come back from the other processes */
  bool inner;          /* within another walk, which sends them */
} rm_leaves;           /* begins as {0} */

/* Adds g to what leaf has. Takes over the caller's reference to g, also on failure. */
rm_status rm_leaves_add(rm_leaves *leaves, rm_tensor *leaf, rm_tensor *g, rm_error *err);

/* To the leaves themselves. What can fail is done for all before the first one changes. */
rm_status rm_leaves_deliver(rm_leaves *leaves, rm_error *err);

/* To the walk around this one, x's aside, which becomes *dx. */
rm_status rm_leaves_hand_over(rm_leaves *leaves, rm_leaves *outer, const rm_tensor *x, rm_tensor **dx, rm_error *err);

void rm_leaves_free(rm_leaves *leaves);

#endif
