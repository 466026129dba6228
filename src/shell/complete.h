/* complete.h -- TAB: readline asks, Lua answers (lua/resmoon/shell/complete). */
#ifndef RM_SHELL_COMPLETE_H
#define RM_SHELL_COMPLETE_H

#include <lua.h>

/* Binds TAB. L is used while a line is read; without readline nothing happens. */
void shell_complete_open(lua_State *L);

#endif
