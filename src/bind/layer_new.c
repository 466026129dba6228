/* layer_new.c -- the constructors: Conv2d(3, 16, 3, {padding = 1}) and so on. */
#include <math.h>
#include "bind/conv.h"
#include "bind/layer.h"
#include "bind/pool.h"

static int raise_or_push(lua_State *L, rm_status status, const rm_error *err) {
  return status == RM_OK ? bind_pushedlayer(L) : bind_raise(L, err);
}

static int without_options(lua_State *L, rm_status (*make)(rm_layer **, rm_error *)) {
  rm_layer **layer = bind_boxlayer(L);
  rm_error err;
  return raise_or_push(L, make(layer, &err), &err);
}

/* A count at `arg`. The core says what it must be at least. */
static size_t check_count(lua_State *L, int arg, const char *op) {
  int whole;
  lua_Integer n = lua_tointegerx(L, arg, &whole);
  if (!whole || n < 0) bind_error(L, "%s: argument %d: expected a whole number, got %s", op, arg, bind_phrase(L, arg));
  return (size_t)n;
}

/* A layer that convolves images with a bank of trained filters.
 * Call: nn.Conv2d(in, out, kernel, {stride = 1, padding = 0, dilation = 1, groups = 1, bias = true, padding_mode = "zeros"}) -> layer
 * Shapes: x (N, in, H, W); y (N, out, H', W') with H' = floor((H + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1.
 *  One image (in, H, W) gives one. weight (out, in/groups, kh, kw), bias (out); kernel, stride, padding and dilation are
 *  numbers or pairs {h, w}.
 * Options: padding       also "same": what keeps H and W at stride 1; or "valid": none
 *  padding_mode  what the padding is made of: "zeros", "reflect", "replicate" or "circular"
 * Errors: channels that groups does not divide; "same" with another stride than 1; when called, an x of other channels
 *  or smaller than the window.
 * Source: weights uniform in +-1/sqrt(in/groups * kh * kw), as in PyTorch; the operation is x:conv2d.
 * Example:
 *   > conv = nn.Conv2d(3, 16, 3, {stride = 2, padding = 1, bias = false})
 *   > conv(rm.zeros(8, 3, 32, 32)).shape, conv.weight.shape
 *   {8, 16, 16, 16}  {16, 3, 3, 3} */
static int new_conv2d(lua_State *L) {
  static const char *const names[] = {"stride", "padding", "dilation", "groups", "bias", "padding_mode", NULL};
  size_t in = check_count(L, 1, "Conv2d"), out = check_count(L, 2, "Conv2d"), kernel[2];
  bind_checkpair(L, 3, "Conv2d", kernel);
  bind_checkoptions(L, 4, "Conv2d", names);
  rm_conv_options o = bind_optconv(L, 4, "Conv2d");
  o.border = bind_checkborder(L, "Conv2d", bind_optstring(L, 4, "padding_mode", "zeros"));
  bool bias = bind_optbool(L, 4, "bias", true);
  rm_rng *init = bind_generator(L, BIND_RNG_INIT);
  rm_layer **layer = bind_boxlayer(L);
  rm_error err;
  return raise_or_push(L, rm_conv2d_layer(in, out, kernel, &o, bias, init, layer, &err), &err);
}

/* A layer that maps the last dimension by a trained matrix: y = x weight^T + bias.
 * Call: nn.Linear(in, out, {bias = true}) -> layer
 * Shapes: x (..., in); y (..., out); weight (out, in), bias (out).
 * Errors: sizes below 1; when called, an x whose last dimension is not `in`.
 * Source: weights and bias uniform in +-1/sqrt(in), as in PyTorch.
 * Example:
 *   > fc = nn.Linear(64, 10)
 *   > fc(rm.zeros(8, 64)).shape
 *   {8, 10} */
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

/* Batch normalization with a trained scale and shift of each channel: of images (2d), or of rows and lines (1d).
 * Call: nn.BatchNorm2d(features, {eps = 1e-5, momentum = 0.1, affine = true, track_running_stats = true}) -> layer
 * Call: nn.BatchNorm1d(features, {eps = 1e-5, momentum = 0.1, affine = true, track_running_stats = true}) -> layer
 * Shapes: x (N, features, H, W), for 1d (N, features) or (N, features, L); y as x. weight, bias, running_mean,
 *  running_var (features). In training mode the batch's own statistics are used and the running ones updated; after net:eval() the running ones.
 * Options: eps        added to the variance
 *  momentum   share of the new statistics in the running ones; false: the plain average of all batches
 *  affine     false: no weight and bias
 * Errors: when called, an x of other channels; in training, only one value per channel.
 * Source: Ioffe and Szegedy 2015, arXiv:1502.03167.
 * Example:
 *   > bn = nn.BatchNorm2d(16)
 *   > bn(rm.randn(8, 16, 4, 4)).shape, bn.running_mean.shape
 *   {8, 16, 4, 4}  {16} */
