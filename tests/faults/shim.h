/* shim.h -- what the parts of the fault shim share.
 *
 * The shim is a library for LD_PRELOAD that makes calls of the C library fail (Linux with glibc only). It is told what
 * to do by a text like "alloc/12+", from the environment when the program starts (RESMOON_FAULT), or from the program
 * itself as the name of a file that is to be removed: os.remove "/fault/alloc/12+". Questions are answered by the
 * error number of the failed remove.
 *
 *   alloc/N       the N-th allocation from now on fails; alloc/N+ that and all later ones
 *   heap/N        the N-th block of the program's own allocator and all later ones fail, also those it has at hand
 *   cold/N        the same, and threads and scratch memory are to be made anew
 *   io/KIND/N     the N-th call on a watched file fails with KIND: EIO ENOSPC EINTR, or `short`, which lets a write
 *                 write half; io/KIND/N+ that and all later ones
 *   kill/N        SIGKILL in front of the N-th call on a watched file
 *   watch/FOLDER  files below it are watched (the rest of the text, with its slash: watch//tmp/x)
 *   off           no more faults
 *   count         calls since the last order; fired: faults since then; sites: places in the program, told apart by who
 *                 called whom, where an allocation was made to fail so far; live: blocks that are allocated */
#ifndef RM_FAULTS_SHIM_H
#define RM_FAULTS_SHIM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct {
  atomic_long at;    /* 0: never */
  atomic_bool after; /* and from there on */
  atomic_long seen, fired;
} fault_plan;

/* Counts a call; whether it is to fail. */
bool fault_due(fault_plan *plan);
void fault_plan_set(fault_plan *plan, const char *number);

extern fault_plan fault_alloc, fault_io, fault_kill;
extern int fault_io_errno; /* -1: short */
extern char fault_watch[4096];

long fault_alloc_live(void);
long fault_alloc_sites(void);

/* journal.c: what would be left after the power went (RESMOON_JOURNAL). */
void fault_journal_synced(int fd);

#endif
