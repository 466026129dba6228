/* collect.c -- see collect.h. */
#include "dist/collect.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "dist/exchange.h"

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
  char *data, *room; /* of one block; room: what comes from the others, a part for each */
  size_t n, width;
  rm_reduce_type type;
  rm_reduce_op op;
  int tags[2], peer;
  bool small, second, over, taken; /* second: the sums are on their way back; taken: waited for, and whole */
  rm_exchange *exchanges[2];
  rm_reduction *next; /* of those that are on their way */
  void *parts[];      /* of the others and of this process, for join_all */
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

static rm_status new_parcels(rm_parcel **out, rm_error *err) {
  *out = calloc((size_t)rm_world_size(), sizeof **out);
  return *out ? RM_OK : rm_fail(err, RM_ERR_MEMORY, "dist: no memory for %d messages", rm_world_size());
}

/* The parts of everybody to everybody, or, the second time, the sums. */
static rm_status new_exchange(rm_reduction *q, bool second, rm_error *err) {
  int size = rm_world_size(), rank = rm_world_rank();
  rm_parcel *parcels;
  RM_TRY(new_parcels(&parcels, err));
  size_t mine = count(q, rank) * q->width;
  for (int r = 0; r < size; r++) {
    char *theirs = q->data + first(q, r) * q->width;
    if (second) parcels[r] = (rm_parcel){q->data + first(q, rank) * q->width, theirs, mine, count(q, r) * q->width};
    else parcels[r] = (rm_parcel){theirs, q->room + (size_t)r * mine, count(q, r) * q->width, mine};
  }
  rm_status status = rm_exchange_new(parcels, q->data, &q->exchanges[second], err);
  free(parcels);
  return status;
}

static void add_up(rm_reduction *q) {
  int size = rm_world_size(), rank = rm_world_rank();
  size_t n = count(q, rank), bytes = n * q->width;
  char *own = q->data + first(q, rank) * q->width;
  for (int r = 0; r < size; r++) q->parts[r] = r == rank ? own : q->room + (size_t)r * bytes;
  join_all(n, q->type, q->op, size, q->parts);
  if (q->parts[0] != own) memcpy(own, q->parts[0], bytes);
}

/* Everything that it will need. Of no elements, or of one process, nothing is sent. */
rm_status rm_reduction_new(size_t n, rm_reduce_type type, rm_reduce_op op, rm_reduction **out, rm_error *err) {
  size_t size = (size_t)rm_world_size(), bytes = n * width(type);
  rm_reduction *q = calloc(1, sizeof *q + size * sizeof *q->parts);
  if (!q) return rm_fail(err, RM_ERR_MEMORY, "dist: no memory");
  *q = (rm_reduction){.n = n, .width = width(type), .type = type, .op = op, .small = bytes <= SMALL};
  q->over = size == 1 || n == 0;
  size_t room = q->over ? 0 : size * count(q, rm_world_rank()) * q->width;
  rm_status status = RM_OK;
  if (!(q->data = rm_message_memory(bytes + room)))
    status = rm_fail(err, RM_ERR_MEMORY, "dist: no memory for %zu bytes", bytes + room);
  else q->room = q->data + bytes;
  if (status == RM_OK && !q->over) status = new_exchange(q, false, err);
  if (status == RM_OK && !q->over && !q->small) status = new_exchange(q, true, err);
  if (status == RM_OK) *out = q;
  else rm_reduction_free(q);
  return status;
}

void *rm_reduction_data(rm_reduction *q) { return q->data; }

static rm_status start(rm_reduction *q, rm_error *err) {
  if (q->over) return RM_OK;
  RM_TRY(rm_world_whole(err));
  for (int i = 0; i < 2; i++) q->tags[i] = rm_world_tag();
  rm_world_on_wait(rm_dist_progress);
  rm_reduction **end = &active;
  while (*end) end = &(*end)->next;
  *end = q;
  return rm_exchange_start(q->exchanges[0], q->tags[0], err);
}

rm_status rm_reduction_start(rm_reduction *q, rm_error *err) {
  traffic.reductions++;
  traffic.reduction_bytes += (double)(q->n * q->width);
  return start(q, err);
}

