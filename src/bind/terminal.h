/* terminal.h -- asking the terminal: a part of the table rm.sys. */
#ifndef RM_BIND_TERMINAL_H
#define RM_BIND_TERMINAL_H

#include <lua.h>

void bind_add_terminal(lua_State *L); /* adds to the table on top of the stack */

#endif
