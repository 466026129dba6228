/* collect.c -- see collect.h. */
#include "dist/collect.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"

/* Up to so many bytes everybody sends everything to everybody: one journey instead of two. */
enum { SMALL = 4096 };

static size_t width(rm_reduce_type type) { return type == RM_REDUCE_FLOAT ? sizeof(float) : 8; }

/* to = to + from, or the larger. */
static void join(size_t n, rm_reduce_type type, rm_reduce_op op, void *to, const void *from) {
#define JOIN(T) \
  do { \
    T *restrict a = to; \
    const T *restrict b = from; \
    if (op == RM_REDUCE_SUM) \
      for (size_t i = 0; i < n; i++) a[i] += b[i]; \
    else \
      for (size_t i = 0; i < n; i++) a[i] = a[i] != a[i] || a[i] >= b[i] ? a[i] : b[i]; \
  } while (0)
  if (type == RM_REDUCE_FLOAT) JOIN(float);
  else if (type == RM_REDUCE_DOUBLE) JOIN(double);
  else if (op == RM_REDUCE_SUM) JOIN(uint64_t); /* wraps, as sums of tensors do */
  else JOIN(int64_t);
#undef JOIN
}

/* parts[0] = the tree over parts[0 .. size-1]. */
static void join_all(size_t n, rm_reduce_type type, rm_reduce_op op, int size, void *const parts[]) {
  for (int step = 1; step < size; step *= 2)
    for (int i = 0; i + step < size; i += 2 * step) join(n, type, op, parts[i], parts[i + step]);
}

struct rm_reduction {
  char *data, *room; /* room: what comes from the others, a part for each */
  size_t n, width, room_bytes;
  rm_reduce_type type;
  rm_reduce_op op;
  int tags[2], peer;
  bool small, second, over; /* second: the sums are on their way back */
  rm_exchange *exchange;
  rm_reduction *next; /* of those that are on their way */
};

static rm_reduction *active;
static rm_dist_traffic traffic;

/* The elements that process r adds up: from first(r) to first(r + 1). */
static size_t first(const rm_reduction *q, int r) {
  return q->small ? 0 : (size_t)((double)q->n * r / rm_world_size());
}
static size_t count(const rm_reduction *q, int r) {
  if (q->small) return q->n;
  return (r + 1 == rm_world_size() ? q->n : first(q, r + 1)) - first(q, r);
}

/* The parts of everybody to everybody, or, the second time, the sums. */
static rm_status send_parts(rm_reduction *q, rm_error *err) {
  int size = rm_world_size(), rank = rm_world_rank();
  rm_parcel *parcels = calloc((size_t)size, sizeof *parcels);
  if (!parcels) return rm_fail(err, RM_ERR_MEMORY, "dist: no memory for %d messages", size);
  size_t mine = count(q, rank) * q->width;
  for (int r = 0; r < size; r++) {
    char *theirs = q->data + first(q, r) * q->width;
    if (q->second) parcels[r] = (rm_parcel){q->data + first(q, rank) * q->width, theirs, mine, count(q, r) * q->width};
    else parcels[r] = (rm_parcel){theirs, q->room + (size_t)r * mine, count(q, r) * q->width, mine};
  }
  rm_status status = rm_exchange_start(parcels, q->tags[q->second], &q->exchange, err);
  free(parcels);
  return status;
}

static rm_status add_up(rm_reduction *q, rm_error *err) {
  int size = rm_world_size(), rank = rm_world_rank();
  size_t n = count(q, rank), bytes = n * q->width;
  char *own = q->data + first(q, rank) * q->width;
  void **parts = malloc((size_t)size * sizeof *parts);
  if (!parts) return rm_fail(err, RM_ERR_MEMORY, "dist: no memory for %d messages", size);
  for (int r = 0; r < size; r++) parts[r] = r == rank ? own : q->room + (size_t)r * bytes;
  join_all(n, q->type, q->op, size, parts);
  if (parts[0] != own) memcpy(own, parts[0], bytes);
  free(parts);
  return RM_OK;
}

