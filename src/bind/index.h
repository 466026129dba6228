/* index.h -- reading and writing parts of a tensor with brackets. */
#ifndef RM_BIND_INDEX_H
#define RM_BIND_INDEX_H

#include "bind/bind.h"

/* x[i], x[{...}], x[mask] at stack 1, 2 (and the new value at 3). */
int bind_getposition(lua_State *L);
int bind_setposition(lua_State *L);
/* Copies the number or tensor at stack index `value` into `place`, a view of what is written;
 * a tensor is broadcast. Raises where the tape would lose a gradient. */
void bind_assign(lua_State *L, rm_tensor *place, int value, const char *op);

#endif
