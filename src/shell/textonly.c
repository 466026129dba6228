/* textonly.c -- load, loadfile, dofile and require take source text only. */
#include "shell/textonly.h"

#include <lauxlib.h>
#include <string.h>
#include "shell/interrupt.h"

/* Makes argument `arg` of load or loadfile, the mode, "t". */
static void force_text(lua_State *L, int arg) {
  const char *mode = luaL_optstring(L, arg, "t");
  if (!strchr(mode, 't')) luaL_error(L, "precompiled chunks are not accepted: mode must be \"t\"");
  if (lua_gettop(L) < arg) lua_settop(L, arg); /* a further argument, even nil, is the environment */
  lua_pushliteral(L, "t");
  lua_replace(L, arg);
}

/* Calls upvalue 1, Lua's own function, with the arguments on the stack. */
static int call_original(lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

/* load catches the errors of a function that reads, but not an interrupt. */
static int text_load(lua_State *L) {
  int count = shell_requests(L);
  force_text(L, 3);
  int results = call_original(L);
  if (lua_isnil(L, 1)) shell_rethrow(L, count);
  return results;
}

static int text_loadfile(lua_State *L) {
  force_text(L, 2);
  return call_original(L);
}

static int text_dofile(lua_State *L) {
  const char *file = luaL_optstring(L, 1, NULL);
  lua_settop(L, 1);
  if (luaL_loadfilex(L, file, "t") != LUA_OK) return lua_error(L);
  lua_call(L, 0, LUA_MULTRET);
  return lua_gettop(L) - 1;
}

/* package.searchers[2]: the module's file in package.path, and its name as second argument. */
static int search_lua(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "searchpath");
  lua_pushvalue(L, 1);
  lua_getfield(L, -3, "path");
  lua_call(L, 2, 2);
  if (lua_isnil(L, -2)) return 1; /* the list of places that were tried */
  lua_pop(L, 1);
  const char *file = lua_tostring(L, -1);
  if (luaL_loadfilex(L, file, "t") != LUA_OK)
    return luaL_error(L, "error loading module '%s' from file '%s':\n\t%s", name, file, lua_tostring(L, -1));
  lua_insert(L, -2);
  return 2;
}

static void replace(lua_State *L, const char *name, lua_CFunction function) {
  lua_getglobal(L, name);
  lua_pushcclosure(L, function, 1);
  lua_setglobal(L, name);
}

void shell_textonly_open(lua_State *L) {
  replace(L, "load", text_load);
  replace(L, "loadfile", text_loadfile);
  replace(L, "dofile", text_dofile);
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "searchers");
  lua_pushcfunction(L, search_lua);
  lua_rawseti(L, -2, 2);
  lua_pop(L, 2);
}
