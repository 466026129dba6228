/* unary.c -- elementwise operators of one operand for Lua: simple functions, activations, clamp. */
#include <math.h>
#include "bind/bind.h"
#include "lazy/fuse.h"
#include "ops/pointwise/maxout.h"
#include "ops/pointwise/pointwise.h"
#include "parallel/interrupt.h"

static int unary(lua_State *L, rm_unary_op op, const double params[]) {
  rm_tensor *x = bind_checktensor(L, 1);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  return bind_result(L, RM_BREAKABLE(rm_unary(op, x, params, y, &err), &err), y, &err);
}

/* Simple functions, element by element: -x, |x|, -1/0/1 by sign, x squared, its root, 1/x.
 * Call: x:neg() -> tensor
 * Call: x:abs() -> tensor
 * Call: x:sign() -> tensor
 * Call: x:square() -> tensor
 * Call: x:sqrt() -> tensor
 * Call: x:reciprocal() -> tensor
 * Shapes: of x, float32; neg (also written -x), abs, sign and square take int64, too. The root of a negative number is
 *  NaN.
 * Errors: another type: convert with x:float().
 * Example:
 *   > x = rm.tensor {-4, 1}
 *   > x:abs():sqrt(), x:sign(), -x
 *   [2., 1.]  float32 (2)  [-1.,  1.]  float32 (2)  [ 4., -1.]  float32 (2) */
static int tensor_neg(lua_State *L) { return unary(L, RM_NEG, NULL); }
static int tensor_abs(lua_State *L) { return unary(L, RM_ABS, NULL); }
static int tensor_sign(lua_State *L) { return unary(L, RM_SIGN, NULL); }
static int tensor_square(lua_State *L) { return unary(L, RM_SQUARE, NULL); }
static int tensor_sqrt(lua_State *L) { return unary(L, RM_SQRT, NULL); }
static int tensor_reciprocal(lua_State *L) { return unary(L, RM_RECIPROCAL, NULL); }

/* The exponential function and the natural logarithm, element by element.
 * Call: x:exp() -> tensor
 * Call: x:log() -> tensor
 * Shapes: of x, float32. log of 0 is -inf, of a negative number NaN.
 * Errors: another type: convert with x:float().
 * Example:
 *   > rm.tensor {0, 1}:exp()
 *   [1.0000, 2.7183]  float32 (2)
 *   > rm.tensor {1, 0}:log()
 *   [  0., -inf]  float32 (2) */
static int tensor_exp(lua_State *L) { return unary(L, RM_EXP, NULL); }
static int tensor_log(lua_State *L) { return unary(L, RM_LOG, NULL); }

/* Rounding, element by element: down, up, to the nearest whole number (halves to the even one), or toward 0.
 * Call: x:floor() -> tensor
 * Call: x:ceil() -> tensor
 * Call: x:round() -> tensor
 * Call: x:trunc() -> tensor
 * Shapes: of x, float32, or int64, which is copied; their gradient is 0.
 * Errors: another type: convert with x:float().
 * Example:
 *   > x = rm.tensor {-1.5, 0.5, 2.3}
 *   > x:floor(), x:ceil()
 *   [-2.,  0.,  2.]  float32 (3)  [-1.,  1.,  3.]  float32 (3)
 *   > x:round()
 *   [-2.,  0.,  2.]  float32 (3) */
static int tensor_floor(lua_State *L) { return unary(L, RM_FLOOR, NULL); }
static int tensor_ceil(lua_State *L) { return unary(L, RM_CEIL, NULL); }
static int tensor_round(lua_State *L) { return unary(L, RM_ROUND, NULL); }
static int tensor_trunc(lua_State *L) { return unary(L, RM_TRUNC, NULL); }

/* Rectified linear unit: max(0, x), element by element; NaN stays NaN.
 * Call: x:relu() -> tensor
 * Shapes: of x, float32. Directly behind a batch norm, or behind its sum with a shortcut, both run as one pass.
 * Errors: another type: convert with x:float().
 * Source: Nair and Hinton 2010, "Rectified linear units improve restricted Boltzmann machines".
 * Example:
 *   > rm.tensor {-1, 0, 2}:relu()
 *   [0., 0., 2.]  float32 (3) */
static int tensor_relu(lua_State *L) {
  rm_value *x = bind_tovalue(L, 1);
  if (!x) luaL_typeerror(L, 1, "tensor");
  rm_value *y = bind_boxvalue(L);
  rm_error err;
  return RM_BREAKABLE(rm_value_relu(x, y, &err), &err) == RM_OK ? 1 : bind_raise(L, &err);
}

/* Smooth activations: 1 / (1 + e^-x), tanh(x), and silu(x) = x * sigmoid(x), element by element.
 * Call: x:sigmoid() -> tensor
 * Call: x:tanh() -> tensor
 * Call: x:silu() -> tensor
 * Shapes: of x, float32.
 * Errors: another type: convert with x:float().
 * Source: silu: Elfwing et al. 2018, arXiv:1702.03118.
 * Example:
 *   > x = rm.tensor {-1, 0, 1}
 *   > x:sigmoid()
 *   [0.2689, 0.5000, 0.7311]  float32 (3)
 *   > x:silu()
 *   [-0.2689,  0.0000,  0.7311]  float32 (3) */
