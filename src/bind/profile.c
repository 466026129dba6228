/* profile.c -- rm.profile: an operator timer that costs nothing while it is off.
 *
 *   rm.profile.start()
 *   ... steps ...
 *   for _, e in ipairs(rm.profile.stop()) do print(e.name, e.kind, e.calls, e.seconds) end
 *
 * start puts a timed version in the place of every bound function that computes: the tensors'
 * methods and metamethods, the functions of `rm`, the call of a layer, the loader's next batch; stop
 * puts the old ones back. A call is filed under the operator that the tape recorded during it,
 * else under its own name: so bn(x):relu(), which does the work of the batch norm as well, counts
 * as batch_norm, and stands beside the gradient of that name. */
#include <string.h>
#include "bind/bind.h"
#include "bind/layer.h"
#include "measure/profile.h"

/* Upvalues: the function, which has none of its own; its name. It runs in this very frame, so that
 * it finds its arguments, and an error names the same line. */
static int timed(lua_State *L) {
  lua_CFunction f = lua_tocfunction(L, lua_upvalueindex(1));
  const char *name = lua_tostring(L, lua_upvalueindex(2));
  rm_layer **layer = lua_gettop(L) > 0 ? luaL_testudata(L, 1, BIND_LAYER) : NULL;
  if (layer && *layer) name = (*layer)->type->op ? (*layer)->type->op : (*layer)->type->name;
  rm_profile_recorded(NULL);
  rm_scope scope = rm_profile_begin();
  int n = f(L);
  const char *recorded = rm_profile_recorded(NULL);
  rm_profile_end(scope, recorded ? recorded : name, RM_PROFILE_CALL);
  return n;
}

/* Names of which the function calls back into Lua, or does not compute. */
static bool exempt(const char *name) {
  static const char *const names[] = {"__gc",        "__close",      "__index",        "__newindex",
                                      "__name",      "no_grad",      "enable_grad",    "apply",
                                      "num_threads", "live_tensors", "is_grad_enabled"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i]) == 0) return true;
  return false;
}

/* Whether the value on top is a bound function to be timed under that name. */
static bool timeable(lua_State *L, const char *name, const char *only) {
  if (!name || !lua_iscfunction(L, -1) || (only ? strcmp(name, only) != 0 : exempt(name))) return false;
  if (!lua_getupvalue(L, -1, 1)) return true;
  lua_pop(L, 1); /* one with upvalues cannot run in timed's frame; timed itself is one */
  return false;
}

/* The table on top: each bound function, or the one called `only`, is replaced by its timed version,
 * filed as `called` or, NULL, under its name. */
static void put_timers(lua_State *L, const char *only, const char *called) {
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL;
    if (timeable(L, name, only)) {
      lua_pushvalue(L, -2);
      lua_pushvalue(L, -2);
      lua_pushstring(L, called ? called : strncmp(name, "__", 2) == 0 ? name + 2 : name);
      lua_pushcclosure(L, timed, 2);
      lua_settable(L, -5); /* a field that is there: the walk goes on */
    }
    lua_pop(L, 1);
  }
}

static void take_timers(lua_State *L) {
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    if (lua_tocfunction(L, -1) == timed) {
      lua_pushvalue(L, -2);
      lua_getupvalue(L, -2, 1);
      lua_settable(L, -5);
    }
    lua_pop(L, 1);
  }
}

/* Does it for all tables; upvalue 1 is that of the core. */
static void for_tables(lua_State *L, bool put) {
  const struct {
    const char *metatable, *field, *only, *called;
  } tables[] = {{BIND_TENSOR, NULL, NULL, NULL},
                {BIND_TENSOR, "methods", NULL, NULL},
                {BIND_LAYER, NULL, "__call", "layer"},
                {"resmoon.Epoch", NULL, "__call", "data"},
                {NULL, NULL, NULL, NULL}};
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
    int top = lua_gettop(L);
    if (!tables[i].metatable) lua_pushvalue(L, lua_upvalueindex(1));
    else luaL_getmetatable(L, tables[i].metatable);
    if (tables[i].field) lua_getfield(L, -1, tables[i].field);
    if (put) put_timers(L, tables[i].only, tables[i].called);
    else take_timers(L);
    lua_settop(L, top);
  }
}

/* Counts how long each operator takes, from start to stop. It costs nothing while it is off.
 * Call: rm.profile.start() -> nothing
 * Call: rm.profile.stop() -> list of {name =, kind =, calls =, seconds =}
 * Units: seconds; kind is "call", "backward", "worker" or "collector". They are a name's own:
 *  without those of other names inside it.
 * Errors: none. A second stop gives what the first gave.
 * Example:
 *   > rm.profile.start()
 *   > x = rm.ones(8, 8):matmul(rm.ones(8, 8))
 *   > for i, e in ipairs(rm.profile.stop()) do
 *   >>   if e.name == "matmul" then print(e.kind, e.calls) end
 *   >> end
 *   call  1 */
static int profile_start(lua_State *L) {
  for_tables(L, true);
  rm_profile_start();
  return 0;
}

/* profile.stop() -> list of {name, kind, calls, seconds}, kind one of call, backward, worker, collector.
 * Seconds are a name's own: without those of other names inside it. */
static int profile_stop(lua_State *L) {
  static const char *const kinds[] = {"call", "backward", "worker", "collector"};
  rm_profile_stop();
  lua_settop(L, 0);
  rm_profile_entry *entries = lua_newuserdatauv(L, RM_PROFILE_ENTRIES * sizeof *entries, 0);
  size_t n = rm_profile_read(RM_PROFILE_ENTRIES, entries);
  bind_newtable(L, n, 0);
  for (size_t i = 0; i < n; i++) {
    bind_newtable(L, 0, 4);
    lua_pushstring(L, entries[i].name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, kinds[entries[i].kind]);
    lua_setfield(L, -2, "kind");
    lua_pushinteger(L, (lua_Integer)entries[i].calls);
    lua_setfield(L, -2, "calls");
    lua_pushnumber(L, entries[i].seconds);
    lua_setfield(L, -2, "seconds");
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  for_tables(L, false);
  lua_settop(L, 2);
  return 1;
}

void bind_open_profile(lua_State *L) {
  static const luaL_Reg functions[] = {{"start", profile_start}, {"stop", profile_stop}, {NULL, NULL}};
  luaL_newlibtable(L, functions);
  lua_pushvalue(L, -2);
  luaL_setfuncs(L, functions, 1);
  lua_setfield(L, -2, "profile");
}
