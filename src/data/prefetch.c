/* prefetch.c -- a bounded ring between one worker and one consumer.
 *
 * `made` counts batches put into the ring, `taken` those taken out: it is full when they
 * differ by its depth. Both, and everything in the ring, are guarded by one mutex. */
#include "data/prefetch.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include "memory/alloc.h"
#include "measure/profile.h"

enum { MAX_DEPTH = 16 };

typedef struct {
  rm_tensor *x, *y;
  rm_error error; /* code RM_OK: a batch */
} slot;

struct rm_prefetch {
  rm_epoch_plan plan;
  size_t batches; /* of the epoch, those skipped included */
  size_t depth;
  size_t made, taken; /* numbers of the next batch to make and to take */
  slot ring[MAX_DEPTH];
  rm_error failure; /* the first that was handed over */
  bool stop;
  bool running; /* there is a thread to join */
  pthread_t worker;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
};

size_t rm_epoch_batches(size_t n, size_t batch, bool drop_last) {
  return drop_last ? n / batch : (n + batch - 1) / batch;
}

/* --- one batch ------------------------------------------------------------------ */

static rm_status make_with(const rm_epoch_plan *plan, size_t first, size_t n, size_t indices[], bool threaded,
                           slot *out, rm_error *err) {
  for (size_t i = 0; i < n; i++) indices[i] = (size_t)rm_tensor_i64(plan->order)[first + i] - 1;
  RM_TRY(rm_gather_rows(plan->labels, n, indices, &out->y, err));
  rm_status status = rm_augment_batch(plan->images, plan->table, &plan->augment, &plan->rng, first, n, indices,
                                      threaded, &out->x, err);
  if (status != RM_OK) {
    rm_tensor_release(out->y);
    out->y = NULL;
  }
  return status;
}

/* Batch number b -> *out: the batch, or the error in its place. */
static void make_batch(const rm_epoch_plan *plan, size_t b, bool threaded, slot *out) {
  memset(out, 0, sizeof *out);
  size_t first = b * plan->batch, left = plan->order->numel - first;
  size_t n = left < plan->batch ? left : plan->batch;
  if (plan->parts > 1 && n % plan->parts == 0) {
    n /= plan->parts;
    first += plan->part * n;
  }
  size_t *indices = rm_alloc(n * sizeof *indices);
  if (!indices) {
    rm_fail(&out->error, RM_ERR_MEMORY, "loader: no memory for a batch of %zu", n);
    return;
  }
  make_with(plan, first, n, indices, threaded, out, &out->error);
  rm_free(indices, n * sizeof *indices);
}

/* --- the worker ------------------------------------------------------------------ */

static void *work(void *arg) {
  rm_prefetch *p = arg;
  pthread_mutex_lock(&p->mutex);
  while (p->made < p->batches) {
    while (!p->stop && p->made - p->taken == p->depth) pthread_cond_wait(&p->changed, &p->mutex);
    if (p->stop) break;
    size_t b = p->made;
    pthread_mutex_unlock(&p->mutex);
    slot made;
    rm_scope scope = rm_profile_begin();
    make_batch(&p->plan, b, false, &made);
    rm_profile_end(scope, "augment", RM_PROFILE_WORKER);
    pthread_mutex_lock(&p->mutex);
    p->ring[b % p->depth] = made;
    p->made++;
    pthread_cond_broadcast(&p->changed);
    if (made.error.code != RM_OK) break;
  }
  pthread_mutex_unlock(&p->mutex);
  return NULL;
}

/* Signals are for the main thread, so the worker is born with all of them blocked. Without
 * a thread (the system may refuse one) batches are made on demand. */
static void start_worker(rm_prefetch *p) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  p->running = pthread_create(&p->worker, NULL, work, p) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!p->running) p->depth = 0;
}

