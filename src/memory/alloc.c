/* alloc.c -- size classes and free lists for small blocks, the arena for large ones.
 *
 * Class of a small request: the next of 4 steps per power of two (64, 80, 96, 112, 128,
 * 160, ...), so at most a quarter is wasted. A freed block keeps the link to the
 * next free one of its class in its own first bytes. Under AddressSanitizer nothing
 * is cached and blocks have their exact size, so that the tool sees every error.
 *
 * When what is free serves a request neither way although a sixteenth more memory is held than was ever in use at a time,
 * the pages of free runs are put together (rm_arena_gather). When a quarter more memory is held than was
 * ever in use at a time, the work has changed its sizes (the last, smaller batch of an epoch;
 * evaluation): what is free goes back to the system first.
 *
 * When the system has no memory left, the owner of garbage (a collector) is asked to let go
 * of it, once, before the request fails. */
#define _GNU_SOURCE
#include "memory/alloc.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#ifdef __GLIBC__ /* <stdlib.h> says so */
#include <malloc.h>
#endif
#include "memory/arena.h"

#if defined(__SANITIZE_ADDRESS__)
enum { CACHING = 0 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { CACHING = 0 };
#else
enum { CACHING = 1 };
#endif
#else
enum { CACHING = 1 };
#endif

enum {
  ALIGNMENT = 64,
  SMALLEST_LOG2 = 6,
  STEPS_LOG2 = 2, /* four classes per power of two */
  CLASSES = (63 - SMALLEST_LOG2) << STEPS_LOG2
};
static const size_t LARGE = (size_t)512 << 10;
static const size_t SLACK = (size_t)64 << 20;
static const size_t LITTLE = (size_t)8 << 20;

typedef struct free_block {
  struct free_block *next;
} free_block;

static struct {
  pthread_mutex_t lock;
  free_block *free[CLASSES];
  rm_arena arena;
  rm_alloc_stats stats;       /* cached_bytes: of the small blocks alone */
  void (*reclaim)(void *ctx); /* NULL: nobody to ask */
  void *reclaim_ctx;
  pthread_t reclaimer; /* the only thread in which it may be called */
  long fail_after;     /* negative: never */
  long made;
} heap = {.lock = PTHREAD_MUTEX_INITIALIZER, .fail_after = -1};

/* --- sizes --------------------------------------------------------------------------- */

static size_t class_bytes(size_t class) {
  size_t log2 = (class >> STEPS_LOG2) + SMALLEST_LOG2, steps = class & ((1 << STEPS_LOG2) - 1);
  return ((size_t)1 << log2) + (steps << (log2 - STEPS_LOG2));
}

static size_t class_of(size_t bytes) {
  if (bytes < (size_t)1 << SMALLEST_LOG2) bytes = (size_t)1 << SMALLEST_LOG2;
  size_t log2 = 63 - (size_t)__builtin_clzll(bytes);
  size_t step = (size_t)1 << (log2 - STEPS_LOG2);
  size_t above = bytes - ((size_t)1 << log2); /* what exceeds the power of two */
  size_t steps = (above + step - 1) / step;   /* 0..4; 4 is the next power itself */
  return ((log2 - SMALLEST_LOG2) << STEPS_LOG2) + steps;
}

/* What a request takes. */
static size_t block_bytes(size_t bytes) {
  return bytes >= LARGE ? rm_arena_round(bytes) : class_bytes(class_of(bytes));
}

/* --- taking, with the lock held ---------------------------------------------------------- */

static void *take_cached(size_t bytes) {
  if (!CACHING) return NULL;
  if (bytes >= LARGE) return rm_arena_take(&heap.arena, bytes);
  free_block **list = &heap.free[class_of(bytes)], *block = *list;
  if (!block) return NULL;
  *list = block->next;
  heap.stats.cached_bytes -= block_bytes(bytes);
  return block;
}

static void *take_new(size_t bytes) {
  if (CACHING && bytes >= LARGE) return rm_arena_grow(&heap.arena, bytes);
  size_t exact = CACHING ? block_bytes(bytes) : bytes + !bytes;
  return aligned_alloc(ALIGNMENT, (exact + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
}

/* Free blocks and runs; also those that were mapped and nobody has touched yet. */
static size_t cached_bytes(void) { return heap.stats.cached_bytes + heap.arena.free_bytes; }

static void trim(void) {
  rm_arena_trim(&heap.arena);
  for (size_t class = 0; class < CLASSES; class ++)
    for (free_block *block = heap.free[class], *next; block; block = next) {
      next = block->next;
      heap.stats.cached_bytes -= class_bytes(class);
      free(block);
      heap.free[class] = next;
    }
}

/* Whether a new mapping would make what is held much larger than what was ever in use at a time. */
static bool scattered(size_t bytes) {
  size_t most = heap.stats.live_bytes + rm_arena_round(bytes);
  if (most < heap.stats.peak_bytes) most = heap.stats.peak_bytes;
  return heap.stats.live_bytes + cached_bytes() + bytes > most + most / 16 + LITTLE;
}

static void *take(size_t bytes) {
  void *block = take_cached(bytes);
  if (!block && CACHING && bytes >= LARGE && scattered(bytes)) block = rm_arena_gather(&heap.arena, bytes);
  if (block) return block;
  if (heap.stats.live_bytes + cached_bytes() > heap.stats.peak_bytes + heap.stats.peak_bytes / 4 + SLACK) trim();
  block = take_new(bytes);
  if (block) return block;
  trim(); /* perhaps that is what is missing */
  return take_new(bytes);
}

/* NULL: none, or tests want none. */
static void *locked_take(size_t bytes) {
  pthread_mutex_lock(&heap.lock);
  bool refuse = heap.fail_after >= 0 && heap.made >= heap.fail_after;
  heap.made += !refuse;
  void *block = refuse || bytes > SIZE_MAX / 4 ? NULL : take(bytes);
  if (block) {
    heap.stats.live_bytes += block_bytes(bytes);
    heap.stats.live_blocks++;
    if (heap.stats.live_bytes > heap.stats.peak_bytes) heap.stats.peak_bytes = heap.stats.live_bytes;
  }
  pthread_mutex_unlock(&heap.lock);
  return block;
}

/* --- the interface ------------------------------------------------------------------------ */

static _Thread_local bool may_reclaim = true;

bool rm_alloc_set_reclaim(bool allowed) {
  bool was = may_reclaim;
  may_reclaim = allowed;
  return was;
}

void *rm_alloc(size_t bytes) {
  void *block = locked_take(bytes);
  if (block || !may_reclaim || !heap.reclaim || !pthread_equal(heap.reclaimer, pthread_self())) return block;
  may_reclaim = false; /* once is enough */
  heap.reclaim(heap.reclaim_ctx);
  may_reclaim = true;
  return locked_take(bytes);
}

void rm_free(void *memory, size_t bytes) {
  if (!memory) return;
  size_t size = block_bytes(bytes);
  pthread_mutex_lock(&heap.lock);
  heap.stats.live_bytes -= size;
  heap.stats.live_blocks--;
  if (!CACHING) {
    free(memory);
  } else if (bytes >= LARGE) {
    rm_arena_give(&heap.arena, memory, bytes);
  } else {
    free_block *block = memory, **list = &heap.free[class_of(bytes)];
    block->next = *list;
    *list = block;
    heap.stats.cached_bytes += size;
  }
  pthread_mutex_unlock(&heap.lock);
}

void rm_alloc_trim(void) {
  pthread_mutex_lock(&heap.lock);
  trim();
  pthread_mutex_unlock(&heap.lock);
#ifdef __GLIBC__
  malloc_trim(0); /* which keeps what is freed below a block that is in use */
#endif
}

void rm_alloc_on_exhaustion(void (*reclaim)(void *ctx), void *ctx) {
  pthread_mutex_lock(&heap.lock);
  heap.reclaim = reclaim;
  heap.reclaim_ctx = ctx;
  heap.reclaimer = pthread_self();
  pthread_mutex_unlock(&heap.lock);
}

rm_alloc_stats rm_alloc_statistics(void) {
  pthread_mutex_lock(&heap.lock);
  rm_alloc_stats stats = heap.stats;
  stats.cached_bytes = cached_bytes();
  pthread_mutex_unlock(&heap.lock);
  return stats;
}

long rm_alloc_fail_after(long n) {
  pthread_mutex_lock(&heap.lock);
  long made = heap.made;
  heap.fail_after = n;
  heap.made = 0;
  pthread_mutex_unlock(&heap.lock);
  return made;
}
