/* shown.c -- the tables that are results of the library: print and .. show what is in them.
 *
 * To Lua they are plain tables, with a metatable that says how they look; lua/resmoon/base/shown.lua fills it in, and
 * marks the tables that the Lua library returns. That of shapes compares by value, too: a.shape == b.shape. */
#include "bind/bind.h"

#define SHOWN "ResMoon: shown"
#define SHAPE "ResMoon: shape"

void bind_newtable(lua_State *L, size_t elements, size_t fields) {
  lua_createtable(L, elements < INT32_MAX ? (int)elements : 0, (int)fields);
  luaL_setmetatable(L, SHOWN);
}

void bind_newshape(lua_State *L, size_t elements) {
  lua_createtable(L, (int)elements, 0);
  luaL_setmetatable(L, SHAPE);
}

/* A metatable without the name that would stand for "table" in Lua's own messages. */
static void new_metatable(lua_State *L, const char *key) {
  luaL_newmetatable(L, key);
  lua_pushnil(L);
  lua_setfield(L, -2, "__name");
  lua_pop(L, 1);
}

void bind_open_shown(lua_State *L) {
  new_metatable(L, SHOWN);
  new_metatable(L, SHAPE);
}
