/* scratch.c -- see scratch.h. */
#include "parallel/scratch.h"

#include <pthread.h>
#include <stdbool.h>
#include "base/number.h"
#include "memory/alloc.h"
#include "parallel/pool.h"

typedef struct {
  void *block[RM_SCRATCH_SLOTS];
  size_t bytes[RM_SCRATCH_SLOTS];
} scratch;

static scratch of_workers[RM_MAX_THREADS]; /* by thread index, so that others can grow them in advance */
static _Thread_local scratch own;          /* of threads outside the pool */
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void free_blocks(void *arg) {
  scratch *s = arg;
  for (size_t i = 0; i < RM_SCRATCH_SLOTS; i++) {
    rm_free(s->block[i], s->bytes[i]);
    s->block[i] = NULL;
    s->bytes[i] = 0;
  }
}

static void make_key(void) { pthread_key_create(&key, free_blocks); }

static void *grown_to(scratch *s, size_t slot, size_t bytes) {
  rm_free(s->block[slot], s->bytes[slot]);
  s->block[slot] = NULL;
  bool was = rm_alloc_set_reclaim(false); /* what runs then might ask for this very slot */
  s->bytes[slot] = bytes;
  s->block[slot] = rm_alloc(s->bytes[slot]);
  rm_alloc_set_reclaim(was);
  return s->block[slot];
}

static void *grown(scratch *s, size_t slot, size_t bytes) {
  return s->block[slot] && s->bytes[slot] >= bytes ? s->block[slot] : grown_to(s, slot, bytes + bytes / 4);
}

void *rm_scratch(size_t slot, size_t bytes) {
  size_t index = rm_thread_index();
  if (index) return grown(&of_workers[index], slot, bytes);
  pthread_once(&once, make_key);
  pthread_setspecific(key, &own); /* so that the end of the thread frees it */
  return grown(&own, slot, bytes);
}

/* Between jobs the workers' blocks may be grown for them. */
rm_status rm_scratch_reserve(size_t slot, size_t bytes, rm_error *err) {
  size_t workers;
  bool all = rm_scratch(slot, bytes) != NULL;
  if (all && rm_pool_hold(&workers)) {
    bool was = rm_alloc_set_reclaim(false); /* with the pool held nobody may ask for it */
    for (size_t i = 1; all && i <= workers; i++) all = grown(&of_workers[i], slot, bytes) != NULL;
    rm_alloc_set_reclaim(was);
    rm_pool_let_go();
  }
  if (all) return RM_OK;
  return rm_fail(err, RM_ERR_MEMORY, "out of memory for %zu bytes of scratch space", bytes);
}

void rm_scratch_even(void) {
  size_t workers;
  if (rm_thread_index() || !rm_pool_hold(&workers)) return;
  bool was = rm_alloc_set_reclaim(false);
  for (size_t slot = 0; slot < RM_SCRATCH_SLOTS; slot++) {
    size_t most = own.bytes[slot];
    for (size_t i = 1; i <= workers; i++) most = rm_larger(most, of_workers[i].bytes[slot]);
    if (own.bytes[slot] < most) grown_to(&own, slot, most);
    for (size_t i = 1; i <= workers; i++)
      if (of_workers[i].bytes[slot] < most) grown_to(&of_workers[i], slot, most);
  }
  rm_alloc_set_reclaim(was);
  rm_pool_let_go();
}

void rm_scratch_free(size_t thread_index) { free_blocks(thread_index ? &of_workers[thread_index] : &own); }
