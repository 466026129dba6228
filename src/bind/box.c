/* box.c -- tensors as userdata, and what Lua's collector has to know about them.
 *
 * A box is a few bytes to Lua, whatever it owns. So each new box looks at the memory in use:
 * when it has grown by an eighth since it was least, the collector makes a young collection
 * (it runs in generational mode: a box that a training step made and dropped is found at
 * once), and when it has grown by half since the last full one, a full one. What the tape
 * frees after backward needs no collection. The eighth keeps a small program small and does
 * not hold up a large one.
 *
 * A box that outlives two young collections is old: only a full one finds it dead. Our
 * young collections also put off those that Lua would decide on itself, hence the second
 * limit, on Lua's own memory. */
#include "bind/bind.h"

#include <string.h>
#include "bind/pending.h"
#include "bind/state.h"
#include "core/alloc.h"
#include "core/profile.h"

static const char tensor_key;  /* its address is the metatable's key in the registry */
static const char state_key;

enum {
  KIB = 1 << 10,
  MIB = 1 << 20,
  SHORTEST_STEP = 256 * KIB,
  LONGEST_STEP = 32 * MIB,
  SLACK = 8 * MIB, /* growth that is not worth a full collection, */
  LUA_SLACK_KIB = 128 /* and of Lua's own objects */
};

/* Bytes between young collections: an eighth of what is in use. */
static size_t step_for(size_t live) {
  size_t step = live / 8;
  return step < SHORTEST_STEP ? SHORTEST_STEP : step > LONGEST_STEP ? LONGEST_STEP : step;
}

bind_state *bind_getstate(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &state_key);
  bind_state *state = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return state;
}

void bind_account(lua_State *L) {
  bind_state *state = bind_getstate(L);
  size_t live = rm_alloc_statistics().live_bytes;
  if (live < state->least) state->least = live;
  if (live - state->least < step_for(state->least)) return;
  int lua_kib = lua_gc(L, LUA_GCCOUNT);
  bool full = live >= state->full_limit || lua_kib >= state->full_lua_kib;
  rm_scope scope = rm_profile_begin();
  lua_gc(L, full ? LUA_GCCOLLECT : LUA_GCSTEP, 0);
  rm_profile_end(scope, full ? "full collection" : "young collection", RM_PROFILE_COLLECTOR);
  live = rm_alloc_statistics().live_bytes;
  if (full) {
    lua_kib = lua_gc(L, LUA_GCCOUNT);
    state->full_limit = live + live / 2 + SLACK;
    state->full_lua_kib = lua_kib + lua_kib / 4 + LUA_SLACK_KIB;
  }
  state->least = live;
}

bind_box *bind_tobox(lua_State *L, int arg) {
  bind_box *box = lua_touserdata(L, arg);
  if (!box || !lua_getmetatable(L, arg)) return NULL;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &tensor_key);
  bool is = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return is ? box : NULL;
}

rm_tensor *bind_totensor(lua_State *L, int arg) {
  bind_box *box = bind_tobox(L, arg);
  if (box && box->pending) bind_complete(L, box);
  return box ? box->tensor : NULL;
}

rm_tensor *bind_checktensor(lua_State *L, int arg) {
  rm_tensor *t = bind_totensor(L, arg);
  if (!t) luaL_typeerror(L, arg, "tensor");
  return t;
}

rm_tensor *bind_opttensor(lua_State *L, int arg) {
  return lua_isnoneornil(L, arg) ? NULL : bind_checktensor(L, arg);
}

rm_tensor *bind_checkwritable(lua_State *L, int arg, const char *op) {
  rm_tensor *t = bind_checktensor(L, arg);
  rm_error err;
  if (rm_tensor_check_writable(op, t, &err) != RM_OK) bind_raise(L, &err);
  bind_completereaders(L, t);
  return t;
}

rm_tensor **bind_boxtensor(lua_State *L) {
  bind_box *box = lua_newuserdatauv(L, sizeof *box, 0);
  memset(box, 0, sizeof *box);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &tensor_key);
  lua_setmetatable(L, -2);
  return &box->tensor;
}

int bind_pushed(lua_State *L, rm_tensor **box) {
  (void)box;
  bind_account(L);
  return 1;
}

void bind_pushtensor(lua_State *L, rm_tensor *t) {
  rm_tensor **box = bind_boxtensor(L);
  *box = rm_tensor_retain(t);
}

static int box_gc(lua_State *L) {
  bind_box *box = lua_touserdata(L, 1);
  bind_droppending(box);
  rm_tensor_release(box->tensor);
  box->tensor = NULL;
  return 0;
}

void bind_register(lua_State *L, const luaL_Reg *methods, const luaL_Reg *functions) {
  if (functions) luaL_setfuncs(L, functions, 0);
  if (!methods) return;
  /* "__add" and its like belong to the metatable, the rest to the table of methods. */
  lua_rawgetp(L, LUA_REGISTRYINDEX, &tensor_key);
  lua_getfield(L, -1, "methods");
  for (; methods->name; methods++) {
    lua_pushcfunction(L, methods->func);
    lua_setfield(L, strncmp(methods->name, "__", 2) == 0 ? -3 : -2, methods->name);
  }
  lua_pop(L, 2);
}

void bind_open_box(lua_State *L) {
  bind_state *state = lua_newuserdatauv(L, sizeof *state, 0);
  memset(state, 0, sizeof *state);
  state->full_limit = SLACK;
  state->full_lua_kib = lua_gc(L, LUA_GCCOUNT) + LUA_SLACK_KIB;
  for (int i = 0; i < BIND_RNG_COUNT; i++) state->generators[i] = rm_rng_new(0, (uint64_t)i);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &state_key);

  luaL_newmetatable(L, BIND_TENSOR);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "methods");
  lua_setfield(L, -2, "__index"); /* bind/index.c puts positions and fields in front */
  lua_pushcfunction(L, box_gc);
  lua_setfield(L, -2, "__gc");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &tensor_key);
  lua_gc(L, LUA_GCGEN, 0, 0);
}
