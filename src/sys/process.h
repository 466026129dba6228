/* process.h -- running other programs, never through a shell.
 *
 * A program gets its arguments one by one, so nothing in them is ever interpreted. It runs
 * in a process group of its own, so that Ctrl-C at the terminal is ours alone; waiting looks at
 * the interrupt flag, and takes no longer than `seconds` (0: as long as it takes). Writing to a program that has died is an error, not a SIGPIPE. */
#ifndef RM_SYS_PROCESS_H
#define RM_SYS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "base/status.h"

typedef struct {
  char *bytes;
  size_t count, room;
} rm_text;

typedef struct {
  pid_t pid;        /* 0: never started */
  int in, out, err; /* our ends of its pipes, or -1 */
  bool over;        /* waited for: status is known and pid is no longer ours */
  int status;       /* its exit status, or 128 + the signal that ended it */
  rm_text output, errors;
} rm_process;

typedef struct {
  bool feed;    /* stdin is a pipe from us; otherwise it is empty */
  bool capture; /* stdout and stderr are pipes to us; otherwise they are ours */
  bool quiet;   /* stdout and stderr are thrown away */
} rm_plumbing;

/* argv ends with NULL. *p is an empty process on failure: "cannot start PROGRAM: reason". */
rm_status rm_process_start(rm_process *p, char *const argv[], rm_plumbing how, rm_error *err);

/* Feeds it the text and reads what it writes until all pipes are closed, then waits for its end. On
 * failure, RM_ERR_INTERRUPTED after Ctrl-C, RM_ERR_STATE when it took too long, it is stopped for certain. */
rm_status rm_process_exchange(rm_process *p, const char *program, const char *text, size_t length, double seconds,
                              rm_error *err);

rm_status rm_process_write(rm_process *p, const char *text, size_t length, double seconds, rm_error *err);
void rm_process_close(rm_process *p);                                    /* the end of its input */
rm_status rm_process_wait(rm_process *p, double seconds, rm_error *err); /* until it ends */
bool rm_process_running(rm_process *p);
void rm_process_stop(rm_process *p);             /* asks it, and all that it started, to end */
void rm_process_stop_for_certain(rm_process *p); /* ends them: SIGTERM, then SIGKILL */

/* Its input ends, which ends most programs; one that is over is reaped. May be called again. */
void rm_process_free(rm_process *p);

#endif
