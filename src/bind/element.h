/* element.h -- single numbers on their way between Lua and tensors. */
#ifndef RM_BIND_ELEMENT_H
#define RM_BIND_ELEMENT_H

#include "bind/bind.h"
#include "ops/pointwise/fill.h"

/* The number (or boolean: 0 or 1) at stack index `arg` as an element of `dtype`; raises if it
 * is none, or no whole number in the type's range. */
rm_element bind_checkelement(lua_State *L, int arg, rm_dtype dtype, const char *op);

/* Pushes the element at `data`: a float, or an integer for uint8 and int64. */
void bind_pushelement(lua_State *L, const void *data, rm_dtype dtype);

#endif