static rm_status start(void *data, size_t n, rm_reduce_type type, rm_reduce_op op, rm_reduction **out, rm_error *err) {
  int size = rm_world_size();
  rm_reduction *q = calloc(1, sizeof *q);
  if (!q) return rm_fail(err, RM_ERR_MEMORY, "dist: no memory");
  *q = (rm_reduction){.data = data, .n = n, .width = width(type), .type = type, .op = op};
  q->small = n * q->width <= SMALL;
  for (int i = 0; i < 2; i++) q->tags[i] = rm_world_tag();
  q->over = size == 1 || n == 0;
  if (!q->over) {
    q->room_bytes = (size_t)size * count(q, rm_world_rank()) * q->width;
    q->room = malloc(q->room_bytes + 1);
    rm_status status = q->room ? send_parts(q, err)
                               : rm_fail(err, RM_ERR_MEMORY, "dist: no memory for %zu bytes", q->room_bytes);
    if (status != RM_OK) {
      free(q->room);
      free(q);
      return status;
    }
    rm_world_on_wait(rm_dist_progress);
    rm_reduction **end = &active;
    while (*end) end = &(*end)->next;
    *end = q;
  }
  *out = q;
  return RM_OK;
}

rm_status rm_reduction_start(void *data, size_t n, rm_reduce_type type, rm_reduce_op op, rm_reduction **out,
                             rm_error *err) {
  traffic.reductions++;
  traffic.reduction_bytes += (double)(n * width(type));
  return start(data, n, type, op, out, err);
}

static void leave_list(rm_reduction *q) {
  for (rm_reduction **at = &active; *at; at = &(*at)->next)
    if (*at == q) {
      *at = q->next;
      return;
    }
}

/* The exchange of q is over: what follows. */
static rm_status go_on(rm_reduction *q, rm_error *err) {
  rm_exchange_free(q->exchange);
  q->exchange = NULL;
  if (!q->second) RM_TRY(add_up(q, err));
  if (q->second || q->small) {
    q->over = true;
    leave_list(q);
    return RM_OK;
  }
  q->second = true;
  return send_parts(q, err);
}

rm_status rm_dist_progress(rm_error *err) {
  for (rm_reduction *q = active, *next; q; q = next) {
    next = q->next;
    bool over = false;
    if (!q->exchange) return rm_fail(err, RM_ERR_IO, "dist: what an earlier call had begun failed in its middle");
    RM_TRY(rm_exchange_test(q->exchange, &over, &q->peer, err));
    if (over) RM_TRY(go_on(q, err));
  }
  return RM_OK;
}

static rm_status test(void *what, bool *over, int *peer, rm_error *err) {
  rm_reduction *q = what;
  RM_TRY(rm_dist_progress(err));
  *over = q->over;
  *peer = q->peer;
  return RM_OK;
}

rm_status rm_reduction_wait(rm_reduction *q, rm_error *err) { return rm_world_wait(test, q, err); }

void rm_reduction_free(rm_reduction *q) {
  if (!q) return;
  leave_list(q);
  rm_exchange_free(q->exchange);
  free(q->room);
  free(q);
}

/* --- at once --------------------------------------------------------------------------------- */

rm_status rm_dist_all_reduce(void *data, size_t n, rm_reduce_type type, rm_reduce_op op, rm_error *err) {
  rm_reduction *q = NULL;
  RM_TRY(start(data, n, type, op, &q, err));
  traffic.exchanges += q->small ? 1 : 2;
  traffic.bytes += (double)(n * width(type)) * (q->small ? 1 : 2.0 / rm_world_size());
  rm_status status = rm_reduction_wait(q, err);
  rm_reduction_free(q);
  return status;
}

/* Sends and receives what parcels say, and waits. */
static rm_status exchange(const rm_parcel parcels[], rm_error *err) {
  rm_exchange *e = NULL;
  RM_TRY(rm_exchange_start(parcels, rm_world_tag(), &e, err));
  rm_status status = rm_exchange_wait(e, err);
  rm_exchange_free(e);
  return status;
}

