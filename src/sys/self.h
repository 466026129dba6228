/* self.h -- this process: its memory, its programs, its time. */
#ifndef RM_SYS_SELF_H
#define RM_SYS_SELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int64_t rm_self_memory(void);      /* bytes it holds now; -1 where /proc does not tell */
int64_t rm_self_peak_memory(void); /* the most it has held so far */

/* Waits; Ctrl-C, or another signal, ends it early. */
void rm_self_sleep(double seconds);

/* The path of the program that a name would run; false if none does, or `room` is too small for it. */
bool rm_self_which(const char *name, char path[], size_t room);

#endif
