/* run.h -- running Lua code for the user: protected, interruptible, with a traceback of the
 * user's own lines. */
#ifndef RM_SHELL_RUN_H
#define RM_SHELL_RUN_H

#include <lua.h>

/* As lua_pcall: `nargs` arguments lie above the function. 0 is success; otherwise the message,
 * a string, is on top. Ctrl-C stops the call meanwhile. */
int shell_call(lua_State *L, int nargs, int nresults);

/* Loads lua/resmoon/shell/trace.lua, so that messages come with the user's line and a traceback. */
void shell_trace_open(lua_State *L);

/* Prints the message on top to stderr, pops it, and returns the exit status: 1, or 130 after
 * Ctrl-C. */
int shell_report(lua_State *L);

/* 1 where `stream` is a terminal that may show color (NO_COLOR, TERM=dumb). */
int shell_color(int descriptor);

#endif
