/* pool.c -- one job at a time.
 *
 * The caller publishes it, wakes the workers and works on it himself. Every thread has a
 * contiguous share, the same one in every pass, which it takes in pieces; a thread that has
 * finished takes pieces from the others, since processors are never equally fast (other
 * programs, the thread that reads ahead). When nothing is left the caller
 * closes the job and waits for those who are in it, not for those who never came: on a
 * busy machine a worker may be long in waking up.
 *
 * Layers follow each other within microseconds, so a worker watches for the next job for
 * a moment before it sleeps. A thread that calls while the pool is taken (a job inside a job,
 * another thread) does its work alone: always correct, never a deadlock. Signals stay
 * with the program's own threads. */
#define _GNU_SOURCE
#include "parallel/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include "base/number.h"
#include "parallel/interrupt.h"
#include "parallel/processors.h"
#include "parallel/scratch.h"

/* A piece is a PIECES-th of what is left of a share, so the last ones are small: threads that are not equally fast end
 * together. Work that may be broken off is handed out in pieces of at most BREAKABLE_GRAINS grains. */
enum { SPINS = 4000, PIECES = 4, BREAKABLE_GRAINS = 64 };

/* A thread's contiguous range of a job, handed out piece by piece. */
typedef struct {
  _Alignas(64) atomic_size_t next; /* a cache line each: claims do not disturb the neighbors */
  size_t end;
} share;

static struct {
  pthread_mutex_t busy; /* held by the thread whose job runs */
  pthread_mutex_t lock; /* guards sleeping and waking */
  pthread_cond_t wake, done;
  size_t wanted;  /* threads a job uses; 0: not yet asked */
  size_t started; /* workers alive: indices 1..started */
  pthread_t threads[RM_MAX_THREADS];
  atomic_uint_least64_t job; /* number of the latest job */
  atomic_bool open;          /* it may be entered; only then are the fields below valid */
  atomic_size_t inside;      /* workers in it, or just looking whether it is open */
  atomic_size_t asleep;      /* workers that wait for `wake`, or are about to */
  atomic_bool stop;
  rm_range_fn body;
  void *ctx;
  rm_breakable *breakable;   /* what the job is part of, or NULL */
  size_t parts, least, most; /* of a piece */
  share shares[RM_MAX_THREADS];
} pool = {.busy = PTHREAD_MUTEX_INITIALIZER,
          .lock = PTHREAD_MUTEX_INITIALIZER,
          .wake = PTHREAD_COND_INITIALIZER,
          .done = PTHREAD_COND_INITIALIZER};

static _Thread_local size_t my_index;
static _Thread_local bool working; /* in a job: what it calls stays in this thread */

size_t rm_thread_index(void) { return my_index; }

static size_t default_threads(void) {
  const char *wish = getenv("RESMOON_NUM_THREADS");
  long n = wish ? strtol(wish, NULL, 10) : 0;
  if (n < 1) n = (long)rm_processors();
  return n > RM_MAX_THREADS ? RM_MAX_THREADS : (size_t)n;
}

size_t rm_num_threads(void) {
  if (pool.wanted == 0) pool.wanted = default_threads();
  return pool.wanted;
}

/* --- shares ----------------------------------------------------------------------- */

/* Cuts [0, n) into one share for each part. */
static void deal(size_t n, size_t parts, size_t grain) {
  size_t each = n / parts, more = n % parts, begin = 0;
  for (size_t i = 0; i < parts; i++) {
    atomic_store(&pool.shares[i].next, begin);
    pool.shares[i].end = begin += each + (i < more);
  }
  pool.parts = parts;
  pool.least = grain + !grain;
  pool.most = rm_breakable_current() ? BREAKABLE_GRAINS * pool.least : n;
}

/* The next piece of a share. */
static bool claim(share *s, size_t *begin, size_t *end) {
  *begin = atomic_load(&s->next);
  do {
    if (*begin >= s->end) return false;
    size_t left = s->end - *begin, piece = rm_smaller(rm_larger(left / PIECES, pool.least), pool.most);
    *end = *begin + rm_smaller(piece, left);
  } while (!atomic_compare_exchange_weak(&s->next, begin, *end));
  return true;
}

static void run_share(share *s) {
  size_t begin, end;
  while (!rm_broken() && claim(s, &begin, &end)) pool.body(pool.ctx, begin, end);
}

/* The thread's own share, then what others have not got to. */
static void run_shares(size_t first) {
  working = true;
  for (size_t i = 0; i < pool.parts; i++) run_share(&pool.shares[(first + i) % pool.parts]);
  working = false;
}

/* --- workers ------------------------------------------------------------------------ */

