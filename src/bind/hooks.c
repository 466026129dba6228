/* hooks.c -- x:register_hook(f), and looking for NaN on the way back.
 *
 * A hook is a userdata that begins with rm_hook and holds its function as user value; it is the handle
 * that register_hook returns, too. While the core may call it, a table keeps it alive. The core lets
 * go of hooks wherever it frees a tensor, also inside the collector: such a hook is only noted, and
 * taken out of the table after the next backward or when another one is registered.
 *
 * The function of a leaf's hook is not kept by that table: see leaf_hooks.c.
 *
 * A hook runs inside C code that holds things, so it is called protected; its error stays on the stack
 * while the core unwinds, and bind_backward raises it again. */
#include "bind/hooks.h"

#include "bind/leaf_hooks.h"
#include "core/tape/observe.h"
#include "ops/reduce/finite.h"
#include "ops/views/views.h"

#define HOOK "resmoon.Hook"

typedef bind_hook hook;
typedef struct bind_hook_state {
  lua_State *running; /* who called backward; NULL outside of it */
  int error_at;       /* stack index, in `running`, of the error that ends it; 0: none */
  rm_hook *released;  /* linked by `next` */
} hook_state;

static const char state_key, table_key, observer_key; /* their addresses are keys of the registry */

static hook_state *get_state(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &state_key);
  hook_state *state = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return state;
}

/* --- calling Lua from the walk ---------------------------------------------------------------- */

/* Calls f(arg) protected. The core reports what Lua raised as its own failure. */
static rm_status call_protected(hook_state *state, lua_CFunction f, void *arg, rm_error *err) {
  lua_State *L = state->running;
  if (!L || !lua_checkstack(L, 8)) return rm_fail(err, RM_ERR_STATE, "backward: no room to call a hook");
  lua_pushcfunction(L, f);
  lua_pushlightuserdata(L, arg);
  if (lua_pcall(L, 1, 0, 0) == LUA_OK) return RM_OK;
  state->error_at = lua_gettop(L);
  return rm_fail(err, RM_ERR_STATE, "backward: a hook failed");
}

rm_status bind_callhook(bind_hook *h, lua_CFunction f, void *arg, rm_error *err) {
  return call_protected(h->state, f, arg, err);
}

bool bind_pushhookvalue(lua_State *L, const bind_hook *h) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &table_key);
  bool there = lua_rawgetp(L, -1, h) == LUA_TUSERDATA;
  if (there) lua_getiuservalue(L, -1, 1);
  lua_replace(L, -2 - there);
  if (there) lua_pop(L, 1);
  return there;
}

typedef struct {
  hook *hook;
  rm_tensor *dy, *instead;
} gradient_call;

static int call_hook(lua_State *L) {
  gradient_call *call = lua_touserdata(L, 1);
  char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
  if (!bind_pushhungfunction(L, call->hook) && !bind_pushhookvalue(L, call->hook)) return 0;
  bind_pushtensor(L, call->dy);
  lua_call(L, 1, 1);
  if (lua_isnil(L, -1)) return 0;
  rm_tensor *instead = bind_totensor(L, -1);
  if (!instead)
    return bind_error(L, "register_hook: the hook returned a %s, expected a tensor or nothing", luaL_typename(L, -1));
  if (instead->dtype != RM_FLOAT32 || !rm_tensor_same_shape(instead, call->dy))
    return bind_error(L, "register_hook: the hook returned %s %s, expected float32 %s", rm_dtype_name(instead->dtype),
                      rm_tensor_text(instead, a), rm_tensor_text(call->dy, b));
  call->instead = rm_tensor_retain(instead);
  return 0;
}

static rm_status run(rm_hook *self, rm_tensor *dy, rm_tensor **instead, rm_error *err) {
  gradient_call call = {(hook *)self, dy, NULL};
  RM_TRY(call_protected(call.hook->state, call_hook, &call, err));
  *instead = call.instead;
  return RM_OK;
}

static void release(rm_hook *self) {
  hook *h = (hook *)self;
  self->next = h->state->released;
  h->state->released = self;
}

/* Not during a walk, which may be at one of these. */
static void sweep(lua_State *L, hook_state *state) {
  if (state->running) return;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &table_key);
  while (state->released) {
    rm_hook *h = state->released;
    state->released = h->next;
    lua_pushnil(L);
    lua_rawsetp(L, -2, h);
  }
  lua_pop(L, 1);
  bind_letgoofboxes(L);
}

