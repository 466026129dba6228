/* join.c -- cat, stack, pad in Lua. */
#include <string.h>
#include "bind/conv.h"
#include "ops/views/join.h"
#include "parallel/interrupt.h"

/* The tensors of the list at argument 1, in memory that Lua frees. */
static rm_tensor **checklist(lua_State *L, const char *op, size_t *n) {
  luaL_checktype(L, 1, LUA_TTABLE);
  *n = bind_checklist(L, 1, op, "tensors");
  rm_tensor **xs = lua_newuserdatauv(L, (*n + 1) * sizeof *xs, 0);
  for (size_t i = 0; i < *n; i++) {
    lua_geti(L, 1, (lua_Integer)i + 1);
    xs[i] = bind_totensor(L, -1);
    if (!xs[i]) bind_error(L, "%s: item %zu of the list is a %s, expected a tensor", op, i + 1, luaL_typename(L, -1));
    lua_pop(L, 1);
  }
  return xs;
}

/* Tensors one behind the other along a dimension they have.
 * Call: rm.cat({a, b, ...}, dim = 1) -> tensor
 * Shapes: equal but for dimension dim, where they add up; equal types.
 * Errors: an empty list; shapes or types that differ; an element that is not a tensor.
 * Example:
 *   > rm.cat({rm.zeros(2, 1), rm.ones(2, 2)}, 2)
 *   [[0., 1., 1.],
 *    [0., 1., 1.]]
 *   float32 (2, 3) */
static int core_cat(lua_State *L) {
  size_t n;
  lua_settop(L, 2); /* the list comes on top, so an absent dimension must be a nil */
  rm_tensor **xs = checklist(L, "cat", &n);
  size_t dim = lua_isnoneornil(L, 2) || n == 0 ? 0 : bind_checkdim(L, 2, xs[0]->ndim, "cat");
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_cat(n, xs, dim, y, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* Tensors one behind the other along a new dimension.
 * Call: rm.stack({a, b, ...}, dim = 1) -> tensor
 * Shapes: all equal; n tensors of (3, 32, 32) give (n, 3, 32, 32).
 * Errors: an empty list; shapes or types that differ.
 * Example:
 *   > rm.stack {rm.zeros(2), rm.ones(2)}
 *   [[0., 0.],
 *    [1., 1.]]
 *   float32 (2, 2) */
static int core_stack(lua_State *L) {
  size_t n;
  lua_settop(L, 2); /* the list comes on top, so an absent dimension must be a nil */
  rm_tensor **xs = checklist(L, "stack", &n);
  size_t dim = lua_isnoneornil(L, 2) || n == 0 ? 0 : bind_checkdim(L, 2, xs[0]->ndim + 1, "stack");
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_stack(n, xs, dim, y, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* A border around a tensor: of equal values, or of what is in it.
 * Call: x:pad({before, after, ...}, value = 0) -> tensor
 * Call: x:pad({before, after, ...}, mode, value = 0) -> tensor
 * Shapes: the pairs belong to dimensions from the last backwards: {l, r, t, b} widens W by l + r and H by t + b. mode is
 *  "constant", "reflect" (abc becomes cbabcba), "replicate" (aaabccc) or "circular" (bcabcab).
 * Errors: an odd number of amounts, a negative one, or more pairs than dimensions; another mode; reflect with as many
 *  as there are elements or more, circular with more; a value where mode is not "constant".
 * Example:
 *   > rm.ones(1, 2):pad {1, 0, 0, 1}
 *   [[0., 1., 1.],
 *    [0., 0., 0.]]
 *   float32 (2, 3)
 *   > rm.tensor {1, 2, 3}:pad({2, 2}, "reflect")
 *   [3., 2., 1., 2., 3., 2., 1.]  float32 (7) */
static int tensor_pad(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  size_t amounts[2 * RM_MAX_DIMS], before[RM_MAX_DIMS] = {0}, after[RM_MAX_DIMS] = {0};
  luaL_checktype(L, 2, LUA_TTABLE);
  size_t n = bind_checklist(L, 2, "pad", "amounts");
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
  bool named = lua_type(L, 3) == LUA_TSTRING && !lua_isnumber(L, 3);
  const char *mode = named ? lua_tostring(L, 3) : "constant";
  double value = luaL_optnumber(L, named ? 4 : 3, 0);
  rm_border border = strcmp(mode, "constant") == 0 ? RM_BORDER_ZEROS : bind_checkborder(L, "pad", mode);
  if (border != RM_BORDER_ZEROS && !lua_isnoneornil(L, 4)) bind_error(L, "pad: mode \"%s\" takes no value", mode);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  rm_status status = border == RM_BORDER_ZEROS ? RM_BREAKABLE(rm_pad(x, before, after, value, y, &err), &err)
                                               : RM_BREAKABLE(rm_pad_border(x, before, after, border, y, &err), &err);
  return bind_result(L, status, y, &err);
}

void bind_open_join(lua_State *L) {
  static const luaL_Reg methods[] = {{"pad", tensor_pad}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"cat", core_cat}, {"stack", core_stack}, {"pad", tensor_pad}, {NULL, NULL}};
  bind_register(L, methods, functions);
}
