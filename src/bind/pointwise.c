/* pointwise.c -- elementwise operators for Lua: functions, methods and x + y.
 *
 * Every binary operator takes a tensor or a number on either side. */
#include "ops/pointwise.h"

#include <math.h>
#include "bind/bind.h"
#include "bind/pending.h"

/* The tensor or number at arg. */
static rm_operand operand(lua_State *L, int arg, const char *op) {
  rm_tensor *t = bind_totensor(L, arg);
  if (t) return rm_operand_tensor(t);
  if (lua_isinteger(L, arg)) return rm_operand_integer(lua_tointeger(L, arg));
  if (lua_type(L, arg) != LUA_TNUMBER)
    bind_error(L, "%s: operand %d must be a tensor or a number, got %s", op, arg, luaL_typename(L, arg));
  double v = lua_tonumber(L, arg);
  rm_operand number = rm_operand_number(v);
  if (v == floor(v) && fabs(v) < 0x1p53) number = rm_operand_integer((int64_t)v);
  return number;
}

static void need_tensor(lua_State *L, const rm_operand *a, const rm_operand *b, const char *op) {
  if (a->tensor || b->tensor) return;
  bind_error(L, "%s: expected a tensor among the operands, got two numbers", op);
}

static int raise_or_push(lua_State *L, rm_status status, rm_tensor **y, const rm_error *err) {
  return status == RM_OK ? bind_pushed(L, y) : bind_raise(L, err);
}

/* --- two operands ---------------------------------------------------------------------- */
static int binary(lua_State *L, rm_binary_op op, const char *name) {
  rm_operand a = operand(L, 1, name), b = operand(L, 2, name);
  need_tensor(L, &a, &b, name);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  return raise_or_push(L, rm_binary(op, a, b, y, &err), y, &err);
}

/* The sum with a batch norm waits with it for relu (bind/pending.h); relu completes both. */
static int tensor_add(lua_State *L) { return bind_pendingadd(L) ? 1 : binary(L, RM_ADD, "add"); }
static int tensor_sub(lua_State *L) { return binary(L, RM_SUB, "sub"); }
static int tensor_mul(lua_State *L) { return binary(L, RM_MUL, "mul"); }
static int tensor_div(lua_State *L) { return binary(L, RM_DIV, "div"); }
static int tensor_pow(lua_State *L) { return binary(L, RM_POW, "pow"); }
static int tensor_maximum(lua_State *L) { return binary(L, RM_MAXIMUM, "maximum"); }
static int tensor_minimum(lua_State *L) { return binary(L, RM_MINIMUM, "minimum"); }
static int tensor_floor_divide(lua_State *L) { return binary(L, RM_FLOOR_DIVIDE, "floor_divide"); }
static int tensor_remainder(lua_State *L) { return binary(L, RM_REMAINDER, "remainder"); }

/* --- in place ---------------------------------------------------------------------------- */
static int inplace(lua_State *L, rm_binary_op op, const char *name) {
  rm_tensor *x = bind_checkwritable(L, 1, name);
  rm_operand b = operand(L, 2, name);
  rm_error err;
  if (rm_binary_inplace(op, x, b, &err) != RM_OK) return bind_raise(L, &err);
  lua_settop(L, 1);
  return 1;
}

/* x:add_(y, alpha): x = x + alpha * y; sub_ the same with -alpha. */
static int inplace_scaled(lua_State *L, rm_binary_op op, const char *name) {
  if (lua_isnoneornil(L, 3)) return inplace(L, op, name);
  rm_tensor *x = bind_checkwritable(L, 1, name);
  rm_operand b = operand(L, 2, name);
  double alpha = luaL_checknumber(L, 3);
  rm_error err;
  if (rm_add_scaled(x, b, op == RM_ADD ? alpha : -alpha, &err) != RM_OK) return bind_raise(L, &err);
  lua_settop(L, 1);
  return 1;
}

static int tensor_add_(lua_State *L) { return inplace_scaled(L, RM_ADD, "add_"); }
static int tensor_sub_(lua_State *L) { return inplace_scaled(L, RM_SUB, "sub_"); }
static int tensor_mul_(lua_State *L) { return inplace(L, RM_MUL, "mul_"); }
static int tensor_div_(lua_State *L) { return inplace(L, RM_DIV, "div_"); }

/* --- one operand -------------------------------------------------------------------------- */
static int unary(lua_State *L, rm_unary_op op, const double params[]) {
  rm_tensor *x = bind_checktensor(L, 1);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  return raise_or_push(L, rm_unary(op, x, params, y, &err), y, &err);
}

