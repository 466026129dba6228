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
#include "dist/exchange.h"
#include "dist/launcher.h"
#include "parallel/interrupt.h"
#include "parallel/processors.h"

enum {
  TAGS = 16384,  /* every MPI library has 32767 */
  LEAVING = TAGS /* the tag of the last exchange */
};
static const double PATIENT = 200e-6; /* seconds of testing before the first sleep */

static struct {
  rm_transport transport;
  bool joined, alone, broken;
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

/* --- what is done together ------------------------------------------------------------------- */

int rm_world_tag(void) {
  int tag = world.tag;
  world.tag = (tag + 1) % TAGS;
  return tag;
}

void rm_world_break(void) { world.broken = true; }

rm_status rm_world_whole(rm_error *err) {
  if (!world.broken) return RM_OK;
  rm_exchange_given_up();
  return rm_fail(err, RM_ERR_STATE,
                 "dist: an earlier call failed or was given up in its middle, so process %d is at another place than "
                 "the others: end them all",
                 rm_world_rank());
}

const rm_transport *rm_world_transport(void) { return &world.transport; }

void rm_world_delay(double seconds) { world.delay = seconds; }
double rm_world_delayed(void) { return world.delay; }

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

void rm_world_leave(void) {
  if (!world.joined) return;
  double seconds = patience(), end = rm_seconds(RM_CLOCK_STEADY) + seconds;
  size_t size = (size_t)rm_world_size();
  char *here = rm_message_memory(1 + size); /* then what the others send */
  rm_parcel *parcels = calloc(size, sizeof *parcels);
  rm_exchange *e = NULL;
  bool over = false;
  int peer;
  if (here) *here = 0;
  for (size_t r = 0; parcels && here && r < size; r++) parcels[r] = (rm_parcel){here, here + 1 + r, 1, 1};
  if (parcels && here && rm_exchange_new(parcels, here, &e, NULL) == RM_OK &&
      rm_exchange_start(e, LEAVING, NULL) == RM_OK)
    while (rm_exchange_test(e, &over, &peer, NULL) == RM_OK && !over && rm_seconds(RM_CLOCK_STEADY) < end)
      nanosleep(&(struct timespec){0, 1000000}, NULL);
  if (!over) {
    fprintf(stderr, "resmoon: process %d has ended, but others have not for %.0f seconds (RESMOON_DIST_TIMEOUT)\n",
            rm_world_rank(), seconds);
    rm_world_abort(1);
  }
  rm_exchange_free(e);
  free(parcels);
  rm_message_memory_release(here);
  world.joined = false;
  world.transport.finish();
}
