/* pool.c -- pooling and dropout. */
#include "bind/pool.h"

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
  o.ceil_mode = bind_optbool(L, arg + 1, "ceil_mode", false);
  o.count_include_pad = bind_optbool(L, arg + 1, "count_include_pad", true);
  return o;
}

/* x:max_pool2d(size, {stride, padding, ceil_mode, return_indices}) -> y, or y and indices */
static int tensor_max_pool2d(lua_State *L) {
  static const char *const names[] = {"stride", "padding", "ceil_mode", "return_indices", NULL};
  rm_tensor *x = bind_checktensor(L, 1);
  bind_checkoptions(L, 3, "max_pool2d", names);
  rm_pool_options o = bind_checkpool(L, 2, "max_pool2d");
  bool wanted = bind_optbool(L, 3, "return_indices", false);
  rm_tensor **y = bind_boxtensor(L), **indices = wanted ? bind_boxtensor(L) : NULL;
  rm_error err;
  if (rm_max_pool2d(x, &o, y, indices, &err) != RM_OK) return bind_raise(L, &err);
  bind_pushed(L, y);
  if (wanted) bind_pushed(L, indices);
  return wanted ? 2 : 1;
}

/* x:avg_pool2d(size, {stride, padding, ceil_mode, count_include_pad}) -> y */
static int tensor_avg_pool2d(lua_State *L) {
  static const char *const names[] = {"stride", "padding", "ceil_mode", "count_include_pad", NULL};
  rm_tensor *x = bind_checktensor(L, 1);
  bind_checkoptions(L, 3, "avg_pool2d", names);
  rm_pool_options o = bind_checkpool(L, 2, "avg_pool2d");
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (rm_avg_pool2d(x, &o, y, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* x:adaptive_avg_pool2d(size) -> y of that height and width */
static int tensor_adaptive_avg_pool2d(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  size_t size[2];
  bind_checkpair(L, 2, "adaptive_avg_pool2d", size);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (rm_adaptive_avg_pool2d(x, size, y, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* x:dropout(p = 0.5, training = true, generator = rm.random.dropout) -> y */
static int tensor_dropout(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  double p = luaL_optnumber(L, 2, 0.5);
  bool training = lua_isnoneornil(L, 3) || lua_toboolean(L, 3);
  rm_rng *rng = bind_optgenerator(L, 4, BIND_RNG_DROPOUT);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (rm_dropout(x, p, training, rng, y, &err) != RM_OK) return bind_raise(L, &err);
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
