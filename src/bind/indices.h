/* indices.h -- a list of positions as an argument: a Lua table or an int64 tensor. */
#ifndef RM_BIND_INDICES_H
#define RM_BIND_INDICES_H

#include "bind/bind.h"

/* Positions 1..extent -> an array from 0, in memory of Lua's that is left on the stack. */
size_t *bind_checkindices(lua_State *L, int arg, size_t extent, const char *op, size_t *n);

#endif
