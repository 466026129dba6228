/* index.c -- x[i], x[{i, {a, b}, {}}], x[mask], read and assigned.
 *
 * A position in a table stands for one dimension: a number selects and drops it, {a, b}
 * (or {a, b, step}) is an inclusive range, {} is all. Positions count from 1, negative ones
 * from the end. What is read is a view, so x[1]:fill_(0) changes x. */
#include "bind/index.h"

#include "bind/element.h"
#include "core/copy.h"
#include "core/view.h"
#include "ops/views/views.h"

/* The integer on top of the stack as a position in dimension d (both from 0). */
static size_t position(lua_State *L, const rm_tensor *x, size_t d) {
  int whole;
  char text[RM_SHAPE_TEXT];
  lua_Integer i = lua_tointegerx(L, -1, &whole), n = (lua_Integer)x->shape[d];
  if (!whole || lua_type(L, -1) != LUA_TNUMBER)
    bind_error(L, "index: dimension %zu: expected a whole number, got %s", d + 1, luaL_tolstring(L, -1, NULL));
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
  size_t entries = lua_rawlen(L, -1);
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

/* The ranges that the key at stack index 2 means. */
static void check_key(lua_State *L, const rm_tensor *x, rm_range ranges[RM_MAX_DIMS]) {
  char text[RM_SHAPE_TEXT];
  bool table = lua_istable(L, 2);
  size_t entries = table ? lua_rawlen(L, 2) : 1;
  if (!table && lua_type(L, 2) != LUA_TNUMBER)
    bind_error(L, "index: expected a number, a table or a name, got %s", luaL_typename(L, 2));
  if (entries > x->ndim)
    bind_error(L, "index: %zu positions for a tensor %s of %zu dimensions", entries, rm_tensor_text(x, text), x->ndim);
  for (size_t d = 0; d < x->ndim; d++) {
    ranges[d] = (rm_range){0, x->shape[d], 1, false};
    if (d >= entries) continue;
    if (table) lua_rawgeti(L, 2, (lua_Integer)d + 1);
    else lua_pushvalue(L, 2);
    if (lua_istable(L, -1)) ranges[d] = range_of(L, x, d);
    else ranges[d] = (rm_range){position(L, x, d), 1, 1, true};
    lua_pop(L, 1);
  }
}

/* --- masks ------------------------------------------------------------------------ */

/* The mask at stack index 2 (uint8, x's shape, 0 or not), row-major, in a box of its own. */
static const uint8_t *check_mask(lua_State *L, const rm_tensor *x) {
  rm_tensor *mask = bind_checktensor(L, 2);
  char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
  rm_error err;
  if (mask->dtype != RM_UINT8 || !rm_tensor_same_shape(mask, x))
    bind_error(L, "index: the mask is %s %s, expected uint8 %s", rm_dtype_name(mask->dtype), rm_tensor_text(mask, a),
               rm_tensor_text(x, b));
  rm_tensor **rows = bind_boxtensor(L);
  if (rm_tensor_contiguous(mask, rows, &err) != RM_OK) bind_raise(L, &err);
  return rm_tensor_u8(*rows);
}

/* Calls with the address of every element of x, row by row, where the mask is set. */
typedef void (*masked_fn)(void *ctx, char *element);

static void each_masked(const rm_tensor *x, const uint8_t *mask, masked_fn fn, void *ctx) {
  size_t size = rm_dtype_size(x->dtype), position[RM_MAX_DIMS] = {0};
  char *data = rm_tensor_data(x);
  for (size_t i = 0; i < x->numel; i++) {
    if (mask[i]) {
      ptrdiff_t offset = 0;
      for (size_t d = 0; d < x->ndim; d++) offset += (ptrdiff_t)position[d] * x->strides[d];
      fn(ctx, data + offset * (ptrdiff_t)size);
    }
    for (size_t d = x->ndim; d-- > 0;) {
      if (++position[d] < x->shape[d]) break;
      position[d] = 0;
    }
  }
}

typedef struct {
  char *next;       /* reading: where the next element goes */
  rm_element value; /* writing */
  size_t size;
} masked;

static void gather_one(void *ctx, char *element) {
  masked *m = ctx;
  for (size_t i = 0; i < m->size; i++) m->next[i] = element[i];
  m->next += m->size;
}

static void set_one(void *ctx, char *element) {
  const masked *m = ctx;
  for (size_t i = 0; i < m->size; i++) element[i] = ((const char *)&m->value)[i];
}

/* x[mask] -> (n): a copy of the elements where the mask is not 0 */
static int get_masked(lua_State *L, rm_tensor *x) {
  rm_error err;
  if (rm_tape_wants(1, &x)) return bind_error(L, "x[mask]: has no gradient; use rm.where(mask, x, 0), or x:detach()");
  const uint8_t *mask = check_mask(L, x);
  size_t n = 0;
  for (size_t i = 0; i < x->numel; i++) n += mask[i] != 0;
  rm_tensor **y = bind_boxtensor(L);
  if (rm_tensor_new(x->dtype, 1, &n, y, &err) != RM_OK) return bind_raise(L, &err);
  masked m = {.next = rm_tensor_data(*y), .size = rm_dtype_size(x->dtype)};
  each_masked(x, mask, gather_one, &m);
  return bind_pushed(L, y);
}

/* x[mask] = number */
static int set_masked(lua_State *L, rm_tensor *x) {
  const uint8_t *mask = check_mask(L, x);
  masked m = {.value = bind_checkelement(L, 3, x->dtype, "x[mask] = value"), .size = rm_dtype_size(x->dtype)};
  each_masked(x, mask, set_one, &m);
  rm_tensor_mark_written(x);
  return 0;
}

/* --- ipairs ------------------------------------------------------------------------ */

/* ipairs reads positions until one is nil, and a tensor's are not: so the position behind the last one is nil for
 * ipairs, and for it alone. Its function is known from the start, and is looked for where the read would fail. */
static const char ipairs_key;

static bool ends_ipairs(lua_State *L, const rm_tensor *x) {
  lua_Debug caller;
  if (!lua_isinteger(L, 2) || x->ndim == 0 || lua_tointeger(L, 2) != (lua_Integer)x->shape[0] + 1) return false;
  if (!lua_getstack(L, 1, &caller)) return false;
  lua_getinfo(L, "f", &caller);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &ipairs_key);
  bool is = lua_iscfunction(L, -1) && lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return is;
}

