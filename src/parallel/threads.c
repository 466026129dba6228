/* threads.c -- the pool.
 *
 * One job at a time: the caller publishes it, wakes the workers and works on it himself.
 * Every thread has a contiguous share, the same one in every pass, which it takes in
 * pieces; who is through takes pieces of the others', since processors are never equally
 * fast (other programs, the thread that reads ahead). When nothing is left the caller
 * closes the job and waits for those who are in it, not for those who never came: on a
 * busy machine a worker may be long in waking up.
 *
 * Layers follow each other within microseconds, so a worker watches for the next job for
 * a moment before it sleeps. Whoever calls while the pool is taken (a job inside a job,
 * another thread) does its work alone: always correct, never a deadlock. Signals stay
 * with the program's own threads. */
#define _GNU_SOURCE
#include "parallel/threads.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include "memory/alloc.h"

/* Work that may be broken off is handed out in pieces of at most BREAKABLE_GRAINS grains. */
enum { MAX_THREADS = 256, SPINS = 4000, PIECES = 8, BREAKABLE_GRAINS = 64 };

/* A thread's contiguous range of a job, handed out piece by piece. */
typedef struct {
  _Alignas(64) atomic_size_t next; /* a cache line each: claims do not disturb the neighbours */
  size_t end, piece;
} share;

typedef struct {
  void *block[RM_SCRATCH_SLOTS];
  size_t bytes[RM_SCRATCH_SLOTS];
} scratch;

static struct {
  pthread_mutex_t busy;      /* held by the thread whose job runs */
  pthread_mutex_t lock;      /* guards sleeping and waking */
  pthread_cond_t wake, done;
  size_t wanted;             /* threads a job uses; 0: not yet asked */
  size_t started;            /* workers alive: indices 1..started */
  pthread_t threads[MAX_THREADS];
  scratch workspace[MAX_THREADS]; /* of the workers */
  atomic_uint_least64_t job; /* number of the latest job */
  atomic_bool open;          /* it may be entered; only then are the fields below valid */
  atomic_size_t inside;      /* workers in it, or just looking whether it is open */
  atomic_bool stop;
  rm_range_fn body;
  void *ctx;
  rm_breakable *breakable;   /* what the job is part of, or NULL */
  size_t parts;
  share shares[MAX_THREADS];
} pool = {.busy = PTHREAD_MUTEX_INITIALIZER,
          .lock = PTHREAD_MUTEX_INITIALIZER,
          .wake = PTHREAD_COND_INITIALIZER,
          .done = PTHREAD_COND_INITIALIZER};

static _Thread_local size_t my_index;
static _Thread_local bool working; /* in a job: what it calls stays in this thread */

/* Breakable work: begun by the thread it belongs to, joined by workers. */
struct rm_breakable {
  size_t depth; /* how often it was begun */
  atomic_bool broken;
};
static _Thread_local rm_breakable my_work;
static _Thread_local rm_breakable *joined; /* what this thread works on: my_work, another's, or NULL */
static atomic_bool interrupt;

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

/* --- shares ----------------------------------------------------------------------- */

/* Cuts [0, n) into one share for each part. */
static void deal(size_t n, size_t parts, size_t grain) {
  size_t each = n / parts, more = n % parts, begin = 0;
  for (size_t i = 0; i < parts; i++) {
    share *s = &pool.shares[i];
    size_t length = each + (i < more), piece = (length + PIECES - 1) / PIECES;
    atomic_store(&s->next, begin);
    s->end = begin += length;
    if (joined && piece > BREAKABLE_GRAINS * grain) piece = BREAKABLE_GRAINS * grain;
    s->piece = piece > grain ? piece : grain + !grain;
  }
  pool.parts = parts;
}

static void run_share(share *s) {
  while (!rm_broken()) {
    size_t begin = atomic_fetch_add(&s->next, s->piece), end = begin + s->piece;
    if (begin >= s->end) return;
    pool.body(pool.ctx, begin, end < s->end ? end : s->end);
  }
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
    if (atomic_load(&pool.job) != seen || atomic_load(&pool.stop)) break;
    relax();
  }
  pthread_mutex_lock(&pool.lock);
  while (atomic_load(&pool.job) == seen && !atomic_load(&pool.stop))
    pthread_cond_wait(&pool.wake, &pool.lock);
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
      joined = pool.breakable;
      run_shares(my_index);
      joined = NULL;
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

static void scratch_free(void *arg) {
  scratch *s = arg;
  for (size_t i = 0; i < RM_SCRATCH_SLOTS; i++) {
    rm_free(s->block[i], s->bytes[i]);
    s->block[i] = NULL;
    s->bytes[i] = 0;
  }
}

