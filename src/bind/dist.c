/* dist.c -- the processes of a launcher, for Lua: the table `world` of the core, on which lua/resmoon/dist stands.
 *
 * Everything here is done by all processes together, in the same order. Tensors are changed in place. */
#include <string.h>
#include "bind/bind.h"
#include "dist/batch.h"
#include "core/copy.h"
#include "dist/collect.h"

static int world_rank(lua_State *L) { return lua_pushinteger(L, rm_world_rank()), 1; }
static int world_size(lua_State *L) { return lua_pushinteger(L, rm_world_size()), 1; }
static int world_local_rank(lua_State *L) { return lua_pushinteger(L, rm_world_local_rank()), 1; }
static int world_local_size(lua_State *L) { return lua_pushinteger(L, rm_world_local_size()), 1; }
static int world_library(lua_State *L) { return lua_pushstring(L, rm_world_library()), 1; }
static int world_waited(lua_State *L) { return lua_pushnumber(L, rm_world_waited()), 1; }

static int world_barrier(lua_State *L) {
  rm_error err;
  return rm_dist_barrier(&err) == RM_OK ? 0 : bind_raise(L, &err);
}

static int world_abort(lua_State *L) {
  rm_world_abort((int)luaL_optinteger(L, 1, 1));
  return 0;
}

static int check_root(lua_State *L, int arg, const char *op) {
  lua_Integer root = luaL_optinteger(L, arg, 0);
  if (root < 0 || root >= rm_world_size())
    bind_error(L, "dist.%s: process %lld, expected 0 to %d", op, (long long)root, rm_world_size() - 1);
  return (int)root;
}

/* A tensor whose elements are one run of memory: in which order is the same everywhere, since shapes and layouts are. */
static rm_tensor *check_dense(lua_State *L, int arg, const char *op) {
  rm_tensor *t = bind_checkwritable(L, arg, op);
  if (!rm_tensor_is_dense(t)) bind_error(L, "dist.%s: the tensor is a view with gaps, expected one of its own", op);
  return t;
}

static size_t bytes_of(const rm_tensor *t) { return t->numel * rm_dtype_size(t->dtype); }

/* broadcast(tensor, root) */
static int world_broadcast(lua_State *L) {
  int root = check_root(L, 2, "broadcast");
  rm_tensor *t = check_dense(L, 1, "broadcast");
  rm_error err;
  if (rm_dist_broadcast(rm_tensor_data(t), bytes_of(t), root, &err) != RM_OK) return bind_raise(L, &err);
  rm_tensor_mark_written(t);
  return 0;
}

/* all_reduce(tensor, "sum" or "max") */
static int world_all_reduce(lua_State *L) {
  static const char *const ops[] = {"sum", "max", NULL};
  int op = luaL_checkoption(L, 2, "sum", ops);
  rm_tensor *t = check_dense(L, 1, "all_reduce");
  rm_error err;
  if (t->dtype == RM_UINT8) return bind_error(L, "dist.all_reduce: the tensor is uint8, expected float32 or int64");
  rm_reduce_type type = t->dtype == RM_FLOAT32 ? RM_REDUCE_FLOAT : RM_REDUCE_INT64;
  if (rm_dist_all_reduce(rm_tensor_data(t), t->numel, type, op == 0 ? RM_REDUCE_SUM : RM_REDUCE_MAX, &err) != RM_OK)
    return bind_raise(L, &err);
  rm_tensor_mark_written(t);
  return 0;
}

/* gather(string) -> list of the strings of all, which are equally long */
static int world_gather(lua_State *L) {
  size_t bytes, size = (size_t)rm_world_size();
  const char *data = luaL_checklstring(L, 1, &bytes);
  char *all = lua_newuserdatauv(L, size * bytes + 1, 0);
  rm_error err;
  if (rm_dist_all_gather(data, bytes, all, &err) != RM_OK) return bind_raise(L, &err);
  bind_newtable(L, size, 0);
  for (size_t r = 0; r < size; r++) {
    lua_pushlstring(L, all + r * bytes, bytes);
    lua_rawseti(L, -2, (lua_Integer)r + 1);
  }
  return 1;
}

