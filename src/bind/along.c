/* along.c -- what runs along dimensions, for Lua: running sums, log of sums of exponentials, medians. */
#include "bind/bind.h"
#include "ops/index/median.h"
#include "ops/reduce/cumsum.h"
#include "ops/reduce/reduce.h"
#include "parallel/interrupt.h"

/* The sums of everything up to each position of a dimension.
 * Call: x:cumsum(dim) -> tensor
 * Shapes: of x. Sums of int64 and uint8 are exact, in int64; those of float32 are added up in float64.
 * Errors: a dimension out of range, or none.
 * Example:
 *   > rm.tensor {1, 2, 3}:cumsum(1)
 *   [1., 3., 6.]  float32 (3)
 *   > rm.tensor {{1, 2}, {3, 4}}:cumsum(1)
 *   [[1., 2.],
 *    [4., 6.]]
 *   float32 (2, 2) */
static int tensor_cumsum(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  size_t dim = bind_checkaxis(L, 2, x->ndim, "cumsum");
  bind_checkend(L, 3, "cumsum");
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_cumsum(x, dim, y, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* The logarithm of the sum of e^x over all dimensions, or over some, without overflow.
 * Call: x:logsumexp(dims = all, {keepdim = false}) -> tensor
 * Shapes: as of sum, float32. Of nothing it is -inf. x:log_softmax(d) is x - x:logsumexp(d, {keepdim = true}).
 * Errors: a dimension out of range or named twice; another type.
 * Example:
 *   > rm.tensor {{1000, 1000}, {0, -1000}}:logsumexp(2)
 *   [1000.6932,    0.0000]  float32 (2) */
static int tensor_logsumexp(lua_State *L) {
  static const char *const names[] = {"keepdim", NULL};
  rm_tensor *x = bind_checktensor(L, 1);
  bool over[RM_MAX_DIMS];
  int next = bind_checkdims(L, 2, x->ndim, over, "logsumexp");
  bind_checkoptions(L, next, "logsumexp", names);
  bool keepdim = bind_optbool(L, next, "keepdim", false);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_logsumexp(x, over, keepdim, y, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* The element that stands in the middle when they are sorted; of an even number the lower of the two in the middle.
 * Call: x:median() -> tensor
 * Call: x:median(dim, {keepdim = false}) -> values, positions
 * Shapes: (), or x's without dimension dim; positions int64, from 1. NaN where there is one among the elements. The
 *  gradient goes to the element that positions name; without dim, equal elements share it, as in PyTorch.
 * Errors: a dimension out of range, or without elements.
 * Example:
 *   > rm.tensor {5, 1, 4, 2}:median()
 *   2.  float32 ()
 *   > rm.tensor {{1, 9, 5}, {7, 2, 3}}:median(2)
 *   [5., 3.]  float32 (2)  [3, 3]  int64 (2) */
static int tensor_median(lua_State *L) {
  static const char *const names[] = {"keepdim", NULL};
  rm_tensor *x = bind_checktensor(L, 1);
  rm_error err;
  if (lua_isnoneornil(L, 2)) {
    bind_checkend(L, 3, "median");
    rm_tensor **y = bind_boxtensor(L);
    if (RM_BREAKABLE(rm_median(x, y, &err), &err) != RM_OK) return bind_raise(L, &err);
    return bind_pushed(L, y);
  }
  size_t dim = bind_checkaxis(L, 2, x->ndim, "median");
  bind_checkoptions(L, 3, "median", names);
  bool keepdim = bind_optbool(L, 3, "keepdim", false);
  rm_tensor **value = bind_boxtensor(L), **index = bind_boxtensor(L);
  if (RM_BREAKABLE(rm_median_along(x, dim, keepdim, value, index, &err), &err) != RM_OK) return bind_raise(L, &err);
  bind_pushed(L, value);
  return bind_pushed(L, index) + 1;
}

void bind_open_along(lua_State *L) {
  static const luaL_Reg both[] = {
      {"cumsum", tensor_cumsum}, {"logsumexp", tensor_logsumexp}, {"median", tensor_median}, {NULL, NULL}};
  bind_register(L, both, both);
}