bind_hook *bind_pushhook(lua_State *L, size_t bytes,
                         rm_status (*call)(rm_hook *hook, rm_tensor *dy, rm_tensor **instead, rm_error *err)) {
  int value = lua_gettop(L);
  hook_state *state = get_state(L);
  sweep(L, state);
  hook *h = lua_newuserdatauv(L, bytes, 1);
  *h = (hook){.rm = {.call = call, .release = release}, .state = state};
  luaL_setmetatable(L, HOOK);
  lua_pushvalue(L, value);
  lua_setiuservalue(L, -2, 1);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &table_key);
  lua_pushvalue(L, -2);
  lua_rawsetp(L, -2, h);
  lua_pop(L, 1);
  return h;
}

/* --- what the user calls -------------------------------------------------------------------------- */

/* Has f called with the gradient of x in every backward, once it is complete.
 *
 * A tensor that f returns takes its place. That of a leaf sees what is about to be added to x.grad. Hooks of a computed
 * tensor go with its graph: a backward without retain_graph ends them. One that refers to its own tensor keeps the graph
 * until then, or until it is removed; so does one of a layer's weight that refers to the layer or the network.
 *
 * Call: x:register_hook(f) -> handle
 * Shapes: f(gradient) -> nothing, or a tensor; both of x's shape.
 * Returns: a handle; handle:remove() takes the hook away.
 * Errors: raises unless x requires a gradient; backward raises what f raises, and no gradient is changed then.
 * Example:
 *   > x = rm.ones(2):requires_grad_()
 *   > y = x * 3
 *   > handle = y:register_hook(function(g) return g * 10 end)
 *   > y:sum():backward()
 *   > x.grad
 *   [30., 30.]  float32 (2) */
static int tensor_register_hook(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  hook *h = bind_pushhook(L, sizeof *h, run);
  rm_error err;
  if (rm_tensor_add_hook(x, &h->rm, &err) == RM_OK) {
    if (!x->node) {
      bind_hangfunction(L, 1, 2, h);
      lua_pushnil(L);
      lua_setiuservalue(L, -2, 1);
    }
    return 1;
  }
  release(&h->rm);
  return bind_raise(L, &err);
}

/* handle:remove() */
static int hook_remove(lua_State *L) {
  hook *h = luaL_checkudata(L, 1, HOOK);
  h->rm.removed = true;
  lua_pushnil(L);
  lua_setiuservalue(L, 1, 1);
  bind_drophungfunction(L, h);
  return 0;
}

static int hook_tostring(lua_State *L) {
  const hook *h = luaL_checkudata(L, 1, HOOK);
  lua_pushstring(L, h->rm.removed ? "hook on a gradient (removed)" : "hook on a gradient: handle:remove() ends it");
  return 1;
}

/* What a hook raised while the core went back is on the stack, and goes on here. */
static rm_status finish_walk(lua_State *L, hook_state *state, hook_state before, rm_status status) {
  int error_at = state->error_at;
  state->running = before.running;
  state->error_at = before.error_at;
  if (error_at) lua_settop(L, error_at);
  sweep(L, state);
  if (status != RM_OK && error_at) lua_error(L);
  return status;
}

rm_status bind_backward(lua_State *L, rm_tensor *y, rm_tensor *dy, bool keep_graph, rm_error *err) {
  hook_state *state = get_state(L), before = *state;
  state->running = L;
  state->error_at = 0;
  return finish_walk(L, state, before, rm_backward(y, dy, keep_graph, err));
}

rm_status bind_backwardwithin(lua_State *L, rm_tensor *y, rm_tensor *dy, const rm_tensor *x, rm_tensor **dx,
                              rm_error *err) {
  hook_state *state = get_state(L), before = *state;
  state->running = L;
  state->error_at = 0;
  return finish_walk(L, state, before, rm_backward_within(y, dy, x, dx, err));
}

/* --- for nn/hooks.lua and nn/nan_guard.lua ---------------------------------------------------------- */

/* alias(x) -> the same elements as a tensor of its own on the tape: what a module was given, apart from
 * whatever else x is used for. */
static int core_alias(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  size_t order[RM_MAX_DIMS];
  for (size_t d = 0; d < x->ndim; d++) order[d] = d;
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  return bind_result(L, rm_permute(x, x->ndim, order, y, &err), y, &err);
}

