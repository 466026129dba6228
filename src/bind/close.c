/* close.c -- what kind of numbers there are, and whether they are nearly equal, for Lua. */
#include "ops/pointwise/close.h"

#include "bind/bind.h"
#include "ops/reduce/reduce.h"
#include "parallel/interrupt.h"

static int kind(lua_State *L, rm_number_kind which, const char *op) {
  rm_tensor *x = bind_checktensor(L, 1);
  bind_checkend(L, 2, op);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_is_kind(which, x, y, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* Whether elements are NaN, an infinity, or finite numbers: 1 where it is so, else 0.
 * Call: x:isnan() -> tensor
 * Call: x:isinf() -> tensor
 * Call: x:isfinite() -> tensor
 * Shapes: of x, uint8. Whole numbers are finite.
 * Errors: x is not a tensor.
 * Example:
 *   > x = rm.tensor {1, 0 / 0, -math.huge}
 *   > x:isnan(), x:isfinite()
 *   [0, 1, 0]  uint8 (3)  [1, 0, 0]  uint8 (3)
 *   > x:isnan():any():item()
 *   1 */
static int tensor_isnan(lua_State *L) { return kind(L, RM_IS_NAN, "isnan"); }
static int tensor_isinf(lua_State *L) { return kind(L, RM_IS_INF, "isinf"); }
static int tensor_isfinite(lua_State *L) { return kind(L, RM_IS_FINITE, "isfinite"); }

/* isclose of the tensors at 1 and 2 with the options at 3, in a box on top of the stack. */
static rm_tensor **close(lua_State *L, const char *op) {
  static const char *const names[] = {"rtol", "atol", "equal_nan", NULL};
  lua_settop(L, 3);
  rm_tensor *a = bind_checktensor(L, 1), *b = bind_checktensor(L, 2);
  bind_checkoptions(L, 3, op, names);
  double rtol = bind_optnumber(L, 3, "rtol", 1e-5), atol = bind_optnumber(L, 3, "atol", 1e-8);
  bool equal_nan = bind_optbool(L, 3, "equal_nan", false);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_isclose(op, a, b, rtol, atol, equal_nan, y, &err), &err) != RM_OK) bind_raise(L, &err);
  return y;
}

/* Whether two tensors agree but for rounding: element by element, or everywhere.
 * Call: x:isclose(y, {rtol = 1e-5, atol = 1e-8, equal_nan = false}) -> tensor
 * Call: x:allclose(y, {rtol = 1e-5, atol = 1e-8, equal_nan = false}) -> boolean
 * Shapes: the two broadcast; the tensor is uint8. Elements agree if they are equal or
 *  |x - y| <= atol + rtol * |y|; infinities only if they are equal, NaN only with equal_nan.
 * Errors: shapes that do not broadcast; types that differ; a negative tolerance.
 * Example:
 *   > x = rm.rand(100)
 *   > rm.allclose(x:exp():log(), x, {atol = 1e-6})
 *   true
 *   > rm.tensor {1, 2}:isclose(rm.tensor {1.000001, 2.1})
 *   [1, 0]  uint8 (2) */
static int tensor_isclose(lua_State *L) { return bind_pushed(L, close(L, "isclose")); }

static int tensor_allclose(lua_State *L) {
  rm_tensor **y = close(L, "allclose"), **all = bind_boxtensor(L);
  rm_error err;
  if (rm_all(*y, NULL, false, all, &err) != RM_OK) return bind_raise(L, &err);
  lua_pushboolean(L, *rm_tensor_u8(*all));
  return 1;
}

void bind_open_close(lua_State *L) {
  static const luaL_Reg both[] = {{"isnan", tensor_isnan},       {"isinf", tensor_isinf},
                                  {"isfinite", tensor_isfinite}, {"isclose", tensor_isclose},
                                  {"allclose", tensor_allclose}, {NULL, NULL}};
  bind_register(L, both, both);
}
