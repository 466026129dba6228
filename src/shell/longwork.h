/* longwork.h -- string.rep, and those functions of table that can take long, so that Ctrl-C stops them.
 *
 * They behave as Lua's own, errors included: table.sort gives the same order, equal elements included.
 * An interrupted sort leaves all elements in the table, in some order. */
#ifndef RM_SHELL_LONGWORK_H
#define RM_SHELL_LONGWORK_H

#include <lua.h>

/* Replaces string.rep and table.concat, insert, move, remove and sort. */
void shell_longwork_open(lua_State *L);

#endif
