/* protect.h -- Lua's functions that catch errors, as twins that pass an interrupt on.
 *
 * pcall, xpcall, coroutine.resume, .wrap and .close behave as Lua's own do, with this exception: the
 * error of an interrupt, or whatever became of it on its way, goes through them. Finalizers (__gc) can be
 * stopped, too. Code that has to put something right first, or where an interrupt ends, uses
 * rm.interrupt.pcall or .xpcall, which catch it. */
#ifndef RM_SHELL_PROTECT_H
#define RM_SHELL_PROTECT_H

#include <lua.h>

/* Replaces them, and fills core.interrupt, where the table resmoon.core is on top of the stack. */
void shell_protect_open(lua_State *L);

#endif
