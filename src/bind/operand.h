/* operand.h -- arguments that are a tensor or a number; raise with the operation's name. */
#ifndef RM_BIND_OPERAND_H
#define RM_BIND_OPERAND_H

#include <lua.h>
#include "ops/pointwise/pointwise.h"

rm_operand bind_operand(lua_State *L, int arg, const char *op);
/* One of the two must be a tensor. */
void bind_needtensor(lua_State *L, const rm_operand *a, const rm_operand *b, const char *op);

#endif
