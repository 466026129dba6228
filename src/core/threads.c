/* threads.c -- the pool.
 *
 * One job at a time: the caller publishes it, wakes the workers, does range 0 itself and
 * waits until the others are done. Layers follow each other within microseconds, so a
 * worker watches for the next job for a moment before it sleeps. Whoever calls while
 * the pool is taken (a job inside a job, another thread) does its work alone: always
 * correct, never a deadlock. Signals stay with the program's own threads. */
#define _GNU_SOURCE
#include "core/threads.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include "core/alloc.h"

enum { MAX_THREADS = 256, SPINS = 4000 };

static struct {
  pthread_mutex_t busy;     /* held by the thread whose job runs */
  pthread_mutex_t lock;     /* guards sleeping and waking */
  pthread_cond_t wake, done;
  size_t wanted;            /* threads a job uses; 0: not yet asked */
  size_t started;           /* workers alive: indices 1..started */
  pthread_t threads[MAX_THREADS];
  uint64_t joined_at[MAX_THREADS]; /* the last job before the worker was born */
  atomic_uint_least64_t job; /* number of the latest job */
  atomic_size_t left;       /* workers that have not finished it */
  atomic_bool stop;
  rm_range_fn body;
  void *ctx;
  size_t n, parts;
} pool = {.busy = PTHREAD_MUTEX_INITIALIZER,
          .lock = PTHREAD_MUTEX_INITIALIZER,
          .wake = PTHREAD_COND_INITIALIZER,
          .done = PTHREAD_COND_INITIALIZER};

static _Thread_local size_t my_index;
static _Thread_local bool inside;

size_t rm_thread_index(void) { return my_index; }

static size_t default_threads(void) {
  const char *wish = getenv("RESMOON_NUM_THREADS");
  long n = wish ? strtol(wish, NULL, 10) : 0;
  cpu_set_t cpus;
  if (n < 1) n = sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
  return n > MAX_THREADS ? MAX_THREADS : (size_t)n;
}

size_t rm_num_threads(void) {
  if (pool.wanted == 0) pool.wanted = default_threads();
  return pool.wanted;
}

/* The `part`-th of `parts` contiguous ranges of [0, n). */
static void run_part(size_t part) {
  size_t n = pool.n, parts = pool.parts, each = n / parts, more = n % parts;
  size_t begin = part * each + (part < more ? part : more);
  inside = true;
  pool.body(pool.ctx, begin, begin + each + (part < more));
  inside = false;
}

/* --- workers -------------------------------------------------------------------- */

static inline void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/* Waits for a job after `seen`; false when the pool stops. */
static bool next_job(uint64_t seen) {
  for (int i = 0; i < SPINS; i++) {
    if (atomic_load(&pool.job) != seen || atomic_load(&pool.stop)) break;
    relax();
  }
  pthread_mutex_lock(&pool.lock);
  while (atomic_load(&pool.job) == seen && !atomic_load(&pool.stop))
    pthread_cond_wait(&pool.wake, &pool.lock);
  pthread_mutex_unlock(&pool.lock);
  return !atomic_load(&pool.stop);
}

static void *worker(void *arg) {
  my_index = (size_t)(uintptr_t)arg;
  uint64_t seen = pool.joined_at[my_index];
  while (next_job(seen)) {
    seen = atomic_load(&pool.job);
    if (my_index < pool.parts) run_part(my_index);
    if (atomic_fetch_sub(&pool.left, 1) == 1) {
      pthread_mutex_lock(&pool.lock);
      pthread_cond_signal(&pool.done);
      pthread_mutex_unlock(&pool.lock);
    }
  }
  return NULL;
}

