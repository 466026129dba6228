/* sys.h -- the files that fill the table rm.sys: each adds to the table on top of the stack. */
#ifndef RM_BIND_SYS_H
#define RM_BIND_SYS_H

#include <lua.h>

void bind_add_terminal(lua_State *L);
void bind_add_process(lua_State *L);
void bind_add_lock(lua_State *L);

#endif
