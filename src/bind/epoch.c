/* epoch.c -- one pass over a data set, as an iterator: the loader's inner half.
 *
 *     for x, y in imaging.epoch(images, labels, order, table, {batch = 128, pad = 4, ...}) do
 *
 * The userdata owns the worker that prepares batches; leaving the loop closes it. */
#include "bind/bind.h"
#include "data/prefetch.h"

#define EPOCH "resmoon.Epoch"

/* 1, 2, .. n */
static int push_sequence(lua_State *L, size_t n) {
  rm_tensor **t = bind_boxtensor(L);
  rm_error err;
  if (rm_tensor_new(RM_INT64, 1, &n, t, &err) != RM_OK) return bind_raise(L, &err);
  for (size_t i = 0; i < n; i++) rm_tensor_i64(*t)[i] = (int64_t)i + 1;
  return bind_pushed(L, t);
}

/* order(n) -> int64 (n), 1..n
 * order(n, epoch, seed, stream) -> the epoch's permutation of 1..n: these four numbers say all */
static int order(lua_State *L) {
  lua_Integer n = luaL_checkinteger(L, 1);
  if (n < 0) return bind_error(L, "order: expected a size, got %lld", (long long)n);
  if (lua_gettop(L) == 1) return push_sequence(L, (size_t)n);
  lua_Integer epoch = luaL_checkinteger(L, 2);
  rm_rng rng = rm_rng_new((uint64_t)luaL_checkinteger(L, 3), (uint64_t)luaL_checkinteger(L, 4));
  rng.position = (uint64_t)epoch << 32;
  rm_tensor **t = bind_boxtensor(L);
  rm_error err;
  if (rm_rng_permutation(&rng, (size_t)n, t, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, t);
}

static lua_Integer field(lua_State *L, int arg, const char *name, lua_Integer def) {
  lua_getfield(L, arg, name);
  lua_Integer value = luaL_optinteger(L, -1, def);
  lua_pop(L, 1);
  return value;
}

static rm_epoch_plan check_plan(lua_State *L) {
  luaL_checktype(L, 5, LUA_TTABLE);
  rm_epoch_plan plan = {.images = bind_checktensor(L, 1),
                        .labels = bind_checktensor(L, 2),
                        .order = bind_checktensor(L, 3),
                        .table = bind_checktensor(L, 4)};
  lua_Integer batch = field(L, 5, "batch", 1);
  plan.batch = batch > 0 ? (size_t)batch : 0;
  plan.skip = (size_t)field(L, 5, "skip", 0);
  plan.part = (size_t)field(L, 5, "part", 0);
  plan.parts = (size_t)field(L, 5, "parts", 1);
  plan.augment.pad = (size_t)field(L, 5, "pad", 0);
  lua_getfield(L, 5, "flip");
  plan.augment.flip = lua_toboolean(L, -1);
  lua_getfield(L, 5, "drop_last");
  plan.drop_last = lua_toboolean(L, -1);
  lua_pop(L, 2);
  plan.rng = rm_rng_new((uint64_t)field(L, 5, "seed", 0), (uint64_t)field(L, 5, "stream", 0));
  plan.rng.position = ((uint64_t)field(L, 5, "epoch", 0) << 32) + (uint64_t)field(L, 5, "first", 0);
  return plan;
}

/* epoch(images, labels, order, table, {batch, drop_last, skip, pad, flip, seed, stream, epoch,
 * first, depth, part, parts}) -> iterator */
static int epoch_new(lua_State *L) {
  rm_epoch_plan plan = check_plan(L);
  size_t depth = (size_t)field(L, 5, "depth", 0);
  rm_prefetch **box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = NULL;
  luaL_setmetatable(L, EPOCH);
  rm_error err;
  if (rm_prefetch_start(&plan, depth, box, &err) != RM_OK) return bind_raise(L, &err);
  return 1;
}

/* epoch() -> x float32 (n, C, H, W) channels-last, y int64 (n); nil after the last batch */
static int epoch_next(lua_State *L) {
  rm_prefetch **box = luaL_checkudata(L, 1, EPOCH);
  if (!*box) return bind_error(L, "loader: this epoch is closed");
  rm_tensor *ends[2], **x = bind_boxtensor(L), **y = bind_boxtensor(L);
  rm_error err;
  if (rm_prefetch_next(*box, &ends[0], &ends[1], &err) != RM_OK) return bind_raise(L, &err);
  *x = ends[0];
  *y = ends[1];
  if (!*x) {
    lua_pushnil(L);
    return 1;
  }
  bind_account(L);
  return 2;
}

static int epoch_close(lua_State *L) {
  rm_prefetch **box = luaL_checkudata(L, 1, EPOCH);
  rm_prefetch_stop(*box);
  *box = NULL;
  return 0;
}

/* draw(seed, stream, epoch, sample, pad, flip) -> down, right, flipped: what augmentation does to
 * the image of that number (from 1) in that epoch */
static int draw(lua_State *L) {
  rm_rng rng = rm_rng_new((uint64_t)luaL_checkinteger(L, 1), (uint64_t)luaL_checkinteger(L, 2));
  rng.position = (uint64_t)luaL_checkinteger(L, 3) << 32;
  rm_augment augment = {(size_t)luaL_checkinteger(L, 5), lua_toboolean(L, 6)};
  rm_augment_draw d = rm_augment_drawn(&augment, &rng, (uint64_t)luaL_checkinteger(L, 4) - 1);
  lua_pushinteger(L, d.down);
  lua_pushinteger(L, d.right);
  lua_pushboolean(L, d.flip);
  return 3;
}

void bind_open_epoch(lua_State *L) {
  static const luaL_Reg meta[] = {
      {"__call", epoch_next},
      {"__gc", epoch_close},
      {"__close", epoch_close},
      {NULL, NULL},
  };
  static const luaL_Reg functions[] = {
      {"epoch", epoch_new},
      {"order", order},
      {"draw", draw},
      {NULL, NULL},
  };
  luaL_newmetatable(L, EPOCH);
  luaL_setfuncs(L, meta, 0);
  lua_pop(L, 1);
  lua_getfield(L, -1, "imaging"); /* made by data.c */
  luaL_setfuncs(L, functions, 0);
  lua_pop(L, 1);
}
