/* indices.c -- positions from 1 to positions from 0, each checked. */
#include "bind/indices.h"

static size_t checked(lua_State *L, lua_Integer i, size_t extent, size_t at, const char *op) {
  if (i < 1 || (size_t)i > extent)
    bind_error(L, "%s: index %lld (number %zu of the list) is out of range, expected 1 to %zu", op, (long long)i,
               at + 1, extent);
  return (size_t)i - 1;
}

static size_t *from_tensor(lua_State *L, const rm_tensor *t, size_t extent, const char *op, size_t *n) {
  if (t->dtype != RM_INT64 || t->ndim != 1)
    bind_error(L, "%s: indices are %s with %d dimensions, expected int64 (n)", op, rm_dtype_name(t->dtype),
               (int)t->ndim);
  size_t *indices = lua_newuserdatauv(L, (t->numel + 1) * sizeof *indices, 0);
  for (size_t i = 0; i < t->numel; i++)
    indices[i] = checked(L, rm_tensor_i64(t)[(ptrdiff_t)i * t->strides[0]], extent, i, op);
  *n = t->numel;
  return indices;
}

size_t *bind_checkindices(lua_State *L, int arg, size_t extent, const char *op, size_t *n) {
  if (lua_isuserdata(L, arg)) return from_tensor(L, bind_checktensor(L, arg), extent, op, n);
  luaL_checktype(L, arg, LUA_TTABLE);
  *n = bind_checklist(L, arg, op, "indices");
  size_t *indices = lua_newuserdatauv(L, (*n + 1) * sizeof *indices, 0);
  for (size_t i = 0; i < *n; i++) {
    lua_rawgeti(L, arg, (lua_Integer)i + 1);
    int whole;
    lua_Integer value = lua_tointegerx(L, -1, &whole);
    if (!whole) bind_error(L, "%s: indices[%d] is no whole number", op, (int)i + 1);
    indices[i] = checked(L, value, extent, i, op);
    lua_pop(L, 1);
  }
  return indices;
}
