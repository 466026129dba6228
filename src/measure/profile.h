/* profile.h -- where the time goes: calls and seconds by name, while somebody asks.
 *
 *   rm_scope s = rm_profile_begin();
 *   ... work ...
 *   rm_profile_end(s, "conv2d", RM_PROFILE_CALL);
 *
 * Switched off, a scope is one look at a flag. Scopes nest: each counts its own time, without
 * that of the scopes that ended inside it in the same thread. One that is left by a jump (an
 * error that the caller raises) is as if it had never begun. Names are
 * copied: they may belong to a function that is collected while the counts are still to be read. */
#ifndef RM_MEASURE_PROFILE_H
#define RM_MEASURE_PROFILE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
  RM_PROFILE_CALL,      /* an operator, as it was called */
  RM_PROFILE_BACKWARD,  /* its gradient */
  RM_PROFILE_WORKER,    /* the thread that reads ahead, beside the step */
  RM_PROFILE_COLLECTOR, /* the caller's collector, where a tensor's memory made it run */
} rm_profile_kind;

typedef struct {
  double began;  /* seconds; 0: switched off */
  double inside; /* seconds of ended scopes when it began */
} rm_scope;

enum { RM_PROFILE_NAME = 48 }; /* a longer name is cut */

typedef struct {
  char name[RM_PROFILE_NAME];
  rm_profile_kind kind;
  uint64_t calls;
  double seconds;
} rm_profile_entry;

extern atomic_bool rm_profile_on;

rm_scope rm_profile_enter(void);
void rm_profile_leave(rm_scope scope, const char *name, rm_profile_kind kind);

static inline rm_scope rm_profile_begin(void) {
  return atomic_load_explicit(&rm_profile_on, memory_order_relaxed) ? rm_profile_enter() : (rm_scope){0, 0};
}
static inline void rm_profile_end(rm_scope scope, const char *name, rm_profile_kind kind) {
  if (scope.began != 0) rm_profile_leave(scope, name, kind);
}

/* The operator that the tape has recorded last in this thread: the name a call is filed under. The
 * argument replaces it. */
const char *rm_profile_recorded(const char *now);

/* Forgets what was counted, and switches on or off. */
void rm_profile_start(void);
void rm_profile_stop(void);

/* What was counted, in the order it was first met: copies at most `room` entries, returns their number. */
size_t rm_profile_read(size_t room, rm_profile_entry *entries);

enum { RM_PROFILE_ENTRIES = 256 }; /* more names than these are not counted */

#endif
