/* index.c -- x[i], x[{i, {a, b}, {}}], x[mask], x[{list, {}}], read and assigned.
 *
 * A position in a table stands for one dimension: a number selects and drops it, {a, b}
 * (or {a, b, step}) is an inclusive range, {} is all; a tensor is a list of positions (int64)
 * or a mask (uint8, for as many dimensions as it has). Positions count from 1, negative ones
 * from the end. What is read without a list or mask is a view, so x[1]:fill_(0) changes x. */
#include "bind/index.h"

#include "bind/element.h"
#include "bind/index_key.h"
#include "core/copy.h"
#include "core/view.h"
#include "ops/index/lists.h"
#include "ops/views/views.h"
#include "parallel/interrupt.h"

/* --- masks ------------------------------------------------------------------------ */

/* Whether the key at stack index 2 is a mask of x's own shape. */
static bool is_whole_mask(lua_State *L, const rm_tensor *x) {
  rm_tensor *mask = bind_totensor(L, 2);
  return mask && mask->dtype == RM_UINT8 && rm_tensor_same_shape(mask, x);
}

/* It, row-major, in a box of its own. */
static const uint8_t *mask_rows(lua_State *L) {
  rm_tensor *mask = bind_checktensor(L, 2);
  rm_error err;
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
  rm_element value;
  size_t size;
} masked;

static void set_one(void *ctx, char *element) {
  const masked *m = ctx;
  for (size_t i = 0; i < m->size; i++) element[i] = ((const char *)&m->value)[i];
}

/* x[mask] = number */
static int set_masked(lua_State *L, rm_tensor *x) {
  const uint8_t *mask = mask_rows(L);
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

/* --- lists -------------------------------------------------------------------------- */

/* The part of x that lists name, a copy; gradients flow through it. */
static int get_listed(lua_State *L, rm_tensor *x, rm_tensor *const lists[]) {
  rm_index_plan plan;
  rm_error err;
  rm_tensor **at = bind_boxtensor(L), **y = bind_boxtensor(L);
  rm_status status = rm_index_plan_of(x, lists, &plan, at, &err);
  if (status == RM_OK) status = RM_BREAKABLE(rm_index_read(x, &plan, *at, y, &err), &err);
  return bind_result(L, status, y, &err);
}

/* x[lists] = number or tensor, at stack index 3. */
static int set_listed(lua_State *L, rm_tensor *x, rm_tensor *const lists[], const char *op) {
  rm_index_plan plan;
  rm_error err;
  rm_tensor **at = bind_boxtensor(L), **value = bind_boxtensor(L);
  rm_status status = rm_index_plan_of(x, lists, &plan, at, &err);
  if (status == RM_OK) status = rm_tensor_new(x->dtype, plan.ndim, plan.shape, value, &err);
  if (status != RM_OK) return bind_raise(L, &err);
  bind_assign(L, *value, 3, op);
  rm_index_write(x, &plan, *at, *value);
  return 0;
}

/* x and a mask of its own shape as rows, each in a box: the elements one behind the other. */
static rm_tensor *as_rows(lua_State *L, rm_tensor *x, rm_tensor *lists[]) {
  const int64_t all = (int64_t)x->numel;
  rm_tensor **row = bind_boxtensor(L), **mask = bind_boxtensor(L);
  rm_error err;
  if (rm_reshape(x, 1, &all, row, &err) != RM_OK || rm_reshape(bind_checktensor(L, 2), 1, &all, mask, &err) != RM_OK)
    bind_raise(L, &err);
  lists[0] = *mask;
  return *row;
}

/* --- reading and assigning ----------------------------------------------------------- */

/* Reads or writes parts of a tensor by position.
 * Call: x[i] -> tensor
 * Call: x[{i, {a, b}, {}}] -> tensor
 * Call: x[mask] -> tensor
 * Call: x[positions] -> tensor
 * Call: x[{i, positions, {}}] -> tensor
 * Shapes: a number selects a position and drops its dimension, {a, b} or {a, b, step} is a range with both ends,
 *  {} is all, and dimensions behind the last are whole. The result is a view: writing to it changes x.
 *  A mask (uint8, of x's first dimensions) gives a copy (n, ...) of what stands where it is not 0. A tensor of
 *  positions (int64) takes them in that order, as often as they occur: (k) of them give (k, ...). Several tensors
 *  broadcast and are walked side by side: x[{i, j}] has the elements (i[1], j[1]), (i[2], j[2]), .... Their shape stands
 *  in the place of their dimensions, or in front where these are apart. Gradients flow through all of them; those of
 *  a position that occurs again add up.
 *  x[...] = number or tensor assigns; the tensor is broadcast. `for i, row in ipairs(x)` and `for i = 1, #x` go
 *  through the positions of dimension 1.
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
 *   > x[{{}, rm.tensor({3, 1, 3}, "int64")}]
 *   [[3., 1., 3.],
 *    [6., 4., 6.]]
 *   float32 (2, 3)
 *   > x[1] = 0
 *   > x
 *   [[0., 0., 0.],
 *    [4., 5., 6.]]
 *   float32 (2, 3) */
int bind_getposition(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1), *lists[RM_MAX_DIMS];
  rm_range ranges[RM_MAX_DIMS];
  rm_error err;
  if (ends_ipairs(L, x)) return 0;
  if (is_whole_mask(L, x)) {
    x = as_rows(L, x, lists);
    return get_listed(L, x, lists);
  }
  bool listed = bind_checkkey(L, x, ranges, lists);
  if (listed && !lua_istable(L, 2)) return get_listed(L, x, lists);
  rm_tensor **y = bind_boxtensor(L);
  if (rm_slice(x, ranges, y, &err) != RM_OK) return bind_raise(L, &err);
  return listed ? get_listed(L, *y, lists) : bind_pushed(L, y);
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
  rm_tensor *x = bind_checkwritable(L, 1, op), *lists[RM_MAX_DIMS];
  rm_range ranges[RM_MAX_DIMS];
  rm_error err;
  bool whole = is_whole_mask(L, x);
  if (whole && !bind_totensor(L, 3)) return set_masked(L, x);
  if (whole && x->ndim == 0) {
    x = as_rows(L, x, lists);
    return set_listed(L, x, lists, op);
  }
  bool listed = bind_checkkey(L, x, ranges, lists);
  rm_tensor **place = bind_boxtensor(L);
  bool was = rm_grad_set(false); /* a view to write into, no operation */
  rm_status status = rm_slice(x, ranges, place, &err);
  rm_grad_set(was);
  if (status != RM_OK) return bind_raise(L, &err);
  if (listed) return set_listed(L, *place, lists, op);
  bind_assign(L, *place, 3, op);
  return 0;
}
