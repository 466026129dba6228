/* layer_new.c -- the constructors: Conv2d(3, 16, 3, {padding = 1}) and so on. */
#include <math.h>
#include "bind/layer.h"
#include "bind/pool.h"

static int raise_or_push(lua_State *L, rm_status status, const rm_error *err) {
  return status == RM_OK ? bind_pushedlayer(L) : bind_raise(L, err);
}

/* A count at `arg`. The core says what it must be at least. */
static size_t check_count(lua_State *L, int arg, const char *op) {
  int whole;
  lua_Integer n = lua_tointegerx(L, arg, &whole);
  if (!whole || n < 0)
    bind_error(L, "%s: argument %d: expected a whole number, got %s", op, arg, luaL_tolstring(L, arg, NULL));
  return (size_t)n;
}

/* Conv2d(in, out, kernel, {stride, padding, dilation, groups, bias = true}) */
static int new_conv2d(lua_State *L) {
  static const char *const names[] = {"stride", "padding", "dilation", "groups", "bias", NULL};
  size_t in = check_count(L, 1, "Conv2d"), out = check_count(L, 2, "Conv2d"), kernel[2];
  bind_checkpair(L, 3, "Conv2d", kernel);
  bind_checkoptions(L, 4, "Conv2d", names);
  rm_conv_options o = {.groups = bind_optsize(L, 4, "groups", 1)};
  bind_optpair(L, 4, "stride", 1, o.stride);
  bind_optpair(L, 4, "padding", 0, o.padding);
  bind_optpair(L, 4, "dilation", 1, o.dilation);
  bool bias = bind_optbool(L, 4, "bias", true);
  rm_rng *init = bind_generator(L, BIND_RNG_INIT);
  rm_layer **layer = bind_boxlayer(L);
  rm_error err;
  return raise_or_push(L, rm_conv2d_layer(in, out, kernel, &o, bias, init, layer, &err), &err);
}

/* Linear(in, out, {bias = true}) */
static int new_linear(lua_State *L) {
  static const char *const names[] = {"bias", NULL};
  size_t in = check_count(L, 1, "Linear"), out = check_count(L, 2, "Linear");
  bind_checkoptions(L, 3, "Linear", names);
  bool bias = bind_optbool(L, 3, "bias", true);
  rm_rng *init = bind_generator(L, BIND_RNG_INIT);
  rm_layer **layer = bind_boxlayer(L);
  rm_error err;
  return raise_or_push(L, rm_linear_layer(in, out, bias, init, layer, &err), &err);
}

/* BatchNorm2d(features, {eps = 1e-5, momentum = 0.1, affine = true, track_running_stats = true});
 * momentum = false: the plain average of all batches */
static int new_batch_norm(lua_State *L, const char *op, size_t dims) {
  static const char *const names[] = {"eps", "momentum", "affine", "track_running_stats", NULL};
  size_t features = check_count(L, 1, op);
  bind_checkoptions(L, 2, op, names);
  bool average = lua_istable(L, 2) && lua_getfield(L, 2, "momentum") == LUA_TBOOLEAN && !lua_toboolean(L, -1);
  rm_batch_norm_config c = {.eps = bind_optnumber(L, 2, "eps", 1e-5),
                            .momentum = average ? NAN : bind_optnumber(L, 2, "momentum", 0.1),
                            .affine = bind_optbool(L, 2, "affine", true),
                            .track_running_stats = bind_optbool(L, 2, "track_running_stats", true)};
  rm_layer **layer = bind_boxlayer(L);
  rm_error err;
  return raise_or_push(L, rm_batch_norm_layer(features, dims, &c, layer, &err), &err);
}
static int new_batch_norm_1d(lua_State *L) { return new_batch_norm(L, "BatchNorm1d", 1); }
static int new_batch_norm_2d(lua_State *L) { return new_batch_norm(L, "BatchNorm2d", 2); }

/* MaxPool2d(size, {stride = size, padding = 0, ceil_mode = false}) */
static int new_max_pool(lua_State *L) {
  static const char *const names[] = {"stride", "padding", "ceil_mode", NULL};
  bind_checkoptions(L, 2, "MaxPool2d", names);
  rm_pool_options o = bind_checkpool(L, 1, "MaxPool2d");
  rm_layer **layer = bind_boxlayer(L);
  rm_error err;
  return raise_or_push(L, rm_max_pool_layer(&o, layer, &err), &err);
}

/* AvgPool2d(size, {stride = size, padding = 0, ceil_mode = false, count_include_pad = true}) */
static int new_avg_pool(lua_State *L) {
  static const char *const names[] = {"stride", "padding", "ceil_mode", "count_include_pad", NULL};
  bind_checkoptions(L, 2, "AvgPool2d", names);
  rm_pool_options o = bind_checkpool(L, 1, "AvgPool2d");
  rm_layer **layer = bind_boxlayer(L);
  rm_error err;
  return raise_or_push(L, rm_avg_pool_layer(&o, layer, &err), &err);
}

