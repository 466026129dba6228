/* rng.c -- generators in Lua: rm.generator(seed, stream), rm.random.init and the others.
 *
 * A generator is three numbers (seed, stream, position), so its state is a small table that
 * fits into a checkpoint: g.state gives one, g.state = saved puts it back. The four that
 * belong to the Lua state (one for each use) are boxed as rm.random.*; the others own theirs. */
#include "bind/bind.h"

#include <string.h>

/* bind_optgenerator reads `rng`, which comes first; it points to `own` or into the state. */
typedef struct {
  rm_rng *rng;
  rm_rng own;
} generator;

static rm_rng *check_self(lua_State *L) { return *(rm_rng **)luaL_checkudata(L, 1, BIND_GENERATOR); }

/* A generator of random numbers of its own: the same seed and stream give the same numbers.
 * Call: rm.generator(seed, stream = 0) -> generator
 * Errors: a seed or stream that is not a whole number.
 * Source: Philox4x32-10: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
 * Example:
 *   > rm.generator(7):integer(1, 6) == rm.generator(7):integer(1, 6)
 *   true */
static int core_generator(lua_State *L) {
  lua_Integer seed = luaL_checkinteger(L, 1), stream = luaL_optinteger(L, 2, 0);
  generator *g = lua_newuserdatauv(L, sizeof *g, 0);
  g->own = rm_rng_new((uint64_t)seed, (uint64_t)stream);
  g->rng = &g->own;
  luaL_setmetatable(L, BIND_GENERATOR);
  return 1;
}

/* Restarts the four generators that everything random draws from.
 * Call: rm.manual_seed(seed) -> nothing
 * Call: rm.random
 * Options: init     weights, rm.rand, rm.randn and similar functions
 *  shuffle  the order of images
 *  augment  shifts and mirroring
 *  dropout  what is dropped
 * Errors: a seed that is not a whole number.
 * Example:
 *   > rm.manual_seed(3)
 *   > a = rm.rand(2)
 *   > rm.manual_seed(3)
 *   > a:eq(rm.rand(2)):all():item()
 *   1
 *   > rm.random.dropout:get_state().seed
 *   3 */
static int core_manual_seed(lua_State *L) {
  uint64_t seed = (uint64_t)luaL_checkinteger(L, 1);
  for (int i = 0; i < BIND_RNG_COUNT; i++) *bind_generator(L, (bind_rng)i) = rm_rng_new(seed, (uint64_t)i);
  return 0;
}

/* --- state ---------------------------------------------------------------------------- */

static void push_state(lua_State *L, const rm_rng *g) {
  bind_newtable(L, 0, 3);
  lua_pushinteger(L, (lua_Integer)g->seed);
  lua_setfield(L, -2, "seed");
  lua_pushinteger(L, (lua_Integer)g->stream);
  lua_setfield(L, -2, "stream");
  lua_pushinteger(L, (lua_Integer)g->position);
  lua_setfield(L, -2, "position");
}

static uint64_t state_field(lua_State *L, int arg, const char *name) {
  int whole;
  lua_getfield(L, arg, name);
  lua_Integer v = lua_tointegerx(L, -1, &whole);
  if (!whole) bind_error(L, "generator: state.%s must be a whole number, got %s", name, luaL_typename(L, -1));
  lua_pop(L, 1);
  return (uint64_t)v;
}

/* What a generator is: three whole numbers, to be saved and put back.
 * Call: g:get_state() -> {seed =, stream =, position =}
 * Call: g:set_state(state) -> nothing
 * Call: g.state
 * Errors: a state in which a number is missing. g.state = saved is the same as set_state.
 * Example:
 *   > g = rm.generator(7)
 *   > saved = g:get_state()
 *   > a = g:uniform()
 *   > g:set_state(saved)
 *   > a == g:uniform()
 *   true */
static int generator_get_state(lua_State *L) {
  push_state(L, check_self(L));
  return 1;
}

