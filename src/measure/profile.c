/* profile.c -- one small table behind a lock; it is used while somebody measures only. */
#include "measure/profile.h"

#include <pthread.h>
#include <string.h>
#include "base/clock.h"

atomic_bool rm_profile_on;

static struct {
  pthread_mutex_t lock;
  size_t n;
  rm_profile_entry entries[RM_PROFILE_ENTRIES];
} profile = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local double ended; /* seconds of scopes that have ended, those inside others counted once */
static _Thread_local const char *recorded;

rm_scope rm_profile_enter(void) { return (rm_scope){rm_seconds(RM_CLOCK_STEADY), ended}; }

static rm_profile_entry *find(const char *name, rm_profile_kind kind) {
  for (size_t i = 0; i < profile.n; i++) {
    rm_profile_entry *e = &profile.entries[i];
    if (e->kind == kind && strncmp(e->name, name, RM_PROFILE_NAME - 1) == 0) return e;
  }
  if (profile.n == RM_PROFILE_ENTRIES) return NULL;
  rm_profile_entry *e = &profile.entries[profile.n++];
  *e = (rm_profile_entry){.kind = kind};
  strncpy(e->name, name, RM_PROFILE_NAME - 1);
  return e;
}

void rm_profile_leave(rm_scope scope, const char *name, rm_profile_kind kind) {
  double whole = rm_seconds(RM_CLOCK_STEADY) - scope.began, own = whole - (ended - scope.inside);
  ended = scope.inside + whole;
  if (!atomic_load(&rm_profile_on)) return;
  pthread_mutex_lock(&profile.lock);
  rm_profile_entry *e = find(name, kind);
  if (e) {
    e->calls++;
    e->seconds += own;
  }
  pthread_mutex_unlock(&profile.lock);
}

const char *rm_profile_recorded(const char *name) {
  const char *was = recorded;
  recorded = name;
  return was;
}

void rm_profile_start(void) {
  pthread_mutex_lock(&profile.lock);
  profile.n = 0;
  pthread_mutex_unlock(&profile.lock);
  atomic_store(&rm_profile_on, true);
}

void rm_profile_stop(void) { atomic_store(&rm_profile_on, false); }

size_t rm_profile_read(size_t room, rm_profile_entry *entries) {
  pthread_mutex_lock(&profile.lock);
  size_t n = profile.n < room ? profile.n : room;
  memcpy(entries, profile.entries, n * sizeof *entries);
  pthread_mutex_unlock(&profile.lock);
  return n;
}
