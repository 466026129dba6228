/* interrupt.c -- see interrupt.h. */
#include "parallel/interrupt.h"

#include <stdatomic.h>

/* Breakable work: begun by the thread it belongs to, joined by workers. */
struct rm_breakable {
  size_t depth; /* how often it was begun */
  atomic_bool broken;
};
static _Thread_local rm_breakable my_work;
static _Thread_local rm_breakable *joined; /* what this thread works on: my_work, another's, or NULL */
static atomic_bool interrupt;

void rm_interrupt_request(void) { atomic_store(&interrupt, true); }
void rm_interrupt_clear(void) { atomic_store(&interrupt, false); }
bool rm_interrupted(void) { return atomic_load(&interrupt); }

void rm_breakable_begin(void) {
  if (!joined) {
    my_work.depth = 0;
    atomic_store_explicit(&my_work.broken, false, memory_order_relaxed);
    joined = &my_work;
  }
  if (joined == &my_work) my_work.depth++; /* another's: a part of the job that this thread works on */
}

rm_status rm_breakable_end(rm_status status, rm_error *err) {
  bool broken = atomic_load_explicit(&joined->broken, memory_order_relaxed);
  if (joined == &my_work && --my_work.depth == 0) joined = NULL;
  /* What was left out may look like some other failure. */
  return broken ? rm_fail(err, RM_ERR_INTERRUPTED, "interrupted") : status;
}

/* Once broken, always broken: the flag may be taken back before everybody has seen it. */
bool rm_broken(void) {
  if (!joined) return false;
  if (atomic_load_explicit(&joined->broken, memory_order_relaxed)) return true;
  if (!atomic_load_explicit(&interrupt, memory_order_relaxed)) return false;
  atomic_store_explicit(&joined->broken, true, memory_order_relaxed);
  return true;
}

/* Breakable work may begin anew in between (a hook of backward calls operators). */
rm_unbreakable rm_unbreakable_begin(void) {
  rm_unbreakable suspended = {joined, my_work.depth, atomic_load_explicit(&my_work.broken, memory_order_relaxed)};
  joined = NULL;
  return suspended;
}

void rm_unbreakable_end(rm_unbreakable suspended) {
  joined = suspended.work;
  my_work.depth = suspended.depth;
  if (joined == &my_work) atomic_store_explicit(&my_work.broken, suspended.broken, memory_order_relaxed);
}

rm_breakable *rm_breakable_current(void) { return joined; }
void rm_breakable_join(rm_breakable *work) { joined = work; }
