/* conv.c -- x:conv2d(weight, bias, options) and the choice of its method. */
#include "bind/conv.h"

#include <string.h>
#include "parallel/interrupt.h"

rm_border bind_checkborder(lua_State *L, const char *op, const char *name) {
  for (rm_border b = 0; b < RM_BORDERS; b++)
    if (strcmp(rm_border_name(b), name) == 0) return b;
  bind_nearest best = bind_nearest_start(name);
  for (rm_border b = 0; b < RM_BORDERS; b++) bind_nearest_offer(&best, rm_border_name(b));
  return (rm_border)bind_error(L,
                               "%s: unknown kind of padding \"%s\"%s, expected zeros, reflect, replicate or circular",
                               op, name, best.name ? lua_pushfstring(L, " (did you mean \"%s\"?)", best.name) : "");
}

/* padding = "same" or "valid". */
static void padding_word(lua_State *L, const char *op, rm_conv_options *o) {
  const char *word = lua_tostring(L, -1);
  o->same = strcmp(word, "same") == 0;
  if (!o->same && strcmp(word, "valid") != 0)
    bind_error(L, "%s: padding is \"%s\", expected a number, a pair {h, w}, \"same\" or \"valid\"", op, word);
  if (o->same && (o->stride[0] != 1 || o->stride[1] != 1))
    bind_error(L, "%s: padding=\"same\" goes with stride 1 only", op);
}

rm_conv_options bind_optconv(lua_State *L, int arg, const char *op) {
  rm_conv_options o = {.groups = bind_optsize(L, arg, "groups", 1)};
  bind_optpair(L, arg, "stride", 1, o.stride);
  bind_optpair(L, arg, "dilation", 1, o.dilation);
  if (lua_istable(L, arg) && lua_getfield(L, arg, "padding") == LUA_TSTRING) padding_word(L, op, &o);
  else bind_optpair(L, arg, "padding", 0, o.padding);
  return o;
}

/* Convolution of images: every output pixel is a weighted sum of a window of the input (no mirroring of the kernel).
 * Call: x:conv2d(weight, bias = nil, {stride = 1, padding = 0, dilation = 1, groups = 1}) -> tensor
 * Shapes: x (N, C, H, W), weight (O, C/groups, kh, kw), bias (O); y (N, O, H', W') with H' = floor((H + 2 * padding -
 *  dilation * (kh - 1) - 1) / stride) + 1, channels-last in memory. One image (C, H, W) gives one, (O, H', W').
 * Options: stride    pixels between windows: a number or {h, w}
 *  padding   zeros on each side: a number or {h, w}; "same": as many as keep H and W at stride 1, of an odd number
 *            one more behind; "valid": none
 *  dilation  pixels between the elements of a window: a number or {h, w}
 *  groups    channels are divided into so many convolutions beside each other
 * Errors: channels or groups that do not fit, with both shapes; a window larger than the padded image; "same" with
 *  another stride than 1.
 * Source: Winograd F(4x4, 3x3): Lavin and Gray 2016, arXiv:1509.09308; other shapes direct or by im2col and OpenBLAS.
 * Example:
 *   > x, w = rm.ones(1, 1, 3, 3), rm.ones(1, 1, 3, 3)
 *   > x:conv2d(w, nil, {padding = 1})
 *   [[[[4., 6., 4.],
 *      [6., 9., 6.],
 *      [4., 6., 4.]]]]
 *   float32 (1, 1, 3, 3) */
static int tensor_conv2d(lua_State *L) {
  static const char *const names[] = {"stride", "padding", "dilation", "groups", NULL};
  rm_tensor *x = bind_checktensor(L, 1), *w = bind_checktensor(L, 2), *b = bind_opttensor(L, 3);
  bind_checkoptions(L, 4, "conv2d", names);
  rm_conv_options o = bind_optconv(L, 4, "conv2d");
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_conv2d(x, w, b, &o, y, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* Forces one way of computing convolutions, for tests and measurements.
 * Call: rm.conv_method(name) -> what was forced before, or nil
 * Shapes: does not change any. name is "winograd", "strided", "strassen", "direct", "im2col" or "naive"; nil chooses by shape
 *  again; without an argument it only asks.
 * Errors: an unknown name.
 * Example:
 *   > rm.conv_method "im2col"
 *   nil
 *   > rm.conv_method(nil)
 *   im2col */
static int conv_method(lua_State *L) {
  const char *was = rm_conv_forced();
  if (lua_gettop(L) > 0 && !rm_conv_force(luaL_optstring(L, 1, NULL)))
    return bind_error(L, "conv_method: unknown method '%s' (winograd, strided, strassen, direct, im2col, naive)",
                      lua_tostring(L, 1));
  lua_pushstring(L, was);
  return 1;
}

/* The method of the convolution, or gradient of one, that was computed last.
 * Call: rm.conv_used() -> string or nil
 * Shapes: of the convolution decide it; "winograd", "direct", "im2col" or "naive".
 * Errors: none.
 * Example:
 *   > y = rm.ones(1, 1, 3, 3):conv2d(rm.ones(1, 1, 3, 3))
 *   > type(rm.conv_used())
 *   string */
static int conv_used(lua_State *L) {
  lua_pushstring(L, rm_conv_used());
  return 1;
}

void bind_open_conv(lua_State *L) {
  static const luaL_Reg methods[] = {{"conv2d", tensor_conv2d}, {NULL, NULL}};
  static const luaL_Reg functions[] = {
      {"conv2d", tensor_conv2d}, {"conv_method", conv_method}, {"conv_used", conv_used}, {NULL, NULL}};
  bind_register(L, methods, functions);
}
