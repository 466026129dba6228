/* gather.c -- index_select, gather, sort, argsort, topk in Lua. */
#include "bind/bind.h"
#include "ops/index/gather.h"
#include "ops/index/sort.h"
#include "parallel/interrupt.h"

/* The positions of a dimension that a list names, in that order.
 * Call: x:index_select(dim, index) -> tensor
 * Shapes: index int64 (K), from 1; the result has K positions in dimension dim.
 * Errors: an index out of range, or not int64.
 * Example:
 *   > rm.arange(5):index_select(1, rm.tensor({5, 1, 1}, "int64"))
 *   [5., 1., 1.]  float32 (3) */
static int tensor_index_select(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  size_t dim = bind_checkdim(L, 2, x->ndim, "index_select");
  rm_tensor *index = bind_checktensor(L, 3);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_index_select(x, dim, index, y, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* Takes one element along a dimension for every place of index.
 * Call: x:gather(dim, index) -> tensor
 * Shapes: index int64, from 1, with as many dimensions as x and no longer than it outside of dim; the result as index.
 * Errors: an index out of range, or not int64; shapes that do not fit.
 * Example:
 *   > scores = rm.tensor {{1, 2, 3}, {4, 5, 6}}
 *   > scores:gather(2, rm.tensor({{3}, {1}}, "int64"))
 *   [[3.],
 *    [4.]]
 *   float32 (2, 1) */
static int tensor_gather(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  size_t dim = bind_checkdim(L, 2, x->ndim, "gather");
  rm_tensor *index = bind_checktensor(L, 3);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_gather(x, dim, index, y, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* Elements in order along a dimension, and where they were.
 * Call: x:sort(dim = -1, descending = false) -> values, indices
 * Shapes: both of x's shape; indices int64, from 1. Equal elements keep their order; NaN counts as the largest.
 * Errors: a dimension out of range.
 * Example:
 *   > rm.tensor {3, 1, 2}:sort()
 *   [1., 2., 3.]  float32 (3)  [2, 3, 1]  int64 (3) */
static int tensor_sort(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  bool descending = lua_toboolean(L, 3);
  size_t dim = lua_isnoneornil(L, 2) ? (x->ndim ? x->ndim : 1) - 1 : bind_checkaxis(L, 2, x->ndim, "sort");
  rm_tensor **values = bind_boxtensor(L), **indices = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_sort(x, dim, descending, values, indices, &err), &err) != RM_OK) return bind_raise(L, &err);
  bind_pushed(L, values);
  return bind_pushed(L, indices) + 1;
}

/* Where the elements stand that come first, second, ... in order along a dimension: the positions of sort.
 * Call: x:argsort(dim = -1, descending = false) -> indices
 * Shapes: of x, int64, from 1. Equal elements keep their order; NaN counts as the largest.
 * Errors: a dimension out of range.
 * Example:
 *   > rm.tensor {3, 1, 2}:argsort()
 *   [2, 3, 1]  int64 (3)
 *   > rm.tensor {3, 1, 2}:argsort(1, true)
 *   [1, 3, 2]  int64 (3) */
static int tensor_argsort(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  bool descending = lua_toboolean(L, 3);
  size_t dim = lua_isnoneornil(L, 2) ? (x->ndim ? x->ndim : 1) - 1 : bind_checkaxis(L, 2, x->ndim, "argsort");
  rm_tensor **values = bind_boxtensor(L), **indices = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_sort(x, dim, descending, values, indices, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, indices);
}

/* The k largest elements along a dimension, largest first, and where they are.
 * Call: x:topk(k, dim = -1, {largest = true}) -> values, indices
 * Shapes: of x, with k positions in dimension dim; indices int64, from 1.
 * Errors: k beyond the extent, or negative; an unknown option.
 * Example:
 *   > rm.tensor {3, 1, 2}:topk(2)
 *   [3., 2.]  float32 (2)  [1, 3]  int64 (2) */
static int tensor_topk(lua_State *L) {
  static const char *const options[] = {"largest", NULL};
  rm_tensor *x = bind_checktensor(L, 1);
  lua_Integer k = luaL_checkinteger(L, 2);
  if (k < 0) bind_error(L, "topk: k must not be negative, got %lld", (long long)k);
  int table = lua_istable(L, 3) ? 3 : 4;
  bool given = table == 4 && !lua_isnoneornil(L, 3);
  size_t dim = !given ? (x->ndim ? x->ndim : 1) - 1 : bind_checkaxis(L, 3, x->ndim, "topk");
  bind_checkoptions(L, table, "topk", options);
  bool largest = bind_optbool(L, table, "largest", true);
  rm_tensor **values = bind_boxtensor(L), **indices = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_topk(x, (size_t)k, dim, largest, values, indices, &err), &err) != RM_OK)
    return bind_raise(L, &err);
  bind_pushed(L, values);
  return bind_pushed(L, indices) + 1;
}

void bind_open_gather(lua_State *L) {
  static const luaL_Reg both[] = {
      {"index_select", tensor_index_select}, {"gather", tensor_gather}, {"sort", tensor_sort},
      {"argsort", tensor_argsort},           {"topk", tensor_topk},     {NULL, NULL}};
  bind_register(L, both, both);
}
