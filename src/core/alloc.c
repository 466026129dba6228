/* alloc.c -- size classes and free lists.
 *
 * Class of a request: the next of 4 steps per power of two (64, 80, 96, 112, 128,
 * 160, ...), so at most a quarter is wasted. A freed block keeps the link to the
 * next free one of its class in its own first bytes. Under AddressSanitizer nothing
 * is cached and blocks have their exact size, so that the tool sees every error.
 *
 * When a class has no free block although a quarter more memory is held than was ever in use at
 * a time, the work has changed its sizes (the last, smaller batch of an epoch; evaluation): the
 * cache is emptied first, or it would grow by every set of sizes that ever came by.
 *
 * Large blocks are mapped one by one, so that giving them back does give them back. */
#define _GNU_SOURCE
#include "core/alloc.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

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
static const size_t HUGE_PAGE = (size_t)2 << 20;
static const size_t SLACK = (size_t)64 << 20;

typedef struct free_block {
  struct free_block *next;
} free_block;

static struct {
  pthread_mutex_t lock;
  free_block *free[CLASSES];
  rm_alloc_stats stats;
  long fail_after; /* negative: never */
  long made;
} heap = {.lock = PTHREAD_MUTEX_INITIALIZER, .fail_after = -1};

/* The class that serves `bytes`, and that class's block size. SIZE_MAX where it
 * would overflow. */
static size_t class_of(size_t bytes, size_t *block_bytes) {
  if (bytes < (size_t)1 << SMALLEST_LOG2) bytes = (size_t)1 << SMALLEST_LOG2;
  if (bytes > SIZE_MAX / 4) {
    *block_bytes = SIZE_MAX;
    return 0;
  }
  size_t log2 = 63 - (size_t)__builtin_clzll(bytes);
  size_t step = (size_t)1 << (log2 - STEPS_LOG2);
  size_t above = bytes - ((size_t)1 << log2); /* what exceeds the power of two */
  size_t steps = (above + step - 1) / step;   /* 0..4; 4 is the next power itself */
  *block_bytes = ((size_t)1 << log2) + steps * step;
  return ((log2 - SMALLEST_LOG2) << STEPS_LOG2) + steps;
}

/* A mapping of whole huge pages that begins at one: more is mapped, and cut off. */
static void *map_large(size_t bytes) {
  size_t mapped = bytes + HUGE_PAGE;
  char *memory = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return NULL;
  char *block = (char *)(((uintptr_t)memory + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
  size_t before = (size_t)(block - memory), after = mapped - before - bytes;
  if (before) munmap(memory, before);
  if (after) munmap(block + bytes, after);
  madvise(block, bytes, MADV_HUGEPAGE);
  return block;
}

/* What a block of a class takes: large ones whole huge pages. */
static size_t system_bytes(size_t block_bytes) {
  size_t unit = block_bytes >= HUGE_PAGE ? HUGE_PAGE : ALIGNMENT;
  return (block_bytes + unit - 1) / unit * unit;
}

static void *from_system(size_t block_bytes) {
  size_t bytes = system_bytes(block_bytes);
  return CACHING && block_bytes >= HUGE_PAGE ? map_large(bytes) : aligned_alloc(ALIGNMENT, bytes);
}

static void to_system(void *block, size_t block_bytes) {
  if (CACHING && block_bytes >= HUGE_PAGE) munmap(block, system_bytes(block_bytes));
  else free(block);
}

void *rm_alloc(size_t bytes) {
  size_t block_bytes, class = class_of(bytes, &block_bytes);
  if (block_bytes == SIZE_MAX) return NULL;
  pthread_mutex_lock(&heap.lock);
  bool refuse = heap.fail_after >= 0 && heap.made >= heap.fail_after;
  free_block *block = NULL;
  size_t footprint = heap.stats.live_bytes + heap.stats.cached_bytes;
  bool hoarding = footprint > heap.stats.peak_bytes + heap.stats.peak_bytes / 4 + SLACK;
  if (!refuse) {
    heap.made++;
    block = heap.free[class];
    if (block) {
      heap.free[class] = block->next;
      heap.stats.cached_bytes -= block_bytes;
    }
  }
  pthread_mutex_unlock(&heap.lock);
  if (refuse) return NULL;
  if (!block) {
    if (hoarding) rm_alloc_trim();
    block = from_system(CACHING ? block_bytes : bytes + !bytes);
  }
  if (!block) { /* perhaps the cache holds what is missing */
    rm_alloc_trim();
    block = from_system(block_bytes);
    if (!block) return NULL;
  }
  pthread_mutex_lock(&heap.lock);
  heap.stats.live_bytes += block_bytes;
  heap.stats.live_blocks++;
  if (heap.stats.live_bytes > heap.stats.peak_bytes) heap.stats.peak_bytes = heap.stats.live_bytes;
  pthread_mutex_unlock(&heap.lock);
  return block;
}

void rm_free(void *memory, size_t bytes) {
  if (!memory) return;
  size_t block_bytes, class = class_of(bytes, &block_bytes);
  free_block *block = memory;
  pthread_mutex_lock(&heap.lock);
  heap.stats.live_bytes -= block_bytes;
  heap.stats.live_blocks--;
  if (CACHING) {
    block->next = heap.free[class];
    heap.free[class] = block;
    heap.stats.cached_bytes += block_bytes;
  }
  pthread_mutex_unlock(&heap.lock);
  if (!CACHING) to_system(block, block_bytes);
}

void rm_alloc_trim(void) {
  for (size_t class = 0; class < CLASSES; class++) {
    pthread_mutex_lock(&heap.lock);
    free_block *block = heap.free[class];
    heap.free[class] = NULL;
    size_t log2 = (class >> STEPS_LOG2) + SMALLEST_LOG2, steps = class & 3;
    size_t block_bytes = ((size_t)1 << log2) + steps * ((size_t)1 << (log2 - STEPS_LOG2));
    for (free_block *b = block; b; b = b->next) heap.stats.cached_bytes -= block_bytes;
    pthread_mutex_unlock(&heap.lock);
    while (block) {
      free_block *next = block->next;
      to_system(block, block_bytes);
      block = next;
    }
  }
}

rm_alloc_stats rm_alloc_statistics(void) {
  pthread_mutex_lock(&heap.lock);
  rm_alloc_stats stats = heap.stats;
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
