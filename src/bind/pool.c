/* pool.c -- pooling and dropout. */
#include "bind/pool.h"
#include "ops/pointwise/dropout.h"
#include "parallel/interrupt.h"

void bind_checkpair(lua_State *L, int arg, const char *op, size_t pair[2]) {
  int next;
  size_t sizes[RM_MAX_DIMS];
  if (lua_type(L, arg) == LUA_TTABLE) {
    if (bind_checkshape(L, arg, sizes, &next, op) != 2) bind_error(L, "%s: expected a number or {height, width}", op);
    pair[0] = sizes[0], pair[1] = sizes[1];
    return;
  }
  lua_Integer n = luaL_checkinteger(L, arg);
  if (n < 0) bind_error(L, "%s: a size must not be negative, got %lld", op, (long long)n);
  pair[0] = pair[1] = (size_t)n;
}

rm_pool_options bind_checkpool(lua_State *L, int arg, const char *op) {
  rm_pool_options o = {0};
  size_t stride[2];
  bind_checkpair(L, arg, op, o.kernel);
  bind_optpair(L, arg + 1, "stride", SIZE_MAX, stride);
  for (int i = 0; i < 2; i++) o.stride[i] = stride[i] == SIZE_MAX ? o.kernel[i] : stride[i];
  bind_optpair(L, arg + 1, "padding", 0, o.padding);
  bind_optpair(L, arg + 1, "dilation", 1, o.dilation); /* names allow it for maxima alone */
  for (int i = 0; i < 2; i++)
    if (o.dilation[i] == 0) bind_error(L, "%s: dilation must be at least 1, got 0", op);
  o.ceil_mode = bind_optbool(L, arg + 1, "ceil_mode", false);
  o.count_include_pad = bind_optbool(L, arg + 1, "count_include_pad", true);
  return o;
}

/* The largest value of each window.
 * Call: x:max_pool2d(size, {stride = size, padding = 0, dilation = 1, ceil_mode = false, return_indices = false}) -> tensor
 * Shapes: x (N, C, H, W); y (N, C, H', W') with H' = floor((H + 2 * padding - extent) / stride) + 1, where a window's
 *  extent is dilation * (size - 1) + 1. One image (C, H, W) gives one. It is rounded up in ceil_mode, where the last window may hang over the end if it begins in the image or the padding before it. A NaN
 *  in a window wins, the last one of several. With return_indices a second tensor, int64: positions within the image,
 *  row by row, from 1 (0 where dilation makes a window all padding, whose maximum is -inf).
 * Errors: padding above half of the size; a window larger than the padded image (in ceil_mode by a stride or more).
 * Example:
 *   > rm.arange(16):reshape(1, 1, 4, 4):max_pool2d(2)
 *   [[[[ 6.,  8.],
 *      [14., 16.]]]]
 *   float32 (1, 1, 2, 2) */
static int tensor_max_pool2d(lua_State *L) {
  static const char *const names[] = {"stride", "padding", "dilation", "ceil_mode", "return_indices", NULL};
  rm_tensor *x = bind_checktensor(L, 1);
  bind_checkoptions(L, 3, "max_pool2d", names);
  rm_pool_options o = bind_checkpool(L, 2, "max_pool2d");
  bool wanted = bind_optbool(L, 3, "return_indices", false);
  rm_tensor **y = bind_boxtensor(L), **indices = wanted ? bind_boxtensor(L) : NULL;
  rm_error err;
  if (RM_BREAKABLE(rm_max_pool2d(x, &o, y, indices, &err), &err) != RM_OK) return bind_raise(L, &err);
  bind_pushed(L, y);
  if (wanted) bind_pushed(L, indices);
  return wanted ? 2 : 1;
}

/* The mean of each window.
 * Call: x:avg_pool2d(size, {stride = size, padding = 0, ceil_mode = false, count_include_pad = true}) -> tensor
 * Shapes: as of max_pool2d. With count_include_pad the border's zeros count.
 * Errors: padding above half of the window; a window larger than the padded image (in ceil_mode by a stride or more).
 * Example:
 *   > rm.arange(16):reshape(1, 1, 4, 4):avg_pool2d(2)
 *   [[[[ 3.5000,  5.5000],
 *      [11.5000, 13.5000]]]]
 *   float32 (1, 1, 2, 2) */
static int tensor_avg_pool2d(lua_State *L) {
  static const char *const names[] = {"stride", "padding", "ceil_mode", "count_include_pad", NULL};
  rm_tensor *x = bind_checktensor(L, 1);
  bind_checkoptions(L, 3, "avg_pool2d", names);
  rm_pool_options o = bind_checkpool(L, 2, "avg_pool2d");
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_avg_pool2d(x, &o, y, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* Means over as many windows as the result is to have; size 1 averages each whole channel.
 * Call: x:adaptive_avg_pool2d(size) -> tensor
 * Shapes: x (N, C, H, W); y (N, C, size, size), or for {h, w} (N, C, h, w). Window i covers rows floor(i * H / h) to
 *  ceil((i + 1) * H / h), i from 0.
 * Errors: a size below 1.
 * Example:
 *   > rm.arange(16):reshape(1, 1, 4, 4):adaptive_avg_pool2d(1)
 *   [[[[8.5000]]]]  float32 (1, 1, 1, 1) */
static int tensor_adaptive_avg_pool2d(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  size_t size[2];
  bind_checkpair(L, 2, "adaptive_avg_pool2d", size);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_adaptive_avg_pool2d(x, size, y, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* Sets elements to 0 at random, with probability p, and multiplies the rest by 1 / (1 - p).
 * Call: x:dropout(p = 0.5, training = true, generator = rm.random.dropout) -> tensor
 * Shapes: of x, float32; without training x as it is.
 * Errors: p outside 0..1.
 * Source: Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting".
 * Example:
 *   > rm.ones(4):dropout(0.5, false)
 *   [1., 1., 1., 1.]  float32 (4) */
static int tensor_dropout(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  double p = luaL_optnumber(L, 2, 0.5);
  bool training = lua_isnoneornil(L, 3) || lua_toboolean(L, 3);
  rm_rng *rng = bind_optgenerator(L, 4, BIND_RNG_DROPOUT);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_dropout(x, p, training, rng, y, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

void bind_open_pool(lua_State *L) {
  static const luaL_Reg both[] = {{"max_pool2d", tensor_max_pool2d},
                                  {"avg_pool2d", tensor_avg_pool2d},
                                  {"adaptive_avg_pool2d", tensor_adaptive_avg_pool2d},
                                  {"dropout", tensor_dropout},
                                  {NULL, NULL}};
  bind_register(L, both, both);
}
