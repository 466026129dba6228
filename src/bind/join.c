/* join.c -- cat, stack, pad in Lua. */
#include "bind/bind.h"
#include "ops/join.h"

/* The tensors of the list at argument 1, in memory that Lua frees. */
static rm_tensor **checklist(lua_State *L, const char *op, size_t *n) {
  luaL_checktype(L, 1, LUA_TTABLE);
  *n = (size_t)luaL_len(L, 1);
  rm_tensor **xs = lua_newuserdatauv(L, (*n + 1) * sizeof *xs, 0);
  for (size_t i = 0; i < *n; i++) {
    lua_geti(L, 1, (lua_Integer)i + 1);
    xs[i] = bind_totensor(L, -1);
    if (!xs[i]) bind_error(L, "%s: item %zu of the list is a %s, expected a tensor", op, i + 1, luaL_typename(L, -1));
    lua_pop(L, 1);
  }
  return xs;
}

/* rm.cat({a, b, ...}, dim = 1) -> tensor. Shapes: equal but for dim. */
static int core_cat(lua_State *L) {
  size_t n;
  lua_settop(L, 2); /* the list comes on top, so an absent dimension must be a nil */
  rm_tensor **xs = checklist(L, "cat", &n);
  size_t dim = lua_isnoneornil(L, 2) || n == 0 ? 0 : bind_checkdim(L, 2, xs[0]->ndim, "cat");
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (rm_cat(n, xs, dim, y, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* rm.stack({a, b, ...}, dim = 1) -> tensor with one dimension more. Shapes: equal. */
static int core_stack(lua_State *L) {
  size_t n;
  lua_settop(L, 2); /* the list comes on top, so an absent dimension must be a nil */
  rm_tensor **xs = checklist(L, "stack", &n);
  size_t dim = lua_isnoneornil(L, 2) || n == 0 ? 0 : bind_checkdim(L, 2, xs[0]->ndim + 1, "stack");
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (rm_stack(n, xs, dim, y, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* x:pad({before, after, ...}, value = 0) -> tensor. Pairs from the last dimension backwards. */
static int tensor_pad(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  size_t amounts[2 * RM_MAX_DIMS], before[RM_MAX_DIMS] = {0}, after[RM_MAX_DIMS] = {0};
  luaL_checktype(L, 2, LUA_TTABLE);
  size_t n = (size_t)luaL_len(L, 2);
  if (n % 2 != 0 || n > 2 * x->ndim)
    bind_error(L, "pad: expected pairs {before, after} for at most %zu dimensions, got %zu numbers", x->ndim, n);
  for (size_t i = 0; i < n; i++) {
    int ok;
    lua_geti(L, 2, (lua_Integer)i + 1);
    lua_Integer v = lua_tointegerx(L, -1, &ok);
    if (!ok || v < 0) bind_error(L, "pad: amount %zu must be a whole number, not negative", i + 1);
    amounts[i] = (size_t)v;
    lua_pop(L, 1);
  }
  for (size_t i = 0; i < n / 2; i++) {
    before[x->ndim - 1 - i] = amounts[2 * i];
    after[x->ndim - 1 - i] = amounts[2 * i + 1];
  }
  double value = luaL_optnumber(L, 3, 0);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (rm_pad(x, before, after, value, y, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

void bind_open_join(lua_State *L) {
  static const luaL_Reg methods[] = {{"pad", tensor_pad}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"cat", core_cat}, {"stack", core_stack}, {"pad", tensor_pad}, {NULL, NULL}};
  bind_register(L, methods, functions);
}
