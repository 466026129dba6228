/* world.c -- see world.h. */
#define _GNU_SOURCE
#include "dist/world.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "dist/collect.h"
#include "dist/launcher.h"
#include "parallel/interrupt.h"
#include "parallel/processors.h"

enum {
  PIECE = 1 << 30, /* bytes of a message, at most: MPI counts them in an int */
  TAGS = 16384,    /* every MPI library has 32767 */
  LEAVING = TAGS   /* the tag of the last exchange */
};
static const double PATIENT = 200e-6; /* seconds of testing before the first sleep */

static struct {
  rm_transport transport;
  bool joined, alone;
  int tag; /* of the next exchange */
  double delay;
  double waited;
  rm_status (*progress)(rm_error *err);
} world = {.transport = {.rank = 0, .size = 1, .local_rank = 0, .local_size = 1}};

/* --- joining and leaving --------------------------------------------------------------------- */

/* Where a process may run. */
typedef struct {
  char host[256];
  cpu_set_t processors;
} home;

/* Processes of one host that the launcher gave the same processors divide these; those that it bound apart do not. */
static rm_status share_processors(rm_error *err) {
  int size = rm_world_size();
  size_t sharers = 0;
  home own;
  memset(&own, 0, sizeof own);
  gethostname(own.host, sizeof own.host - 1);
  if (sched_getaffinity(0, sizeof own.processors, &own.processors) != 0) return RM_OK;
  home *all = calloc((size_t)size, sizeof *all);
  if (!all) return rm_fail(err, RM_ERR_MEMORY, "dist: no memory for %d processes", size);
  rm_status status = rm_dist_all_gather(&own, sizeof own, all, err);
  for (int r = 0; r < size; r++) {
    cpu_set_t both;
    CPU_AND(&both, &own.processors, &all[r].processors);
    sharers += strcmp(own.host, all[r].host) == 0 && CPU_COUNT(&both) > 0;
  }
  free(all);
  if (status == RM_OK) rm_processors_share(sharers);
  return status;
}

static pid_t joined_as; /* a child that ends is not this process */

/* However the program ends: with a failure all end, else all wait for each other. */
static void at_exit(int status, void *unused) {
  (void)unused;
  if (!world.joined || getpid() != joined_as) return;
  world.alone = false;
  if (status != 0) {
    fflush(NULL);
    if (status < 128) rm_world_abort(status);
    _Exit(status); /* stopped by a signal, most likely because the others are: the launcher sees it */
  }
  rm_world_leave();
}

rm_status rm_world_join(rm_error *err) {
  if (world.joined || rm_launcher_size() == 1) return RM_OK;
  world.transport.rank = rm_launcher_rank();
  RM_TRY(rm_launcher_join(&world.transport, err));
  world.joined = true;
  joined_as = getpid();
  on_exit(at_exit, NULL);
  return share_processors(err);
}

bool rm_world_alone(bool on) {
  bool was = world.alone;
  world.alone = on;
  return was;
}

int rm_world_rank(void) { return world.alone ? 0 : world.transport.rank; }
int rm_world_size(void) { return world.alone ? 1 : world.transport.size; }
int rm_world_local_rank(void) { return world.transport.local_rank; }
int rm_world_local_size(void) { return world.transport.local_size; }
const char *rm_world_library(void) { return world.transport.library; }
bool rm_world_joined(void) { return world.joined; }
double rm_world_waited(void) { return world.waited; }
void rm_world_on_wait(rm_status (*progress)(rm_error *err)) { world.progress = progress; }

/* A launcher that is told to end all passes on what it has read by then, and no more: it gets time to read what this
 * process has just said (Open MPI 4.1.4 and MPICH 4.0.2 lose the last lines otherwise, on a busy machine). */
void rm_world_abort(int status) {
  if (world.joined) {
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    world.transport.abort(status);
  }
  _Exit(status);
}

/* --- messages ------------------------------------------------------------------------------ */

int rm_world_tag(void) {
  int tag = world.tag;
  world.tag = (tag + 1) % TAGS;
  return tag;
}

typedef struct {
  uint64_t request;
  int peer;
} piece;

struct rm_exchange {
  size_t pieces, room;
  double ready; /* the moment before which it is not over; 0: whenever it is */
  piece list[]; /* those that are not over */
};

static size_t pieces_of(size_t bytes) { return (bytes + PIECE - 1) / PIECE; }

static rm_status failed(int peer, int failure, rm_error *err) {
  char text[300];
  world.transport.describe(failure, text, sizeof text);
  return rm_fail(err, RM_ERR_IO, "dist: process %d cannot be reached from process %d: %s", peer, rm_world_rank(), text);
}

static rm_status begin(rm_exchange *e, int tag, int peer, const rm_parcel *p, rm_error *err) {
  const rm_transport *t = &world.transport;
  int failure = 0;
  for (size_t at = 0; at < p->receive_bytes && !failure; at += PIECE) {
    size_t bytes = p->receive_bytes - at < PIECE ? p->receive_bytes - at : PIECE;
    failure = t->receive(peer, tag, (char *)p->receive + at, bytes, &e->list[e->pieces].request);
    e->list[e->pieces++].peer = peer;
  }
  for (size_t at = 0; at < p->send_bytes && !failure; at += PIECE) {
    size_t bytes = p->send_bytes - at < PIECE ? p->send_bytes - at : PIECE;
    failure = t->send(peer, tag, (const char *)p->send + at, bytes, &e->list[e->pieces].request);
    e->list[e->pieces++].peer = peer;
  }
  return failure ? failed(peer, failure, err) : RM_OK;
}

