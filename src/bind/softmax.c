/* softmax.c -- x:softmax(dim) and x:log_softmax(dim); the last dimension if none is given. */
#include "ops/norm/softmax.h"

#include "bind/bind.h"
#include "parallel/interrupt.h"

static int softmax(lua_State *L, const char *op, rm_status (*call)(rm_tensor *, size_t, rm_tensor **, rm_error *)) {
  rm_tensor *x = bind_checktensor(L, 1);
  size_t dim = x->ndim ? x->ndim - 1 : 0;
  if (!lua_isnoneornil(L, 2)) dim = bind_checkaxis(L, 2, x->ndim, op);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(call(x, dim, y, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* e^x divided by the sum of e^x along a dimension, and the logarithm of that.
 * Call: x:softmax(dim = -1) -> tensor
 * Call: x:log_softmax(dim = -1) -> tensor
 * Shapes: of x, float32; along dim softmax adds up to 1.
 * Errors: a dimension out of range; another type.
 * Example:
 *   > rm.tensor {{0, 1, 2}}:softmax()
 *   [[0.0900, 0.2447, 0.6652]]  float32 (1, 3) */
static int tensor_softmax(lua_State *L) { return softmax(L, "softmax", rm_softmax); }
static int tensor_log_softmax(lua_State *L) { return softmax(L, "log_softmax", rm_log_softmax); }

static const luaL_Reg both[] = {{"softmax", tensor_softmax}, {"log_softmax", tensor_log_softmax}, {NULL, NULL}};

void bind_open_softmax(lua_State *L);
void bind_open_softmax(lua_State *L) { bind_register(L, both, both); }
