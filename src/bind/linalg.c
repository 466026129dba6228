/* linalg.c -- x:matmul(y), x:linear(weight, bias), also as rm.matmul and rm.linear. */
#include "bind/bind.h"
#include "ops/linalg/linear.h"
#include "ops/linalg/matmul.h"
#include "parallel/interrupt.h"

/* The matrix product a @ b, by OpenBLAS: its last bits may differ between processors; those of x:linear do not.
 * Call: x:matmul(b) -> tensor
 * Shapes: (m, k) and (k, n) give (m, n); (k) and (k) a number; a vector is a row on the left, a column on the right;
 *  dimensions in front are batches, which broadcast.
 * Errors: inner extents that differ; a tensor of shape ().
 * Source: OpenBLAS sgemm.
 * Example:
 *   > a = rm.tensor {{1, 2}, {3, 4}}
 *   > a:matmul(rm.tensor {1, 1})
 *   [3., 7.]  float32 (2) */
static int tensor_matmul(lua_State *L) {
  rm_tensor *a = bind_checktensor(L, 1), *b = bind_checktensor(L, 2);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_matmul(a, b, y, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* An affine map of the last dimension: y = x weight^T + bias.
 * Call: x:linear(weight, bias = nil) -> tensor
 * Shapes: x (..., in), weight (out, in), bias (out); y (..., out).
 * Errors: extents that do not fit, with both shapes.
 * Example:
 *   > x, w = rm.ones(4, 3), rm.ones(2, 3)
 *   > x:linear(w, rm.tensor {0, 1}).shape
 *   {4, 2} */
static int tensor_linear(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1), *w = bind_checktensor(L, 2), *b = bind_opttensor(L, 3);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_linear(x, w, b, y, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

void bind_open_linalg(lua_State *L) {
  static const luaL_Reg methods[] = {{"matmul", tensor_matmul}, {"linear", tensor_linear}, {NULL, NULL}};
  bind_register(L, methods, methods);
}
