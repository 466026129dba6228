/* views.c -- reshape, permute, narrow and similar views: arguments from 1, then ops/views/views.h. */
#include "bind/bind.h"
#include "core/view.h"
#include "ops/views/views.h"

/* The box on top of the stack holds the result, or err says why not. */
/* Sizes that may be -1, from stack index `arg` on: numbers or one table. */
static size_t check_sizes(lua_State *L, int arg, int64_t sizes[RM_MAX_DIMS], const char *op) {
  bool table = lua_istable(L, arg);
  size_t n = table ? bind_checklist(L, arg, op, "sizes") : (size_t)(lua_gettop(L) - arg + 1);
  if (n > RM_MAX_DIMS) bind_error(L, "%s: at most %d dimensions, got %zu", op, RM_MAX_DIMS, n);
  if (table) bind_checkend(L, arg + 1, op);
  for (size_t i = 0; i < n; i++) {
    int whole;
    if (table) lua_rawgeti(L, arg, (lua_Integer)i + 1);
    else lua_pushvalue(L, arg + (int)i);
    sizes[i] = lua_tointegerx(L, -1, &whole);
    if (!whole || sizes[i] < -1)
      bind_error(L, "%s: size %zu must be a count or -1, got %s", op, i + 1, bind_phrase(L, -1));
    lua_pop(L, 1);
  }
  return n;
}

/* --- shape ------------------------------------------------------------------------- */

/* The same elements in another shape: a view where memory allows, else a copy.
 * Call: x:reshape(sizes) -> tensor
 * Shapes: sizes as numbers or one table; one of them may be -1, which takes what is left. The number of elements
 *  stays.
 * Errors: sizes whose product is not the number of elements; more than one -1.
 * Example:
 *   > rm.arange(6):reshape(2, -1)
 *   [[1., 2., 3.],
 *    [4., 5., 6.]]
 *   float32 (2, 3) */
static int tensor_reshape(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  int64_t sizes[RM_MAX_DIMS];
  rm_error err;
  size_t n = check_sizes(L, 2, sizes, "reshape");
  rm_tensor **y = bind_boxtensor(L);
  return bind_result(L, rm_reshape(x, n, sizes, y, &err), y, &err);
}

/* The same elements in another shape, always sharing memory.
 * Call: x:view(sizes) -> tensor
 * Shapes: as of reshape.
 * Errors: where no strides give that shape (after a transpose, say): use reshape.
 * Example:
 *   > x = rm.zeros(4)
 *   > x:view(2, 2):fill_(1);
 *   > x
 *   [1., 1., 1., 1.]  float32 (4) */
static int tensor_view(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  int64_t sizes[RM_MAX_DIMS];
  rm_error err;
  size_t n = check_sizes(L, 2, sizes, "view");
  rm_tensor **y = bind_boxtensor(L);
  return bind_result(L, rm_view(x, n, sizes, y, &err), y, &err);
}

/* Joins dimensions from..to into one.
 * Call: x:flatten(from = 1, to = -1) -> tensor
 * Shapes: (a, b, c, d):flatten(2) is (a, b*c*d): what stands between convolutions and a linear layer.
 * Errors: a dimension out of range; from behind to.
 * Example:
 *   > rm.zeros(8, 64, 4, 4):flatten(2).shape
 *   {8, 1024} */
static int tensor_flatten(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  size_t ndim = x->ndim ? x->ndim : 1;
  rm_error err;
  size_t from = lua_isnoneornil(L, 2) ? 0 : bind_checkdim(L, 2, ndim, "flatten");
  size_t to = lua_isnoneornil(L, 3) ? ndim - 1 : bind_checkdim(L, 3, ndim, "flatten");
  rm_tensor **y = bind_boxtensor(L);
  return bind_result(L, rm_flatten(x, from, to, y, &err), y, &err);
}

/* Drops dimensions of extent 1: all of them, or those named.
 * Call: x:squeeze(dims = all) -> tensor
 * Shapes: (1, 3, 1):squeeze() is (3); a named dimension that is longer than 1 stays.
 * Errors: a dimension out of range, or named twice.
 * Example:
 *   > rm.zeros(1, 3, 1):squeeze().shape, rm.zeros(1, 3, 1):squeeze(1).shape
 *   {3}  {3, 1} */