static void stop_workers(void) {
  pthread_mutex_lock(&pool.lock);
  atomic_store(&pool.stop, true);
  pthread_cond_broadcast(&pool.wake);
  pthread_mutex_unlock(&pool.lock);
  for (size_t i = 1; i <= pool.started; i++) {
    pthread_join(pool.threads[i], NULL);
    scratch_free(&pool.workspace[i]);
  }
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

/* --- jobs ------------------------------------------------------------------------------ */

static void publish(void) {
  atomic_store(&pool.open, true);
  pthread_mutex_lock(&pool.lock);
  atomic_fetch_add(&pool.job, 1);
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
  size_t piece = joined ? BREAKABLE_GRAINS * (grain + !grain) : n;
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
  pool.breakable = joined;
  deal(n, parts, grain);
  publish();
  run_shares(0);
  close_job();
  pthread_mutex_unlock(&pool.busy);
}

/* --- scratch ------------------------------------------------------------------------------ */

static _Thread_local scratch my_scratch; /* of threads outside the pool */
static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;

static void scratch_init(void) { pthread_key_create(&scratch_key, scratch_free); }

static void *grown(scratch *s, size_t slot, size_t bytes) {
  if (s->block[slot] && s->bytes[slot] >= bytes) return s->block[slot];
  rm_free(s->block[slot], s->bytes[slot]);
  s->block[slot] = NULL;
  bool was = rm_alloc_set_reclaim(false); /* what runs then might ask for this very slot */
  s->bytes[slot] = bytes + bytes / 4;
  s->block[slot] = rm_alloc(s->bytes[slot]);
  rm_alloc_set_reclaim(was);
  return s->block[slot];
}

void *rm_scratch(size_t slot, size_t bytes) {
  if (my_index) return grown(&pool.workspace[my_index], slot, bytes);
  pthread_once(&scratch_once, scratch_init);
  pthread_setspecific(scratch_key, &my_scratch); /* so that the end of the thread frees it */
  return grown(&my_scratch, slot, bytes);
}

/* Between jobs the workers' blocks may be grown for them. */
rm_status rm_scratch_reserve(size_t slot, size_t bytes, rm_error *err) {
  bool all = rm_scratch(slot, bytes) != NULL;
  if (all && !working) {
    pthread_mutex_lock(&pool.busy);
    start_workers(rm_num_threads());
    bool was = rm_alloc_set_reclaim(false); /* with the pool locked nobody may ask for it */
    for (size_t i = 1; all && i <= pool.started; i++) all = grown(&pool.workspace[i], slot, bytes) != NULL;
    rm_alloc_set_reclaim(was);
    pthread_mutex_unlock(&pool.busy);
  }
  if (all) return RM_OK;
  return rm_fail(err, RM_ERR_MEMORY, "out of memory for %zu bytes of scratch space", bytes);
}

void rm_threads_stop(void) {
  pthread_mutex_lock(&pool.busy);
  stop_workers();
  pthread_mutex_unlock(&pool.busy);
  scratch_free(&my_scratch);
}

/* --- interrupts --------------------------------------------------------------------- */

void rm_interrupt_request(void) { atomic_store(&interrupt, true); }
void rm_interrupt_clear(void) { atomic_store(&interrupt, false); }
bool rm_interrupted(void) { return atomic_load(&interrupt); }

void rm_breakable_begin(void) {
  if (!joined) {
    my_work.depth = 0;
    atomic_store_explicit(&my_work.broken, false, memory_order_relaxed);
    joined = &my_work;
  }
  if (joined == &my_work) my_work.depth++; /* another's: a part of the job that this thread works on */
}

rm_status rm_breakable_end(rm_status status, rm_error *err) {
  bool broken = atomic_load_explicit(&joined->broken, memory_order_relaxed);
  if (joined == &my_work && --my_work.depth == 0) joined = NULL;
  /* What was left out may look like some other failure. */
  return broken ? rm_fail(err, RM_ERR_INTERRUPTED, "interrupted") : status;
}

/* Once broken, always broken: the flag may be taken back before everybody has seen it. */
bool rm_broken(void) {
  if (!joined) return false;
  if (atomic_load_explicit(&joined->broken, memory_order_relaxed)) return true;
  if (!atomic_load_explicit(&interrupt, memory_order_relaxed)) return false;
  atomic_store_explicit(&joined->broken, true, memory_order_relaxed);
  return true;
}

/* Breakable work may begin anew in between (a hook of backward calls operators). */
rm_unbreakable rm_unbreakable_begin(void) {
  rm_unbreakable suspended = {joined, my_work.depth, atomic_load_explicit(&my_work.broken, memory_order_relaxed)};
  joined = NULL;
  return suspended;
}

void rm_unbreakable_end(rm_unbreakable suspended) {
  joined = suspended.work;
  my_work.depth = suspended.depth;
  if (joined == &my_work) atomic_store_explicit(&my_work.broken, suspended.broken, memory_order_relaxed);
}