void bind_open_index(lua_State *L) {
  if (lua_getglobal(L, "ipairs") != LUA_TFUNCTION) {
    lua_pop(L, 1);
    return;
  }
  lua_newtable(L);
  lua_call(L, 1, 1); /* the function that `for` calls */
  lua_rawsetp(L, LUA_REGISTRYINDEX, &ipairs_key);
}

/* --- reading and assigning ----------------------------------------------------------- */

/* Reads or writes parts of a tensor by position.
 * Call: x[i] -> tensor
 * Call: x[{i, {a, b}, {}}] -> tensor
 * Call: x[mask] -> tensor
 * Shapes: a number selects a position and drops its dimension, {a, b} or {a, b, step} is a range with both ends,
 *  {} is all, and dimensions behind the last are whole. The result is a view: writing to it changes x. A mask
 *  (uint8, x's shape) gives a copy (n) of the elements where it is not 0. x[...] = number or tensor assigns; the
 *  tensor is broadcast. `for i, row in ipairs(x)` and `for i = 1, #x` go through the positions of dimension 1.
 * Errors: position 0, or one out of range; a mask of another shape; assigning what carries a gradient.
 * Example:
 *   > x = rm.tensor {{1, 2, 3}, {4, 5, 6}}
 *   > x[2], x[{-1, 1}]:item()
 *   [4., 5., 6.]  float32 (3)  4.0
 *   > x[{{}, {2, 3}}]
 *   [[2., 3.],
 *    [5., 6.]]
 *   float32 (2, 2)
 *   > x[x:gt(4)]
 *   [5., 6.]  float32 (2)
 *   > x[1] = 0
 *   > x
 *   [[0., 0., 0.],
 *    [4., 5., 6.]]
 *   float32 (2, 3) */
int bind_getposition(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  rm_range ranges[RM_MAX_DIMS];
  rm_error err;
  if (lua_isuserdata(L, 2)) return get_masked(L, x);
  if (ends_ipairs(L, x)) return 0;
  check_key(L, x, ranges);
  rm_tensor **y = bind_boxtensor(L);
  if (rm_slice(x, ranges, y, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* y as a view of exactly `place`'s shape: broadcast, leading extents of 1 dropped. */
static rm_status stretched(const rm_tensor *place, rm_tensor *y, const char *op, rm_tensor **out, rm_error *err) {
  char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
  ptrdiff_t strides[RM_MAX_DIMS];
  size_t extra = y->ndim > place->ndim ? y->ndim - place->ndim : 0;
  size_t added = place->ndim > y->ndim ? place->ndim - y->ndim : 0;
  bool fits = true;
  for (size_t d = 0; d < extra; d++) fits = fits && y->shape[d] == 1;
  for (size_t d = 0; fits && d < place->ndim; d++) {
    size_t extent = d < added ? 1 : y->shape[d - added + extra];
    strides[d] = extent == 1 ? 0 : y->strides[d - added + extra];
    fits = extent == 1 || extent == place->shape[d];
  }
  if (!fits)
    return rm_fail(err, RM_ERR_SHAPE, "%s: the value is %s, the place it goes to %s", op, rm_tensor_text(y, a),
                   rm_tensor_text(place, b));
  return rm_tensor_view(y, place->ndim, place->shape, strides, y->offset, out, err);
}

void bind_assign(lua_State *L, rm_tensor *place, int value, const char *op) {
  rm_error err;
  rm_tensor *y = bind_totensor(L, value);
  if (!y) {
    rm_fill(place, bind_checkelement(L, value, place->dtype, op));
    return;
  }
  if (rm_tape_wants(1, &y))
    bind_error(L,
               "%s: the value carries a gradient, which a write in place would lose; use rm.cat or rm.where, "
               "y:detach(), or rm.no_grad(function)",
               op);
  rm_tensor **view = bind_boxtensor(L);
  if (stretched(place, y, op, view, &err) != RM_OK || rm_tensor_copy(place, *view, &err) != RM_OK) bind_raise(L, &err);
  lua_pop(L, 1);
}

int bind_setposition(lua_State *L) {
  static const char op[] = "x[...] = value";
  rm_tensor *x = bind_checkwritable(L, 1, op);
  rm_range ranges[RM_MAX_DIMS];
  rm_error err;
  if (lua_isuserdata(L, 2)) return set_masked(L, x);
  check_key(L, x, ranges);
  rm_tensor **place = bind_boxtensor(L);
  bool was = rm_grad_set(false); /* a view to write into, no operation */
  rm_status status = rm_slice(x, ranges, place, &err);
  rm_grad_set(was);
  if (status != RM_OK) return bind_raise(L, &err);
  bind_assign(L, *place, 3, op);
  return 0;
}
