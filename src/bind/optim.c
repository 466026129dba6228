/* optim.c -- the fused optimizer steps, for lua/resmoon/optim.
 *
 * Lists run in parallel: params[i] has made steps[i] - 1 steps and keeps its state in
 * velocity[i]; entries of parameters without a gradient may be missing. The Lua classes
 * call these with recording off, since they write into leaves. */
#include <math.h>
#include "bind/bind.h"
#include "ops/optim/optim.h"

/* The C array behind a list is a userdata: it goes with the stack, whatever is raised. */
static void *scratch(lua_State *L, size_t n, size_t size) { return lua_newuserdatauv(L, (n ? n : 1) * size, 0); }

static rm_tensor **check_params(lua_State *L, int arg, const char *op, size_t *n) {
  luaL_checktype(L, arg, LUA_TTABLE);
  *n = lua_rawlen(L, arg);
  rm_tensor **params = scratch(L, *n, sizeof *params);
  for (size_t i = 0; i < *n; i++) {
    lua_geti(L, arg, (lua_Integer)i + 1);
    if (!bind_totensor(L, -1)) {
      bind_error(L, "%s: parameter %d is a %s, expected a tensor", op, (int)i + 1, luaL_typename(L, -1));
      return NULL;
    }
    params[i] = bind_checkwritable(L, lua_gettop(L), op);
    lua_pop(L, 1); /* the list keeps it alive */
  }
  return params;
}

/* NULL for an absent list. */
static rm_tensor **opt_states(lua_State *L, int arg, size_t n) {
  if (lua_isnoneornil(L, arg)) return NULL;
  luaL_checktype(L, arg, LUA_TTABLE);
  rm_tensor **states = scratch(L, n, sizeof *states);
  for (size_t i = 0; i < n; i++) {
    lua_geti(L, arg, (lua_Integer)i + 1);
    states[i] = bind_totensor(L, -1);
    lua_pop(L, 1);
  }
  return states;
}

static uint64_t *check_steps(lua_State *L, int arg, size_t n) {
  luaL_checktype(L, arg, LUA_TTABLE);
  uint64_t *steps = scratch(L, n, sizeof *steps);
  for (size_t i = 0; i < n; i++) {
    lua_geti(L, arg, (lua_Integer)i + 1);
    steps[i] = (uint64_t)luaL_optinteger(L, -1, 0);
    lua_pop(L, 1);
  }
  return steps;
}

static rm_optim_set check_set(lua_State *L, const char *op, int nstates) {
  rm_optim_set set = {0};
  lua_settop(L, 3 + nstates);
  luaL_checktype(L, 3 + nstates, LUA_TTABLE);
  luaL_checkstack(L, RM_OPTIM_STATES + 8, op);
  set.params = check_params(L, 1, op, &set.n);
  set.steps = check_steps(L, 2, set.n);
  for (int k = 0; k < nstates; k++) set.state[k] = opt_states(L, 3 + k, set.n);
  return set;
}

/* sgd_step(params, steps, velocity|nil, options) */
static int sgd_step(lua_State *L) {
  static const char *const names[] = {"lr", "momentum", "dampening", "weight_decay", "nesterov", NULL};
  bind_checkoptions(L, 4, "SGD", names);
  rm_optim_set set = check_set(L, "SGD", 1);
  rm_sgd_options options = {
      .lr = bind_optnumber(L, 4, "lr", 0),
      .momentum = bind_optnumber(L, 4, "momentum", 0),
      .dampening = bind_optnumber(L, 4, "dampening", 0),
      .weight_decay = bind_optnumber(L, 4, "weight_decay", 0),
      .nesterov = bind_optbool(L, 4, "nesterov", false),
  };
  rm_error err;
  if (rm_sgd_step(&set, &options, &err) != RM_OK) return bind_raise(L, &err);
  return 0;
}

