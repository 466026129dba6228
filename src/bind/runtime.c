/* runtime.c -- what the whole process shares: threads, memory, the kernel table. */
#include "bind/bind.h"
#include "memory/alloc.h"
#include "parallel/pool.h"
#include "kernels/kernels.h"

/* How many threads compute. Results do not depend on it, to the bit.
 * Call: rm.num_threads() -> number
 * Call: rm.set_num_threads(n) -> nothing
 * Units: threads; at the start RESMOON_NUM_THREADS, else the processors this process may run on.
 * Errors: n below 1 or no whole number; an argument of num_threads.
 * Example:
 *   > before = rm.num_threads()
 *   > rm.set_num_threads(1)
 *   > rm.num_threads()
 *   1
 *   > rm.set_num_threads(before) */
static int core_num_threads(lua_State *L) {
  bind_question(L, "num_threads", "set_num_threads sets their number");
  lua_pushinteger(L, (lua_Integer)rm_num_threads());
  return 1;
}

/* rm.set_num_threads(n): results do not depend on it */
static int core_set_num_threads(lua_State *L) {
  lua_Integer n = luaL_checkinteger(L, 1);
  rm_error err;
  if (n < 1) return bind_error(L, "set_num_threads: expected at least 1, got %lld", (long long)n);
  return rm_set_num_threads((size_t)n, &err) == RM_OK ? 0 : bind_raise(L, &err);
}

/* Memory of tensors: in use, kept for reuse, most in use so far, and the number of blocks in use.
 * Call: rm.memory() -> {live =, cached =, peak =, blocks =}
 * Call: rm.trim_memory() -> nothing
 * Units: bytes. trim_memory gives what is kept for reuse back to the system.
 * Errors: none.
 * Example:
 *   > collectgarbage() before = rm.memory().live
 *   > x = rm.zeros(1000, 1000)
 *   > rm.memory().live - before >= 4000000
 *   true */
static int core_memory(lua_State *L) {
  rm_alloc_stats stats = rm_alloc_statistics();
  const struct {
    const char *name;
    size_t value;
  } fields[] = {{"live", stats.live_bytes},
                {"cached", stats.cached_bytes},
                {"peak", stats.peak_bytes},
                {"blocks", stats.live_blocks}};
  bind_newtable(L, 0, 4);
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    lua_pushinteger(L, (lua_Integer)fields[i].value);
    lua_setfield(L, -2, fields[i].name);
  }
  return 1;
}

/* rm.trim_memory(): what is kept for reuse goes back to the system */
static int core_trim_memory(lua_State *L) {
  (void)L;
  rm_alloc_trim();
  return 0;
}

/* How many tensors are alive, those of the core included: to find what is kept for too long.
 * Call: rm.live_tensors() -> number
 * Shapes: any; views count, too.
 * Errors: none.
 * Example:
 *   > collectgarbage() before = rm.live_tensors()
 *   > x = rm.zeros(2)
 *   > rm.live_tensors() - before
 *   1 */
static int core_live_tensors(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)rm_tensor_live());
  return 1;
}

/* The instruction set of the kernels in use, one of rm.machine.isas().
 * Call: rm.isa() -> string
 * Errors: an argument. RESMOON_ISA in the environment forces a set at the start.
 * Example:
 *   > type(rm.isa())
 *   string */
static int core_isa(lua_State *L) {
  bind_question(L, "isa", "RESMOON_ISA in the environment chooses it");
  lua_pushstring(L, rm_kernel_table()->isa);
  return 1;
}

/* The name that a misspelled one may mean, or nil.
 * Call: rm.nearest(name, names) -> string or nil
 * Errors: names that are not a list of strings.
 * Example:
 *   > rm.nearest("rezize", {"resize", "reshape"})
 *   resize */
static int core_nearest(lua_State *L) {
  luaL_checktype(L, 2, LUA_TTABLE);
  bind_nearest best = bind_nearest_start(luaL_checkstring(L, 1));
  for (lua_Integer i = 1, n = luaL_len(L, 2); i <= n; i++) {
    lua_geti(L, 2, i); /* the list keeps the string alive */
    if (lua_type(L, -1) == LUA_TSTRING) bind_nearest_offer(&best, lua_tostring(L, -1));
    lua_pop(L, 1);
  }
  lua_pushstring(L, best.name); /* NULL: nil */
  return 1;
}

void bind_open_runtime(lua_State *L) {
  static const luaL_Reg functions[] = {{"num_threads", core_num_threads},
                                       {"set_num_threads", core_set_num_threads},
                                       {"memory", core_memory},
                                       {"trim_memory", core_trim_memory},
                                       {"live_tensors", core_live_tensors},
                                       {"isa", core_isa},
                                       {"nearest", core_nearest},
                                       {NULL, NULL}};
  bind_register(L, NULL, functions);
}
