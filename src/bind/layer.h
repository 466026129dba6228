/* layer.h -- layers of the core as userdata. */
#ifndef RM_BIND_LAYER_H
#define RM_BIND_LAYER_H

#include "bind/bind.h"
#include "layers/layer.h"

#define BIND_LAYER "resmoon.Layer"

rm_layer *bind_checklayer(lua_State *L, int arg);

/* Pushes an empty box; the core puts the layer into it; bind_pushedlayer, with the box on top of the
 * stack, makes it known to Lua and returns 1. */
rm_layer **bind_boxlayer(lua_State *L);
int bind_pushedlayer(lua_State *L);

#endif
