/* norm.c -- x:batch_norm(...) and its kin, the functions behind the layers. The result of batch_norm waits
 * (lazy/value.h) unless an addition or relu is asked for right here. */
#include "bind/bind.h"
#include "lazy/fuse.h"
#include "ops/norm/group_norm.h"
#include "parallel/interrupt.h"
#include "ops/norm/norm.h"

/* Batch normalization of each channel: (x - mean) / sqrt(var + eps) * weight + bias.
 * Call: x:batch_norm(weight, bias, running_mean, running_var, {training = false, momentum = 0.1, eps = 1e-5, add = nil, relu = false}) -> tensor
 * Shapes: x (N, C, H, W), (N, C, L) or (N, C); the four tensors (C), or nil. With training the statistics are the batch's,
 *  over all but C, and the running ones move toward them by momentum (the variance unbiased); else the running ones are used.
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

static double check_eps(lua_State *L, int arg, const char *op) {
  static const char *const names[] = {"eps", NULL};
  bind_checkoptions(L, arg, op, names);
  return bind_optnumber(L, arg, "eps", 1e-5);
}

/* Normalization of each example by groups of its channels: (x - mean) / sqrt(var + eps) * weight + bias.
 * Call: x:group_norm(groups, weight = nil, bias = nil, {eps = 1e-5}) -> tensor
 * Shapes: x (N, C, ...); mean and variance are those of C/groups neighboring channels and all that follows them;
 *  weight and bias (C), or nil; y as x. The batch plays no part: training and evaluation are the same.
 * Errors: a C that groups does not divide; a group of one value in a batch of one; a weight or bias that does not fit.
 * Source: Wu and He 2018, arXiv:1803.08494.
 * Example:
 *   > rm.tensor {{1, 3, 10, 30}}:group_norm(2)
 *   [[-1.0000,  1.0000, -1.0000,  1.0000]]  float32 (1, 4) */
static int tensor_group_norm(lua_State *L) {
  lua_settop(L, 5);
  rm_tensor *x = bind_checktensor(L, 1), *weight = bind_opttensor(L, 3), *bias = bind_opttensor(L, 4);
  lua_Integer groups = luaL_checkinteger(L, 2);
  if (groups < 1) bind_error(L, "group_norm: groups must be at least 1, got %lld", (long long)groups);
  double eps = check_eps(L, 5, "group_norm");
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_group_norm(x, (size_t)groups, weight, bias, eps, y, &err), &err) != RM_OK)
    return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* Normalization over the last dimensions: (x - mean) / sqrt(var + eps) * weight + bias.
 * Call: x:layer_norm(shape, weight = nil, bias = nil, {eps = 1e-5}) -> tensor
 * Shapes: x (..., shape), where shape is a size or a list of sizes; weight and bias of that shape, or nil; y as x.
 * Errors: an x whose last dimensions are others; a weight or bias of another shape.
 * Source: Ba et al. 2016, arXiv:1607.06450.
 * Example:
 *   > rm.tensor {{1, 3}, {10, 30}}:layer_norm(2)
 *   [[-1.0000,  1.0000],
 *    [-1.0000,  1.0000]]
 *   float32 (2, 2) */
static int tensor_layer_norm(lua_State *L) {
  lua_settop(L, 5);
  rm_tensor *x = bind_checktensor(L, 1), *weight = bind_opttensor(L, 3), *bias = bind_opttensor(L, 4);
  size_t shape[RM_MAX_DIMS], n = 1;
  if (lua_istable(L, 2)) n = bind_checkshape(L, 2, shape, NULL, "layer_norm");
  else {
    lua_Integer size = luaL_checkinteger(L, 2);
    if (size < 1) bind_error(L, "layer_norm: a size must be at least 1, got %lld", (long long)size);
    shape[0] = (size_t)size;
  }
  double eps = check_eps(L, 5, "layer_norm");
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_layer_norm(x, n, shape, weight, bias, eps, y, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* Normalization of each channel of each example: (x - mean) / sqrt(var + eps) * weight + bias.
 * Call: x:instance_norm(weight, bias, running_mean, running_var, {use_input_stats = true, momentum = 0.1, eps = 1e-5}) -> tensor
 * Shapes: x (N, C, L) or (N, C, H, W); the four tensors (C), or nil. With use_input_stats mean and variance are those of
 *  the channel itself, and the running ones move toward their mean over the batch by momentum (the variance unbiased);
 *  else the running ones are used. y as x.
 * Errors: one running statistic without the other, or none without use_input_stats; one value per channel.
 * Source: Ulyanov et al. 2016, arXiv:1607.08022.
 * Example:
 *   > rm.tensor {{{1, 3}, {10, 30}}}:instance_norm()
 *   [[[-1.0000,  1.0000],
 *     [-1.0000,  1.0000]]]
 *   float32 (1, 2, 2) */
static int tensor_instance_norm(lua_State *L) {
  static const char *const names[] = {"use_input_stats", "momentum", "eps", NULL};
  lua_settop(L, 6);
  rm_tensor *x = bind_checktensor(L, 1), *weight = bind_opttensor(L, 2), *bias = bind_opttensor(L, 3);
  bind_checkoptions(L, 6, "instance_norm", names);
  rm_batch_norm_options o = {.training = bind_optbool(L, 6, "use_input_stats", true),
                             .momentum = bind_optnumber(L, 6, "momentum", 0.1),
                             .eps = bind_optnumber(L, 6, "eps", 1e-5)};
  rm_tensor *running[2] = {NULL, NULL};
  for (int i = 0; i < 2; i++)
    if (!lua_isnil(L, 4 + i))
      running[i] = o.training ? bind_checkwritable(L, 4 + i, "instance_norm") : bind_checktensor(L, 4 + i);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_instance_norm(x, weight, bias, running[0], running[1], &o, y, &err), &err) != RM_OK)
    return bind_raise(L, &err);
  return bind_pushed(L, y);
}

void bind_open_norm(lua_State *L) {
  static const luaL_Reg both[] = {{"batch_norm", tensor_batch_norm},
                                  {"group_norm", tensor_group_norm},
                                  {"layer_norm", tensor_layer_norm},
                                  {"instance_norm", tensor_instance_norm},
                                  {NULL, NULL}};
  bind_register(L, both, both);
}
