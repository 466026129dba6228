/* element.c -- see element.h. */
#include <math.h>
#include "bind/element.h"

rm_element bind_checkelement(lua_State *L, int arg, rm_dtype dtype, const char *op) {
  rm_element e;
  bool truth = lua_isboolean(L, arg);
  if (!truth && lua_type(L, arg) != LUA_TNUMBER)
    bind_error(L, "%s: expected a number, got %s", op, luaL_typename(L, arg));
  if (dtype == RM_FLOAT32) {
    e.f32 = truth ? (float)lua_toboolean(L, arg) : (float)lua_tonumber(L, arg);
    return e;
  }
  int whole = 1;
  lua_Integer i = truth ? lua_toboolean(L, arg) : lua_tointegerx(L, arg, &whole);
  if (!whole || (dtype == RM_UINT8 && (i < 0 || i > 255)))
    bind_error(L, "%s: %s is no %s", op, bind_phrase(L, arg), rm_dtype_name(dtype));
  if (dtype == RM_UINT8) e.u8 = (uint8_t)i;
  else e.i64 = i;
  return e;
}

void bind_pushelement(lua_State *L, const void *data, rm_dtype dtype) {
  /* A NaN without its sign, which printf would write: "-nan". */
  if (dtype == RM_FLOAT32) lua_pushnumber(L, isnan(*(const float *)data) ? NAN : *(const float *)data);
  else lua_pushinteger(L, dtype == RM_UINT8 ? *(const uint8_t *)data : *(const int64_t *)data);
}
