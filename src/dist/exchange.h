/* exchange.h -- messages among the processes of the world, and the memory they lie in.
 *
 * What has been begun cannot be taken back: until a message is over the library may read and write its memory, also
 * where whoever waited for it has given up (Ctrl-C, RESMOON_DIST_TIMEOUT, a failure). So messages lie in memory of their
 * own, never in a caller's: what is given up writes into nothing that is somebody else's by then, and what was to be
 * changed is as it was. */
#ifndef RM_DIST_EXCHANGE_H
#define RM_DIST_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/status.h"

/* Memory for messages, aligned as rm_alloc's; NULL when there is none. It has several owners: whoever made it, and each
 * exchange in it until its last message is over. The last one to let go frees it. */
void *rm_message_memory(size_t bytes);
void rm_message_memory_release(void *memory); /* NULL is fine */

typedef struct {
  const void *send;
  void *receive;
  size_t send_bytes, receive_bytes; /* 0: none */
} rm_parcel;

/* Messages of one tag, at most one each way for each process of the world. */
typedef struct rm_exchange rm_exchange;

/* What is to be sent to and received from every process r is parcels[r] (that of this process is left out), which lie in
 * `memory`. Nothing is sent yet: all that may fail for want of memory is here. */
rm_status rm_exchange_new(const rm_parcel parcels[], void *memory, rm_exchange **out, rm_error *err);
/* Begins. `tag` is what rm_world_tag gave, on every process. */
rm_status rm_exchange_start(rm_exchange *e, int tag, rm_error *err);
bool rm_exchange_begun(const rm_exchange *e);
/* Whether it is over; never waits. *peer: a process whose message is missing. */
rm_status rm_exchange_test(rm_exchange *e, bool *over, int *peer, rm_error *err);
rm_status rm_exchange_wait(rm_exchange *e, rm_error *err);
/* Lets go of it. One that was begun and is not over is given up: the world is broken from then on (rm_world_break), and
 * what is on its way stays until it has come. NULL is fine. */
void rm_exchange_free(rm_exchange *e);

/* Looks after what was given up; how many exchanges of these are still on their way. */
size_t rm_exchange_given_up(void);

#endif
