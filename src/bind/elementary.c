/* elementary.c -- rm.math: elementary functions with the same bits on every machine. */
#include "base/elementary.h"
#include "bind/bind.h"

static int math_exp(lua_State *L) {
  lua_pushnumber(L, rm_math_exp(luaL_checknumber(L, 1)));
  return 1;
}

static int math_log(lua_State *L) {
  lua_pushnumber(L, rm_math_log(luaL_checknumber(L, 1)));
  return 1;
}

static int math_sin(lua_State *L) {
  lua_pushnumber(L, rm_math_sin(luaL_checknumber(L, 1)));
  return 1;
}

/* exp, log, sine, cosine and power of numbers, with the same bits on every machine. Lua's own are those of the C
 * library, whose code differs by processor and version: schedules and whatever else decides about a run use these.
 * Call: rm.math.exp(x) -> number
 * Call: rm.math.log(x) -> number
 * Call: rm.math.sin(x) -> number
 * Call: rm.math.cos(x) -> number
 * Call: rm.math.pow(x, y) -> number
 * Units: radians. Errors of the result: below 3 units in the last place; of pow below 2 |y log x| + 4.
 * Errors: raises for what is no number. Special cases are those of C: log(0) is -inf, log(-1) nan.
 * Example:
 *   > rm.math.cos(math.pi), rm.math.exp(0), rm.math.pow(0.5, 3)
 *   -1.0  1.0  0.125 */
static int math_cos(lua_State *L) {
  lua_pushnumber(L, rm_math_cos(luaL_checknumber(L, 1)));
  return 1;
}

static int math_pow(lua_State *L) {
  lua_pushnumber(L, rm_math_pow(luaL_checknumber(L, 1), luaL_checknumber(L, 2)));
  return 1;
}

void bind_open_elementary(lua_State *L) {
  static const luaL_Reg functions[] = {{"exp", math_exp}, {"log", math_log}, {"sin", math_sin},
                                       {"cos", math_cos}, {"pow", math_pow}, {NULL, NULL}};
  luaL_newlib(L, functions);
  lua_setfield(L, -2, "math");
}
