/* norm.c -- x:batch_norm(...), the function behind the layer. Its result waits (lazy/value.h) unless an
 * addition or relu is asked for right here. */
#include "bind/bind.h"
#include "lazy/fuse.h"
#include "parallel/interrupt.h"
#include "ops/norm/norm.h"

/* Batch normalization of each channel: (x - mean) / sqrt(var + eps) * weight + bias.
 * Call: x:batch_norm(weight, bias, running_mean, running_var, {training = false, momentum = 0.1, eps = 1e-5, add = nil, relu = false}) -> tensor
 * Shapes: x (N, C, H, W) or (N, C); the four tensors (C), or nil. With training the statistics are the batch's, over all
 *  but C, and the running ones move toward them by momentum (the variance unbiased); else the running ones are used.
 *  A batch of no images moves nothing.
 * Options: add   a tensor of x's shape that is added behind it
 *  relu  true: rectified afterwards; all of it is one pass
 * Errors: one running statistic without the other; a batch of one value per channel in training; C that does not fit.
 * Source: Ioffe and Szegedy 2015, arXiv:1502.03167, algorithm 1.
 * Example:
 *   > x = rm.tensor {{1, 10}, {3, 30}}
 *   > x:batch_norm(nil, nil, nil, nil, {training = true})
 *   [[-1.0000, -1.0000],
 *    [ 1.0000,  1.0000]]
 *   float32 (2, 2) */
static int tensor_batch_norm(lua_State *L) {
  static const char *const names[] = {"training", "momentum", "eps", "add", "relu", NULL};
  lua_settop(L, 6);
  rm_tensor *x = bind_checktensor(L, 1), *weight = bind_opttensor(L, 2), *bias = bind_opttensor(L, 3);
  bind_checkoptions(L, 6, "batch_norm", names);
  rm_batch_norm_options o = {.training = bind_optbool(L, 6, "training", false),
                             .momentum = bind_optnumber(L, 6, "momentum", 0.1),
                             .eps = bind_optnumber(L, 6, "eps", 1e-5)};
  bool relu = bind_optbool(L, 6, "relu", false);
  rm_tensor *running[2] = {NULL, NULL};
  for (int i = 0; i < 2; i++)
    if (!lua_isnil(L, 4 + i))
      running[i] = o.training ? bind_checkwritable(L, 4 + i, "batch_norm") : bind_checktensor(L, 4 + i);
  if (lua_istable(L, 6)) lua_getfield(L, 6, "add");
  else lua_pushnil(L);
  rm_tensor *add = bind_opttensor(L, 7);
  rm_value *y = bind_boxvalue(L);
  rm_error err;
  rm_status status = add || relu
                         ? RM_BREAKABLE(
                               rm_batch_norm(x, weight, bias, running[0], running[1], &o, add, relu, &y->tensor, &err),
                               &err)
                         : rm_value_batch_norm(bind_tovalue(L, 1), weight, bias, running[0], running[1], &o, y, &err);
  return status == RM_OK ? 1 : bind_raise(L, &err);
}

void bind_open_norm(lua_State *L) {
  static const luaL_Reg both[] = {{"batch_norm", tensor_batch_norm}, {NULL, NULL}};
  bind_register(L, both, both);
}
