/* alloc.h -- the caching allocator behind every tensor.
 *
 * Training asks for the same sizes in every step, and a fresh page from the kernel
 * costs more than a pass over it. So freed memory is kept and handed out again: small blocks
 * by size class (four classes per power of two), large ones (512 KiB and more) from an arena
 * where free neighbors join (arena.h). It returns to the system only by rm_alloc_trim, or when
 * the work has changed its sizes. Blocks are aligned to 64 bytes, large ones to 64 KiB on
 * memory for which the system is asked for huge pages.
 *
 * All functions may be called from any thread. */
#ifndef RM_MEMORY_ALLOC_H
#define RM_MEMORY_ALLOC_H

#include <stddef.h>
#include <stdbool.h>

void *rm_alloc(size_t bytes);            /* uninitialized; NULL when memory ran out */
void rm_free(void *block, size_t bytes); /* `bytes` as it was asked for; NULL is fine */
void rm_alloc_trim(void);                /* cached blocks go back to the system */

/* What to call, in the thread that calls this, when the system has no memory left: it drops what
 * it can do without, and the request is tried once more. NULL: nothing. */
void rm_alloc_on_exhaustion(void (*reclaim)(void *ctx), void *ctx);
/* Whether that may be done now, for the calling thread; returns what was. Off where other code
 * must not run: it might be a user's finalizer. */
bool rm_alloc_set_reclaim(bool allowed);

typedef struct {
  size_t live_bytes;   /* handed out now (rounded up) */
  size_t cached_bytes; /* freed and kept for reuse */
  size_t peak_bytes;   /* largest live_bytes so far */
  size_t live_blocks;  /* blocks handed out now: 0 at the end, or something leaked */
} rm_alloc_stats;
rm_alloc_stats rm_alloc_statistics(void);

/* Tests make the n-th allocation from now on fail (and all later ones, until the
 * next call); a negative n turns this off. Returns how many were made since. */
long rm_alloc_fail_after(long n);

#endif
