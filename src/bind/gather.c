/* gather.c -- index_select, gather, sort, topk in Lua. */
#include "bind/bind.h"
#include "ops/gather.h"

/* x:index_select(dim, index) -> tensor; index int64 (K), 1-based. */
static int tensor_index_select(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  size_t dim = bind_checkdim(L, 2, x->ndim, "index_select");
  rm_tensor *index = bind_checktensor(L, 3);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (rm_index_select(x, dim, index, y, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* x:gather(dim, index) -> tensor of index's shape; index int64, 1-based. */
static int tensor_gather(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  size_t dim = bind_checkdim(L, 2, x->ndim, "gather");
  rm_tensor *index = bind_checktensor(L, 3);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (rm_gather(x, dim, index, y, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* x:sort(dim = -1, descending = false) -> values, indices (int64, 1-based). */
static int tensor_sort(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  bool descending = lua_toboolean(L, 3);
  size_t dim = lua_isnoneornil(L, 2) && x->ndim ? x->ndim - 1 : bind_checkdim(L, 2, x->ndim, "sort");
  rm_tensor **values = bind_boxtensor(L), **indices = bind_boxtensor(L);
  rm_error err;
  if (rm_sort(x, dim, descending, values, indices, &err) != RM_OK) return bind_raise(L, &err);
  bind_pushed(L, values);
  return bind_pushed(L, indices) + 1;
}

/* x:topk(k, dim = -1, {largest = true}) -> values, indices (int64, 1-based). */
static int tensor_topk(lua_State *L) {
  static const char *const options[] = {"largest", NULL};
  rm_tensor *x = bind_checktensor(L, 1);
  lua_Integer k = luaL_checkinteger(L, 2);
  if (k < 0) bind_error(L, "topk: k must not be negative, got %lld", (long long)k);
  int table = lua_istable(L, 3) ? 3 : 4;
  bool given = table == 4 && !lua_isnoneornil(L, 3);
  size_t dim = !given && x->ndim ? x->ndim - 1 : bind_checkdim(L, 3, x->ndim, "topk");
  bind_checkoptions(L, table, "topk", options);
  bool largest = bind_optbool(L, table, "largest", true);
  rm_tensor **values = bind_boxtensor(L), **indices = bind_boxtensor(L);
  rm_error err;
  if (rm_topk(x, (size_t)k, dim, largest, values, indices, &err) != RM_OK) return bind_raise(L, &err);
  bind_pushed(L, values);
  return bind_pushed(L, indices) + 1;
}

void bind_open_gather(lua_State *L) {
  static const luaL_Reg both[] = {{"index_select", tensor_index_select}, {"gather", tensor_gather},
                                  {"sort", tensor_sort}, {"topk", tensor_topk}, {NULL, NULL}};
  bind_register(L, both, both);
}
