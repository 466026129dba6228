/* interrupt.h -- what Ctrl-C and the signals that end a program do.
 *
 * The signal handler sets the flag that kernels and loops in C poll (rm_interrupt_request), and,
 * while Lua runs, a hook that raises "interrupted" at the next instruction. Both come back to the
 * pcall that runs the user's chunk, so Ctrl-C never ends the program or loses what is in it.
 *
 * A script that wants to stop in its own way holds interrupts: rm.interrupt.hold(true). The first
 * Ctrl-C is then only noted (rm.interrupt.pending()), a second one raises at once.
 *
 * SIGTERM, SIGHUP and, where nobody reads standard output any more, SIGPIPE stop what runs in the same
 * way, but never raise within a hold; the prompt, or a script that such an end has stopped, then
 * ends with the status 128 + the signal. */
#ifndef RM_SHELL_INTERRUPT_H
#define RM_SHELL_INTERRUPT_H

#include <lua.h>

/* Installs the handlers and fills core.interrupt, where the table resmoon.core is on top of the
 * stack. Call once, in the main thread. */
void shell_interrupt_open(lua_State *L);
/* Signals do what they do by default from now on: the program is about to end. */
void shell_interrupt_close(void);

/* Between these two Ctrl-C stops the Lua code of L. Both forget earlier interrupts, and end
 * a hold. */
void shell_interrupt_arm(lua_State *L);
void shell_interrupt_disarm(void);

/* Becomes readable with Ctrl-C: for poll beside stdin. */
int shell_interrupt_pipe(void);
/* Forgets an interrupt; returns 1 if there was one since. */
int shell_interrupt_taken(void);

/* The signal that wants the program to end, or 0. It is never forgotten. */
int shell_ending(void);
/* The exit status of what ended with `status`: 130, that of an interrupt, is 128 + the signal. */
int shell_exit_status(int status);

/* --- for protected calls and long loops in C ------------------------------------------- */

/* How often something was to be stopped. A protected call that failed while this grew was stopped. What was asked
 * for before, and is not raised yet, is raised here: its error would not count. */
int shell_requests(lua_State *L);
/* The same, and nothing is raised. */
int shell_requests_now(void);
/* Raises the error on top again if the count is another by now. */
void shell_rethrow(lua_State *L, int count);
/* Raises if something is to be stopped: one comparison. L is the thread that runs. */
void shell_poll(lua_State *L);
/* What swallowed the error of an interrupt asks for another one. */
void shell_request_again(void);

/* Before Lua runs in thread co, and afterwards: Ctrl-C stops what runs. */
lua_State *shell_enter(lua_State *co);
void shell_leave(lua_State *co, lua_State *outer);

#endif
