/* tape.c -- x:backward(), x:requires_grad_(), rm.no_grad(function). */
#include "bind/bind.h"
#include "bind/pending.h"

#include "core/tape.h"

/* x:backward(gradient?, {retain_graph = false}) */
static int tensor_backward(lua_State *L) {
  static const char *const names[] = {"retain_graph", NULL};
  rm_tensor *x = bind_checktensor(L, 1);
  int options = lua_istable(L, 2) ? 2 : 3;
  rm_tensor *dy = options == 3 ? bind_opttensor(L, 2) : NULL;
  bind_checkoptions(L, options, "backward", names);
  bool keep = bind_optbool(L, options, "retain_graph", false);
  rm_error err;
  return bind_backward(L, x, dy, keep, &err) == RM_OK ? 0 : bind_raise(L, &err);
}

/* x:requires_grad_(true) -> x */
static int tensor_requires_grad_(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  bool requires = lua_isnone(L, 2) || lua_toboolean(L, 2);
  rm_error err;
  bind_completerecorders(L, x);
  if (rm_tensor_set_requires_grad(x, requires, &err) != RM_OK) return bind_raise(L, &err);
  lua_settop(L, 1);
  return 1;
}

/* --- recording on and off ------------------------------------------------------------ */

#define GRAD_SWITCH "resmoon.GradSwitch"

/* What recording was before; __close puts it back, however the function ends. So errors
 * pass through with their traceback whole. */
static int switch_close(lua_State *L) {
  rm_grad_set(*(bool *)lua_touserdata(L, 1));
  return 0;
}

/* Calls the function at stack 1 with the arguments behind it, recording on or off. */
static int call_with(lua_State *L, bool enabled, const char *op) {
  if (lua_type(L, 1) != LUA_TFUNCTION && !luaL_getmetafield(L, 1, "__call"))
    return bind_error(L, "%s: expected a function, got %s", op, luaL_typename(L, 1));
  if (lua_type(L, 1) != LUA_TFUNCTION) lua_pop(L, 1);
  bool *was = lua_newuserdatauv(L, sizeof *was, 0);
  *was = rm_grad_enabled();
  luaL_setmetatable(L, GRAD_SWITCH);
  lua_insert(L, 1);
  lua_toclose(L, 1);
  rm_grad_set(enabled);
  lua_call(L, lua_gettop(L) - 2, LUA_MULTRET);
  return lua_gettop(L) - 1;
}

/* rm.no_grad(f, ...) -> results of f(...), which records nothing */
static int core_no_grad(lua_State *L) { return call_with(L, false, "no_grad"); }
/* rm.enable_grad(f, ...): records again, inside no_grad */
static int core_enable_grad(lua_State *L) { return call_with(L, true, "enable_grad"); }

static int core_is_grad_enabled(lua_State *L) {
  lua_pushboolean(L, rm_grad_enabled());
  return 1;
}

void bind_open_tape(lua_State *L) {
  static const luaL_Reg methods[] = {{"backward", tensor_backward}, {"requires_grad_", tensor_requires_grad_}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"no_grad", core_no_grad}, {"enable_grad", core_enable_grad},
                                       {"is_grad_enabled", core_is_grad_enabled}, {NULL, NULL}};
  luaL_newmetatable(L, GRAD_SWITCH);
  lua_pushcfunction(L, switch_close);
  lua_setfield(L, -2, "__close");
  lua_pop(L, 1);
  bind_register(L, methods, functions);
}
