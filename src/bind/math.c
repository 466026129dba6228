/* math.c -- functions of one number for Lua, element by element: trigonometry, logarithms, the error function. */
#include "bind/bind.h"
#include "ops/pointwise/pointwise.h"
#include "parallel/interrupt.h"

static int unary(lua_State *L, rm_unary_op op) {
  rm_tensor *x = bind_checktensor(L, 1);
  bind_checkend(L, 2, rm_unary_name(op));
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_unary(op, x, NULL, y, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* Sine, cosine and tangent, and their inverses, element by element.
 * Call: x:sin() -> tensor
 * Call: x:cos() -> tensor
 * Call: x:tan() -> tensor
 * Call: x:asin() -> tensor
 * Call: x:acos() -> tensor
 * Call: x:atan() -> tensor
 * Shapes: of x, float32. Of an infinity sin, cos and tan are NaN; outside of -1..1 asin and acos are.
 * Units: radians.
 * Errors: another type: convert with x:float().
 * Example:
 *   > x = rm.tensor {0, math.pi / 6, math.pi / 2}
 *   > x:sin()
 *   [0.0000, 0.5000, 1.0000]  float32 (3)
 *   > rm.tensor {-1, 0, 1}:acos()
 *   [3.1416, 1.5708, 0.0000]  float32 (3) */
static int tensor_sin(lua_State *L) { return unary(L, RM_SIN); }
static int tensor_cos(lua_State *L) { return unary(L, RM_COS); }
static int tensor_tan(lua_State *L) { return unary(L, RM_TAN); }
static int tensor_asin(lua_State *L) { return unary(L, RM_ASIN); }
static int tensor_acos(lua_State *L) { return unary(L, RM_ACOS); }
static int tensor_atan(lua_State *L) { return unary(L, RM_ATAN); }

/* Logarithms to the bases 2 and 10; log(1 + x) and e^x - 1, exact for small x, too; 1 / sqrt(x).
 * Call: x:log2() -> tensor
 * Call: x:log10() -> tensor
 * Call: x:log1p() -> tensor
 * Call: x:expm1() -> tensor
 * Call: x:rsqrt() -> tensor
 * Shapes: of x, float32. Logarithms of 0 are -inf, of negative numbers NaN.
 * Errors: another type: convert with x:float().
 * Example:
 *   > rm.tensor {1, 8}:log2(), rm.tensor {1, 1000}:log10()
 *   [0., 3.]  float32 (2)  [0., 3.]  float32 (2)
 *   > rm.tensor {1e-10}:log1p():item() > 0
 *   true */
static int tensor_log2(lua_State *L) { return unary(L, RM_LOG2); }
static int tensor_log10(lua_State *L) { return unary(L, RM_LOG10); }
static int tensor_log1p(lua_State *L) { return unary(L, RM_LOG1P); }
static int tensor_expm1(lua_State *L) { return unary(L, RM_EXPM1); }
static int tensor_rsqrt(lua_State *L) { return unary(L, RM_RSQRT); }

/* The error function, 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x; and log(sigmoid(x)), without overflow.
 * Call: x:erf() -> tensor
 * Call: x:logsigmoid() -> tensor
 * Shapes: of x, float32.
 * Errors: another type: convert with x:float().
 * Example:
 *   > rm.tensor {-1, 0, 1}:erf()
 *   [-0.8427,  0.0000,  0.8427]  float32 (3)
 *   > rm.tensor {-200, 0}:logsigmoid()
 *   [-200.0000,   -0.6931]  float32 (2) */
static int tensor_erf(lua_State *L) { return unary(L, RM_ERF); }
static int tensor_logsigmoid(lua_State *L) { return unary(L, RM_LOGSIGMOID); }

void bind_open_math(lua_State *L) {
  static const luaL_Reg both[] = {{"sin", tensor_sin},
                                  {"cos", tensor_cos},
                                  {"tan", tensor_tan},
                                  {"asin", tensor_asin},
                                  {"acos", tensor_acos},
                                  {"atan", tensor_atan},
                                  {"log2", tensor_log2},
                                  {"log10", tensor_log10},
                                  {"log1p", tensor_log1p},
                                  {"expm1", tensor_expm1},
                                  {"rsqrt", tensor_rsqrt},
                                  {"erf", tensor_erf},
                                  {"logsigmoid", tensor_logsigmoid},
                                  {NULL, NULL}};
  bind_register(L, both, both);
}
