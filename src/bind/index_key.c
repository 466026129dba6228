/* index_key.c -- see index_key.h.
 *
 * A position in a table stands for one dimension: a number selects and drops it, {a, b}
 * (or {a, b, step}) is an inclusive range, {} is all; a tensor is a list of positions (int64)
 * or a mask (uint8, for as many dimensions as it has). */
#include "bind/index_key.h"

/* The integer on top of the stack as a position in dimension d (both from 0). */
static size_t position(lua_State *L, const rm_tensor *x, size_t d) {
  int whole;
  char text[RM_SHAPE_TEXT];
  lua_Integer i = lua_tointegerx(L, -1, &whole), n = (lua_Integer)x->shape[d];
  if (!whole || lua_type(L, -1) != LUA_TNUMBER)
    bind_error(L, "index: dimension %zu: expected a whole number, got %s", d + 1, bind_phrase(L, -1));
  if (i == 0) bind_error(L, "index: dimension %zu: position 0: positions count from 1 (-1 is the last)", d + 1);
  if (i > n || i < -n)
    bind_error(L, "index: dimension %zu: position %lld is out of range 1..%lld of a tensor %s", d + 1, (long long)i,
               (long long)n, rm_tensor_text(x, text));
  return (size_t)(i > 0 ? i - 1 : n + i);
}

/* Entry `entry` (1 first, 2 last) of the range on top of the stack. */
static size_t range_end(lua_State *L, const rm_tensor *x, size_t d, int entry) {
  lua_rawgeti(L, -1, entry);
  size_t at = position(L, x, d);
  lua_pop(L, 1);
  return at;
}

/* {}, {a, b} or {a, b, step} on top of the stack. {a, a - 1} is empty. */
static rm_range range_of(lua_State *L, const rm_tensor *x, size_t d) {
  rm_range r = {0, x->shape[d], 1, false};
  size_t entries = bind_checklist(L, -1, "index", "ends of a range");
  if (entries == 0) return r;
  if (entries == 1 || entries > 3)
    bind_error(L, "index: dimension %zu: a range is {first, last} or {first, last, step}, got %zu entries", d + 1,
               entries);
  if (entries == 3) {
    int whole;
    lua_rawgeti(L, -1, 3);
    lua_Integer step = lua_tointegerx(L, -1, &whole);
    if (!whole || step < 1) bind_error(L, "index: dimension %zu: a step must be a whole number of at least 1", d + 1);
    r.step = (size_t)step;
    lua_pop(L, 1);
  }
  r.start = range_end(L, x, d, 1);
  size_t last = range_end(L, x, d, 2);
  if (last + 1 < r.start)
    bind_error(L, "index: dimension %zu: the range ends at %zu, before its start %zu", d + 1, last + 1, r.start + 1);
  r.length = last + 1 == r.start ? 0 : (last - r.start) / r.step + 1;
  return r;
}

/* t may be an index from dimension d on. */
static void check_list(lua_State *L, const rm_tensor *x, size_t d, const rm_tensor *t) {
  char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
  if (t->dtype == RM_FLOAT32)
    bind_error(L,
               "index: the mask is float32 %s, expected uint8 %s (use mask:ne(0)), or positions, int64 (use "
               "positions:long())",
               rm_tensor_text(t, a), rm_tensor_text(x, b));
  bool fits = t->dtype == RM_INT64 || (t->ndim > 0 && d + t->ndim <= x->ndim);
  for (size_t k = 0; fits && t->dtype == RM_UINT8 && k < t->ndim; k++) fits = t->shape[k] == x->shape[d + k];
  if (!fits)
    bind_error(L, "index: the mask is uint8 %s, which is not what a tensor %s has from dimension %zu on",
               rm_tensor_text(t, a), rm_tensor_text(x, b), d + 1);
}

bool bind_checkkey(lua_State *L, const rm_tensor *x, rm_range ranges[RM_MAX_DIMS], rm_tensor *lists[RM_MAX_DIMS]) {
  char text[RM_SHAPE_TEXT];
  bool table = lua_istable(L, 2), listed = false;
  size_t entries = table ? bind_checklist(L, 2, "index", "positions") : 1;
  size_t d = 0, kept = 0; /* dimensions of x, and of what is left of it */
  if (!table && lua_type(L, 2) != LUA_TNUMBER && !lua_isuserdata(L, 2))
    bind_error(L, "index: expected a number, a table, a tensor or a name, got %s", luaL_typename(L, 2));
  for (size_t k = 0; k < RM_MAX_DIMS; k++) {
    lists[k] = NULL;
    if (k < x->ndim) ranges[k] = (rm_range){0, x->shape[k], 1, false};
  }
  for (size_t e = 0; e < entries; e++) {
    if (table) lua_rawgeti(L, 2, (lua_Integer)e + 1);
    else lua_pushvalue(L, 2);
    rm_tensor *t = lua_isuserdata(L, -1) ? bind_checktensor(L, -1) : NULL;
    size_t takes = t && t->dtype == RM_UINT8 && t->ndim > 0 ? t->ndim : 1;
    if (d + takes > x->ndim && takes == 1)
      bind_error(L, "index: %zu positions for a tensor %s of %zu dimensions", entries, rm_tensor_text(x, text),
                 x->ndim);
    if (t) check_list(L, x, d, t);
    if (t) lists[kept] = t, listed = true;
    else if (lua_istable(L, -1)) ranges[d] = range_of(L, x, d);
    else ranges[d] = (rm_range){position(L, x, d), 1, 1, true};
    kept += takes - (!t && ranges[d].drop);
    d += takes;
    lua_pop(L, 1);
  }
  return listed;
}