static int tensor_sigmoid(lua_State *L) { return unary(L, RM_SIGMOID, NULL); }
static int tensor_tanh(lua_State *L) { return unary(L, RM_TANH, NULL); }
static int tensor_silu(lua_State *L) { return unary(L, RM_SILU, NULL); }

/* x where it is positive, slope * x elsewhere.
 * Call: x:leaky_relu(slope = 0.01) -> tensor
 * Shapes: of x, float32.
 * Errors: another type; a slope that is not a number.
 * Source: Maas et al. 2013, "Rectifier nonlinearities improve neural network acoustic models".
 * Example:
 *   > rm.tensor {-1, 2}:leaky_relu(0.1)
 *   [-0.1000,  2.0000]  float32 (2) */
static int tensor_leaky_relu(lua_State *L) { return unary(L, RM_LEAKY_RELU, &(double){luaL_optnumber(L, 2, 0.01)}); }

/* x where it is positive, alpha * (e^x - 1) elsewhere.
 * Call: x:elu(alpha = 1) -> tensor
 * Shapes: of x, float32.
 * Errors: another type; an alpha that is not a number.
 * Source: Clevert et al. 2016, arXiv:1511.07289.
 * Example:
 *   > rm.tensor {-1, 2}:elu()
 *   [-0.6321,  2.0000]  float32 (2) */
static int tensor_elu(lua_State *L) { return unary(L, RM_ELU, &(double){luaL_optnumber(L, 2, 1)}); }

/* x * Phi(x), with Phi the distribution function of the standard normal; "tanh" takes its approximation.
 * Call: x:gelu(form = "none") -> tensor
 * Shapes: of x, float32.
 * Errors: another type; a form other than "none" and "tanh".
 * Source: Hendrycks and Gimpel 2016, arXiv:1606.08415.
 * Example:
 *   > rm.tensor {-1, 0, 1}:gelu()
 *   [-0.1587,  0.0000,  0.8413]  float32 (3) */
static int tensor_gelu(lua_State *L) {
  static const char *const forms[] = {"none", "tanh", NULL};
  return unary(L, luaL_checkoption(L, 2, "none", forms) == 0 ? RM_GELU : RM_GELU_TANH, NULL);
}

/* Functions of straight pieces: x between two limits; relu6(x + 3) / 6 for sigmoid, and x times that for silu.
 * Call: x:hardtanh(min = -1, max = 1) -> tensor
 * Call: x:relu6() -> tensor
 * Call: x:hardsigmoid() -> tensor
 * Call: x:hardswish() -> tensor
 * Shapes: of x, float32; relu6 is hardtanh(0, 6). Unlike that of clamp, the gradient is 0 at the limits themselves.
 * Errors: another type; min above max.
 * Source: relu6: Krizhevsky 2010, "Convolutional deep belief networks on CIFAR-10"; the other two: Howard et al. 2019,
 *  arXiv:1905.02244, section 5.2.
 * Example:
 *   > x = rm.tensor {-4, 1, 7}
 *   > x:relu6(), x:hardsigmoid()
 *   [0., 1., 6.]  float32 (3)  [0.0000, 0.6667, 1.0000]  float32 (3)
 *   > x:hardswish()
 *   [-0.0000,  0.6667,  7.0000]  float32 (3) */
static int tensor_hardtanh(lua_State *L) {
  double limits[2] = {luaL_optnumber(L, 2, -1), luaL_optnumber(L, 3, 1)};
  bind_checktensor(L, 1);
  if (!(limits[0] <= limits[1])) bind_error(L, "hardtanh: min %g is above max %g", limits[0], limits[1]);
  return unary(L, RM_HARDTANH, limits);
}
static int tensor_relu6(lua_State *L) { return unary(L, RM_HARDTANH, (double[]){0, 6}); }
static int tensor_hardsigmoid(lua_State *L) { return unary(L, RM_HARDSIGMOID, NULL); }
static int tensor_hardswish(lua_State *L) { return unary(L, RM_HARDSWISH, NULL); }

/* A smooth relu: ln(1 + e^(beta x)) / beta; where beta * x is above the threshold, x itself.
 * Call: x:softplus(beta = 1, threshold = 20) -> tensor
 * Shapes: of x, float32.
 * Errors: another type; a beta that is not above 0.
 * Source: Dugas et al. 2001, "Incorporating second-order functional knowledge for better option pricing".
 * Example:
 *   > rm.tensor {-1, 0, 30}:softplus()
 *   [ 0.3133,  0.6931, 30.0000]  float32 (3) */
static int tensor_softplus(lua_State *L) {
  double numbers[2] = {luaL_optnumber(L, 2, 1), luaL_optnumber(L, 3, 20)};
  bind_checktensor(L, 1);
  if (!(numbers[0] > 0)) bind_error(L, "softplus: beta must be above 0, got %g", numbers[0]);
  return unary(L, RM_SOFTPLUS, numbers);
}

