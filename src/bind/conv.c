/* conv.c -- x:conv2d(weight, bias, options) and the choice of its method. */
#include "bind/bind.h"
#include "ops/conv.h"

/* x:conv2d(weight, bias | nil, {stride, padding, dilation, groups}) -> y, channels-last */
static int tensor_conv2d(lua_State *L) {
  static const char *const names[] = {"stride", "padding", "dilation", "groups", NULL};
  rm_tensor *x = bind_checktensor(L, 1), *w = bind_checktensor(L, 2), *b = bind_opttensor(L, 3);
  rm_conv_options o;
  bind_checkoptions(L, 4, "conv2d", names);
  bind_optpair(L, 4, "stride", 1, o.stride);
  bind_optpair(L, 4, "padding", 0, o.padding);
  bind_optpair(L, 4, "dilation", 1, o.dilation);
  o.groups = bind_optsize(L, 4, "groups", 1);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (rm_conv2d(x, w, b, &o, y, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* conv_method(name | nil) -> what was forced before, or nil. Forces "winograd", "direct", "im2col" or
 * "naive" for all convolutions from now on; nil chooses by shape again; no argument only asks. */
static int conv_method(lua_State *L) {
  const char *was = rm_conv_forced();
  if (lua_gettop(L) > 0 && !rm_conv_force(luaL_optstring(L, 1, NULL)))
    return bind_error(L, "conv_method: unknown method '%s' (winograd, direct, im2col, naive)", lua_tostring(L, 1));
  lua_pushstring(L, was);
  return 1;
}

void bind_open_conv(lua_State *L) {
  static const luaL_Reg methods[] = {{"conv2d", tensor_conv2d}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"conv2d", tensor_conv2d}, {"conv_method", conv_method}, {NULL, NULL}};
  bind_register(L, methods, functions);
}