/* -x; labels may be negated too. */
static int tensor_neg(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  if (x->dtype != RM_INT64) return unary(L, RM_NEG, NULL);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  rm_status status = rm_binary(RM_MUL, rm_operand_tensor(x), rm_operand_integer(-1), y, &err);
  return raise_or_push(L, status, y, &err);
}

static int tensor_abs(lua_State *L) { return unary(L, RM_ABS, NULL); }
static int tensor_sign(lua_State *L) { return unary(L, RM_SIGN, NULL); }
static int tensor_square(lua_State *L) { return unary(L, RM_SQUARE, NULL); }
static int tensor_sqrt(lua_State *L) { return unary(L, RM_SQRT, NULL); }
static int tensor_reciprocal(lua_State *L) { return unary(L, RM_RECIPROCAL, NULL); }
static int tensor_exp(lua_State *L) { return unary(L, RM_EXP, NULL); }
static int tensor_log(lua_State *L) { return unary(L, RM_LOG, NULL); }
static int tensor_floor(lua_State *L) { return unary(L, RM_FLOOR, NULL); }
static int tensor_ceil(lua_State *L) { return unary(L, RM_CEIL, NULL); }
static int tensor_round(lua_State *L) { return unary(L, RM_ROUND, NULL); }

static int tensor_relu(lua_State *L) { return bind_pendingrelu(L, 1) ? 1 : unary(L, RM_RELU, NULL); }
static int tensor_sigmoid(lua_State *L) { return unary(L, RM_SIGMOID, NULL); }
static int tensor_tanh(lua_State *L) { return unary(L, RM_TANH, NULL); }
static int tensor_silu(lua_State *L) { return unary(L, RM_SILU, NULL); }

/* x:leaky_relu(slope = 0.01) */
static int tensor_leaky_relu(lua_State *L) {
  return unary(L, RM_LEAKY_RELU, &(double){luaL_optnumber(L, 2, 0.01)});
}

/* x:elu(alpha = 1) */
static int tensor_elu(lua_State *L) { return unary(L, RM_ELU, &(double){luaL_optnumber(L, 2, 1)}); }

/* x:gelu("none" | "tanh") */
static int tensor_gelu(lua_State *L) {
  static const char *const forms[] = {"none", "tanh", NULL};
  return unary(L, luaL_checkoption(L, 2, "none", forms) == 0 ? RM_GELU : RM_GELU_TANH, NULL);
}

/* x:maxout(k): (N, C, ...) -> (N, C/k, ...) */
static int tensor_maxout(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  lua_Integer k = luaL_checkinteger(L, 2);
  if (k < 1) bind_error(L, "maxout: k must be at least 1, got %lld", (long long)k);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  return raise_or_push(L, rm_maxout(x, (size_t)k, y, &err), y, &err);
}

/* (min, max), either may be nil; or {min=, max=}. */
static void check_limits(lua_State *L, const char *op, double limits[2]) {
  static const char *const names[] = {"min", "max", NULL};
  limits[0] = -INFINITY;
  limits[1] = INFINITY;
  if (lua_istable(L, 2)) {
    bind_checkoptions(L, 2, op, names);
    for (int i = 0; i < 2; i++) limits[i] = bind_optnumber(L, 2, names[i], limits[i]);
  } else {
    for (int i = 0; i < 2; i++) limits[i] = luaL_optnumber(L, 2 + i, limits[i]);
  }
  if (limits[0] > limits[1]) bind_error(L, "%s: min %g is above max %g", op, limits[0], limits[1]);
}

static int tensor_clamp(lua_State *L) {
  double limits[2];
  bind_checktensor(L, 1);
  check_limits(L, "clamp", limits);
  return unary(L, RM_CLAMP, limits);
}

static int tensor_clamp_(lua_State *L) {
  double limits[2];
  rm_tensor *x = bind_checkwritable(L, 1, "clamp_");
  check_limits(L, "clamp_", limits);
  rm_error err;
  if (rm_unary_inplace(RM_CLAMP, x, limits, &err) != RM_OK) return bind_raise(L, &err);
  lua_settop(L, 1);
  return 1;
}

/* --- truth ---------------------------------------------------------------------------------- */
static int compare(lua_State *L, rm_compare_op op, const char *name) {
  rm_operand a = operand(L, 1, name), b = operand(L, 2, name);
  need_tensor(L, &a, &b, name);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  return raise_or_push(L, rm_compare(op, a, b, y, &err), y, &err);
}

