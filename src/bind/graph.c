/* graph.c -- what was recorded, as a table: for explain/trace.lua.
 *
 * Keys (light userdata) stand for operations and leaves, as those of tape_key and tensor_key do: they say which is
 * which while y is held, and nothing else. */
#include "bind/bind.h"

enum { LIST = 2, SEEN }; /* stack: the operations found so far; key -> true for each of them */

/* Notes a node that was not met before, at the end of the list. */
static void meet(lua_State *L, const rm_node *node) {
  if (lua_rawgetp(L, SEEN, node) == LUA_TNIL) {
    lua_pushboolean(L, 1);
    lua_rawsetp(L, SEEN, node);
    lua_pushlightuserdata(L, (void *)node);
    lua_rawseti(L, LIST, (lua_Integer)lua_rawlen(L, LIST) + 1);
  }
  lua_pop(L, 1);
}

/* t[name][i] = a light userdata, or false for NULL; t is on top */
static void put_key(lua_State *L, const char *name, size_t i, const void *key) {
  lua_getfield(L, -1, name);
  if (key) lua_pushlightuserdata(L, (void *)key);
  else lua_pushboolean(L, 0);
  lua_rawseti(L, -2, (lua_Integer)i + 1);
  lua_pop(L, 1);
}

static void put_shape(lua_State *L, size_t i, const rm_node *node) {
  size_t shape[RM_MAX_DIMS], ndim = rm_node_input_shape(node, i, shape);
  lua_getfield(L, -1, "shapes");
  lua_createtable(L, (int)ndim, 0);
  for (size_t d = 0; d < ndim; d++) {
    lua_pushinteger(L, (lua_Integer)shape[d]);
    lua_rawseti(L, -2, (lua_Integer)d + 1);
  }
  lua_rawseti(L, -2, (lua_Integer)i + 1);
  lua_pop(L, 1);
}

/* Pushes {key =, op =, inputs =, leaves =, shapes =} of a node, and notes what is behind it. */
static void describe(lua_State *L, const rm_node *node) {
  static const char *const lists[] = {"inputs", "leaves", "shapes"};
  lua_createtable(L, 0, 5);
  lua_pushlightuserdata(L, (void *)node);
  lua_setfield(L, -2, "key");
  lua_pushstring(L, rm_node_name(node));
  lua_setfield(L, -2, "op");
  size_t n = rm_node_ninputs(node);
  for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
    lua_createtable(L, (int)n, 0);
    lua_setfield(L, -2, lists[k]);
  }
  for (size_t i = 0; i < n; i++) {
    const rm_node *behind = rm_node_input(node, i);
    if (behind) meet(L, behind);
    put_key(L, "inputs", i, behind);
    put_key(L, "leaves", i, rm_node_leaf(node, i));
    put_shape(L, i, node);
  }
}

/* tape_graph(y) -> a list of the operations behind y, y's own first: {key =, op = its name, inputs = {key of what
 * computed each, or false}, leaves = {tensor_key of each that is a leaf with a gradient, or false}, shapes = {of each}} */
static int core_tape_graph(lua_State *L) {
  const rm_tensor *y = bind_checktensor(L, 1);
  luaL_checkstack(L, 12, "tape_graph");
  lua_settop(L, 1);
  lua_newtable(L);
  lua_newtable(L);
  if (y->node) meet(L, y->node);
  for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(L, LIST); i++) {
    lua_rawgeti(L, LIST, i);
    const rm_node *node = lua_touserdata(L, -1);
    lua_pop(L, 1);
    describe(L, node);
    lua_rawseti(L, LIST, i);
  }
  lua_settop(L, LIST);
  return 1;
}

void bind_open_graph(lua_State *L) {
  static const luaL_Reg functions[] = {{"tape_graph", core_tape_graph}, {NULL, NULL}};
  bind_register(L, NULL, functions);
}
