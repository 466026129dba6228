/* rearrange.c -- flip, roll and tile for Lua. */
#include "ops/views/rearrange.h"

#include "bind/bind.h"
#include "ops/views/views.h"
#include "parallel/interrupt.h"

/* The order of the positions turned around, along some dimensions.
 * Call: x:flip(dims) -> tensor
 * Shapes: of x; dims is one dimension, several, or a table of them. A copy: images (N, C, H, W):flip(4) are mirrored.
 * Errors: a dimension out of range or named twice; none at all, which is written {}.
 * Example:
 *   > rm.tensor {{1, 2}, {3, 4}}:flip(2)
 *   [[2., 1.],
 *    [4., 3.]]
 *   float32 (2, 2)
 *   > rm.tensor {1, 2, 3}:flip(1)
 *   [3., 2., 1.]  float32 (3) */
static int tensor_flip(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  bool dims[RM_MAX_DIMS] = {false};
  if (lua_isnoneornil(L, 2)) return bind_error(L, "flip: expected dimensions, as in x:flip(1) or x:flip({1, 2})");
  bool none = lua_istable(L, 2) && bind_checklist(L, 2, "flip", "dimensions") == 0;
  bind_checkend(L, none ? 3 : bind_checkdims(L, 2, x->ndim, dims, "flip"), "flip");
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_flip(x, dims, y, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* Entry i of the list at arg, or the number there. */
static lua_Integer entry(lua_State *L, int arg, lua_Integer i) {
  int whole;
  if (lua_istable(L, arg)) lua_geti(L, arg, i);
  else lua_pushvalue(L, arg);
  lua_Integer v = lua_tointegerx(L, -1, &whole);
  if (!whole) bind_error(L, "roll: expected a whole number, got %s", bind_phrase(L, -1));
  lua_pop(L, 1);
  return v;
}

/* Puts what is in *y, on top of the stack, through one more roll. */
static rm_status roll_on(rm_tensor **y, size_t dim, int64_t shift, rm_error *err) {
  rm_tensor *next = NULL;
  RM_TRY(rm_roll(*y, dim, shift, &next, err));
  rm_tensor_release(*y);
  *y = next;
  return RM_OK;
}

/* All elements as one row, moved, and in their shape again. */
static rm_status roll_all(rm_tensor *x, int64_t shift, rm_tensor **y, rm_error *err) {
  int64_t shape[RM_MAX_DIMS];
  rm_tensor *row = NULL, *moved = NULL;
  for (size_t d = 0; d < x->ndim; d++) shape[d] = (int64_t)x->shape[d];
  rm_status status = rm_reshape(x, 1, (int64_t[]){(int64_t)x->numel}, &row, err);
  if (status == RM_OK) status = rm_roll(row, 0, shift, &moved, err);
  if (status == RM_OK) status = rm_reshape(moved, x->ndim, shape, y, err);
  rm_tensor_release(row);
  rm_tensor_release(moved);
  return status;
}

/* Elements moved on by some positions; what leaves a dimension at its end comes in again at its start.
 * Call: x:roll(shift, dim) -> tensor
 * Call: x:roll({shifts}, {dims}) -> tensor
 * Call: x:roll(shift) -> tensor
 * Shapes: of x; a negative shift moves toward the start. Without dim all elements move as one row.
 * Errors: a dimension out of range; a list of shifts that is not as long as that of dimensions.
 * Example:
 *   > rm.tensor {1, 2, 3, 4}:roll(1)
 *   [4., 1., 2., 3.]  float32 (4)
 *   > rm.tensor {{1, 2}, {3, 4}}:roll(-1, 2)
 *   [[2., 1.],
 *    [4., 3.]]
 *   float32 (2, 2) */
static int tensor_roll(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  rm_error err;
  lua_settop(L, 3);
  lua_Integer n = lua_istable(L, 2) ? (lua_Integer)bind_checklist(L, 2, "roll", "shifts") : 1;
  if (lua_isnil(L, 3)) {
    if (n != 1) return bind_error(L, "roll: %d shifts without dimensions", (int)n);
    int64_t shift = entry(L, 2, 1);
    rm_tensor **y = bind_boxtensor(L);
    if (RM_BREAKABLE(roll_all(x, shift, y, &err), &err) != RM_OK) return bind_raise(L, &err);
    return bind_pushed(L, y);
  }
  lua_Integer dims = lua_istable(L, 3) ? (lua_Integer)bind_checklist(L, 3, "roll", "dimensions") : 1;
  if (n != dims) return bind_error(L, "roll: %d shifts for %d dimensions", (int)n, (int)dims);
  rm_tensor **y = bind_boxtensor(L);
  *y = rm_tensor_retain(x);
  for (lua_Integer i = 1; i <= n; i++) {
    int64_t shift = entry(L, 2, i);
    lua_pushinteger(L, entry(L, 3, i));
    size_t dim = bind_checkaxis(L, -1, x->ndim, "roll");
    lua_pop(L, 1);
    if (RM_BREAKABLE(roll_on(y, dim, shift, &err), &err) != RM_OK) return bind_raise(L, &err);
  }
  if (n == 0) { /* a copy all the same */
    rm_tensor_release(*y);
    *y = NULL;
    if (rm_clone(x, y, &err) != RM_OK) return bind_raise(L, &err);
  }
  return bind_pushed(L, y);
}

/* A tensor again and again, side by side: what PyTorch calls tile and repeat (`repeat` is a word of Lua).
 * Call: x:tile(times) -> tensor
 * Shapes: times as numbers or one table, for the last dimensions; what has no number is there once, and more numbers
 *  than dimensions add dimensions in front. (2, 3):tile(2, 1) is (4, 3). A copy; x:expand stretches without one.
 * Errors: a negative number of times; more than 8 dimensions.
 * Example:
 *   > rm.tensor {1, 2}:tile(3)
 *   [1., 2., 1., 2., 1., 2.]  float32 (6)
 *   > rm.tensor {1, 2}:tile(2, 1)
 *   [[1., 2.],
 *    [1., 2.]]
 *   float32 (2, 2) */
static int tensor_tile(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  size_t times[RM_MAX_DIMS];
  int next;
  rm_error err;
  size_t n = bind_checkshape(L, 2, times, &next, "tile");
  bind_checkend(L, next, "tile");
  rm_tensor **y = bind_boxtensor(L);
  if (RM_BREAKABLE(rm_tile(x, n, times, y, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

void bind_open_rearrange(lua_State *L) {
  static const luaL_Reg both[] = {{"flip", tensor_flip}, {"roll", tensor_roll}, {"tile", tensor_tile}, {NULL, NULL}};
  bind_register(L, both, both);
}