rm_status rm_exchange_start(const rm_parcel parcels[], int tag, rm_exchange **out, rm_error *err) {
  int size = rm_world_size(), rank = rm_world_rank();
  size_t pieces = 0;
  for (int r = 0; r < size; r++)
    if (r != rank) pieces += pieces_of(parcels[r].send_bytes) + pieces_of(parcels[r].receive_bytes);
  rm_exchange *e = malloc(sizeof *e + pieces * sizeof *e->list);
  if (!e) return rm_fail(err, RM_ERR_MEMORY, "dist: no memory for %zu messages", pieces);
  *e = (rm_exchange){.room = pieces};
  if (world.delay > 0) e->ready = rm_seconds(RM_CLOCK_STEADY) + world.delay;
  rm_status status = RM_OK;
  /* Beginning with the next process, so that not all send to process 0 at once. */
  for (int i = 1; i < size && status == RM_OK; i++)
    status = begin(e, tag, (rank + i) % size, &parcels[(rank + i) % size], err);
  if (status == RM_OK) *out = e;
  else free(e);
  return status;
}

rm_status rm_exchange_test(rm_exchange *e, bool *over, int *peer, rm_error *err) {
  for (size_t i = 0; i < e->pieces;) {
    int done = 0, failure = world.transport.test(&e->list[i].request, &done);
    if (failure) return failed(e->list[i].peer, failure, err);
    if (done) e->list[i] = e->list[--e->pieces];
    else i++;
  }
  if (e->pieces > 0) *peer = e->list[0].peer;
  *over = e->pieces == 0 && (e->ready == 0 || rm_seconds(RM_CLOCK_STEADY) >= e->ready);
  return RM_OK;
}

void rm_world_delay(double seconds) { world.delay = seconds; }

static double patience(void) {
  const char *text = getenv("RESMOON_DIST_TIMEOUT");
  double seconds = text ? strtod(text, NULL) : 0;
  return seconds > 0 ? seconds : 600;
}

/* A processor for somebody else: at first only if somebody wants it, later for sure. */
static void rest(double waited) {
  if (waited < PATIENT) {
    sched_yield();
    return;
  }
  long nanoseconds = waited < 0.01 ? 20000 : waited < 1 ? 200000 : 2000000;
  nanosleep(&(struct timespec){0, nanoseconds}, NULL);
}

rm_status rm_world_wait(rm_world_test test, void *what, rm_error *err) {
  double began = rm_seconds(RM_CLOCK_STEADY), limit = 0;
  for (;;) {
    bool over = false;
    int peer = 0;
    RM_TRY(test(what, &over, &peer, err));
    double waited = rm_seconds(RM_CLOCK_STEADY) - began;
    if (over) {
      world.waited += waited;
      return RM_OK;
    }
    if (world.progress) RM_TRY(world.progress(err));
    if (waited > 1) { /* not before: whoever is only slow will come */
      if (limit == 0) limit = patience();
      if (rm_interrupted()) return rm_fail(err, RM_ERR_INTERRUPTED, "interrupted while waiting for process %d", peer);
      if (waited > limit)
        return rm_fail(err, RM_ERR_IO,
                       "dist: process %d has not answered process %d for %.0f seconds (RESMOON_DIST_TIMEOUT)", peer,
                       rm_world_rank(), limit);
    }
    rest(waited);
  }
}

static rm_status test_exchange(void *what, bool *over, int *peer, rm_error *err) {
  return rm_exchange_test(what, over, peer, err);
}

rm_status rm_exchange_wait(rm_exchange *e, rm_error *err) { return rm_world_wait(test_exchange, e, err); }

void rm_exchange_free(rm_exchange *e) { free(e); }

void rm_world_leave(void) {
  if (!world.joined) return;
  double seconds = patience();
  int size = rm_world_size();
  char here = 0, *there = calloc((size_t)size, 1);
  rm_parcel *parcels = calloc((size_t)size, sizeof *parcels);
  rm_exchange *e = NULL;
  bool over = false;
  int peer;
  for (int r = 0; parcels && there && r < size; r++) parcels[r] = (rm_parcel){&here, there + r, 1, 1};
  if (parcels && there && rm_exchange_start(parcels, LEAVING, &e, NULL) == RM_OK) {
    double end = rm_seconds(RM_CLOCK_STEADY) + seconds;
    while (rm_exchange_test(e, &over, &peer, NULL) == RM_OK && !over && rm_seconds(RM_CLOCK_STEADY) < end)
      nanosleep(&(struct timespec){0, 1000000}, NULL);
  }
  if (!over) {
    fprintf(stderr, "resmoon: process %d has ended, but others have not for %.0f seconds (RESMOON_DIST_TIMEOUT)\n",
            rm_world_rank(), seconds);
    rm_world_abort(1);
  }
  rm_exchange_free(e);
  free(parcels);
  free(there);
  world.joined = false;
  world.transport.finish();
}