static void leave_list(rm_reduction *q) {
  for (rm_reduction **at = &active; *at; at = &(*at)->next)
    if (*at == q) {
      *at = q->next;
      return;
    }
}

/* An exchange of q is over: what follows. */
static rm_status go_on(rm_reduction *q, rm_error *err) {
  if (!q->second) add_up(q);
  if (q->second || q->small) {
    q->over = true;
    leave_list(q);
    return RM_OK;
  }
  q->second = true;
  return rm_exchange_start(q->exchanges[1], q->tags[1], err);
}

rm_status rm_dist_progress(rm_error *err) {
  if (active) RM_TRY(rm_world_whole(err));
  for (rm_reduction *q = active, *next; q; q = next) {
    next = q->next;
    bool over = false;
    rm_status status = rm_exchange_test(q->exchanges[q->second], &over, &q->peer, err);
    if (status == RM_OK && over) status = go_on(q, err);
    if (status != RM_OK) rm_world_break();
    RM_TRY(status);
  }
  return RM_OK;
}

static rm_status test(void *what, bool *over, int *peer, rm_error *err) {
  rm_reduction *q = what;
  if (!q->over) RM_TRY(rm_dist_progress(err));
  *over = q->over;
  *peer = q->peer;
  return RM_OK;
}

rm_status rm_reduction_wait(rm_reduction *q, rm_error *err) {
  RM_TRY(rm_world_wait(test, q, err));
  q->taken = true;
  return RM_OK;
}

void rm_reduction_free(rm_reduction *q) {
  if (!q) return;
  /* One that is over but that nobody waited for is given up as well: what it is part of is not whole. */
  if (q->exchanges[0] && rm_exchange_begun(q->exchanges[0]) && !q->taken) rm_world_break();
  leave_list(q);
  for (int i = 0; i < 2; i++) rm_exchange_free(q->exchanges[i]);
  rm_message_memory_release(q->data);
  free(q);
}

/* --- at once --------------------------------------------------------------------------------- */

rm_status rm_dist_all_reduce(void *data, size_t n, rm_reduce_type type, rm_reduce_op op, rm_error *err) {
  rm_reduction *q = NULL;
  size_t bytes = n * width(type);
  if (rm_world_size() == 1 || n == 0) return RM_OK;
  RM_TRY(rm_reduction_new(n, type, op, &q, err));
  memcpy(q->data, data, bytes);
  rm_status status = start(q, err);
  if (status == RM_OK) {
    traffic.exchanges += q->small ? 1 : 2;
    traffic.bytes += (double)bytes * (q->small ? 1 : 2.0 / rm_world_size());
    status = rm_reduction_wait(q, err);
  }
  if (status == RM_OK) memcpy(data, q->data, bytes);
  rm_reduction_free(q);
  return status;
}

/* Sends and receives what parcels say, all of it in `memory`, and waits. */
static rm_status exchange(const rm_parcel parcels[], void *memory, rm_error *err) {
  rm_exchange *e = NULL;
  RM_TRY(rm_world_whole(err));
  RM_TRY(rm_exchange_new(parcels, memory, &e, err));
  rm_status status = rm_exchange_start(e, rm_world_tag(), err);
  if (status == RM_OK) status = rm_exchange_wait(e, err);
  rm_exchange_free(e);
  return status;
}

rm_status rm_dist_all_gather_new(const void *data, size_t bytes, void **all, rm_error *err) {
  int size = rm_world_size(), rank = rm_world_rank();
  rm_parcel *parcels = NULL;
  char *room = rm_message_memory((size_t)size * bytes);
  rm_status status = RM_OK;
  if (!room) return rm_fail(err, RM_ERR_MEMORY, "dist: no memory for %zu bytes", (size_t)size * bytes);
  char *own = room + (size_t)rank * bytes;
  if (bytes > 0) memcpy(own, data, bytes);
  if (size > 1 && bytes > 0) status = new_parcels(&parcels, err);
  if (parcels) {
    for (int r = 0; r < size; r++) parcels[r] = (rm_parcel){own, room + (size_t)r * bytes, bytes, bytes};
    status = exchange(parcels, room, err);
    traffic.exchanges++;
    traffic.bytes += (double)bytes;
    free(parcels);
  }
  if (status == RM_OK) *all = room;
  else rm_message_memory_release(room);
  return status;
}

