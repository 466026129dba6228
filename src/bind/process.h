/* process.h -- running programs: a part of the table rm.sys. */
#ifndef RM_BIND_PROCESS_H
#define RM_BIND_PROCESS_H

#include <lua.h>

void bind_add_process(lua_State *L); /* adds to the table on top of the stack */

#endif
