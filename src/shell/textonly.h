/* textonly.h -- load, loadfile, dofile and require take source text only.
 *
 * A mutated precompiled chunk crashes the interpreter, and nothing here needs one. */
#ifndef RM_SHELL_TEXTONLY_H
#define RM_SHELL_TEXTONLY_H

#include <lua.h>

/* Replaces the four in the global environment. Call after luaL_openlibs. */
void shell_textonly_open(lua_State *L);

#endif
