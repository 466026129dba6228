/* tape.c -- x:backward(), x:requires_grad_(), rm.no_grad(function).
 *
 * Gradients by recording what is computed, and going back through it.
 *
 *     w = rm.tensor({1, 2}, {requires_grad = true})
 *     loss = (w * w):sum()
 *     loss:backward()
 *     w.grad                              [2., 4.]
 *
 * Operations on tensors that require a gradient are recorded as they run; loss:backward() adds each leaf's gradient
 * to its .grad (so it is forgotten before the next step: opt:zero_grad()) and frees what was recorded. Inside
 * rm.no_grad(function) nothing is recorded; only there a leaf may be written to.
 * Topic: autograd */
#include "bind/bind.h"

#include "core/tape.h"

/* Adds the gradient of x to the .grad of every leaf it was computed from, and frees what was recorded.
 * Call: x:backward(gradient = 1, {retain_graph = false}) -> nothing
 * Shapes: x has one element, or gradient has x's shape. Each .grad has the shape of its tensor.
 * Options: retain_graph  true: what was recorded stays for another backward
 * Errors: x was not computed from anything that requires a gradient; a graph that was freed already; a tensor that
 *  was written to in place since it was used.
 * Example:
 *   > w = rm.tensor({1, 2}, {requires_grad = true})
 *   > (w * w):sum():backward()
 *   > w.grad
 *   [2., 4.]  float32 (2) */
static int tensor_backward(lua_State *L) {
  static const char *const names[] = {"retain_graph", NULL};
  rm_tensor *x = bind_checktensor(L, 1);
  int options = lua_istable(L, 2) ? 2 : 3;
  rm_tensor *dy = options == 3 ? bind_opttensor(L, 2) : NULL;
  bind_checkoptions(L, options, "backward", names);
  bool keep = bind_optbool(L, options, "retain_graph", false);
  rm_error err;
  bind_accountstep(L); /* the boxes of the forward pass would keep what backward wants to free */
  return bind_backward(L, x, dy, keep, &err) == RM_OK ? 0 : bind_raise(L, &err);
}

/* Whether gradients are recorded for a leaf: parameters require one.
 * Call: x:requires_grad_(flag = true) -> x
 * Call: x.requires_grad -> boolean
 * Call: x.grad -> tensor or nil
 * Call: x.is_leaf -> boolean
 * Call: x.op -> string or nil
 * Shapes: any, float32; grad has x's shape. op is the operation that computed x, nil for a leaf. x.requires_grad = flag
 *  and x.grad = nil (or a tensor) may be assigned.
 * Errors: a computed tensor (detach it first); uint8 or int64.
 * Example:
 *   > w = rm.ones(2):requires_grad_()
 *   > w.requires_grad, w.is_leaf, (w * 2).op
 *   true  true  mul */
static int tensor_requires_grad_(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  bool requires = lua_isnone(L, 2) || lua_toboolean(L, 2);
  rm_error err;
  if (rm_tensor_set_requires_grad(x, requires, &err) != RM_OK) return bind_raise(L, &err);
  lua_settop(L, 1);
  return 1;
}

/* --- recording on and off ------------------------------------------------------------ */

#define GRAD_SWITCH "resmoon.GradSwitch"

/* What recording was before; __close puts it back, however the function ends. So errors
 * pass through with their traceback whole. */
static int switch_close(lua_State *L) {
  rm_grad_set(*(bool *)luaL_checkudata(L, 1, GRAD_SWITCH));
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

/* Calls a function without recording, or, inside of that, with recording again.
 * Call: rm.no_grad(f, ...) -> results of f(...)
 * Call: rm.enable_grad(f, ...) -> results of f(...)
 * Shapes: whatever f gives. Errors pass through, and recording is as it was before.
 * Errors: f cannot be called.
 * Example:
 *   > w = rm.ones(2, {requires_grad = true})
 *   > rm.no_grad(function() return w * 2 end).requires_grad
 *   false
 *   > rm.no_grad(function() w:mul_(0.5) end)
 *   > w
 *   [0.5000, 0.5000]  float32 (2), requires_grad */
static int core_no_grad(lua_State *L) { return call_with(L, false, "no_grad"); }
/* rm.enable_grad(f, ...): records again, inside no_grad */
static int core_enable_grad(lua_State *L) { return call_with(L, true, "enable_grad"); }

/* Whether operations are being recorded.
 * Call: rm.is_grad_enabled() -> boolean
 * Errors: an argument.
 * Example:
 *   > rm.is_grad_enabled(), rm.no_grad(rm.is_grad_enabled)
 *   true  false */
static int core_is_grad_enabled(lua_State *L) {
  bind_question(L, "is_grad_enabled", "no_grad and enable_grad call a function with recording off or on");
  lua_pushboolean(L, rm_grad_enabled());
  return 1;
}

void bind_open_tape(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"backward", tensor_backward}, {"requires_grad_", tensor_requires_grad_}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"no_grad", core_no_grad},
                                       {"enable_grad", core_enable_grad},
                                       {"is_grad_enabled", core_is_grad_enabled},
                                       {NULL, NULL}};
  luaL_newmetatable(L, GRAD_SWITCH);
  lua_pushcfunction(L, switch_close);
  lua_setfield(L, -2, "__close");
  lua_pop(L, 1);
  bind_register(L, methods, functions);
}
