/* box.c -- tensors as userdata, and what Lua's collector has to know about them.
 *
 * A box is a few bytes to Lua, whatever it owns. So before each new box, when the memory for its
 * tensor is not yet taken, we look at how much is in use. The collector runs in generational
 * mode, and
 * - makes a young collection when that has grown by an eighth since it was least (later if the
 *   last was just now): it finds the boxes that were made and dropped since, in some 10 to 100
 *   microseconds. The eighth keeps a small program small and does not hold up a large one;
 * - makes a full one when it has grown by half since the last and by 24 MiB more, and beyond what
 *   the last ones have left: a step of training grows from little to much every time, and needs none
 *   on the way. A box that outlives two young collections is old, and only a full one finds it dead:
 *   without the 24 MiB, a ResNet-20 that predicts would spend a twentieth of its time on three of them
 *   for each batch, since the input of a residual block is old when the block is through. Our young
 *   collections also put off those that Lua would decide on itself, hence a second limit, on
 *   Lua's own memory;
 * - makes a full one at an eighth already, and at the start of backward, as long as full
 *   collections take less than a hundredth of the time: what a step has dropped is then not in
 *   the way of its gradients. A full collection of a program with few Lua objects takes 0.4 ms,
 *   one with 200,000 tables 20 ms: the time decides, not the number.
 *
 * What the tape frees after backward needs no collection. When the system has no memory left, the
 * allocator asks for a full collection before it gives up. */
#define _GNU_SOURCE
#include "bind/box.h"
#include "bind/leaf_hooks.h"

#include <string.h>
#include "base/clock.h"
#include "measure/profile.h"
#include "memory/alloc.h"
#include "parallel/interrupt.h"

static const char tensor_key; /* its address is the metatable's key in the registry */
static const char state_key;

enum {
  KIB = 1 << 10,
  MIB = 1 << 20,
  SHORTEST_STEP = 256 * KIB,
  LONGEST_STEP = 32 * MIB,
  SLACK = 8 * MIB,       /* growth that is not worth a full collection, */
  WORK_SLACK = 24 * MIB, /* nor one that holds up the work, */
  LUA_SLACK_KIB = 128,   /* and of Lua's own objects */
  /* Time to be over since the last collection of a kind, in terms of what that took: */
  YOUNG_PAUSE = 100,    /* unless memory has grown by MOST_STEPS steps */
  FULL_PAUSE = 100,     /* in the middle of the work, unless it has grown by half */
  BACKWARD_PAUSE = 100, /* a full one where a backward begins */
  MOST_STEPS = 4
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

/* Makes a collection; returns what is in use then. */
static size_t collect(lua_State *L, int kind, const char *name, bind_pace *pace) {
  double began = rm_seconds(RM_CLOCK_THREAD); /* a busy machine does not make it dearer */
  rm_scope scope = rm_profile_begin();
  lua_gc(L, kind, 0);
  rm_profile_end(scope, name, RM_PROFILE_COLLECTOR);
  pace->ended = rm_seconds(RM_CLOCK_STEADY);
  pace->cost = rm_seconds(RM_CLOCK_THREAD) - began;
  return rm_alloc_statistics().live_bytes;
}

/* Whether another one would be cheap against the time since. */
static bool have_time(const bind_pace *pace, int pause) {
  return rm_seconds(RM_CLOCK_STEADY) - pace->ended > pause * pace->cost;
}

static void collect_all(lua_State *L, bind_state *state) {
  size_t live = collect(L, LUA_GCCOLLECT, "full collection", &state->full);
  int lua_kib = lua_gc(L, LUA_GCCOUNT);
  state->usual = live > state->usual - state->usual / 8 ? live : state->usual - state->usual / 8;
  size_t half = live + live / 2;
  state->full_limit = (half > state->usual ? half : state->usual) + WORK_SLACK;
  state->full_lua_kib = lua_kib + lua_kib / 4 + LUA_SLACK_KIB;
  state->full_live = state->least = live;
}

static void collect_young(lua_State *L, bind_state *state) {
  state->least = collect(L, LUA_GCSTEP, "young collection", &state->young);
}

void bind_account(lua_State *L) {
  bind_state *state = bind_getstate(L);
  size_t live = rm_alloc_statistics().live_bytes;
  if (live < state->least) state->least = live;
  if (live < state->full_live) state->full_live = live;
  size_t growth = live - state->least, step = step_for(state->least);
  if (growth < step) return;
  bool grown = live >= state->full_limit || lua_gc(L, LUA_GCCOUNT) >= state->full_lua_kib;
  if (grown || (live - state->full_live >= SLACK + state->full_live / 8 && have_time(&state->full, FULL_PAUSE)))
    collect_all(L, state);
  else if (growth >= MOST_STEPS * step || have_time(&state->young, YOUNG_PAUSE)) collect_young(L, state);
}

void bind_accountstep(lua_State *L) {
  bind_state *state = bind_getstate(L);
  if (rm_alloc_statistics().live_bytes < state->full_live + SLACK) return;
  if (have_time(&state->full, BACKWARD_PAUSE)) collect_all(L, state);
  else collect_young(L, state);
}

/* The allocator calls this when memory ran out, in the middle of an operator. */
static void reclaim(void *ctx) { lua_gc(ctx, LUA_GCCOLLECT, 0); }

static int state_gc(lua_State *L) {
  (void)L;
  rm_alloc_on_exhaustion(NULL, NULL);
  return 0;
}

static rm_value *to_box(lua_State *L, int arg) {
  rm_value *box = lua_touserdata(L, arg);
  if (!box || !lua_getmetatable(L, arg)) return NULL;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &tensor_key);
  bool is = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return is ? box : NULL;
}

