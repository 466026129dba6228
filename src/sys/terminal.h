/* terminal.h -- what the terminal is, and how large. */
#ifndef RM_SYS_TERMINAL_H
#define RM_SYS_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* The size in characters of the terminal behind stdout, or stderr; false if neither is one. */
bool rm_terminal_size(size_t *rows, size_t *columns);

/* Asks the terminal by an escape code and reads its answer, which ends with the character `last`: returns
 * its length, 0 without a terminal or if none came within that many seconds. */
size_t rm_terminal_ask(const char *question, size_t length, char last, double seconds, char answer[], size_t room);

#endif
