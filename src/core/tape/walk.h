/* walk.h -- the nodes behind a result, in the order in which a gradient meets them; for the files of
 * this folder.
 *
 * Every node has a depth, one more than the deepest of its inputs. A walk collects what can be
 * reached, sorts it by falling depth, and so meets each node after everything that used its output:
 * its gradient is then complete. */
#ifndef RM_CORE_TAPE_WALK_H
#define RM_CORE_TAPE_WALK_H

#include "core/tape/node.h"

typedef struct {
  rm_node **nodes;
  size_t n, capacity;
} rm_walk; /* begins as {0} */

/* All nodes behind root, and root. Refuses nodes that were used, and a root that another walk holds. */
rm_status rm_walk_plan(rm_walk *walk, rm_node *root, rm_error *err);

/* Leaves the nodes as a next walk must find them; those that nothing comes to again (`done`: all of
 * them) lose their hooks. */
void rm_walk_end(rm_walk *walk, bool done);

#endif