static void push_place(lua_State *L, const rm_tensor *x, size_t at) {
  lua_createtable(L, (int)x->ndim, 0);
  for (size_t d = x->ndim; d-- > 0; at /= x->shape[d]) {
    lua_pushinteger(L, (lua_Integer)(at % x->shape[d]) + 1);
    lua_rawseti(L, -2, (lua_Integer)d + 1);
  }
}

/* find_nonfinite(x) -> place (a list, from 1) of the first NaN or infinity in x; nil if there is none */
static int core_find_nonfinite(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  size_t at;
  rm_error err;
  if (rm_find_nonfinite(x, &at, &err) != RM_OK) return bind_raise(L, &err);
  if (at == x->numel) lua_pushnil(L);
  else push_place(L, x, at);
  return 1;
}

/* tape_key(x) -> what tells the operation that computed x from others, or nil for a leaf. It may come
 * again once that operation is freed. */
static int core_tape_key(lua_State *L) {
  const rm_tensor *x = bind_checktensor(L, 1);
  if (x->node) lua_pushlightuserdata(L, x->node);
  else lua_pushnil(L);
  return 1;
}

/* tensor_key(x) -> the same for all objects of Lua that stand for one tensor */
static int core_tensor_key(lua_State *L) {
  lua_pushlightuserdata(L, bind_checktensor(L, 1));
  return 1;
}

typedef struct {
  const rm_node *node;
  rm_tensor *const *dx;
  size_t n, bad, at; /* dx[bad] has no number at `at` */
} backward_call;

static int call_observer(lua_State *L) {
  const backward_call *call = lua_touserdata(L, 1);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &observer_key);
  lua_pushstring(L, rm_node_name(call->node));
  lua_pushlightuserdata(L, (void *)call->node);
  lua_createtable(L, (int)call->n, 0);
  for (size_t i = 0; i < call->n; i++) {
    const rm_node *behind = rm_node_input(call->node, i);
    if (behind) lua_pushlightuserdata(L, (void *)behind);
    else lua_pushboolean(L, 0);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_pushinteger(L, (lua_Integer)call->bad + 1);
  bind_pushtensor(L, call->dx[call->bad]);
  push_place(L, call->dx[call->bad], call->at);
  lua_call(L, 6, 0);
  return 0;
}

static rm_status look(void *ctx, const rm_node *node, rm_tensor *const dx[], size_t n, rm_error *err) {
  for (size_t i = 0; i < n; i++) {
    size_t at;
    if (!dx[i]) continue;
    RM_TRY(rm_find_nonfinite(dx[i], &at, err));
    if (at == dx[i]->numel) continue;
    backward_call call = {node, dx, n, i, at};
    return call_protected(ctx, call_observer, &call, err);
  }
  return RM_OK;
}

/* observe_backward(f): in every backward, for each operation that gives a gradient with a NaN or infinity,
 * f(operation, its key, keys of what computed its inputs (false: nothing did), input, gradient, place);
 * nil: no more. */
static int core_observe_backward(lua_State *L) {
  if (!lua_isnoneornil(L, 1)) luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  rm_backward_observe(lua_isnil(L, 1) ? NULL : look, get_state(L));
  lua_rawsetp(L, LUA_REGISTRYINDEX, &observer_key);
  return 0;
}

void bind_open_hooks(lua_State *L) {
  static const luaL_Reg methods[] = {{"register_hook", tensor_register_hook}, {NULL, NULL}};
  static const luaL_Reg functions[] = {
      {"alias", core_alias},           {"find_nonfinite", core_find_nonfinite},     {"tape_key", core_tape_key},
      {"tensor_key", core_tensor_key}, {"observe_backward", core_observe_backward}, {NULL, NULL}};
  static const luaL_Reg handle[] = {
      {"remove", hook_remove}, {"__close", hook_remove}, {"__tostring", hook_tostring}, {NULL, NULL}};
  hook_state *state = lua_newuserdatauv(L, sizeof *state, 0);
  *state = (hook_state){0};
  lua_rawsetp(L, LUA_REGISTRYINDEX, &state_key);
  lua_newtable(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &table_key);
  luaL_newmetatable(L, HOOK);
  luaL_setfuncs(L, handle, 0);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  bind_register(L, methods, functions);
}
