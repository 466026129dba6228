/* repl.h -- the prompt. */
#ifndef RM_SHELL_REPL_H
#define RM_SHELL_REPL_H

#include <lua.h>

/* Reads, runs and prints until the end of the input. 0, or 1 if the prompt cannot start. */
int shell_repl(lua_State *L);

#endif