static int new_batch_norm_1d(lua_State *L) { return new_batch_norm(L, "BatchNorm1d", 1); }
static int new_batch_norm_2d(lua_State *L) { return new_batch_norm(L, "BatchNorm2d", 2); }

/* Layers that take the largest value, or the mean, of each window.
 * Call: nn.MaxPool2d(size, {stride = size, padding = 0, dilation = 1, ceil_mode = false}) -> layer
 * Call: nn.AvgPool2d(size, {stride = size, padding = 0, ceil_mode = false, count_include_pad = true}) -> layer
 * Shapes: x (N, C, H, W); y (N, C, H', W') with H' = floor((H + 2 * padding - size) / stride) + 1, rounded up in
 *  ceil_mode. One image (C, H, W) gives one. size, stride, padding and dilation are numbers or pairs {h, w}; with
 *  dilation the window spans dilation * (size - 1) + 1 pixels.
 * Errors: padding above half of the window; when called, a window larger than the padded image.
 * Example:
 *   > nn.MaxPool2d(3, {stride = 2, padding = 1})(rm.zeros(8, 64, 112, 112)).shape
 *   {8, 64, 56, 56} */
static int new_max_pool(lua_State *L) {
  static const char *const names[] = {"stride", "padding", "dilation", "ceil_mode", NULL};
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

/* A layer that averages over as many windows as the result is to have; size 1: over the whole image.
 * Call: nn.AdaptiveAvgPool2d(size) -> layer
 * Shapes: x (N, C, H, W); y (N, C, size, size), or for {h, w} (N, C, h, w). One image (C, H, W) gives one.
 * Errors: a size below 1.
 * Example:
 *   > nn.AdaptiveAvgPool2d(1)(rm.zeros(8, 64, 7, 7)).shape
 *   {8, 64, 1, 1} */
static int new_adaptive_avg_pool(lua_State *L) {
  size_t size[2];
  bind_checkpair(L, 1, "AdaptiveAvgPool2d", size);
  rm_layer **layer = bind_boxlayer(L);
  rm_error err;
  return raise_or_push(L, rm_adaptive_avg_pool_layer(size, layer, &err), &err);
}

/* Activations as layers, for nn.Sequential: max(0, x); 1 / (1 + e^-x); tanh(x); x / (1 + e^-x).
 * Call: nn.ReLU() -> layer
 * Call: nn.Sigmoid() -> layer
 * Call: nn.Tanh() -> layer
 * Call: nn.SiLU() -> layer
 * Shapes: x any, float32; y as x. They have no parameters.
 * Errors: when called, an x of another type.
 * Example:
 *   > nn.ReLU()(rm.tensor {-1, 2})
 *   [0., 2.]  float32 (2) */
static int new_relu(lua_State *L) { return without_options(L, rm_relu_layer); }
static int new_sigmoid(lua_State *L) { return without_options(L, rm_sigmoid_layer); }
static int new_tanh(lua_State *L) { return without_options(L, rm_tanh_layer); }
static int new_silu(lua_State *L) { return without_options(L, rm_silu_layer); }

/* x:leaky_relu as a layer: x where it is positive, negative_slope * x elsewhere.
 * Call: nn.LeakyReLU(negative_slope = 0.01) -> layer
 * Shapes: x any, float32; y as x.
 * Errors: a slope that is not a number.
 * Example:
 *   > nn.LeakyReLU(0.1)(rm.tensor {-1, 2})
 *   [-0.1000,  2.0000]  float32 (2) */
static int new_leaky_relu(lua_State *L) {
  double negative_slope = luaL_optnumber(L, 1, 0.01);
  rm_layer **layer = bind_boxlayer(L);
  rm_error err;
  return raise_or_push(L, rm_leaky_relu_layer(negative_slope, layer, &err), &err);
}
/* x:elu as a layer: x where it is positive, alpha * (e^x - 1) elsewhere.
 * Call: nn.ELU(alpha = 1) -> layer
 * Shapes: x any, float32; y as x.
 * Errors: an alpha that is not a number.
 * Example:
 *   > nn.ELU()(rm.tensor {-1, 2})
 *   [-0.6321,  2.0000]  float32 (2) */
static int new_elu(lua_State *L) {
  double alpha = luaL_optnumber(L, 1, 1);
  rm_layer **layer = bind_boxlayer(L);
  rm_error err;
  return raise_or_push(L, rm_elu_layer(alpha, layer, &err), &err);
}
/* x:gelu as a layer: x * Phi(x); "tanh" takes its approximation.
 * Call: nn.GELU(form = "none") -> layer
 * Shapes: x any, float32; y as x.
 * Errors: a form other than "none" and "tanh".
 * Example:
 *   > nn.GELU()(rm.tensor {0, 1})
 *   [0.0000, 0.8413]  float32 (2) */
static int new_gelu(lua_State *L) {
  static const char *const forms[] = {"none", "tanh", NULL};
  rm_gelu_form form = luaL_checkoption(L, 1, "none", forms) == 0 ? RM_GELU_NONE : RM_GELU_BY_TANH;
  rm_layer **layer = bind_boxlayer(L);
  rm_error err;
  return raise_or_push(L, rm_gelu_layer(form, layer, &err), &err);
}
/* x:maxout as a layer: the largest of each `pieces` neighboring channels.
 * Call: nn.Maxout(pieces) -> layer
 * Shapes: x (N, C, ...); y (N, C/pieces, ...).
 * Errors: pieces below 1; when called, a C that pieces does not divide.
 * Source: Goodfellow et al. 2013, arXiv:1302.4389.
 * Example:
 *   > nn.Maxout(2)(rm.zeros(8, 10)).shape
 *   {8, 5} */
static int new_maxout(lua_State *L) {
  size_t pieces = check_count(L, 1, "Maxout");
  rm_layer **layer = bind_boxlayer(L);
  rm_error err;
  return raise_or_push(L, rm_maxout_layer(pieces, layer, &err), &err);
}
/* x:softmax and x:log_softmax as layers. A network trained with cross_entropy ends without: that takes scores.
 * Call: nn.Softmax(dim = -1) -> layer
 * Call: nn.LogSoftmax(dim = -1) -> layer
 * Shapes: x any, float32; y as x. Dimensions count from 1.
 * Errors: dimension 0; when called, an x without that dimension.
 * Example:
 *   > nn.Softmax()(rm.tensor {{0, 1, 2}})
 *   [[0.0900, 0.2447, 0.6652]]  float32 (1, 3) */
static int new_softmax(lua_State *L) {
  ptrdiff_t dim = (ptrdiff_t)luaL_optinteger(L, 1, -1);
  rm_layer **layer = bind_boxlayer(L);
  rm_error err;
  return raise_or_push(L, rm_softmax_layer(dim, layer, &err), &err);
}
static int new_log_softmax(lua_State *L) {
  ptrdiff_t dim = (ptrdiff_t)luaL_optinteger(L, 1, -1);
  rm_layer **layer = bind_boxlayer(L);
  rm_error err;
  return raise_or_push(L, rm_log_softmax_layer(dim, layer, &err), &err);
}

/* In training mode, elements become 0 with probability p and the rest grows by 1 / (1 - p); after eval() x passes.
 * Call: nn.Dropout(p = 0.5) -> layer
 * Shapes: x any, float32; y as x. Random numbers come from rm.random.dropout.
 * Errors: p outside 0..1.
 * Source: Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting".
 * Example:
 *   > nn.Dropout(0.5):eval()(rm.ones(3))
 *   [1., 1., 1.]  float32 (3) */
static int new_dropout(lua_State *L) {
  double p = luaL_optnumber(L, 1, 0.5);
  rm_layer **layer = bind_boxlayer(L);
  rm_error err;
  return raise_or_push(L, rm_dropout_layer(p, layer, &err), &err);
}

/* x:flatten as a layer: joins dimensions start_dim..end_dim into one.
 * Call: nn.Flatten(start_dim = 2, end_dim = -1) -> layer
 * Shapes: x (N, C, H, W); y (N, C*H*W).
 * Errors: dimension 0; when called, an x without these dimensions.
 * Example:
 *   > nn.Flatten()(rm.zeros(8, 16, 5, 5)).shape
 *   {8, 400} */
static int new_flatten(lua_State *L) {
  ptrdiff_t start = (ptrdiff_t)luaL_optinteger(L, 1, 2), end = (ptrdiff_t)luaL_optinteger(L, 2, -1);
  rm_layer **layer = bind_boxlayer(L);
  rm_error err;
  return raise_or_push(L, rm_flatten_layer(start, end, layer, &err), &err);
}

/* A layer that returns what it is given: to put in the place of another.
 * Call: nn.Identity() -> layer
 * Shapes: x any; y is x.
 * Errors: none.
 * Example:
 *   > nn.Identity()(rm.tensor {1, 2})
 *   [1., 2.]  float32 (2) */
static int new_identity(lua_State *L) { return without_options(L, rm_identity_layer); }

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
  lua_newtable(L); /* the same by themselves: what nn takes over */
  luaL_setfuncs(L, functions, 0);
  lua_setfield(L, -2, "layer_constructors");
}