rm_value *bind_tovalue(lua_State *L, int arg) {
  rm_value *box = to_box(L, arg);
  if (box && !box->tensor && !box->expression) bind_error(L, "this tensor was closed: its __gc was called");
  return box;
}

/* Computes what waits in the box, which is on the stack: it survives a collection. */
static void complete(lua_State *L, rm_value *box) {
  rm_tensor *t;
  rm_error err;
  bind_account(L);
  if (RM_BREAKABLE(rm_value_tensor(box, &t, &err), &err) != RM_OK) bind_raise(L, &err);
}

rm_tensor *bind_totensor(lua_State *L, int arg) {
  rm_value *box = bind_tovalue(L, arg);
  if (box && rm_value_waits(box)) complete(L, box);
  return box ? box->tensor : NULL;
}

rm_tensor *bind_checktensor(lua_State *L, int arg) {
  rm_tensor *t = bind_totensor(L, arg);
  if (!t) luaL_typeerror(L, arg, "tensor");
  return t;
}

rm_tensor *bind_opttensor(lua_State *L, int arg) { return lua_isnoneornil(L, arg) ? NULL : bind_checktensor(L, arg); }

rm_tensor *bind_checkwritable(lua_State *L, int arg, const char *op) {
  rm_tensor *t = bind_checktensor(L, arg);
  rm_error err;
  if (RM_BREAKABLE(rm_tensor_check_writable(op, t, &err), &err) != RM_OK) bind_raise(L, &err);
  return t;
}

rm_value *bind_boxvalue(lua_State *L) {
  bind_account(L);
  rm_value *box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = (rm_value){0};
  lua_rawgetp(L, LUA_REGISTRYINDEX, &tensor_key);
  lua_setmetatable(L, -2);
  return box;
}

rm_tensor **bind_boxtensor(lua_State *L) { return &bind_boxvalue(L)->tensor; }

int bind_pushed(lua_State *L, rm_tensor **box) {
  (void)L, (void)box;
  return 1;
}

int bind_result(lua_State *L, rm_status status, rm_tensor **box, const rm_error *err) {
  return status == RM_OK ? bind_pushed(L, box) : bind_raise(L, err);
}

void bind_pushtensor(lua_State *L, rm_tensor *t) {
  rm_tensor **box = bind_boxtensor(L);
  *box = rm_tensor_retain(t);
}

static int box_gc(lua_State *L) {
  rm_value *box = to_box(L, 1);
  if (!box) return luaL_typeerror(L, 1, "tensor");
  if (box->tensor && box->tensor->hooks && bind_keephooks(L, 1, box->tensor)) return 0;
  rm_value_release(box);
  bind_boxdied(L);
  return 0;
}

void bind_register(lua_State *L, const luaL_Reg *methods, const luaL_Reg *functions) {
  if (functions) luaL_setfuncs(L, functions, 0);
  if (!methods) return;
  /* "__add" and other metamethods belong to the metatable, the rest to the table of methods. */
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
  state->full_limit = WORK_SLACK;
  state->full_lua_kib = lua_gc(L, LUA_GCCOUNT) + LUA_SLACK_KIB;
  for (int i = 0; i < BIND_RNG_COUNT; i++) state->generators[i] = rm_rng_new(0, (uint64_t)i);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, state_gc);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &state_key);
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  rm_alloc_on_exhaustion(reclaim, lua_tothread(L, -1));
  lua_pop(L, 1);

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