static rm_status check_plan(const rm_epoch_plan *plan, rm_error *err) {
  char text[RM_SHAPE_TEXT];
  const rm_tensor *x = plan->images, *y = plan->labels, *order = plan->order;
  if (x->dtype != RM_UINT8 || x->ndim != 4 || !rm_tensor_is_contiguous(x))
    return rm_fail(err, RM_ERR_SHAPE, "loader: images are %s %s, expected contiguous uint8 (N, C, H, W)",
                   rm_dtype_name(x->dtype), rm_tensor_text(x, text));
  if (y->dtype != RM_INT64 || y->ndim != 1 || y->numel != x->shape[0] || !rm_tensor_is_contiguous(y))
    return rm_fail(err, RM_ERR_SHAPE, "loader: labels are %s %s, expected contiguous int64 (%zu), one for each image",
                   rm_dtype_name(y->dtype), rm_tensor_text(y, text), x->shape[0]);
  if (order->dtype != RM_INT64 || order->ndim != 1 || !rm_tensor_is_contiguous(order))
    return rm_fail(err, RM_ERR_SHAPE, "loader: order is %s %s, expected contiguous int64 (n)",
                   rm_dtype_name(order->dtype), rm_tensor_text(order, text));
  for (size_t i = 0; i < order->numel; i++)
    if (rm_tensor_i64(order)[i] < 1 || (size_t)rm_tensor_i64(order)[i] > y->numel)
      return rm_fail(err, RM_ERR_VALUE, "loader: order[%zu] is %lld, expected 1 to %zu", i + 1,
                     (long long)rm_tensor_i64(order)[i], y->numel);
  if (plan->batch < 1) return rm_fail(err, RM_ERR_VALUE, "loader: batch_size must be at least 1, got 0");
  return RM_OK;
}

rm_status rm_prefetch_start(const rm_epoch_plan *plan, size_t depth, rm_prefetch **out, rm_error *err) {
  RM_TRY(check_plan(plan, err));
  rm_prefetch *p = rm_alloc(sizeof *p);
  if (!p) return rm_fail(err, RM_ERR_MEMORY, "loader: no memory");
  memset(p, 0, sizeof *p);
  p->plan = *plan;
  rm_tensor_retain(plan->images);
  rm_tensor_retain(plan->labels);
  rm_tensor_retain(plan->order);
  rm_tensor_retain(plan->table);
  p->batches = rm_epoch_batches(plan->order->numel, plan->batch, plan->drop_last);
  p->made = p->taken = plan->skip < p->batches ? plan->skip : p->batches;
  p->depth = depth < MAX_DEPTH ? depth : MAX_DEPTH;
  pthread_mutex_init(&p->mutex, NULL);
  pthread_cond_init(&p->changed, NULL);
  if (p->depth) start_worker(p);
  *out = p;
  return RM_OK;
}

static slot take(rm_prefetch *p) {
  slot got;
  if (!p->running) {
    make_batch(&p->plan, p->taken++, true, &got);
    return got;
  }
  pthread_mutex_lock(&p->mutex);
  while (p->made == p->taken) pthread_cond_wait(&p->changed, &p->mutex);
  got = p->ring[p->taken % p->depth];
  p->taken++;
  pthread_cond_broadcast(&p->changed);
  pthread_mutex_unlock(&p->mutex);
  return got;
}

rm_status rm_prefetch_next(rm_prefetch *p, rm_tensor **x, rm_tensor **y, rm_error *err) {
  slot got = {0};
  if (p->failure.code == RM_OK && p->taken < p->batches) {
    got = take(p);
    p->failure = got.error;
  }
  if (p->failure.code != RM_OK) return rm_fail(err, p->failure.code, "%s", p->failure.message);
  *x = got.x;
  *y = got.y;
  return RM_OK;
}

void rm_prefetch_stop(rm_prefetch *p) {
  if (!p) return;
  if (p->running) {
    pthread_mutex_lock(&p->mutex);
    p->stop = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->mutex);
    pthread_join(p->worker, NULL);
    for (; p->taken < p->made; p->taken++) { /* made and never taken */
      rm_tensor_release(p->ring[p->taken % p->depth].x);
      rm_tensor_release(p->ring[p->taken % p->depth].y);
    }
  }
  rm_tensor_release(p->plan.images);
  rm_tensor_release(p->plan.labels);
  rm_tensor_release(p->plan.order);
  rm_tensor_release(p->plan.table);
  pthread_cond_destroy(&p->changed);
  pthread_mutex_destroy(&p->mutex);
  rm_free(p, sizeof *p);
}
