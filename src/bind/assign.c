/* assign.c -- many tensors written at once: all of them, or, where memory runs out, none.
 *
 * What can fail is done for all before the first is written: checks, what was put off and would read the old elements
 * (core/reader.h), and copies of those sources that share memory with a destination. */
#include "bind/bind.h"
#include "core/copy.h"
#include "core/tape.h"
#include "parallel/interrupt.h"

/* The tensors of entry i of the list at 1, {destination, source}; what is checked here cannot be otherwise later. */
static void get_pair(lua_State *L, lua_Integer i, rm_tensor **to, rm_tensor **from) {
  if (lua_geti(L, 1, i) != LUA_TTABLE) bind_error(L, "copy_all: entry %d is no pair", (int)i);
  lua_geti(L, -1, 1);
  lua_geti(L, -2, 2);
  *to = bind_checktensor(L, -2);
  *from = bind_checktensor(L, -1);
  lua_pop(L, 3);
}

/* copy_all({{destination, source}, ...}): the tensors of a pair have one shape, and no source is a part of
 * another pair's destination. Recording is off. */
static int core_copy_all(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  lua_Integer n = luaL_len(L, 1);
  rm_error err;
  lua_createtable(L, (int)n, 0); /* at 2: sources of their own, where one is needed */
  for (lua_Integer i = 1; i <= n; i++) {
    rm_tensor *to, *from;
    get_pair(L, i, &to, &from);
    if (!rm_tensor_same_shape(to, from)) return bind_error(L, "copy_all: entry %d has two shapes", (int)i);
    if (RM_BREAKABLE(rm_tensor_check_writable("copy_all", to, &err), &err) != RM_OK) return bind_raise(L, &err);
    rm_tensor **own = bind_boxtensor(L);
    if (to->storage == from->storage && rm_tensor_clone(from, own, &err) != RM_OK) return bind_raise(L, &err);
    if (!*own) *own = rm_tensor_retain(from);
    lua_rawseti(L, 2, i);
  }
  for (lua_Integer i = 1; i <= n; i++) {
    rm_tensor *to, *from;
    get_pair(L, i, &to, &from);
    lua_rawgeti(L, 2, i);
    if (rm_tensor_copy(to, bind_checktensor(L, -1), &err) != RM_OK) return bind_raise(L, &err);
    lua_pop(L, 1);
  }
  return 0;
}

void bind_open_assign(lua_State *L) {
  static const luaL_Reg functions[] = {{"copy_all", core_copy_all}, {NULL, NULL}};
  bind_register(L, NULL, functions);
}
