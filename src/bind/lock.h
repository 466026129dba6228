/* lock.h -- the lock of rm.sys. */
#ifndef RM_BIND_LOCK_H
#define RM_BIND_LOCK_H

#include <lua.h>

void bind_add_lock(lua_State *L); /* adds to the table on top of the stack */

#endif
