/* prefetch.h -- the batches of an epoch, prepared ahead of the training step.
 *
 * A plan says which images make up the epoch, in which order, and how they are treated. A
 * worker thread prepares the next few batches while the training step runs; without a
 * worker (depth 0) a batch is prepared when it is asked for. Both give the same bits,
 * because a batch depends on the plan and its number alone.
 *
 * Batches are fresh tensors: their memory is the caching allocator's, so that of a batch
 * the training step has dropped serves a later one. The worker takes no signals, never
 * calls the layers above, and does not use the thread pool, which belongs to the training step. */
#ifndef RM_DATA_PREFETCH_H
#define RM_DATA_PREFETCH_H

#include "data/augment.h"

typedef struct {
  rm_tensor *images; /* uint8 (N, C, H, W), contiguous */
  rm_tensor *labels; /* int64 (N) */
  rm_tensor *order;  /* int64 (n), values 1..N: the epoch's images */
  rm_tensor *table;  /* of rm_normalize_table */
  rm_augment augment;
  rm_rng rng;   /* of the epoch: image number i draws block position + i */
  size_t batch; /* images in a batch; the last may have fewer */
  bool drop_last;
  size_t skip;        /* batches at the beginning that are left out */
  size_t part, parts; /* of a batch that divides into so many: only this one, from 0; parts 0 or 1: all of it */
} rm_epoch_plan;

typedef struct rm_prefetch rm_prefetch;

size_t rm_epoch_batches(size_t n, size_t batch, bool drop_last);

/* Retains the plan's tensors. depth: how many batches may wait; 0: no worker. */
rm_status rm_prefetch_start(const rm_epoch_plan *plan, size_t depth, rm_prefetch **out, rm_error *err);

/* The next batch: x float32 (n, C, H, W) channels-last, y int64 (n); both NULL after the last.
 * A failure of the worker arrives in its place, and every later call repeats it. */
rm_status rm_prefetch_next(rm_prefetch *p, rm_tensor **x, rm_tensor **y, rm_error *err);

/* Stops the worker and frees everything; NULL is fine. */
void rm_prefetch_stop(rm_prefetch *p);

#endif
