/* pointwise.c -- elementwise operators of two operands for Lua: functions, methods, x + y, and in place.
 *
 * Every one takes a tensor or a number on either side. */
#include "ops/pointwise/pointwise.h"

#include "bind/bind.h"
#include "bind/operand.h"
#include "lazy/fuse.h"
#include "parallel/interrupt.h"

/* --- two operands ---------------------------------------------------------------------- */
static int binary(lua_State *L, rm_binary_op op, const char *name) {
  rm_operand a = bind_operand(L, 1, name), b = bind_operand(L, 2, name);
  bind_needtensor(L, &a, &b, name);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  return bind_result(L, RM_BREAKABLE(rm_binary(op, a, b, y, &err), &err), y, &err);
}

/* Arithmetic, element by element.
 * Call: x:add(y) -> tensor
 * Call: x:sub(y) -> tensor
 * Call: x:mul(y) -> tensor
 * Call: x:div(y) -> tensor
 * Call: x:pow(y) -> tensor
 * Shapes: the two broadcast: aligned at the last dimension, an extent of 1 stretches. y may be a number; so may x in
 *  rm.add(2, y) and in 2 + y. The operators + - * / ^ are the same.
 * Errors: shapes that do not broadcast; float32 mixed with int64; uint8 (convert with x:float()); div and pow of int64.
 * Example:
 *   > x = rm.tensor {1, 2}
 *   > x + 1, x * x, 2 ^ x
 *   [2., 3.]  float32 (2)  [1., 4.]  float32 (2)  [2., 4.]  float32 (2)
 *   > rm.tensor {{1}, {2}} - x
 *   [[ 0., -1.],
 *    [ 1.,  0.]]
 *   float32 (2, 2) */
static int tensor_add(lua_State *L) {
  rm_value *a = bind_tovalue(L, 1), *b = bind_tovalue(L, 2);
  if (!a || !b) return binary(L, RM_ADD, "add");
  rm_value *y = bind_boxvalue(L);
  rm_error err;
  return RM_BREAKABLE(rm_value_add(a, b, y, &err), &err) == RM_OK ? 1 : bind_raise(L, &err);
}

static int tensor_sub(lua_State *L) { return binary(L, RM_SUB, "sub"); }
static int tensor_mul(lua_State *L) { return binary(L, RM_MUL, "mul"); }
static int tensor_div(lua_State *L) { return binary(L, RM_DIV, "div"); }
static int tensor_pow(lua_State *L) { return binary(L, RM_POW, "pow"); }

/* The larger or the smaller of two, element by element.
 * Call: x:maximum(y) -> tensor
 * Call: x:minimum(y) -> tensor
 * Shapes: the two broadcast; y may be a number. NaN wins. Of int64 exact.
 * Errors: shapes that do not broadcast; uint8; float32 mixed with int64.
 * Example:
 *   > rm.tensor {-1, 2}:maximum(0)
 *   [0., 2.]  float32 (2)
 *   > rm.tensor {1, 5}:minimum(rm.tensor {3, 3})
 *   [1., 3.]  float32 (2) */
static int tensor_maximum(lua_State *L) { return binary(L, RM_MAXIMUM, "maximum"); }
static int tensor_minimum(lua_State *L) { return binary(L, RM_MINIMUM, "minimum"); }

/* The exact quotient rounded down, and the rest, which has the divisor's sign: x = (x // y) * y + x % y. So 1 // 0.1 is
 * 9, as in PyTorch and Python: 0.1 is a little more than a tenth in binary.
 * Call: x:floor_divide(y) -> tensor
 * Call: x:remainder(y) -> tensor
 * Shapes: the two broadcast; y may be a number. Of int64 exact.
 * Errors: int64 divided by 0; float32 mixed with int64.
 * Example:
 *   > x = rm.tensor({7, -7}, "int64")
 *   > x // 2, x % 2
 *   [ 3, -4]  int64 (2)  [1, 1]  int64 (2) */
static int tensor_floor_divide(lua_State *L) { return binary(L, RM_FLOOR_DIVIDE, "floor_divide"); }
static int tensor_remainder(lua_State *L) { return binary(L, RM_REMAINDER, "remainder"); }

/* --- in place ---------------------------------------------------------------------------- */
static int inplace(lua_State *L, rm_binary_op op, const char *name) {
  rm_tensor *x = bind_checkwritable(L, 1, name);
  rm_operand b = bind_operand(L, 2, name);
  rm_error err;
  if (rm_binary_inplace(op, x, b, &err) != RM_OK) return bind_raise(L, &err);
  lua_settop(L, 1);
  return 1;
}

/* x:add_(y, alpha): x = x + alpha * y; sub_ the same with -alpha. */
static int inplace_scaled(lua_State *L, rm_binary_op op, const char *name) {
  if (lua_isnoneornil(L, 3)) return inplace(L, op, name);
  rm_tensor *x = bind_checkwritable(L, 1, name);
  rm_operand b = bind_operand(L, 2, name);
  double alpha = luaL_checknumber(L, 3);
  rm_error err;
  if (rm_add_scaled(op, x, b, alpha, &err) != RM_OK) return bind_raise(L, &err);
  lua_settop(L, 1);
  return 1;
}

/* Arithmetic in place: x becomes the result and is returned.
 * Call: x:add_(y, alpha = 1) -> x
 * Call: x:sub_(y, alpha = 1) -> x
 * Call: x:mul_(y) -> x
 * Call: x:div_(y) -> x
 * Shapes: y broadcasts to x's shape, which stays; with alpha, x + alpha * y or x - alpha * y.
 * Errors: x would have to grow; a y that carries a gradient; a leaf that requires one, outside of rm.no_grad.
 * Example:
 *   > x = rm.tensor {1, 2}
 *   > x:add_(rm.tensor {10, 20}, 0.1)
 *   [2., 4.]  float32 (2)
 *   > x:mul_(2);
 *   > x
 *   [4., 8.]  float32 (2) */
static int tensor_add_(lua_State *L) { return inplace_scaled(L, RM_ADD, "add_"); }
static int tensor_sub_(lua_State *L) { return inplace_scaled(L, RM_SUB, "sub_"); }
static int tensor_mul_(lua_State *L) { return inplace(L, RM_MUL, "mul_"); }
static int tensor_div_(lua_State *L) { return inplace(L, RM_DIV, "div_"); }

static const luaL_Reg both[] = {{"add", tensor_add},
                                {"sub", tensor_sub},
                                {"mul", tensor_mul},
                                {"div", tensor_div},
                                {"pow", tensor_pow},
                                {"maximum", tensor_maximum},
                                {"minimum", tensor_minimum},
                                {"floor_divide", tensor_floor_divide},
                                {"remainder", tensor_remainder},
                                {NULL, NULL}};

static const luaL_Reg methods[] = {{"add_", tensor_add_},           {"sub_", tensor_sub_},       {"mul_", tensor_mul_},
                                   {"div_", tensor_div_},           {"__add", tensor_add},       {"__sub", tensor_sub},
                                   {"__mul", tensor_mul},           {"__div", tensor_div},       {"__pow", tensor_pow},
                                   {"__idiv", tensor_floor_divide}, {"__mod", tensor_remainder}, {NULL, NULL}};

void bind_open_pointwise(lua_State *L);
void bind_open_pointwise(lua_State *L) {
  bind_register(L, both, both);
  bind_register(L, methods, NULL);
}
