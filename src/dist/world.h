/* world.h -- the processes that work together. (Their messages: exchange.h. What they do together: collect.h.)
 *
 * A process that no launcher started is a world of one: every call here does what it says, at once. The world is one for
 * the whole process, as the launcher made it; all calls come from the main thread.
 *
 * Whoever waits tests for some time, then sleeps between tests, so that a process that waits takes no processor from one
 * that computes. After RESMOON_DIST_TIMEOUT seconds (600) without an answer waiting fails. */
#ifndef RM_DIST_WORLD_H
#define RM_DIST_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "dist/transport.h"

/* Joins the processes that a launcher started; without one, or called again, it does nothing. From then on exit() leaves
 * the world together with the others, or with another status than 0 ends it. rm_processors tells the share of each. */
rm_status rm_world_join(rm_error *err);

int rm_world_rank(void);       /* from 0; where joining failed, what the launcher says */
int rm_world_size(void);       /* 1 without a launcher */
int rm_world_local_rank(void); /* among those of this host */
int rm_world_local_size(void);
/* While this is on the process is a world of its own, for work that others have no part in. Returns what was. */
bool rm_world_alone(bool on);
const char *rm_world_library(void); /* "Open MPI v4.1.4"; "" for a world of one */

/* Leaves together with the others: it returns when all are there. */
void rm_world_leave(void);
/* Ends all processes of the world at once, this one included. */
void rm_world_abort(int status);
bool rm_world_joined(void); /* and has not left */

/* --- what is done together ------------------------------------------------------------------ */

/* What carries messages (exchange.h). */
const rm_transport *rm_world_transport(void);

/* The number by which an exchange is known. Processes ask for them in the same order, so they agree. */
int rm_world_tag(void);

/* What was begun together and failed in its middle leaves the processes at different places: what one sends next is not
 * what another waits for. From then on every call of this process says so, instead of taking one message for another. */
void rm_world_break(void);
rm_status rm_world_whole(rm_error *err); /* RM_ERR_STATE where it is broken */

/* Waits until test says that it is over, or fails; *peer is a process that is waited for. In between it calls what
 * rm_world_on_wait was given, so that other exchanges come on. */
typedef rm_status (*rm_world_test)(void *what, bool *over, int *peer, rm_error *err);
rm_status rm_world_wait(rm_world_test test, void *what, rm_error *err);
void rm_world_on_wait(rm_status (*progress)(rm_error *err));

/* For measurements: every exchange takes so many seconds longer, as over a slower network. */
void rm_world_delay(double seconds);
double rm_world_delayed(void); /* how many */

/* Seconds that this process has waited for others so far. */
double rm_world_waited(void);

#endif
