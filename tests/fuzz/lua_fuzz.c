/* lua_fuzz.c -- the readers that are written in Lua (readers.lua).
 *
 * libFuzzer sees branches of C alone. So a hook counts, for each line of Lua that runs, the step that led there in
 * one of its extra counters, and inputs that reach another line of lua/resmoon are kept as those that
 * reach another branch are. */
#include "fuzz.h"
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

const char *const fuzz_readers[] = {FUZZ_LUA NULL}; /* the Makefile's list */

int luaopen_resmoon_core(lua_State *L);

enum { COUNTERS = 1 << 14 };
#ifdef __clang__
__attribute__((used, section("__libfuzzer_extra_counters")))
#endif
static uint8_t counters[COUNTERS];

static void count_line(lua_State *L, lua_Debug *at) {
  static uint32_t before;
  lua_getinfo(L, "S", at);
  uint32_t here = (uint32_t)((uintptr_t)at->source >> 4) * 2654435761u + (uint32_t)at->currentline * 40503u;
  uint8_t *counter = &counters[(here ^ before) % COUNTERS];
  if (*counter < 255) ++*counter;
  before = here >> 1;
}

static lua_State *state;

static void stop(void) {
  lua_close(state);
  state = NULL;
}

/* The state with the library and the readers, a table at index 1. */
static void start(void) {
  state = luaL_newstate();
  fuzz_require(state != NULL, "no memory");
  luaL_openlibs(state);
  luaL_requiref(state, "resmoon.core", luaopen_resmoon_core, 0);
  lua_settop(state, 0);
  const char *load =
      "package.path = 'tests/?.lua;lua/?.lua;lua/?/init.lua;' .. package.path\n"
      "return require('fuzz.readers')(...)";
  int failed = luaL_loadstring(state, load);
  if (!failed) {
    lua_pushstring(state, fuzz_folder());
    failed = lua_pcall(state, 1, 1, 0);
  }
  fuzz_require(!failed, "%s", failed ? lua_tostring(state, -1) : "");
  fuzz_counts_held = false; /* what Lua has not collected is held */
  atexit(stop);
}

void fuzz_one(const uint8_t *data, size_t size) {
  if (!state) start();
  lua_sethook(state, count_line, LUA_MASKLINE, 0);
  fuzz_require(lua_getfield(state, 1, fuzz_reader) == LUA_TFUNCTION, "there is no reader %s", fuzz_reader);
  lua_pushlstring(state, (const char *)data, size);
  int failed = lua_pcall(state, 1, 0, 0); /* a finding: what a reader refuses is caught in readers.lua */
  lua_sethook(state, NULL, 0, 0);
  fuzz_require(!failed, "%s", failed ? lua_tostring(state, -1) : "");
  lua_settop(state, 1);
}
