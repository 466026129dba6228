/* reduce.c -- reductions for Lua: x:sum(), x:sum(dim), x:sum({1, 3}, {keepdim = true}). */
#include "ops/reduce/reduce.h"

#include <math.h>
#include <string.h>
#include "bind/bind.h"
#include "parallel/interrupt.h"

typedef struct {
  rm_tensor *x;
  bool over[RM_MAX_DIMS];
  bool keepdim, unbiased;
  int given; /* how many dimensions the call names; 0: all are meant */
} arguments;

/* x at 1, dimensions from `arg` on, then options. */
static arguments check(lua_State *L, int arg, const char *op, const char *const options[]) {
  arguments a = {.x = bind_checktensor(L, 1), .unbiased = true};
  int next = bind_checkdims(L, arg, a.x->ndim, a.over, op);
  if (lua_istable(L, arg) && next == arg + 1) a.given = (int)luaL_len(L, arg);
  else if (!lua_isnil(L, arg)) a.given = next - arg;
  bind_checkoptions(L, next, op, options);
  a.keepdim = bind_optbool(L, next, "keepdim", false);
  a.unbiased = bind_optbool(L, next, "unbiased", true);
  return a;
}

static const char *const keepdim_only[] = {"keepdim", NULL};
static const char *const spread_options[] = {"keepdim", "unbiased", NULL};

typedef rm_status (*reduction)(rm_tensor *, const bool[], bool, rm_tensor **, rm_error *);

static int simple(lua_State *L, const char *op, reduction reduce) {
  arguments a = check(L, 2, op, keepdim_only);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  return bind_result(L, RM_BREAKABLE(reduce(a.x, a.over, a.keepdim, y, &err), &err), y, &err);
}

/* The sum, the mean or the product over all dimensions, or over some.
 * Call: x:sum(dims = all, {keepdim = false}) -> tensor
 * Call: x:mean(dims = all, {keepdim = false}) -> tensor
 * Call: x:prod(dims = all, {keepdim = false}) -> tensor
 * Shapes: dims is one dimension, several, or a table of them; they are dropped, or kept with extent 1. A single number
 *  (shape ()) is reduced along dimension 1. Over all the
 *  result has shape (): item() gives its number. Sums of int64 and uint8 are exact, in int64.
 * Errors: a dimension out of range or named twice; mean of a type other than float32.
 * Example:
 *   > x = rm.tensor {{1, 2}, {3, 4}}
 *   > x:sum():item(), x:sum(1), x:mean(2, {keepdim = true})
 *   10.0
 *   [4., 6.]  float32 (2)
 *   [[1.5000],
 *    [3.5000]]
 *   float32 (2, 1) */
static int tensor_sum(lua_State *L) { return simple(L, "sum", rm_sum); }
static int tensor_mean(lua_State *L) { return simple(L, "mean", rm_mean); }
static int tensor_prod(lua_State *L) { return simple(L, "prod", rm_prod); }

/* Whether any element, or all of them, are other than 0.
 * Call: x:any(dims = all, {keepdim = false}) -> tensor
 * Call: x:all(dims = all, {keepdim = false}) -> tensor
 * Shapes: as of sum; the result is uint8, 0 or 1.
 * Errors: a dimension out of range or named twice.
 * Example:
 *   > x = rm.tensor {{0, 1}, {1, 1}}
 *   > x:any():item(), x:all(1)
 *   1  [0, 1]  uint8 (2) */
static int tensor_any(lua_State *L) { return simple(L, "any", rm_any); }
static int tensor_all(lua_State *L) { return simple(L, "all", rm_all); }

/* Variance and standard deviation; unbiased divides by n - 1, else by n.
 * Call: x:var(dims = all, {unbiased = true, keepdim = false}) -> tensor
 * Call: x:std(dims = all, {unbiased = true, keepdim = false}) -> tensor
 * Shapes: as of sum. Of one element the unbiased variance is NaN. Where nothing varies the gradient of std is 0.
 * Errors: a dimension out of range; a type other than float32.
 * Example:
 *   > x = rm.tensor {1, 2, 3, 4}
 *   > x:var():item(), x:std({unbiased = false}):item()
 *   1.6666666269302  1.1180340051651 */
static int tensor_var(lua_State *L) {
  arguments a = check(L, 2, "var", spread_options);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  return bind_result(L, RM_BREAKABLE(rm_var(a.x, a.over, a.unbiased, a.keepdim, y, &err), &err), y, &err);
}

static int tensor_std(lua_State *L) {
  arguments a = check(L, 2, "std", spread_options);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  return bind_result(L, RM_BREAKABLE(rm_std(a.x, a.over, a.unbiased, a.keepdim, y, &err), &err), y, &err);
}