static inline void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/* Waits for a job after `seen`; false when the pool stops. */
static bool next_job(uint64_t seen) {
  for (int i = 0; i < SPINS; i++) {
    if (atomic_load(&pool.job) != seen || atomic_load(&pool.stop)) return !atomic_load(&pool.stop);
    relax();
  }
  pthread_mutex_lock(&pool.lock);
  atomic_fetch_add(&pool.asleep, 1); /* first this, then the look: publish does it the other way round */
  while (atomic_load(&pool.job) == seen && !atomic_load(&pool.stop)) pthread_cond_wait(&pool.wake, &pool.lock);
  atomic_fetch_sub(&pool.asleep, 1);
  pthread_mutex_unlock(&pool.lock);
  return !atomic_load(&pool.stop);
}

static void leave(void) {
  if (atomic_fetch_sub(&pool.inside, 1) != 1 || atomic_load(&pool.open)) return;
  pthread_mutex_lock(&pool.lock);
  pthread_cond_signal(&pool.done);
  pthread_mutex_unlock(&pool.lock);
}

static void *worker(void *arg) {
  my_index = (size_t)(uintptr_t)arg;
  uint64_t seen = 0; /* entering a job that is over, or a second time, does no harm */
  while (next_job(seen)) {
    seen = atomic_load(&pool.job);
    atomic_fetch_add(&pool.inside, 1); /* first this, then the look: the caller does it the other way round */
    if (atomic_load(&pool.open)) {
      rm_breakable_join(pool.breakable);
      run_shares(my_index);
      rm_breakable_join(NULL);
    }
    leave();
  }
  return NULL;
}

/* Starts what is missing. A thread that cannot be had is done without. */
static void start_workers(size_t wanted) {
  if (pool.started + 1 >= wanted) return;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  while (pool.started + 1 < wanted) {
    size_t index = pool.started + 1;
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
  for (size_t i = 1; i <= pool.started; i++) {
    pthread_join(pool.threads[i], NULL);
    rm_scratch_free(i);
  }
  pool.started = 0;
  atomic_store(&pool.stop, false);
}

rm_status rm_set_num_threads(size_t n, rm_error *err) {
  if (n < 1 || n > RM_MAX_THREADS)
    return rm_fail(err, RM_ERR_VALUE, "set_num_threads: expected 1 to %d, got %zu", RM_MAX_THREADS, n);
  pthread_mutex_lock(&pool.busy);
  if (n < pool.started + 1) stop_workers();
  pool.wanted = n;
  pthread_mutex_unlock(&pool.busy);
  return RM_OK;
}

/* --- jobs ------------------------------------------------------------------------------ */

static void publish(void) {
  atomic_store(&pool.open, true);
  atomic_fetch_add(&pool.job, 1);
  if (atomic_load(&pool.asleep) == 0) return; /* those who watch need no lock, and would only meet in it */
  pthread_mutex_lock(&pool.lock);
  pthread_cond_broadcast(&pool.wake);
  pthread_mutex_unlock(&pool.lock);
}

/* Nobody enters any more; waits for those inside. */
static void close_job(void) {
  atomic_store(&pool.open, false);
  for (int i = 0; i < SPINS && atomic_load(&pool.inside); i++) relax();
  if (atomic_load(&pool.inside) == 0) return;
  pthread_mutex_lock(&pool.lock);
  while (atomic_load(&pool.inside)) pthread_cond_wait(&pool.done, &pool.lock);
  pthread_mutex_unlock(&pool.lock);
}

/* All in the calling thread; nested calls stay in it, as they would in a worker. */
static void run_alone(size_t n, size_t grain, rm_range_fn body, void *ctx) {
  size_t piece = rm_breakable_current() ? BREAKABLE_GRAINS * (grain + !grain) : n;
  bool was = working;
  working = true;
  for (size_t begin = 0; begin < n && !rm_broken(); begin += piece)
    body(ctx, begin, n - begin < piece ? n : begin + piece);
  working = was;
}

void rm_parallel(size_t n, size_t grain, rm_range_fn body, void *ctx) {
  if (n == 0) return;
  size_t threads = rm_num_threads();
  size_t parts = grain ? n / grain : n;
  if (parts > threads) parts = threads;
  if (parts < 2 || working || pthread_mutex_trylock(&pool.busy) != 0) {
    run_alone(n, grain, body, ctx);
    return;
  }
  start_workers(threads);
  pool.body = body;
  pool.ctx = ctx;
  pool.breakable = rm_breakable_current();
  deal(n, parts, grain);
  publish();
  run_shares(0);
  close_job();
  pthread_mutex_unlock(&pool.busy);
}

bool rm_parallel_alone(void) { return working || rm_num_threads() == 1; }

bool rm_pool_hold(size_t *workers) {
  if (working) return false;
  pthread_mutex_lock(&pool.busy);
  start_workers(rm_num_threads());
  *workers = pool.started;
  return true;
}

void rm_pool_let_go(void) { pthread_mutex_unlock(&pool.busy); }

void rm_threads_stop(void) {
  pthread_mutex_lock(&pool.busy);
  stop_workers();
  pthread_mutex_unlock(&pool.busy);
  rm_scratch_free(0);
}