static rm_status new_parcels(rm_parcel **out, rm_error *err) {
  *out = calloc((size_t)rm_world_size(), sizeof **out);
  return *out ? RM_OK : rm_fail(err, RM_ERR_MEMORY, "dist: no memory for %d messages", rm_world_size());
}

rm_status rm_dist_all_gather(const void *data, size_t bytes, void *all, rm_error *err) {
  int size = rm_world_size(), rank = rm_world_rank();
  rm_parcel *parcels;
  if (bytes == 0) return RM_OK;
  memcpy((char *)all + (size_t)rank * bytes, data, bytes);
  if (size == 1) return RM_OK;
  RM_TRY(new_parcels(&parcels, err));
  for (int r = 0; r < size; r++) parcels[r] = (rm_parcel){data, (char *)all + (size_t)r * bytes, bytes, bytes};
  traffic.exchanges++;
  traffic.bytes += (double)bytes;
  rm_status status = exchange(parcels, err);
  free(parcels);
  return status;
}

rm_status rm_dist_barrier(rm_error *err) {
  char all[16], *room = rm_world_size() > 16 ? malloc((size_t)rm_world_size()) : all;
  if (!room) return rm_fail(err, RM_ERR_MEMORY, "dist: no memory");
  rm_status status = rm_dist_all_gather("", 1, room, err);
  if (room != all) free(room);
  return status;
}

/* Down a binomial tree: who has the data gives it to the one `step` further. Ranks count from the root. */
rm_status rm_dist_broadcast(void *data, size_t bytes, int root, rm_error *err) {
  int size = rm_world_size(), rank = (rm_world_rank() - root + size) % size, step = 1;
  rm_parcel *parcels;
  if (size == 1 || bytes == 0) return RM_OK;
  RM_TRY(new_parcels(&parcels, err));
  while (step < size) step *= 2;
  rm_status status = RM_OK;
  for (step /= 2; step > 0 && status == RM_OK; step /= 2) {
    memset(parcels, 0, (size_t)size * sizeof *parcels);
    if (rank % (2 * step) == 0 && rank + step < size)
      parcels[(rank + step + root) % size] = (rm_parcel){.send = data, .send_bytes = bytes};
    else if (rank % (2 * step) == step)
      parcels[(rank - step + root) % size] = (rm_parcel){.receive = data, .receive_bytes = bytes};
    status = exchange(parcels, err);
  }
  free(parcels);
  return status;
}

/* --- measurements ---------------------------------------------------------------------------- */

rm_dist_traffic rm_dist_traffic_now(void) { return traffic; }

enum { MOST_AT_ONCE = 64 };

rm_status rm_dist_time(size_t count, size_t bytes, double *seconds, rm_error *err) {
  int size = rm_world_size();
  rm_exchange *list[MOST_AT_ONCE] = {0};
  rm_parcel *parcels;
  char *room = calloc((size_t)size + 1, bytes + 1);
  if (count > MOST_AT_ONCE) count = MOST_AT_ONCE;
  if (!room) return rm_fail(err, RM_ERR_MEMORY, "dist: no memory for %zu bytes", bytes);
  rm_status status = new_parcels(&parcels, err);
  for (int r = 0; status == RM_OK && r < size; r++)
    parcels[r] = (rm_parcel){room, room + (size_t)(r + 1) * bytes, bytes, bytes};
  if (status == RM_OK) status = rm_dist_barrier(err);
  double began = rm_seconds(RM_CLOCK_STEADY);
  for (size_t i = 0; i < count && status == RM_OK; i++)
    status = rm_exchange_start(parcels, rm_world_tag(), &list[i], err);
  for (size_t i = 0; i < count && status == RM_OK; i++) status = rm_exchange_wait(list[i], err);
  *seconds = rm_seconds(RM_CLOCK_STEADY) - began;
  for (size_t i = 0; i < count; i++) rm_exchange_free(list[i]);
  if (status == RM_OK) free(parcels);
  free(room);
  return status;
}
