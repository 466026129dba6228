/* normalize.c -- x:normalize(mean, std): images channel by channel to about mean 0 and variance 1.
 *
 * y = (x - mean[c]) / std[c], with pixel values in 0..1. Bytes are taken as images are stored,
 * x/255, and come out in channels-last memory in one pass; float32 is an operator like any other,
 * with a gradient. */
#include "bind/bind.h"
#include "core/copy.h"
#include "data/augment.h"
#include "ops/pointwise/pointwise.h"

enum { MAX_CHANNELS = 64 };

static size_t check_numbers(lua_State *L, int arg, double out[MAX_CHANNELS]) {
  luaL_checktype(L, arg, LUA_TTABLE);
  lua_Integer n = (lua_Integer)bind_checklist(L, arg, "normalize", "channels' numbers");
  if (n < 1 || n > MAX_CHANNELS)
    bind_error(L, "normalize: expected 1 to %d channels, got %lld", MAX_CHANNELS, (long long)n);
  for (lua_Integer c = 0; c < n; c++) {
    if (lua_rawgeti(L, arg, c + 1) != LUA_TNUMBER) bind_error(L, "normalize: mean and std must hold numbers");
    out[c] = lua_tonumber(L, -1);
    lua_pop(L, 1);
  }
  return (size_t)n;
}

/* mean and std at `arg` and `arg + 1` -> how many channels they are for */
static size_t check_statistics(lua_State *L, int arg, double mean[MAX_CHANNELS], double std[MAX_CHANNELS]) {
  size_t n = check_numbers(L, arg, mean);
  if (check_numbers(L, arg + 1, std) != n)
    bind_error(L, "normalize: %zu means, but %lld standard deviations", n, (long long)luaL_len(L, arg + 1));
  return n;
}

/* normalize_table({mean}, {std}) -> float32 (C, 256), what each byte becomes */
static int normalize_table(lua_State *L) {
  double mean[MAX_CHANNELS], std[MAX_CHANNELS];
  size_t channels = check_statistics(L, 1, mean, std);
  rm_tensor **t = bind_boxtensor(L);
  rm_error err;
  if (rm_normalize_table(channels, mean, std, t, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, t);
}

static int normalize_bytes(lua_State *L, rm_tensor *x, size_t n, const double mean[], const double std[]) {
  size_t *all = lua_newuserdatauv(L, (x->shape[0] + 1) * sizeof *all, 0);
  for (size_t i = 0; i < x->shape[0]; i++) all[i] = i;
  rm_augment none = {0};
  rm_rng rng = rm_rng_new(0, 0);
  rm_error err;
  rm_tensor **dense = bind_boxtensor(L), **table = bind_boxtensor(L), **y = bind_boxtensor(L);
  if (rm_tensor_contiguous(x, dense, &err) != RM_OK || rm_normalize_table(n, mean, std, table, &err) != RM_OK ||
      rm_augment_batch(*dense, *table, &none, &rng, 0, x->shape[0], all, true, y, &err) != RM_OK)
    return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* (n, 1, 1) float32, to broadcast over the channels */
static rm_status channel_values(size_t n, const double values[], rm_tensor **out, rm_error *err) {
  const size_t shape[3] = {n, 1, 1};
  RM_TRY(rm_tensor_new(RM_FLOAT32, 3, shape, out, err));
  for (size_t c = 0; c < n; c++) rm_tensor_f32(*out)[c] = (float)values[c];
  return RM_OK;
}

static int normalize_floats(lua_State *L, rm_tensor *x, size_t n, const double mean[], const double std[]) {
  rm_error err;
  rm_tensor **m = bind_boxtensor(L), **s = bind_boxtensor(L), **centered = bind_boxtensor(L), **y = bind_boxtensor(L);
  if (channel_values(n, mean, m, &err) != RM_OK || channel_values(n, std, s, &err) != RM_OK ||
      rm_sub(x, *m, centered, &err) != RM_OK || rm_div(*centered, *s, y, &err) != RM_OK)
    return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* Normalizes images channel by channel: (x - mean[c]) / std[c]; bytes are divided by 255 first.
 * Call: x:normalize({mean}, {std}) -> tensor
 * Call: data.normalize(x, {mean}, {std}) -> tensor
 * Shapes: x (N, C, H, W), uint8, or float32 in 0..1; mean and std C numbers each; the result float32 as x.
 * Units: mean and std in [0, 1], as ds.mean and ds.std have them, not in 0..255.
 * Errors: lists that have not C numbers; a std that is not above 0.
 * Example:
 *   > x = rm.full({1, 1, 1, 2}, 255, "uint8")
 *   > x:normalize({0.5}, {0.25})
 *   [[[[2., 2.]]]]  float32 (1, 1, 1, 2) */
static int normalize(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  double mean[MAX_CHANNELS], std[MAX_CHANNELS];
  size_t n = check_statistics(L, 2, mean, std);
  char text[RM_SHAPE_TEXT];
  if (x->ndim != 4 || x->shape[1] != n)
    return bind_error(L, "normalize: %zu means, but x is %s, expected (N, %zu, H, W)", n, rm_tensor_text(x, text), n);
  for (size_t c = 0; c < n; c++)
    if (!(std[c] > 0)) return bind_error(L, "normalize: std of channel %zu is %g, expected std > 0", c + 1, std[c]);
  return x->dtype == RM_UINT8 ? normalize_bytes(L, x, n, mean, std) : normalize_floats(L, x, n, mean, std);
}

void bind_open_normalize(lua_State *L) {
  static const luaL_Reg methods[] = {{"normalize", normalize}, {NULL, NULL}};
  bind_register(L, methods, methods);
  lua_getfield(L, -1, "imaging"); /* made by data.c */
  lua_pushcfunction(L, normalize_table);
  lua_setfield(L, -2, "normalize_table");
  lua_pop(L, 1);
}
