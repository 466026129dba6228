/* process.h -- rm.sys.run and rm.sys.spawn. */
#ifndef RM_BIND_PROCESS_H
#define RM_BIND_PROCESS_H

#include <lua.h>

/* Adds run and spawn to the table on top of the stack. */
void bind_add_process(lua_State *L);

#endif