static int tensor_eq(lua_State *L) { return compare(L, RM_EQ, "eq"); }
static int tensor_ne(lua_State *L) { return compare(L, RM_NE, "ne"); }
static int tensor_lt(lua_State *L) { return compare(L, RM_LT, "lt"); }
static int tensor_le(lua_State *L) { return compare(L, RM_LE, "le"); }
static int tensor_gt(lua_State *L) { return compare(L, RM_GT, "gt"); }
static int tensor_ge(lua_State *L) { return compare(L, RM_GE, "ge"); }

/* Lua turns the result of < into one truth value, so the operator cannot be what is meant. */
static int tensor_no_order(lua_State *L) {
  return bind_error(L, "tensors are compared element by element with x:lt(y), x:le(y), x:gt(y), "
                       "x:ge(y), not with < or >");
}

static int logical(lua_State *L, rm_logical_op op) {
  rm_tensor *a = bind_checktensor(L, 1), *b = bind_checktensor(L, 2);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  return raise_or_push(L, rm_logical(op, a, b, y, &err), y, &err);
}

static int tensor_logical_and(lua_State *L) { return logical(L, RM_AND); }
static int tensor_logical_or(lua_State *L) { return logical(L, RM_OR); }
static int tensor_logical_xor(lua_State *L) { return logical(L, RM_XOR); }
static int tensor_logical_not(lua_State *L) {
  rm_tensor *a = bind_checktensor(L, 1);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  return raise_or_push(L, rm_logical_not(a, y, &err), y, &err);
}

/* rm.where(condition, a, b); condition:where(a, b) */
static int tensor_where(lua_State *L) {
  rm_tensor *condition = bind_checktensor(L, 1);
  rm_operand a = operand(L, 2, "where"), b = operand(L, 3, "where");
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  return raise_or_push(L, rm_where(condition, a, b, y, &err), y, &err);
}

static const luaL_Reg both[] = {
    {"add", tensor_add}, {"sub", tensor_sub}, {"mul", tensor_mul}, {"div", tensor_div},
    {"pow", tensor_pow}, {"maximum", tensor_maximum}, {"minimum", tensor_minimum},
    {"floor_divide", tensor_floor_divide}, {"remainder", tensor_remainder},
    {"neg", tensor_neg}, {"abs", tensor_abs}, {"sign", tensor_sign}, {"square", tensor_square},
    {"sqrt", tensor_sqrt}, {"reciprocal", tensor_reciprocal}, {"exp", tensor_exp}, {"log", tensor_log},
    {"floor", tensor_floor}, {"ceil", tensor_ceil}, {"round", tensor_round}, {"clamp", tensor_clamp},
    {"relu", tensor_relu}, {"leaky_relu", tensor_leaky_relu}, {"elu", tensor_elu},
    {"sigmoid", tensor_sigmoid}, {"tanh", tensor_tanh}, {"silu", tensor_silu}, {"gelu", tensor_gelu},
    {"maxout", tensor_maxout}, {"where", tensor_where},
    {"eq", tensor_eq}, {"ne", tensor_ne}, {"lt", tensor_lt}, {"le", tensor_le}, {"gt", tensor_gt},
    {"ge", tensor_ge}, {"logical_and", tensor_logical_and}, {"logical_or", tensor_logical_or},
    {"logical_xor", tensor_logical_xor}, {"logical_not", tensor_logical_not}, {NULL, NULL}};

static const luaL_Reg methods[] = {
    {"add_", tensor_add_}, {"sub_", tensor_sub_}, {"mul_", tensor_mul_}, {"div_", tensor_div_},
    {"clamp_", tensor_clamp_}, {"__add", tensor_add}, {"__sub", tensor_sub}, {"__mul", tensor_mul},
    {"__div", tensor_div}, {"__pow", tensor_pow}, {"__unm", tensor_neg}, {"__idiv", tensor_floor_divide},
    {"__mod", tensor_remainder}, {"__lt", tensor_no_order}, {"__le", tensor_no_order},
    {"__band", tensor_logical_and}, {"__bor", tensor_logical_or}, {"__bxor", tensor_logical_xor},
    {"__bnot", tensor_logical_not}, {NULL, NULL}};

void bind_open_pointwise(lua_State *L);
void bind_open_pointwise(lua_State *L) {
  bind_register(L, both, both);
  bind_register(L, methods, NULL);
}