static int tensor_squeeze(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  bool dims[RM_MAX_DIMS];
  rm_error err;
  bind_checkend(L, bind_checkdims(L, 2, x->ndim, dims, "squeeze"), "squeeze");
  rm_tensor **y = bind_boxtensor(L);
  return bind_result(L, rm_squeeze(x, dims, y, &err), y, &err);
}

/* Adds a dimension of extent 1, which becomes dimension d.
 * Call: x:unsqueeze(d) -> tensor
 * Shapes: (3, 4):unsqueeze(1) is (1, 3, 4): an image becomes a batch of one.
 * Errors: d is 0 or beyond the number of dimensions + 1.
 * Example:
 *   > rm.zeros(3, 32, 32):unsqueeze(1).shape
 *   {1, 3, 32, 32} */
static int tensor_unsqueeze(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  rm_error err;
  size_t d = bind_checkdim(L, 2, x->ndim + 1, "unsqueeze");
  rm_tensor **y = bind_boxtensor(L);
  return bind_result(L, rm_unsqueeze(x, d, y, &err), y, &err);
}

/* --- order ----------------------------------------------------------------------------- */

/* Dimensions in another order, without a copy.
 * Call: x:permute(order) -> tensor
 * Shapes: dimension d of the result is dimension order[d] of x; the order names each once.
 * Errors: an order of the wrong length, or one that names a dimension twice.
 * Example:
 *   > rm.zeros(8, 3, 32, 32):permute(1, 3, 4, 2).shape
 *   {8, 32, 32, 3} */
static int tensor_permute(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  size_t order[RM_MAX_DIMS];
  rm_error err;
  bool table = lua_istable(L, 2);
  size_t n = table ? bind_checklist(L, 2, "permute", "dimensions") : (size_t)(lua_gettop(L) - 1);
  if (n != x->ndim) return bind_error(L, "permute: x has %zu dimensions, the order names %zu", x->ndim, n);
  if (table) bind_checkend(L, 3, "permute");
  for (size_t d = 0; d < n; d++) {
    if (table) lua_rawgeti(L, 2, (lua_Integer)d + 1);
    else lua_pushvalue(L, 2 + (int)d);
    if (!lua_isnumber(L, -1))
      return bind_error(L, "permute: dimension %zu of the order is a %s, expected a number", d + 1,
                        luaL_typename(L, -1));
    order[d] = bind_checkdim(L, -1, x->ndim, "permute");
    lua_pop(L, 1);
  }
  rm_tensor **y = bind_boxtensor(L);
  return bind_result(L, rm_permute(x, n, order, y, &err), y, &err);
}

/* Swaps two dimensions, without a copy.
 * Call: x:transpose(a, b) -> tensor
 * Shapes: of x, with extents a and b exchanged.
 * Errors: a dimension out of range.
 * Example:
 *   > rm.zeros(2, 3, 4):transpose(1, 3).shape
 *   {4, 3, 2} */
static int tensor_transpose(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  rm_error err;
  size_t a = bind_checkdim(L, 2, x->ndim, "transpose"), b = bind_checkdim(L, 3, x->ndim, "transpose");
  rm_tensor **y = bind_boxtensor(L);
  return bind_result(L, rm_transpose(x, a, b, y, &err), y, &err);
}

/* The transpose of a matrix, without a copy.
 * Call: x:t() -> tensor
 * Shapes: (m, n) gives (n, m).
 * Errors: x has not two dimensions.
 * Example:
 *   > rm.tensor {{1, 2}, {3, 4}}:t()
 *   [[1., 3.],
 *    [2., 4.]]
 *   float32 (2, 2) */
static int tensor_t(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  char text[RM_SHAPE_TEXT];
  rm_error err;
  if (x->ndim != 2)
    return bind_error(L, "t: x is %s, expected a matrix (use x:transpose(a, b))", rm_tensor_text(x, text));
  rm_tensor **y = bind_boxtensor(L);
  return bind_result(L, rm_transpose(x, 0, 1, y, &err), y, &err);
}

/* --- extent ------------------------------------------------------------------------------ */

/* Stretches dimensions of extent 1 over more positions, without a copy.
 * Call: x:expand(sizes) -> tensor
 * Shapes: every size is that of x, or x has 1 there; -1 keeps. New dimensions may come in front.
 * Errors: an extent other than 1 that would have to change. Writing into the result is refused where positions
 *  share memory.
 * Example:
 *   > rm.tensor {{1}, {2}}:expand(2, 3)
 *   [[1., 1., 1.],
 *    [2., 2., 2.]]
 *   float32 (2, 3) */
