/* pattern.h -- string.find, match, gmatch and gsub that Ctrl-C can stop.
 *
 * They behave as Lua's own, errors included. */
#ifndef RM_SHELL_PATTERN_H
#define RM_SHELL_PATTERN_H

#include <lua.h>

/* Replaces the four in the table string. */
void shell_pattern_open(lua_State *L);

#endif
