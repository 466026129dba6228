/* collect.h -- what all processes of the world do together. Each calls it at the same place, with equal sizes.
 *
 * A call that fails has changed nothing here. One that fails before anything was sent (there is no memory) may be made
 * again; one that is given up in its middle breaks the world (rm_world_break).
 *
 * A reduction is one fixed binary tree over the ranks: neighbours first, ((0 1)(2 3))((4 5)(6 7)). Where each rank holds
 * the sum of a subtree over groups of images, the whole is the tree over all groups: the same bits as in one process
 * (groups.h). The libraries' own reductions promise no order. Each process adds up a part of the elements, which the
 * others send it, and sends it back: 2 (size - 1) / size of the data each way, as little as a ring. */
#ifndef RM_DIST_COLLECT_H
#define RM_DIST_COLLECT_H

#include "dist/world.h"

typedef enum { RM_REDUCE_FLOAT, RM_REDUCE_DOUBLE, RM_REDUCE_INT64 } rm_reduce_type;
typedef enum { RM_REDUCE_SUM, RM_REDUCE_MAX } rm_reduce_op; /* a NaN is the largest */

rm_status rm_dist_barrier(rm_error *err);
/* `data` of process `root` for everybody. */
rm_status rm_dist_broadcast(void *data, size_t bytes, int root, rm_error *err);
/* all[r * bytes ..] = the data of process r, for everybody. */
rm_status rm_dist_all_gather(const void *data, size_t bytes, void *all, rm_error *err);
/* The same without a copy: *all is new (rm_message_memory_release). */
rm_status rm_dist_all_gather_new(const void *data, size_t bytes, void **all, rm_error *err);
/* data = the sum (or the largest) over all processes, in place. */
rm_status rm_dist_all_reduce(void *data, size_t n, rm_reduce_type type, rm_reduce_op op, rm_error *err);

/* --- in the background ---------------------------------------------------------------------- */

/* The same in memory of its own: made, filled, begun. It comes on whenever this process calls something of this folder.
 * All processes begin their reductions in the same order, also among other calls. */
typedef struct rm_reduction rm_reduction;
rm_status rm_reduction_new(size_t n, rm_reduce_type type, rm_reduce_op op, rm_reduction **out, rm_error *err);
void *rm_reduction_data(rm_reduction *r); /* n elements: to be filled, and the sums once it was waited for */
rm_status rm_reduction_start(rm_reduction *r, rm_error *err);
rm_status rm_reduction_wait(rm_reduction *r, rm_error *err);
rm_status rm_dist_progress(rm_error *err); /* of all that were begun; never waits */
/* One that was begun and not waited for is given up: the world is broken from then on (rm_world_break). NULL is fine. */
void rm_reduction_free(rm_reduction *r);

/* --- measurements ----------------------------------------------------------------------------- */

/* What this process has sent so far: exchanges that it waited for and the bytes of these to each other process; and
 * reductions in the background, with their bytes. */
typedef struct {
  double exchanges, bytes, reductions, reduction_bytes;
} rm_dist_traffic;
rm_dist_traffic rm_dist_traffic_now(void);

/* Begins `count` exchanges (at most 64) of `bytes` with each other process at once; *seconds until all are over. */
rm_status rm_dist_time(size_t count, size_t bytes, double *seconds, rm_error *err);

#endif