static int tensor_expand(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  int64_t sizes[RM_MAX_DIMS];
  rm_error err;
  size_t n = check_sizes(L, 2, sizes, "expand");
  rm_tensor **y = bind_boxtensor(L);
  return bind_result(L, rm_expand(x, n, sizes, y, &err), y, &err);
}

/* x:expand to the shape of another tensor.
 * Call: x:expand_as(other) -> tensor
 * Shapes: of other.
 * Errors: as of expand.
 * Example:
 *   > rm.ones(1, 3):expand_as(rm.zeros(2, 3)).shape
 *   {2, 3} */
static int tensor_expand_as(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1), *other = bind_checktensor(L, 2);
  int64_t sizes[RM_MAX_DIMS];
  rm_error err;
  for (size_t d = 0; d < other->ndim; d++) sizes[d] = (int64_t)other->shape[d];
  rm_tensor **y = bind_boxtensor(L);
  return bind_result(L, rm_expand(x, other->ndim, sizes, y, &err), y, &err);
}

/* A range of positions along one dimension, without a copy.
 * Call: x:narrow(dim, first, length) -> tensor
 * Shapes: of x, with `length` positions in dimension dim.
 * Errors: a range that leaves the dimension.
 * Example:
 *   > rm.arange(6):narrow(1, 2, 3)
 *   [2., 3., 4.]  float32 (3) */
static int tensor_narrow(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  rm_error err;
  size_t d = bind_checkdim(L, 2, x->ndim, "narrow"), extent = x->shape[d];
  lua_Integer length = luaL_checkinteger(L, 4);
  /* An empty part may begin behind the end. */
  size_t start = bind_checkindex(L, 3, length == 0 ? extent + 1 : extent, "narrow");
  if (length < 0 || (size_t)length > extent - start)
    return bind_error(L, "narrow: dimension %zu has extent %zu, no %lld positions from %zu on", d + 1, extent,
                      (long long)length, start + 1);
  rm_tensor **y = bind_boxtensor(L);
  return bind_result(L, rm_narrow(x, d, start, (size_t)length, y, &err), y, &err);
}

/* One position along a dimension, which is dropped; x[i] is x:select(1, i).
 * Call: x:select(dim, position) -> tensor
 * Shapes: of x, without dimension dim; a view.
 * Errors: a dimension or position out of range.
 * Example:
 *   > rm.tensor {{1, 2}, {3, 4}}:select(2, 1)
 *   [1., 3.]  float32 (2) */
static int tensor_select(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  rm_error err;
  size_t d = bind_checkdim(L, 2, x->ndim, "select"), at = bind_checkindex(L, 3, x->shape[d], "select");
  rm_tensor **y = bind_boxtensor(L);
  return bind_result(L, rm_select(x, d, at, y, &err), y, &err);
}

/* --- several parts ------------------------------------------------------------------------- */

/* Appends x's positions start .. start + length - 1 of dimension d to the list on top. */
static void append_part(lua_State *L, rm_tensor *x, size_t d, size_t start, size_t length) {
  rm_error err;
  rm_tensor **y = bind_boxtensor(L);
  if (rm_narrow(x, d, start, length, y, &err) != RM_OK) bind_raise(L, &err);
  bind_pushed(L, y);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
}

/* The dimension at `arg`, which is 1 if absent. */
static size_t dim_or_first(lua_State *L, int arg, const rm_tensor *x, const char *op) {
  if (lua_isnoneornil(L, arg)) {
    lua_settop(L, arg - 1);
    lua_pushinteger(L, 1);
  }
  return bind_checkdim(L, arg, x->ndim, op);
}

/* A tensor cut into parts along a dimension, without copies.
 * Call: x:split(size, dim = 1) -> list of tensors
 * Call: x:split({sizes}, dim = 1) -> list of tensors
 * Call: x:chunk(n, dim = 1) -> list of tensors
 * Shapes: parts of `size` positions, the last perhaps shorter; parts of exactly these sizes; at most n equal parts.
 * Errors: sizes that do not add up to the extent; a size or n below 1.
 * Example:
 *   > a, b = table.unpack(rm.arange(5):split(3))
 *   > a, b
 *   [1., 2., 3.]  float32 (3)  [4., 5.]  float32 (2)
 *   > #rm.zeros(10, 2):chunk(4)
 *   4 */
