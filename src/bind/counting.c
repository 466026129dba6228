/* counting.c -- one_hot, bincount, nonzero, unique for Lua. */
#include "ops/index/counting.h"

#include "bind/bind.h"
#include "parallel/interrupt.h"

/* Labels as rows with a 1 at the label and 0 elsewhere.
 * Call: x:one_hot(classes = x:max()) -> tensor
 * Shapes: x int64 of any shape, values from 1; the result has a last dimension more, of `classes`. It is int64:
 *  x:one_hot(10):float() is a target for cross_entropy.
 * Errors: a value below 1 or above classes; a tensor that is not int64; an empty one, unless classes is given.
 * Example:
 *   > rm.tensor({1, 3}, "int64"):one_hot()
 *   [[1, 0, 0],
 *    [0, 0, 1]]
 *   int64 (2, 3) */
static int tensor_one_hot(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  lua_Integer classes = luaL_optinteger(L, 2, 0);
  bind_checkend(L, 3, "one_hot");
  if (classes < 0 || (classes == 0 && !lua_isnoneornil(L, 2)))
    return bind_error(L, "one_hot: classes must be at least 1, got %lld", (long long)classes);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  return bind_result(L, RM_BREAKABLE(rm_one_hot(x, (size_t)classes, y, &err), &err), y, &err);
}

/* How often each of the values 1, 2, ... occurs, such as how many images each class has.
 * Call: x:bincount({weights = nil, minlength = 0}) -> tensor
 * Shapes: x int64 (N), values from 1; the result (K), K the largest value or minlength. int64; with weights, float32
 *  (N), the sums of the weights, float32.
 * Errors: a value below 1; x not int64, or not of one dimension; weights of another shape.
 * Example:
 *   > labels = rm.tensor({2, 1, 2, 4}, "int64")
 *   > labels:bincount()
 *   [1, 2, 0, 1]  int64 (4)
 *   > labels:bincount {minlength = 6}
 *   [1, 2, 0, 1, 0, 0]  int64 (6) */
static int tensor_bincount(lua_State *L) {
  static const char *const names[] = {"weights", "minlength", NULL};
  lua_settop(L, 2);
  rm_tensor *x = bind_checktensor(L, 1);
  bind_checkoptions(L, 2, "bincount", names);
  size_t least = bind_optsize(L, 2, "minlength", 0);
  if (lua_istable(L, 2)) lua_getfield(L, 2, "weights");
  else lua_pushnil(L);
  rm_tensor *weights = bind_opttensor(L, 3);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  return bind_result(L, RM_BREAKABLE(rm_bincount(x, weights, least, y, &err), &err), y, &err);
}

/* The positions of the elements that are not 0.
 * Call: x:nonzero() -> tensor
 * Shapes: int64 (n, d) for the n such elements of a tensor of d dimensions, from 1, row by row.
 * Errors: x is not a tensor.
 * Example:
 *   > rm.tensor {{0, 5}, {7, 0}}:nonzero()
 *   [[1, 2],
 *    [2, 1]]
 *   int64 (2, 2) */
static int tensor_nonzero(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  bind_checkend(L, 2, "nonzero");
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  return bind_result(L, RM_BREAKABLE(rm_nonzero(x, y, &err), &err), y, &err);
}

/* The different values of a tensor, in order.
 * Call: x:unique({return_inverse = false, return_counts = false}) -> values
 * Call: x:unique {return_inverse = true, return_counts = true} -> values, inverse, counts
 * Shapes: values (k), of x's type; inverse int64 of x's shape, where each element's value stands among them, from 1;
 *  counts int64 (k), how often it occurs. NaN differs from NaN.
 * Errors: an unknown option.
 * Example:
 *   > rm.tensor {3, 1, 3, 2}:unique()
 *   [1., 2., 3.]  float32 (3)
 *   > select(2, rm.tensor {3, 1, 3, 2}:unique {return_counts = true})
 *   [1, 1, 2]  int64 (3) */
static int tensor_unique(lua_State *L) {
  static const char *const names[] = {"return_inverse", "return_counts", NULL};
  rm_tensor *x = bind_checktensor(L, 1);
  bind_checkoptions(L, 2, "unique", names);
  bool inverse = bind_optbool(L, 2, "return_inverse", false), counts = bind_optbool(L, 2, "return_counts", false);
  rm_tensor **values = bind_boxtensor(L);
  rm_tensor **where = inverse ? bind_boxtensor(L) : NULL, **many = counts ? bind_boxtensor(L) : NULL;
  rm_error err;
  if (RM_BREAKABLE(rm_unique(x, values, where, many, &err), &err) != RM_OK) return bind_raise(L, &err);
  bind_pushed(L, values);
  if (where) bind_pushed(L, where);
  if (many) bind_pushed(L, many);
  return 1 + inverse + counts;
}

void bind_open_counting(lua_State *L) {
  static const luaL_Reg both[] = {{"one_hot", tensor_one_hot},
                                  {"bincount", tensor_bincount},
                                  {"nonzero", tensor_nonzero},
                                  {"unique", tensor_unique},
                                  {NULL, NULL}};
  bind_register(L, both, both);
}
