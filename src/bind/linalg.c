/* linalg.c -- x:matmul(y), x:linear(weight, bias), also as rm.matmul and rm.linear. */
#include "bind/bind.h"
#include "ops/linalg.h"

/* a:matmul(b) -> a @ b by PyTorch's rules for vectors and batches */
static int tensor_matmul(lua_State *L) {
  rm_tensor *a = bind_checktensor(L, 1), *b = bind_checktensor(L, 2);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (rm_matmul(a, b, y, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* x:linear(weight, bias | nil) -> x weight^T + bias */
static int tensor_linear(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1), *w = bind_checktensor(L, 2), *b = bind_opttensor(L, 3);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (rm_linear(x, w, b, y, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

void bind_open_linalg(lua_State *L) {
  static const luaL_Reg methods[] = {{"matmul", tensor_matmul}, {"linear", tensor_linear}, {NULL, NULL}};
  bind_register(L, methods, methods);
}
