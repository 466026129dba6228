/* operand.c -- arguments that are a tensor or a number. */
#include "bind/operand.h"

#include <math.h>
#include "bind/bind.h"

rm_operand bind_operand(lua_State *L, int arg, const char *op) {
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

void bind_needtensor(lua_State *L, const rm_operand *a, const rm_operand *b, const char *op) {
  if (a->tensor || b->tensor) return;
  bind_error(L, "%s: expected a tensor among the operands, got two numbers", op);
}