/* g:set_state(table) */
static int generator_set_state(lua_State *L) {
  rm_rng *g = check_self(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  rm_rng fresh = {state_field(L, 2, "seed"), state_field(L, 2, "stream"), state_field(L, 2, "position")};
  *g = fresh;
  return 0;
}

/* Starts a generator again, from another seed; its stream stays.
 * Call: g:seed(seed) -> nothing
 * Errors: a seed that is not a whole number.
 * Example:
 *   > g = rm.generator(7)
 *   > g:seed(8)
 *   > g:get_state().seed
 *   8 */
static int generator_seed(lua_State *L) {
  rm_rng *g = check_self(L);
  *g = rm_rng_new((uint64_t)luaL_checkinteger(L, 2), g->stream);
  return 0;
}

/* --- single numbers ------------------------------------------------------------------------ */

/* One random number: uniform in [low, high), or normal.
 * Call: g:uniform(low = 0, high = 1) -> number
 * Call: g:normal(mean = 0, std = 1) -> number
 * Errors: arguments that are not numbers.
 * Example:
 *   > u = rm.generator(7):uniform(2, 3)
 *   > u >= 2 and u < 3
 *   true */
static int generator_uniform(lua_State *L) {
  rm_rng *g = check_self(L);
  double low = luaL_optnumber(L, 2, 0), high = luaL_optnumber(L, 3, 1);
  lua_pushnumber(L, low + (high - low) * rm_rng_double(g));
  return 1;
}

/* g:normal(mean = 0, std = 1) -> number */
static int generator_normal(lua_State *L) {
  rm_rng *g = check_self(L);
  double mean = luaL_optnumber(L, 2, 0), std = luaL_optnumber(L, 3, 1);
  lua_pushnumber(L, mean + std * rm_rng_normal(g));
  return 1;
}

/* A random whole number from low to high, both included.
 * Call: g:integer(low, high) -> number
 * Errors: high below low.
 * Example:
 *   > dice = rm.generator(7):integer(1, 6)
 *   > dice >= 1 and dice <= 6
 *   true */
static int generator_integer(lua_State *L) {
  rm_rng *g = check_self(L);
  lua_Integer low = luaL_checkinteger(L, 2), high = luaL_checkinteger(L, 3);
  if (high < low) return bind_error(L, "integer: low %lld is above high %lld", (long long)low, (long long)high);
  uint64_t range = (uint64_t)high - (uint64_t)low + 1; /* 0: all 2^64 values */
  lua_pushinteger(L, (lua_Integer)((uint64_t)low + (range ? rm_rng_below(g, range) : rm_rng_u64(g))));
  return 1;
}

/* The numbers 1..n in random order.
 * Call: g:permutation(n) -> tensor
 * Shapes: (n), int64.
 * Errors: n negative.
 * Example:
 *   > rm.generator(7):permutation(4):sort()
 *   [1, 2, 3, 4]  int64 (4)  [3, 4, 2, 1]  int64 (4) */
static int generator_permutation(lua_State *L) {
  rm_rng *g = check_self(L);
  lua_Integer n = luaL_checkinteger(L, 2);
  rm_error err;
  if (n < 0) return bind_error(L, "permutation: n must not be negative, got %lld", (long long)n);
  rm_tensor **y = bind_boxtensor(L);
  if (rm_rng_permutation(g, (size_t)n, y, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

static int generator_tostring(lua_State *L) {
  const rm_rng *g = check_self(L);
  lua_pushfstring(L, "generator: seed %I, stream %I, position %I", (LUAI_UACINT)g->seed, (LUAI_UACINT)g->stream,
                  (LUAI_UACINT)g->position);
  return 1;
}

/* g.state */
static int generator_index(lua_State *L) {
  rm_rng *g = check_self(L);
  const char *name = luaL_checkstring(L, 2);
  if (strcmp(name, "state") == 0) {
    push_state(L, g);
    return 1;
  }
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TNIL)
    return bind_error(L, "a generator has no field or method \"%s\"", name);
  return 1;
}

/* g.state = saved */
static int generator_newindex(lua_State *L) {
  if (strcmp(luaL_checkstring(L, 2), "state") != 0)
    return bind_error(L, "a generator's field \"%s\" cannot be assigned (only state can)", lua_tostring(L, 2));
  lua_remove(L, 2);
  return generator_set_state(L);
}

/* rm.random = {init = ..., shuffle = ..., augment = ..., dropout = ...} */
static void set_random(lua_State *L) {
  static const char *const names[BIND_RNG_COUNT] = {[BIND_RNG_INIT] = "init",
                                                    [BIND_RNG_SHUFFLE] = "shuffle",
                                                    [BIND_RNG_AUGMENT] = "augment",
                                                    [BIND_RNG_DROPOUT] = "dropout"};
  lua_createtable(L, 0, BIND_RNG_COUNT);
  for (int i = 0; i < BIND_RNG_COUNT; i++) {
    generator *g = lua_newuserdatauv(L, sizeof *g, 0);
    g->rng = bind_generator(L, (bind_rng)i);
    luaL_setmetatable(L, BIND_GENERATOR);
    lua_setfield(L, -2, names[i]);
  }
  lua_setfield(L, -2, "random");
}

void bind_open_rng(lua_State *L) {
  static const luaL_Reg functions[] = {{"generator", core_generator}, {"manual_seed", core_manual_seed}, {NULL, NULL}};
  static const luaL_Reg methods[] = {{"get_state", generator_get_state},
                                     {"set_state", generator_set_state},
                                     {"seed", generator_seed},
                                     {"uniform", generator_uniform},
                                     {"normal", generator_normal},
                                     {"integer", generator_integer},
                                     {"permutation", generator_permutation},
                                     {NULL, NULL}};
  luaL_newmetatable(L, BIND_GENERATOR);
  luaL_newlib(L, methods);
  lua_pushcclosure(L, generator_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, generator_newindex);
  lua_setfield(L, -2, "__newindex");
  lua_pushcfunction(L, generator_tostring);
  lua_setfield(L, -2, "__tostring");
  lua_pop(L, 1);
  bind_register(L, NULL, functions);
  set_random(L);
}