/* AdaptiveAvgPool2d(size) */
static int new_adaptive_avg_pool(lua_State *L) {
  size_t size[2];
  bind_checkpair(L, 1, "AdaptiveAvgPool2d", size);
  rm_layer **layer = bind_boxlayer(L);
  rm_error err;
  return raise_or_push(L, rm_adaptive_avg_pool_layer(size, layer, &err), &err);
}

static int new_activation(lua_State *L, rm_activation_kind kind, double value) {
  rm_layer **layer = bind_boxlayer(L);
  rm_error err;
  return raise_or_push(L, rm_activation_layer(kind, value, layer, &err), &err);
}
static int new_relu(lua_State *L) { return new_activation(L, RM_LAYER_RELU, 0); }
static int new_sigmoid(lua_State *L) { return new_activation(L, RM_LAYER_SIGMOID, 0); }
static int new_tanh(lua_State *L) { return new_activation(L, RM_LAYER_TANH, 0); }
static int new_silu(lua_State *L) { return new_activation(L, RM_LAYER_SILU, 0); }
/* LeakyReLU(negative_slope = 0.01) */
static int new_leaky_relu(lua_State *L) {
  return new_activation(L, RM_LAYER_LEAKY_RELU, luaL_optnumber(L, 1, 0.01));
}
/* ELU(alpha = 1) */
static int new_elu(lua_State *L) { return new_activation(L, RM_LAYER_ELU, luaL_optnumber(L, 1, 1)); }
/* GELU("none" | "tanh") */
static int new_gelu(lua_State *L) {
  static const char *const forms[] = {"none", "tanh", NULL};
  return new_activation(L, RM_LAYER_GELU, luaL_checkoption(L, 1, "none", forms));
}
/* Maxout(pieces) */
static int new_maxout(lua_State *L) { return new_activation(L, RM_LAYER_MAXOUT, (double)check_count(L, 1, "Maxout")); }
/* Softmax(dim = -1), LogSoftmax(dim = -1): dimensions count from 1 */
static int new_softmax(lua_State *L) {
  return new_activation(L, RM_LAYER_SOFTMAX, (double)luaL_optinteger(L, 1, -1));
}
static int new_log_softmax(lua_State *L) {
  return new_activation(L, RM_LAYER_LOG_SOFTMAX, (double)luaL_optinteger(L, 1, -1));
}

/* Dropout(p = 0.5) */
static int new_dropout(lua_State *L) {
  double p = luaL_optnumber(L, 1, 0.5);
  rm_layer **layer = bind_boxlayer(L);
  rm_error err;
  return raise_or_push(L, rm_dropout_layer(p, layer, &err), &err);
}

/* Flatten(start_dim = 2, end_dim = -1) */
static int new_flatten(lua_State *L) {
  ptrdiff_t start = (ptrdiff_t)luaL_optinteger(L, 1, 2), end = (ptrdiff_t)luaL_optinteger(L, 2, -1);
  rm_layer **layer = bind_boxlayer(L);
  rm_error err;
  return raise_or_push(L, rm_flatten_layer(start, end, layer, &err), &err);
}

static int new_identity(lua_State *L) {
  rm_layer **layer = bind_boxlayer(L);
  rm_error err;
  return raise_or_push(L, rm_identity_layer(layer, &err), &err);
}

void bind_open_layer_new(lua_State *L) {
  static const luaL_Reg functions[] = {{"Conv2d", new_conv2d},
                                       {"Linear", new_linear},
                                       {"BatchNorm1d", new_batch_norm_1d},
                                       {"BatchNorm2d", new_batch_norm_2d},
                                       {"MaxPool2d", new_max_pool},
                                       {"AvgPool2d", new_avg_pool},
                                       {"AdaptiveAvgPool2d", new_adaptive_avg_pool},
                                       {"ReLU", new_relu},
                                       {"LeakyReLU", new_leaky_relu},
                                       {"ELU", new_elu},
                                       {"Sigmoid", new_sigmoid},
                                       {"Tanh", new_tanh},
                                       {"SiLU", new_silu},
                                       {"GELU", new_gelu},
                                       {"Maxout", new_maxout},
                                       {"Softmax", new_softmax},
                                       {"LogSoftmax", new_log_softmax},
                                       {"Dropout", new_dropout},
                                       {"Flatten", new_flatten},
                                       {"Identity", new_identity},
                                       {NULL, NULL}};
  bind_register(L, NULL, functions);
}