static int tensor_split(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  size_t d = dim_or_first(L, 3, x, "split");
  size_t extent = x->shape[d], start = 0;
  if (lua_istable(L, 2)) {
    lua_Integer parts = (lua_Integer)bind_checklist(L, 2, "split", "sizes");
    bind_newtable(L, 0, 0);
    for (lua_Integer i = 1; i <= parts; i++) {
      if (lua_rawgeti(L, 2, i) != LUA_TNUMBER)
        return bind_error(L, "split: size %d is a %s, expected a number", (int)i, luaL_typename(L, -1));
      lua_Integer size = luaL_checkinteger(L, -1);
      lua_pop(L, 1);
      if (size < 0 || (size_t)size > extent - start)
        return bind_error(L, "split: part %lld takes %lld of the %zu positions left in dimension %zu", (long long)i,
                          (long long)size, extent - start, d + 1);
      append_part(L, x, d, start, (size_t)size);
      start += (size_t)size;
    }
    if (start != extent)
      return bind_error(L, "split: the parts add up to %zu, dimension %zu has %zu", start, d + 1, extent);
    return 1;
  }
  lua_Integer size = luaL_checkinteger(L, 2);
  if (size < 1) return bind_error(L, "split: the size of a part must be at least 1, got %lld", (long long)size);
  bind_newtable(L, 0, 0);
  for (; start < extent; start += (size_t)size)
    append_part(L, x, d, start, extent - start < (size_t)size ? extent - start : (size_t)size);
  return 1;
}

/* x:chunk(n, dim = 1) -> list of at most n views of equal size, the last perhaps shorter */
static int tensor_chunk(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  lua_Integer n = luaL_checkinteger(L, 2);
  size_t d = dim_or_first(L, 3, x, "chunk");
  if (n < 1) return bind_error(L, "chunk: the number of parts must be at least 1, got %lld", (long long)n);
  size_t size = (x->shape[d] + (size_t)n - 1) / (size_t)n;
  lua_pushinteger(L, (lua_Integer)(size ? size : 1));
  lua_replace(L, 2);
  return tensor_split(L);
}

/* --- copies ------------------------------------------------------------------------------------ */

/* The same values in memory of their own, row by row.
 * Call: x:contiguous() -> tensor
 * Call: x:clone() -> tensor
 * Shapes: of x. contiguous gives x itself where it lies row by row already; clone always copies.
 * Errors: x is not a tensor. Gradients flow through both.
 * Example:
 *   > x = rm.zeros(2)
 *   > x:clone():fill_(1)
 *   [1., 1.]  float32 (2)
 *   > x
 *   [0., 0.]  float32 (2) */
static int tensor_contiguous(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  rm_error err;
  if (rm_tensor_is_contiguous(x)) {
    lua_settop(L, 1);
    return 1;
  }
  rm_tensor **y = bind_boxtensor(L);
  return bind_result(L, rm_contiguous(x, y, &err), y, &err);
}

static int tensor_clone(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  rm_error err;
  rm_tensor **y = bind_boxtensor(L);
  return bind_result(L, rm_clone(x, y, &err), y, &err);
}

/* The same elements without history: no gradient flows through it.
 * Call: x:detach() -> tensor
 * Shapes: of x; memory is shared.
 * Errors: x is not a tensor.
 * Example:
 *   > w = rm.ones(2, {requires_grad = true})
 *   > (w * 2):detach().requires_grad
 *   false */
static int tensor_detach(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  rm_error err;
  rm_tensor **y = bind_boxtensor(L);
  return bind_result(L, rm_tensor_detach(x, y, &err), y, &err);
}

void bind_open_views(lua_State *L) {
  static const luaL_Reg both[] = {{"reshape", tensor_reshape}, {"flatten", tensor_flatten},
                                  {"squeeze", tensor_squeeze}, {"unsqueeze", tensor_unsqueeze},
                                  {"permute", tensor_permute}, {"transpose", tensor_transpose},
                                  {"narrow", tensor_narrow},   {"split", tensor_split},
                                  {"chunk", tensor_chunk},     {NULL, NULL}};
  static const luaL_Reg methods[] = {
      {"view", tensor_view},           {"t", tensor_t},           {"expand", tensor_expand},
      {"expand_as", tensor_expand_as}, {"select", tensor_select}, {"contiguous", tensor_contiguous},
      {"clone", tensor_clone},         {"detach", tensor_detach}, {NULL, NULL}};
  bind_register(L, both, both);
  bind_register(L, methods, NULL);
}