/* adam_step(params, steps, m, s, options) */
static int adam_step(lua_State *L) {
  static const char *const names[] = {"lr", "beta1", "beta2", "eps", "weight_decay", "decoupled", NULL};
  bind_checkoptions(L, 5, "Adam", names);
  rm_optim_set set = check_set(L, "Adam", 2);
  rm_adam_options options = {
      .lr = bind_optnumber(L, 5, "lr", 0),
      .beta1 = bind_optnumber(L, 5, "beta1", 0.9),
      .beta2 = bind_optnumber(L, 5, "beta2", 0.999),
      .eps = bind_optnumber(L, 5, "eps", 1e-8),
      .weight_decay = bind_optnumber(L, 5, "weight_decay", 0),
      .decoupled = bind_optbool(L, 5, "decoupled", false),
  };
  rm_error err;
  if (rm_adam_step(&set, &options, &err) != RM_OK) return bind_raise(L, &err);
  return 0;
}

/* rmsprop_step(params, steps, s, velocity|nil, a|nil, options) */
static int rmsprop_step(lua_State *L) {
  static const char *const names[] = {"lr", "alpha", "eps", "weight_decay", "momentum", "centered", NULL};
  bind_checkoptions(L, 6, "RMSprop", names);
  rm_optim_set set = check_set(L, "RMSprop", 3);
  rm_rmsprop_options options = {
      .lr = bind_optnumber(L, 6, "lr", 0),
      .alpha = bind_optnumber(L, 6, "alpha", 0.99),
      .eps = bind_optnumber(L, 6, "eps", 1e-8),
      .weight_decay = bind_optnumber(L, 6, "weight_decay", 0),
      .momentum = bind_optnumber(L, 6, "momentum", 0),
      .centered = bind_optbool(L, 6, "centered", false),
  };
  rm_error err;
  if (rm_rmsprop_step(&set, &options, &err) != RM_OK) return bind_raise(L, &err);
  return 0;
}

/* clip_grad_norm(params, max_norm, infinite) -> the norm before */
static int clip_grad_norm(lua_State *L) {
  double max_norm = luaL_checknumber(L, 2), norm;
  bool infinite = lua_toboolean(L, 3);
  size_t n;
  rm_tensor **params = check_params(L, 1, "clip_grad_norm", &n);
  rm_error err;
  if (rm_clip_grad_norm(n, params, max_norm, infinite, &norm, &err) != RM_OK) return bind_raise(L, &err);
  lua_pushnumber(L, isnan(norm) ? NAN : norm);
  return 1;
}

/* max_norm(w, c) -> w, its rows no longer than c */
static int max_norm(lua_State *L) {
  rm_tensor *w = bind_checkwritable(L, 1, "max_norm");
  double c = luaL_checknumber(L, 2);
  rm_error err;
  if (rm_max_norm(w, c, &err) != RM_OK) return bind_raise(L, &err);
  lua_settop(L, 1);
  return 1;
}

/* find_duplicate(params) -> position of the first tensor that was in the list before, or nil.
 * A tensor may have several boxes, so Lua's own comparison of keys does not tell. */
static int find_duplicate(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  lua_newtable(L);
  lua_Integer n = luaL_len(L, 1);
  for (lua_Integer i = 1; i <= n; i++) {
    lua_geti(L, 1, i);
    rm_tensor *t = bind_checktensor(L, -1);
    lua_pop(L, 1);
    if (lua_rawgetp(L, 2, t) != LUA_TNIL) {
      lua_pushinteger(L, i);
      return 1;
    }
    lua_pop(L, 1);
    lua_pushboolean(L, 1);
    lua_rawsetp(L, 2, t);
  }
  return 0;
}

static const luaL_Reg functions[] = {
    {"sgd_step", sgd_step},
    {"adam_step", adam_step},
    {"rmsprop_step", rmsprop_step},
    {"clip_grad_norm", clip_grad_norm},
    {"max_norm", max_norm},
    {"find_duplicate", find_duplicate},
    {NULL, NULL},
};

void bind_open_optim(lua_State *L) { bind_register(L, NULL, functions); }
