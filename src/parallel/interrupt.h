/* interrupt.h -- Ctrl-C, and work that may be given up for it.
 *
 * The shell's signal handler sets the flag; nothing happens by it alone. Work that only fills
 * fresh memory may be given up half way: the jobs between rm_breakable_begin and _end leave out
 * their remaining pieces once the flag is set, long loops ask rm_broken, and _end turns the success
 * of what was called into RM_ERR_INTERRUPTED, so that the memory is thrown away:
 *
 *     status = RM_BREAKABLE(rm_conv2d(x, w, b, &options, out, err), err);
 *
 * All other work is never cut short: what writes into something that exists (an update of
 * parameters, running statistics, gradients, files) happens or does not. Such a piece inside of
 * breakable work stands between rm_unbreakable_begin and _end. Breakable work may nest; it
 * concerns the calling thread and the workers of its jobs. Only the program's main thread begins it:
 * a thread in the background would give up for an interrupt that is not meant for it. */
#ifndef RM_PARALLEL_INTERRUPT_H
#define RM_PARALLEL_INTERRUPT_H

#include <stdbool.h>
#include <stddef.h>
#include "base/status.h"

void rm_interrupt_request(void); /* async-signal-safe */
void rm_interrupt_clear(void);
bool rm_interrupted(void);

void rm_breakable_begin(void);
rm_status rm_breakable_end(rm_status status, rm_error *err);
#define RM_BREAKABLE(call, err) (rm_breakable_begin(), rm_breakable_end((call), (err)))

/* Whether breakable work is to stop here: one relaxed load. */
bool rm_broken(void);

typedef struct rm_breakable rm_breakable;
typedef struct {
  rm_breakable *work;
  size_t depth;
  bool broken;
} rm_unbreakable; /* what was suspended */
rm_unbreakable rm_unbreakable_begin(void);
void rm_unbreakable_end(rm_unbreakable suspended);

/* For the pool: what the calling thread works on (NULL: nothing that may be broken), and letting a worker
 * join that of the thread whose job it works on. */
rm_breakable *rm_breakable_current(void);
void rm_breakable_join(rm_breakable *work);

#endif
