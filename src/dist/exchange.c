/* exchange.c -- see exchange.h. */
#include "dist/exchange.h"

#include <stdint.h>
#include <stdlib.h>
#include "base/clock.h"
#include "dist/world.h"
#include "memory/alloc.h"

enum { PIECE = 1 << 30 }; /* bytes of a message, at most: MPI counts them in an int */

/* --- memory ---------------------------------------------------------------------------------- */

/* In front of what is given out. */
typedef struct {
  _Alignas(64) size_t bytes; /* with this */
  size_t owners;
} header;

void *rm_message_memory(size_t bytes) {
  header *h = bytes < SIZE_MAX - sizeof *h ? rm_alloc(sizeof *h + bytes) : NULL;
  if (!h) return NULL;
  *h = (header){sizeof *h + bytes, 1};
  return h + 1;
}

void rm_message_memory_release(void *memory) {
  header *h = memory ? (header *)memory - 1 : NULL;
  if (h && --h->owners == 0) rm_free(h, h->bytes);
}

/* --- exchanges ------------------------------------------------------------------------------- */

typedef struct {
  uint64_t request;
  int peer;
} piece;

struct rm_exchange {
  int size; /* of the world */
  bool begun, over;
  void *memory;
  double ready;      /* the moment before which it is not over; 0: whenever it is */
  rm_exchange *next; /* of those that were given up */
  size_t pieces;     /* on their way */
  piece *list;
  rm_parcel parcels[]; /* then the list */
};

static rm_exchange *given_up;

static size_t pieces_of(size_t bytes) { return (bytes + PIECE - 1) / PIECE; }

rm_status rm_exchange_new(const rm_parcel parcels[], void *memory, rm_exchange **out, rm_error *err) {
  int size = rm_world_size(), rank = rm_world_rank();
  size_t pieces = 0;
  for (int r = 0; r < size; r++)
    if (r != rank) pieces += pieces_of(parcels[r].send_bytes) + pieces_of(parcels[r].receive_bytes);
  rm_exchange *e = malloc(sizeof *e + (size_t)size * sizeof *parcels + pieces * sizeof *e->list);
  if (!e) return rm_fail(err, RM_ERR_MEMORY, "dist: no memory for %zu messages", pieces);
  *e = (rm_exchange){.size = size, .memory = memory, .list = (piece *)(void *)(e->parcels + size)};
  for (int r = 0; r < size; r++) e->parcels[r] = parcels[r];
  ((header *)memory - 1)->owners++;
  *out = e;
  return RM_OK;
}

static rm_status failed(int peer, int failure, rm_error *err) {
  char text[300];
  rm_world_transport()->describe(failure, text, sizeof text);
  return rm_fail(err, RM_ERR_IO, "dist: process %d cannot be reached from process %d: %s", peer, rm_world_rank(), text);
}

static rm_status begin(rm_exchange *e, int tag, int peer, rm_error *err) {
  const rm_transport *t = rm_world_transport();
  const rm_parcel *p = &e->parcels[peer];
  int failure = 0;
  for (size_t at = 0; at < p->receive_bytes && !failure; at += PIECE) {
    size_t bytes = p->receive_bytes - at < PIECE ? p->receive_bytes - at : PIECE;
    e->list[e->pieces].peer = peer;
    failure = t->receive(peer, tag, (char *)p->receive + at, bytes, &e->list[e->pieces].request);
    if (!failure) e->pieces++; /* what was not begun has no request to test */
  }
  for (size_t at = 0; at < p->send_bytes && !failure; at += PIECE) {
    size_t bytes = p->send_bytes - at < PIECE ? p->send_bytes - at : PIECE;
    e->list[e->pieces].peer = peer;
    failure = t->send(peer, tag, (const char *)p->send + at, bytes, &e->list[e->pieces].request);
    if (!failure) e->pieces++;
  }
  return failure ? failed(peer, failure, err) : RM_OK;
}

rm_status rm_exchange_start(rm_exchange *e, int tag, rm_error *err) {
  int rank = rm_world_rank();
  double delay = rm_world_delayed();
  if (delay > 0) e->ready = rm_seconds(RM_CLOCK_STEADY) + delay;
  e->begun = true;
  /* Beginning with the next process, so that not all send to process 0 at once. */
  rm_status status = RM_OK;
  for (int i = 1; i < e->size && status == RM_OK; i++) status = begin(e, tag, (rank + i) % e->size, err);
  if (status != RM_OK) rm_world_break();
  return status;
}

bool rm_exchange_begun(const rm_exchange *e) { return e->begun; }

rm_status rm_exchange_test(rm_exchange *e, bool *over, int *peer, rm_error *err) {
  for (size_t i = 0; i < e->pieces;) {
    int done = 0, failure = rm_world_transport()->test(&e->list[i].request, &done);
    if (failure) return failed(e->list[i].peer, failure, err);
    if (done) e->list[i] = e->list[--e->pieces];
    else i++;
  }
  if (e->pieces > 0) *peer = e->list[0].peer;
  *over = e->over = e->pieces == 0 && (e->ready == 0 || rm_seconds(RM_CLOCK_STEADY) >= e->ready);
  return RM_OK;
}

static rm_status test(void *what, bool *over, int *peer, rm_error *err) {
  return rm_exchange_test(what, over, peer, err);
}

rm_status rm_exchange_wait(rm_exchange *e, rm_error *err) { return rm_world_wait(test, e, err); }

static void discard(rm_exchange *e) {
  rm_message_memory_release(e->memory);
  free(e);
}

void rm_exchange_free(rm_exchange *e) {
  if (!e) return;
  if (e->begun && !e->over) rm_world_break();
  if (e->pieces == 0) {
    discard(e);
  } else {
    e->next = given_up;
    given_up = e;
  }
}

size_t rm_exchange_given_up(void) {
  size_t left = 0;
  for (rm_exchange **at = &given_up; *at;) {
    rm_exchange *e = *at;
    bool over;
    int peer;
    rm_exchange_test(e, &over, &peer, NULL);
    if (e->pieces == 0) {
      *at = e->next;
      discard(e);
    } else {
      at = &e->next;
      left++;
    }
  }
  return left;
}