/* Starts what is missing. A thread that cannot be had is done without. */
static void start_workers(size_t wanted) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  while (pool.started + 1 < wanted) {
    size_t index = pool.started + 1;
    pool.joined_at[index] = atomic_load(&pool.job);
    if (pthread_create(&pool.threads[index], NULL, worker, (void *)(uintptr_t)index) != 0) break;
    pool.started = index;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void stop_workers(void) {
  pthread_mutex_lock(&pool.lock);
  atomic_store(&pool.stop, true);
  pthread_cond_broadcast(&pool.wake);
  pthread_mutex_unlock(&pool.lock);
  for (size_t i = 1; i <= pool.started; i++) pthread_join(pool.threads[i], NULL);
  pool.started = 0;
  atomic_store(&pool.stop, false);
}

rm_status rm_set_num_threads(size_t n, rm_error *err) {
  if (n < 1 || n > MAX_THREADS)
    return rm_fail(err, RM_ERR_VALUE, "set_num_threads: expected 1 to %d, got %zu", MAX_THREADS, n);
  pthread_mutex_lock(&pool.busy);
  if (n < pool.started + 1) stop_workers();
  pool.wanted = n;
  pthread_mutex_unlock(&pool.busy);
  return RM_OK;
}

void rm_parallel(size_t n, size_t grain, rm_range_fn body, void *ctx) {
  if (n == 0) return;
  size_t threads = rm_num_threads();
  size_t parts = grain ? n / grain : n;
  if (parts > threads) parts = threads;
  if (parts < 2 || inside || pthread_mutex_trylock(&pool.busy) != 0) {
    bool was = inside;
    inside = true; /* nested calls stay in this thread, as they would in a worker */
    body(ctx, 0, n);
    inside = was;
    return;
  }
  if (pool.started + 1 < threads) start_workers(threads);
  if (parts > pool.started + 1) parts = pool.started + 1;
  pool.body = body;
  pool.ctx = ctx;
  pool.n = n;
  pool.parts = parts;
  atomic_store(&pool.left, pool.started);
  pthread_mutex_lock(&pool.lock);
  atomic_fetch_add(&pool.job, 1);
  pthread_cond_broadcast(&pool.wake);
  pthread_mutex_unlock(&pool.lock);
  run_part(0);
  for (int i = 0; i < SPINS && atomic_load(&pool.left); i++) relax();
  if (atomic_load(&pool.left)) {
    pthread_mutex_lock(&pool.lock);
    while (atomic_load(&pool.left)) pthread_cond_wait(&pool.done, &pool.lock);
    pthread_mutex_unlock(&pool.lock);
  }
  pthread_mutex_unlock(&pool.busy);
}

/* --- scratch ---------------------------------------------------------------------- */

typedef struct {
  void *block[RM_SCRATCH_SLOTS];
  size_t bytes[RM_SCRATCH_SLOTS];
} scratch;

static _Thread_local scratch my_scratch;
static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;

static void scratch_free(void *arg) {
  scratch *s = arg;
  for (size_t i = 0; i < RM_SCRATCH_SLOTS; i++) {
    rm_free(s->block[i], s->bytes[i]);
    s->block[i] = NULL;
    s->bytes[i] = 0;
  }
}

static void scratch_init(void) { pthread_key_create(&scratch_key, scratch_free); }

void *rm_scratch(size_t slot, size_t bytes) {
  scratch *s = &my_scratch;
  if (s->block[slot] && s->bytes[slot] >= bytes) return s->block[slot];
  pthread_once(&scratch_once, scratch_init);
  pthread_setspecific(scratch_key, s); /* so that the end of the thread frees it */
  rm_free(s->block[slot], s->bytes[slot]);
  s->bytes[slot] = bytes + bytes / 4;
  s->block[slot] = rm_alloc(s->bytes[slot]);
  return s->block[slot];
}

typedef struct {
  size_t slot, bytes;
  atomic_bool failed;
} reservation;

static void reserve_here(void *ctx, size_t begin, size_t end) {
  reservation *r = ctx;
  (void)begin;
  (void)end;
  if (!rm_scratch(r->slot, r->bytes)) atomic_store(&r->failed, true);
}

rm_status rm_scratch_reserve(size_t slot, size_t bytes, rm_error *err) {
  reservation r = {.slot = slot, .bytes = bytes};
  rm_parallel(rm_num_threads(), 1, reserve_here, &r);
  if (atomic_load(&r.failed))
    return rm_fail(err, RM_ERR_MEMORY, "out of memory for %zu bytes of scratch space", bytes);
  return RM_OK;
}

void rm_threads_stop(void) {
  pthread_mutex_lock(&pool.busy);
  stop_workers();
  pthread_mutex_unlock(&pool.busy);
  scratch_free(&my_scratch);
}

/* --- interrupts --------------------------------------------------------------------- */

static atomic_bool interrupt;

void rm_interrupt_request(void) { atomic_store(&interrupt, true); }
void rm_interrupt_clear(void) { atomic_store(&interrupt, false); }
bool rm_interrupted(void) { return atomic_load(&interrupt); }
