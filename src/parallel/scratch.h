/* scratch.h -- memory for the duration of a computation, kept by each thread from one to the next. */
#ifndef RM_PARALLEL_SCRATCH_H
#define RM_PARALLEL_SCRATCH_H

#include <stddef.h>
#include "base/status.h"

/* Scratch memory of the calling thread, kept between calls: at least `bytes`, 64-byte
 * aligned, contents undefined; NULL when memory ran out. One block per thread and
 * slot: asking again for the same slot may move it. */
enum { RM_SCRATCH_SLOTS = 5 };
void *rm_scratch(size_t slot, size_t bytes);
/* Makes sure that rm_scratch(slot, bytes) cannot fail in any thread of the pool. */
rm_status rm_scratch_reserve(size_t slot, size_t bytes, rm_error *err);

/* All threads of the pool get as much as the one that has most, as far as memory goes: for computations that ask within a
 * job of the pool, where a thread reserves for itself alone, so that which has how much does not follow from chance. */
void rm_scratch_even(void);

/* For the pool: frees that of a worker that has ended, or (0) of the calling thread. */
void rm_scratch_free(size_t thread_index);

#endif
