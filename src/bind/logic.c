/* logic.c -- comparisons, logic on masks, and choosing by a mask, element by element, for Lua. */
#include "bind/bind.h"
#include "bind/operand.h"
#include "ops/pointwise/pointwise.h"
#include "parallel/interrupt.h"

static int compare(lua_State *L, rm_compare_op op, const char *name) {
  rm_operand a = bind_operand(L, 1, name), b = bind_operand(L, 2, name);
  bind_needtensor(L, &a, &b, name);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  return bind_result(L, RM_BREAKABLE(rm_compare(op, a, b, y, &err), &err), y, &err);
}

/* Comparisons, element by element: 1 where it is so, else 0.
 * Call: x:eq(y) -> tensor
 * Call: x:ne(y) -> tensor
 * Call: x:lt(y) -> tensor
 * Call: x:le(y) -> tensor
 * Call: x:gt(y) -> tensor
 * Call: x:ge(y) -> tensor
 * Shapes: the two broadcast; y may be a number; the result is uint8, a mask for x[mask] and rm.where. Lua's < and
 *  == cannot give tensors: x == y asks whether they are one and the same tensor.
 * Errors: shapes that do not broadcast; types that differ.
 * Example:
 *   > x = rm.tensor {1, 2, 3}
 *   > x:gt(1), x:eq(rm.tensor {1, 0, 3})
 *   [0, 1, 1]  uint8 (3)  [1, 0, 1]  uint8 (3) */
static int tensor_eq(lua_State *L) { return compare(L, RM_EQ, "eq"); }
static int tensor_ne(lua_State *L) { return compare(L, RM_NE, "ne"); }
static int tensor_lt(lua_State *L) { return compare(L, RM_LT, "lt"); }
static int tensor_le(lua_State *L) { return compare(L, RM_LE, "le"); }
static int tensor_gt(lua_State *L) { return compare(L, RM_GT, "gt"); }
static int tensor_ge(lua_State *L) { return compare(L, RM_GE, "ge"); }

/* Lua turns the result of < into one truth value, so the operator cannot be what is meant. */
static int tensor_no_order(lua_State *L) {
  return bind_error(L,
                    "tensors are compared element by element with x:lt(y), x:le(y), x:gt(y), "
                    "x:ge(y), not with < or >");
}

static int logical(lua_State *L, rm_logical_op op) {
  rm_tensor *a = bind_checktensor(L, 1), *b = bind_checktensor(L, 2);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  return bind_result(L, RM_BREAKABLE(rm_logical(op, a, b, y, &err), &err), y, &err);
}

/* Logic on masks, element by element; also a & b, a | b, a ~ b, ~a.
 * Call: x:logical_and(y) -> tensor
 * Call: x:logical_or(y) -> tensor
 * Call: x:logical_xor(y) -> tensor
 * Call: x:logical_not() -> tensor
 * Shapes: both uint8, as comparisons give them; they broadcast. Anything but 0 is true; results are 0 and 1.
 * Errors: a tensor that is not uint8: make a mask with x:ne(0).
 * Example:
 *   > x = rm.tensor {1, 2, 3}
 *   > x:gt(1) & x:lt(3), ~x:gt(1)
 *   [0, 1, 0]  uint8 (3)  [1, 0, 0]  uint8 (3) */
static int tensor_logical_and(lua_State *L) { return logical(L, RM_AND); }
static int tensor_logical_or(lua_State *L) { return logical(L, RM_OR); }
static int tensor_logical_xor(lua_State *L) { return logical(L, RM_XOR); }
static int tensor_logical_not(lua_State *L) {
  rm_tensor *a = bind_checktensor(L, 1);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  return bind_result(L, RM_BREAKABLE(rm_logical_not(a, y, &err), &err), y, &err);
}

/* Elements of a where the condition is not 0, else of b.
 * Call: x:where(a, b) -> tensor
 * Call: rm.where(condition, a, b) -> tensor
 * Shapes: the condition (uint8), a and b broadcast; a and b may be numbers. Of any type.
 * Errors: a condition that is not uint8; a and b of different types.
 * Example:
 *   > x = rm.tensor {-1, 2}
 *   > rm.where(x:gt(0), x, 0.1 * x)
 *   [-0.1000,  2.0000]  float32 (2) */
static int tensor_where(lua_State *L) {
  rm_tensor *condition = bind_checktensor(L, 1);
  rm_operand a = bind_operand(L, 2, "where"), b = bind_operand(L, 3, "where");
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  return bind_result(L, RM_BREAKABLE(rm_where(condition, a, b, y, &err), &err), y, &err);
}

/* A value where a mask is not 0, the elements of x elsewhere.
 * Call: x:masked_fill(mask, value) -> tensor
 * Call: x:masked_fill_(mask, value) -> x
 * Shapes: x and the mask (uint8) broadcast; value is a number or a tensor of shape (). masked_fill_ changes x, whose
 *  shape stays.
 * Errors: a mask that is not uint8; a value that x's type cannot hold; in place, a leaf that requires a gradient.
 * Example:
 *   > x = rm.tensor {{1, 2}, {3, 4}}
 *   > x:masked_fill(x:gt(2), 0)
 *   [[1., 2.],
 *    [0., 0.]]
 *   float32 (2, 2)
 *   > x:masked_fill(rm.tensor({1, 0}, "uint8"), -math.huge)
 *   [[-inf,   2.],
 *    [-inf,   4.]]
 *   float32 (2, 2) */
static int tensor_masked_fill(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1), *mask = bind_checktensor(L, 2);
  rm_operand value = bind_operand(L, 3, "masked_fill");
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  return bind_result(L, RM_BREAKABLE(rm_masked_fill(x, mask, value, y, &err), &err), y, &err);
}

static int tensor_masked_fill_(lua_State *L) {
  rm_tensor *x = bind_checkwritable(L, 1, "masked_fill_"), *mask = bind_checktensor(L, 2);
  rm_operand value = bind_operand(L, 3, "masked_fill_");
  rm_error err;
  if (rm_masked_fill_inplace(x, mask, value, &err) != RM_OK) return bind_raise(L, &err);
  lua_settop(L, 1);
  return 1;
}

static const luaL_Reg both[] = {{"where", tensor_where},
                                {"masked_fill", tensor_masked_fill},
                                {"eq", tensor_eq},
                                {"ne", tensor_ne},
                                {"lt", tensor_lt},
                                {"le", tensor_le},
                                {"gt", tensor_gt},
                                {"ge", tensor_ge},
                                {"logical_and", tensor_logical_and},
                                {"logical_or", tensor_logical_or},
                                {"logical_xor", tensor_logical_xor},
                                {"logical_not", tensor_logical_not},
                                {NULL, NULL}};

static const luaL_Reg methods[] = {{"masked_fill_", tensor_masked_fill_},
                                   {"__lt", tensor_no_order},
                                   {"__le", tensor_no_order},
                                   {"__band", tensor_logical_and},
                                   {"__bor", tensor_logical_or},
                                   {"__bxor", tensor_logical_xor},
                                   {"__bnot", tensor_logical_not},
                                   {NULL, NULL}};

void bind_open_logic(lua_State *L);
void bind_open_logic(lua_State *L) {
  bind_register(L, both, both);
  bind_register(L, methods, NULL);
}