/* join(tensor) -> a new one: the rows of all processes, one after the other */
static int world_join(lua_State *L) {
  rm_tensor *t = bind_checktensor(L, 1);
  size_t shape[RM_MAX_DIMS];
  if (t->ndim == 0) return bind_error(L, "dist: expected a tensor with rows");
  memcpy(shape, t->shape, sizeof shape);
  shape[0] *= (size_t)rm_world_size();
  rm_tensor **rows = bind_boxtensor(L), **all = bind_boxtensor(L);
  rm_error err;
  if (rm_tensor_contiguous(t, rows, &err) != RM_OK || rm_tensor_new(t->dtype, t->ndim, shape, all, &err) != RM_OK ||
      rm_dist_all_gather(rm_tensor_data(*rows), bytes_of(*rows), rm_tensor_data(*all), &err) != RM_OK)
    return bind_raise(L, &err);
  return bind_pushed(L, all);
}

/* sum(numbers...) -> their sums over all processes, in double, added up in the tree */
static int world_sum(lua_State *L) {
  double numbers[16];
  int n = lua_gettop(L);
  if (n > 16) return bind_error(L, "dist: at most 16 numbers at once");
  for (int i = 0; i < n; i++) numbers[i] = luaL_checknumber(L, i + 1);
  rm_error err;
  if (rm_dist_all_reduce(numbers, (size_t)n, RM_REDUCE_DOUBLE, RM_REDUCE_SUM, &err) != RM_OK)
    return bind_raise(L, &err);
  for (int i = 0; i < n; i++) lua_pushnumber(L, numbers[i]);
  return n;
}

/* share(flag) -> boolean: whether what is computed from now on is of a batch that lies on all processes; returns what was */
static int world_share(lua_State *L) { return lua_pushboolean(L, rm_batch_share(lua_toboolean(L, 1))), 1; }
static int world_delay(lua_State *L) { return rm_world_delay(luaL_checknumber(L, 1)), 0; }

/* traffic() -> exchanges, bytes, reductions in the background, bytes */
static int world_traffic(lua_State *L) {
  rm_dist_traffic t = rm_dist_traffic_now();
  lua_pushnumber(L, t.exchanges);
  lua_pushnumber(L, t.bytes);
  lua_pushnumber(L, t.reductions);
  lua_pushnumber(L, t.reduction_bytes);
  return 4;
}

/* time(count, bytes) -> seconds: count exchanges of bytes with every other process, at once */
static int world_time(lua_State *L) {
  lua_Integer count = luaL_checkinteger(L, 1), bytes = luaL_checkinteger(L, 2);
  double seconds;
  rm_error err;
  if (count < 0 || bytes < 0)
    return bind_error(L, "dist: %lld exchanges of %lld bytes, expected numbers from 0", (long long)count,
                      (long long)bytes);
  if (rm_dist_time((size_t)count, (size_t)bytes, &seconds, &err) != RM_OK) return bind_raise(L, &err);
  lua_pushnumber(L, seconds);
  return 1;
}

/* alone(flag) -> boolean: whether this process is a world of its own from now on; returns what was */
static int world_alone(lua_State *L) { return lua_pushboolean(L, rm_world_alone(lua_toboolean(L, 1))), 1; }
static int world_share_norm(lua_State *L) { return lua_pushboolean(L, rm_batch_share_norm(lua_toboolean(L, 1))), 1; }

void bind_open_dist(lua_State *L) {
  static const luaL_Reg functions[] = {{"rank", world_rank},
                                       {"size", world_size},
                                       {"local_rank", world_local_rank},
                                       {"local_size", world_local_size},
                                       {"library", world_library},
                                       {"waited", world_waited},
                                       {"barrier", world_barrier},
                                       {"abort", world_abort},
                                       {"broadcast", world_broadcast},
                                       {"all_reduce", world_all_reduce},
                                       {"gather", world_gather},
                                       {"join", world_join},
                                       {"sum", world_sum},
                                       {"alone", world_alone},
                                       {"delay", world_delay},
                                       {"traffic", world_traffic},
                                       {"time", world_time},
                                       {"share", world_share},
                                       {"share_norm", world_share_norm},
                                       {NULL, NULL}};
  rm_error err;
  if (rm_world_join(&err) != RM_OK) bind_raise(L, &err);
  luaL_newlib(L, functions);
  lua_setfield(L, -2, "world");
}
