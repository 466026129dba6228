/* interrupt.h -- what Ctrl-C does.
 *
 * The signal handler sets the flag that kernels and loops in C poll (rm_interrupt_request), and,
 * while Lua runs, a hook that raises "interrupted" at the next instruction. Both come back to the
 * pcall that runs the user's chunk, so Ctrl-C never ends the program or loses what is in it.
 *
 * A script that wants to stop in its own way holds interrupts: rm.interrupt.hold(true). The first
 * Ctrl-C is then only noted (rm.interrupt.pending()), a second one raises at once. */
#ifndef RM_SHELL_INTERRUPT_H
#define RM_SHELL_INTERRUPT_H

#include <lua.h>

/* Installs the handlers (SIGINT; SIGPIPE, which must not kill) and fills core.interrupt, where
 * the table resmoon.core is on top of the stack. Call once, in the main thread. */
void shell_interrupt_open(lua_State *L);

/* Between these two Ctrl-C stops the Lua code of L. Both forget earlier interrupts, and end
 * a hold. */
void shell_interrupt_arm(lua_State *L);
void shell_interrupt_disarm(void);

/* Becomes readable with Ctrl-C: for poll beside stdin. */
int shell_interrupt_pipe(void);
/* Forgets an interrupt; returns 1 if there was one since. */
int shell_interrupt_taken(void);

#endif