/* The p-norm: (sum of |x|^p)^(1/p), or with p = math.huge the largest |x|.
 * Call: x:norm(p = 2, dims = all, {keepdim = false}) -> tensor
 * Shapes: as of sum.
 * Errors: p that is not positive; a dimension out of range; a type other than float32.
 * Example:
 *   > rm.tensor {3, -4}:norm():item(), rm.tensor {3, -4}:norm(math.huge):item()
 *   5.0  4.0 */
static int tensor_norm(lua_State *L) {
  double p = 2;
  int dims = 3;
  if (lua_type(L, 2) == LUA_TSTRING && strcmp(lua_tostring(L, 2), "inf") == 0) p = INFINITY;
  else if (lua_istable(L, 2)) dims = 2;
  else p = luaL_optnumber(L, 2, 2);
  arguments a = check(L, dims, "norm", keepdim_only);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  return bind_result(L, RM_BREAKABLE(rm_norm(a.x, p, a.over, a.keepdim, y, &err), &err), y, &err);
}

/* x:max() -> the largest; x:max(dim) -> values, positions; x:max({1, 3}) -> values. */
static int extreme(lua_State *L, const char *op, bool largest) {
  if (bind_totensor(L, 2)) bind_error(L, "%s: of two tensors, element by element, it is x:%simum(y)", op, op);
  arguments a = check(L, 2, op, keepdim_only);
  rm_tensor **value = bind_boxtensor(L), **index = bind_boxtensor(L);
  rm_error err;
  rm_status status = RM_BREAKABLE(rm_extreme(a.x, largest, a.over, a.keepdim, value, a.given == 1 ? index : NULL, &err),
                                  &err);
  if (status != RM_OK) return bind_raise(L, &err);
  bind_pushed(L, value);
  if (a.given == 1) return bind_pushed(L, index) + 1;
  lua_pop(L, 1);
  return 1;
}

/* The largest or the smallest element; along one dimension also where it is.
 * Call: x:max() -> tensor
 * Call: x:max(dim, {keepdim = false}) -> values, positions
 * Call: x:max({dims}, {keepdim = false}) -> values
 * Call: x:min() -> tensor
 * Call: x:min(dim, {keepdim = false}) -> values, positions
 * Call: x:min({dims}, {keepdim = false}) -> values
 * Shapes: as of sum; positions int64, from 1: of equal elements the first. NaN counts as largest and as smallest. The
 *  gradient goes to the element that positions name; where none is asked for, equal elements share it, as in PyTorch.
 * Errors: a tensor without elements; a dimension out of range; two tensors (that is x:maximum(y)).
 * Example:
 *   > x = rm.tensor {{1, 5}, {7, 2}}
 *   > x:max():item()
 *   7.0
 *   > x:max(2)
 *   [5., 7.]  float32 (2)  [2, 1]  int64 (2) */
static int tensor_max(lua_State *L) { return extreme(L, "max", true); }
static int tensor_min(lua_State *L) { return extreme(L, "min", false); }

static int position(lua_State *L, const char *op, bool largest) {
  arguments a = check(L, 2, op, keepdim_only);
  rm_tensor **index = bind_boxtensor(L);
  rm_error err;
  rm_status status = RM_BREAKABLE(rm_extreme(a.x, largest, a.over, a.keepdim, NULL, index, &err), &err);
  return bind_result(L, status, index, &err);
}

/* The position of the largest or the smallest element.
 * Call: x:argmax(dim, {keepdim = false}) -> tensor
 * Call: x:argmin(dim, {keepdim = false}) -> tensor
 * Shapes: of x without dimension dim, int64, from 1; without dim the position among all elements, row by row. Of equal
 *  elements the first.
 * Errors: a tensor without elements; a dimension out of range.
 * Example:
 *   > scores = rm.tensor {{0.1, 0.9}, {0.8, 0.2}}
 *   > scores:argmax(2)
 *   [2, 1]  int64 (2) */
static int tensor_argmax(lua_State *L) { return position(L, "argmax", true); }
static int tensor_argmin(lua_State *L) { return position(L, "argmin", false); }

static const luaL_Reg both[] = {{"sum", tensor_sum}, {"mean", tensor_mean},     {"prod", tensor_prod},
                                {"any", tensor_any}, {"all", tensor_all},       {"var", tensor_var},
                                {"std", tensor_std}, {"norm", tensor_norm},     {"max", tensor_max},
                                {"min", tensor_min}, {"argmax", tensor_argmax}, {"argmin", tensor_argmin},
                                {NULL, NULL}};

void bind_open_reduce(lua_State *L);
void bind_open_reduce(lua_State *L) { bind_register(L, both, both); }