/* The largest of each k neighboring channels.
 * Call: x:maxout(k) -> tensor
 * Shapes: (N, C, ...) gives (N, C/k, ...); k divides C.
 * Errors: a k that does not divide C, or is below 1; fewer than two dimensions.
 * Source: Goodfellow et al. 2013, arXiv:1302.4389.
 * Example:
 *   > rm.tensor {{1, 5, 2, 0}}:maxout(2)
 *   [[5., 2.]]  float32 (1, 2) */
static int tensor_maxout(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  lua_Integer k = luaL_checkinteger(L, 2);
  if (k < 1) bind_error(L, "maxout: k must be at least 1, got %lld", (long long)k);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  return bind_result(L, RM_BREAKABLE(rm_maxout(x, (size_t)k, y, &err), &err), y, &err);
}

/* A limit on top of the stack, popped, must be one that a double holds: it is not rounded in silence. */
static void check_exact(lua_State *L, const char *op) {
  lua_Integer v = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : 0;
  if (v > (1LL << 53) || v < -(1LL << 53)) bind_error(L, "%s: the limit %lld is beyond 2^53", op, (long long)v);
  lua_pop(L, 1);
}

/* (min, max), either may be nil; or {min=, max=}. */
static void check_limits(lua_State *L, const char *op, double limits[2]) {
  static const char *const names[] = {"min", "max", NULL};
  limits[0] = -INFINITY;
  limits[1] = INFINITY;
  bool table = lua_istable(L, 2);
  if (table) bind_checkoptions(L, 2, op, names);
  else bind_checkend(L, 4, op);
  for (int i = 0; i < 2; i++) {
    limits[i] = table ? bind_optnumber(L, 2, names[i], limits[i]) : luaL_optnumber(L, 2 + i, limits[i]);
    if (table) lua_getfield(L, 2, names[i]);
    else lua_pushvalue(L, lua_gettop(L) >= 2 + i ? 2 + i : 1);
    check_exact(L, op);
  }
  if (limits[0] > limits[1]) bind_error(L, "%s: min %g is above max %g", op, limits[0], limits[1]);
}

/* Restricts every element to min..max.
 * Call: x:clamp(min, max) -> tensor
 * Call: x:clamp {min = -1, max = 1} -> tensor
 * Shapes: of x, float32 or int64; either limit may be absent. Those of int64 are whole numbers.
 * Errors: min above max; another type.
 * Example:
 *   > rm.tensor {-2, 0, 2}:clamp(-1, 1)
 *   [-1.,  0.,  1.]  float32 (3)
 *   > rm.tensor {-2, 0, 2}:clamp {min = 0}
 *   [0., 0., 2.]  float32 (3) */
static int tensor_clamp(lua_State *L) {
  double limits[2];
  bind_checktensor(L, 1);
  check_limits(L, "clamp", limits);
  return unary(L, RM_CLAMP, limits);
}

/* x:clamp in place.
 * Call: x:clamp_(min, max) -> x
 * Shapes: x is changed and returned.
 * Errors: as of clamp; a leaf that requires a gradient, outside of rm.no_grad.
 * Example:
 *   > rm.tensor {-2, 0, 2}:clamp_(nil, 1)
 *   [-2.,  0.,  1.]  float32 (3) */
static int tensor_clamp_(lua_State *L) {
  double limits[2];
  rm_tensor *x = bind_checkwritable(L, 1, "clamp_");
  check_limits(L, "clamp_", limits);
  rm_error err;
  if (rm_unary_inplace(RM_CLAMP, x, limits, &err) != RM_OK) return bind_raise(L, &err);
  lua_settop(L, 1);
  return 1;
}

static const luaL_Reg both[] = {{"neg", tensor_neg},
                                {"abs", tensor_abs},
                                {"sign", tensor_sign},
                                {"square", tensor_square},
                                {"sqrt", tensor_sqrt},
                                {"reciprocal", tensor_reciprocal},
                                {"exp", tensor_exp},
                                {"log", tensor_log},
                                {"floor", tensor_floor},
                                {"ceil", tensor_ceil},
                                {"round", tensor_round},
                                {"trunc", tensor_trunc},
                                {"clamp", tensor_clamp},
                                {"relu", tensor_relu},
                                {"leaky_relu", tensor_leaky_relu},
                                {"elu", tensor_elu},
                                {"sigmoid", tensor_sigmoid},
                                {"tanh", tensor_tanh},
                                {"silu", tensor_silu},
                                {"gelu", tensor_gelu},
                                {"hardtanh", tensor_hardtanh},
                                {"relu6", tensor_relu6},
                                {"hardsigmoid", tensor_hardsigmoid},
                                {"hardswish", tensor_hardswish},
                                {"softplus", tensor_softplus},
                                {"maxout", tensor_maxout},
                                {NULL, NULL}};

static const luaL_Reg methods[] = {{"clamp_", tensor_clamp_}, {"__unm", tensor_neg}, {NULL, NULL}};

void bind_open_unary(lua_State *L);
void bind_open_unary(lua_State *L) {
  bind_register(L, both, both);
  bind_register(L, methods, NULL);
}
