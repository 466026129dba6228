/* hooks.h -- Lua functions that run in the middle of a backward. */
#ifndef RM_BIND_HOOKS_H
#define RM_BIND_HOOKS_H

#include "bind/bind.h"
#include "core/hook.h"

/* A caller's own struct, a userdata, begins with this. It lives until the core releases `rm`. */
typedef struct {
  rm_hook rm;
  struct bind_hook_state *state;
} bind_hook;

/* Pushes a userdata of so many bytes that begins with a hook; its value is what was on top. */
bind_hook *bind_pushhook(lua_State *L, size_t bytes,
                         rm_status (*call)(rm_hook *hook, rm_tensor *dy, rm_tensor **instead, rm_error *err));
/* Pushes that value; false (and nil) if the hook was released. */
bool bind_pushhookvalue(lua_State *L, const bind_hook *hook);
/* Calls f, with arg as light userdata, protected; what it raises ends the backward and is raised from there. */
rm_status bind_callhook(bind_hook *hook, lua_CFunction f, void *arg, rm_error *err);
/* rm_backward_within, with hooks. */
rm_status bind_backwardwithin(lua_State *L, rm_tensor *y, rm_tensor *dy, const rm_tensor *x, rm_tensor **dx,
                              rm_error *err);

#endif