rm_status rm_dist_all_gather(const void *data, size_t bytes, void *all, rm_error *err) {
  void *room;
  RM_TRY(rm_dist_all_gather_new(data, bytes, &room, err));
  if (bytes > 0) memcpy(all, room, (size_t)rm_world_size() * bytes);
  rm_message_memory_release(room);
  return RM_OK;
}

rm_status rm_dist_barrier(rm_error *err) {
  void *room;
  RM_TRY(rm_dist_all_gather_new("", 1, &room, err));
  rm_message_memory_release(room);
  return RM_OK;
}

/* Down a binomial tree: who has the data gives it to the one `step` further. Ranks count from the root. */
rm_status rm_dist_broadcast(void *data, size_t bytes, int root, rm_error *err) {
  int size = rm_world_size(), rank = (rm_world_rank() - root + size) % size, step = 1;
  rm_parcel *parcels;
  if (size == 1 || bytes == 0) return RM_OK;
  RM_TRY(new_parcels(&parcels, err));
  char *room = rm_message_memory(bytes);
  rm_status status = room ? RM_OK : rm_fail(err, RM_ERR_MEMORY, "dist: no memory for %zu bytes", bytes);
  if (room && rank == 0) memcpy(room, data, bytes);
  while (step < size) step *= 2;
  bool begun = false;
  for (step /= 2; step > 0 && status == RM_OK; step /= 2) {
    memset(parcels, 0, (size_t)size * sizeof *parcels);
    if (rank % (2 * step) == 0 && rank + step < size)
      parcels[(rank + step + root) % size] = (rm_parcel){.send = room, .send_bytes = bytes};
    else if (rank % (2 * step) == step)
      parcels[(rank - step + root) % size] = (rm_parcel){.receive = room, .receive_bytes = bytes};
    status = exchange(parcels, room, err);
    if (status != RM_OK && begun) rm_world_break(); /* the others have gone one step with it */
    begun = true;
  }
  if (status == RM_OK && rank > 0) memcpy(data, room, bytes);
  rm_message_memory_release(room);
  free(parcels);
  return status;
}

/* --- measurements ---------------------------------------------------------------------------- */

rm_dist_traffic rm_dist_traffic_now(void) { return traffic; }

enum { MOST_AT_ONCE = 64 };

rm_status rm_dist_time(size_t count, size_t bytes, double *seconds, rm_error *err) {
  size_t size = (size_t)rm_world_size(), room_bytes;
  rm_exchange *list[MOST_AT_ONCE] = {0};
  rm_parcel *parcels;
  if (count > MOST_AT_ONCE)
    return rm_fail(err, RM_ERR_VALUE, "dist: %zu exchanges at once, expected at most %d", count, MOST_AT_ONCE);
  if (bytes > PTRDIFF_MAX / (size + 1))
    return rm_fail(err, RM_ERR_MEMORY, "dist: no memory for %zu messages of %zu bytes", size + 1, bytes);
  room_bytes = (size + 1) * bytes;
  RM_TRY(new_parcels(&parcels, err));
  char *room = rm_message_memory(room_bytes);
  rm_status status = room ? RM_OK : rm_fail(err, RM_ERR_MEMORY, "dist: no memory for %zu bytes", room_bytes);
  if (room) memset(room, 0, room_bytes);
  for (size_t r = 0; room && r < size; r++) parcels[r] = (rm_parcel){room, room + (r + 1) * bytes, bytes, bytes};
  for (size_t i = 0; i < count && status == RM_OK; i++) status = rm_exchange_new(parcels, room, &list[i], err);
  if (status == RM_OK) status = rm_dist_barrier(err);
  double began = rm_seconds(RM_CLOCK_STEADY);
  for (size_t i = 0; i < count && status == RM_OK; i++) status = rm_exchange_start(list[i], rm_world_tag(), err);
  for (size_t i = 0; i < count && status == RM_OK; i++) status = rm_exchange_wait(list[i], err);
  *seconds = rm_seconds(RM_CLOCK_STEADY) - began;
  for (size_t i = 0; i < count; i++) rm_exchange_free(list[i]);
  rm_message_memory_release(room);
  free(parcels);
  return status;
}
