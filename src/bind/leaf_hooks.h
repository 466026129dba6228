/* leaf_hooks.h -- the functions of hooks of leaves: they live as long as the box that they were registered with. */
#ifndef RM_BIND_LEAF_HOOKS_H
#define RM_BIND_LEAF_HOOKS_H

#include "bind/bind.h"

/* The function at `value` hangs on the box at `box` and is that of a hook of its tensor; pushing it, unless
 * there is none; dropping it. */
void bind_hangfunction(lua_State *L, int box, int value, const void *hook);
bool bind_pushhungfunction(lua_State *L, const void *hook);
void bind_drophungfunction(lua_State *L, const void *hook);
/* From the finalizer of the box at `index`, whose tensor has hooks: whether the box must live on, since something else
 * holds the tensor. It is then finalized again later. */
bool bind_keephooks(lua_State *L, int index, rm_tensor *t);
/* From the finalizer of a box that let go of its tensor, which may have been the last to hold another one: now and then
 * looks whether boxes that live on still must. */
void bind_boxdied(lua_State *L);
/* Such boxes whose tensors nobody else holds any more are left to the collector. */
void bind_letgoofboxes(lua_State *L);

#endif
