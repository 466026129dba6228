/* tensor.c -- what a tensor answers when it is asked about itself: x.shape, x:size(2), #x.
 *
 * x.name is looked up among the methods, then among the fields below; anything else
 * is an error, since a misspelled name would otherwise be a nil that fails elsewhere.
 *
 * Tensors: n-dimensional arrays of float32 numbers, bytes (uint8) or whole numbers (int64).
 *
 *     x = rm.tensor {{1, 2}, {3, 4}}   x.shape, x.dtype, x[1], x[{{}, 2}]
 *     x + 1, x * y, x / y, x ^ 2, -x   element by element; shapes broadcast
 *     x:sum(), x:mean(1), x:view(4)    methods; most are functions, too
 *
 * Everything counts from 1: positions, dimensions, class labels; negative numbers count from the end. Images
 * are (N, C, H, W). x:lt(y) and similar methods compare (Lua's < cannot); a method whose name ends in _ writes in place.
 * Topic: tensors */
#include "bind/index.h"

#include <string.h>
#include "bind/box.h"

/* --- fields -------------------------------------------------------------------- */

static int push_shape(lua_State *L, const rm_tensor *x) {
  bind_newshape(L, x->ndim);
  for (size_t d = 0; d < x->ndim; d++) {
    lua_pushinteger(L, (lua_Integer)x->shape[d]);
    lua_rawseti(L, -2, (lua_Integer)d + 1);
  }
  return 1;
}

static int push_grad(lua_State *L, const rm_tensor *x) {
  if (x->grad) bind_pushtensor(L, x->grad);
  else lua_pushnil(L);
  return 1;
}

static int push_dtype(lua_State *L, const rm_tensor *x) {
  lua_pushstring(L, rm_dtype_name(x->dtype));
  return 1;
}

static int push_requires_grad(lua_State *L, const rm_tensor *x) {
  lua_pushboolean(L, x->requires_grad);
  return 1;
}

static int push_ndim(lua_State *L, const rm_tensor *x) {
  lua_pushinteger(L, (lua_Integer)x->ndim);
  return 1;
}

static int push_is_leaf(lua_State *L, const rm_tensor *x) {
  lua_pushboolean(L, x->node == NULL);
  return 1;
}

/* The operation that computed x, as in "conv2d"; nil for a leaf. */
static int push_op(lua_State *L, const rm_tensor *x) {
  if (x->node) lua_pushstring(L, rm_node_name(x->node));
  else lua_pushnil(L);
  return 1;
}

static const struct {
  const char *name;
  int (*push)(lua_State *, const rm_tensor *);
} fields[] = {
    {"shape", push_shape}, {"dtype", push_dtype},     {"grad", push_grad}, {"requires_grad", push_requires_grad},
    {"ndim", push_ndim},   {"is_leaf", push_is_leaf}, {"op", push_op}};
enum { FIELDS = sizeof fields / sizeof *fields };

/* --- x.name ---------------------------------------------------------------------- */

/* Raises for a name that is neither; `methods` is the stack index of their table. */
static int unknown_name(lua_State *L, const char *name, int methods) {
  bind_nearest best = bind_nearest_start(name);
  for (size_t i = 0; i < FIELDS; i++) bind_nearest_offer(&best, fields[i].name);
  lua_pushnil(L);
  while (lua_next(L, methods)) {
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING) bind_nearest_offer(&best, lua_tostring(L, -1));
  }
  if (best.name) return bind_error(L, "a tensor has no field or method \"%s\", did you mean \"%s\"?", name, best.name);
  return bind_error(L, "a tensor has no field or method \"%s\"", name);
}

/* __index; upvalue 1: the table of methods */
static int tensor_index(lua_State *L) {
  if (lua_type(L, 2) != LUA_TSTRING) return bind_getposition(L);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
  const char *name = lua_tostring(L, 2);
  const rm_tensor *x = bind_checktensor(L, 1);
  for (size_t i = 0; i < FIELDS; i++)
    if (strcmp(name, fields[i].name) == 0) return fields[i].push(L, x);
  return unknown_name(L, name, lua_upvalueindex(1));
}

static int tensor_newindex(lua_State *L) {
  if (lua_type(L, 2) != LUA_TSTRING) return bind_setposition(L);
  const char *name = lua_tostring(L, 2);
  rm_tensor *x = bind_checktensor(L, 1);
  rm_error err;
  rm_status status;
  if (strcmp(name, "requires_grad") == 0) {
    if (!lua_isboolean(L, 3))
      return bind_error(L, "requires_grad is set to a %s, expected true or false", luaL_typename(L, 3));
    status = rm_tensor_set_requires_grad(x, lua_toboolean(L, 3), &err);
  } else if (strcmp(name, "grad") == 0) {
    status = rm_tensor_set_grad(x, bind_opttensor(L, 3), &err);
  } else {
    return bind_error(L, "a tensor's field \"%s\" cannot be assigned (only grad and requires_grad can)", name);
  }
  return status == RM_OK ? 0 : bind_raise(L, &err);
}

/* #x: the extent of dimension 1 */
static int tensor_len(lua_State *L) {
  const rm_tensor *x = bind_checktensor(L, 1);
  if (x->ndim == 0) return bind_error(L, "#: a tensor of shape () has no dimension 1");
  lua_pushinteger(L, (lua_Integer)x->shape[0]);
  return 1;
}

/* a == b: one and the same tensor (its elements are compared by a:eq(b)) */
static int tensor_equal(lua_State *L) {
  const rm_value *a = bind_tovalue(L, 1), *b = bind_tovalue(L, 2);
  lua_pushboolean(L, a && b && (a == b || (a->tensor && a->tensor == b->tensor)));
  return 1;
}

/* --- methods ---------------------------------------------------------------------- */

/* The sizes of all dimensions, or of one. The table prints its numbers, `..` joins them to a text, and == compares two
 * shapes number by number.
 * Call: x:size() -> table
 * Call: x:size(d) -> number
 * Call: x.shape -> table
 * Shapes: any. A negative d counts from the end.
 * Errors: d is 0 or beyond the number of dimensions.
 * Example:
 *   > x = rm.zeros(2, 3, 4)
 *   > x:size(2), x:size(-1), x.shape
 *   3  4  {2, 3, 4}
 *   > x.shape == rm.ones(2, 3, 4).shape
 *   true */
static int tensor_size(lua_State *L) {
  const rm_tensor *x = bind_checktensor(L, 1);
  if (lua_isnoneornil(L, 2)) return push_shape(L, x);
  lua_pushinteger(L, (lua_Integer)x->shape[bind_checkdim(L, 2, x->ndim, "size")]);
  return 1;
}

/* How many elements lie between neighbors along each dimension, in memory.
 * Call: x:stride() -> table
 * Call: x:stride(d) -> number
 * Units: elements, not bytes.
 * Shapes: any; an image batch that a convolution gave is channels-last: its stride along C is 1.
 * Errors: d is 0 or beyond the number of dimensions.
 * Example:
 *   > rm.zeros(2, 3):stride()
 *   {3, 1}
 *   > rm.zeros(2, 3):t():stride()
 *   {1, 3} */
static int tensor_stride(lua_State *L) {
  const rm_tensor *x = bind_checktensor(L, 1);
  if (!lua_isnoneornil(L, 2)) {
    lua_pushinteger(L, (lua_Integer)x->strides[bind_checkdim(L, 2, x->ndim, "stride")]);
    return 1;
  }
  bind_newshape(L, x->ndim);
  for (size_t d = 0; d < x->ndim; d++) {
    lua_pushinteger(L, (lua_Integer)x->strides[d]);
    lua_rawseti(L, -2, (lua_Integer)d + 1);
  }
  return 1;
}

/* The number of dimensions.
 * Call: x:dim() -> number
 * Call: x.ndim -> number
 * Shapes: any; 0 for shape ().
 * Errors: x is not a tensor.
 * Example:
 *   > rm.zeros(2, 3):dim(), rm.zeros().ndim
 *   2  0 */
static int tensor_dim(lua_State *L) { return push_ndim(L, bind_checktensor(L, 1)); }

/* The number of elements.
 * Call: x:numel() -> number
 * Shapes: any; the product of all sizes, 1 for shape ().
 * Errors: x is not a tensor.
 * Example:
 *   > rm.zeros(2, 3):numel()
 *   6 */
static int tensor_numel(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)bind_checktensor(L, 1)->numel);
  return 1;
}

/* Whether the elements lie row by row, or images as N, H, W, C (as convolutions leave them).
 * Call: x:is_contiguous() -> boolean
 * Call: x:is_channels_last() -> boolean
 * Shapes: any; is_channels_last is about (N, C, H, W).
 * Errors: x is not a tensor.
 * Example:
 *   > rm.zeros(2, 3):is_contiguous(), rm.zeros(2, 3):t():is_contiguous()
 *   true  false */
static int tensor_is_contiguous(lua_State *L) {
  lua_pushboolean(L, rm_tensor_is_contiguous(bind_checktensor(L, 1)));
  return 1;
}

/* Whether images lie in memory as N, H, W, C. */
static int tensor_is_channels_last(lua_State *L) {
  lua_pushboolean(L, rm_tensor_is_channels_last(bind_checktensor(L, 1)));
  return 1;
}

/* Overwrites a tensor with the elements of another, in place.
 * Call: x:copy_(y) -> x
 * Shapes: y is broadcast to x's shape and converted to its type; x is returned.
 * Errors: y does not broadcast; y carries a gradient, which the write would lose (detach it).
 * Example:
 *   > rm.zeros(2, 2):copy_(rm.tensor {1, 2})
 *   [[1., 2.],
 *    [1., 2.]]
 *   float32 (2, 2) */
static int tensor_copy_(lua_State *L) {
  rm_tensor *x = bind_checkwritable(L, 1, "copy_");
  bind_checktensor(L, 2);
  bind_assign(L, x, 2, "copy_");
  lua_settop(L, 1);
  return 1;
}

/* Whether a value is a tensor.
 * Call: rm.is_tensor(value) -> boolean
 * Shapes: any.
 * Errors: none.
 * Example:
 *   > rm.is_tensor(rm.zeros(1)), rm.is_tensor {1}
 *   true  false */
static int core_is_tensor(lua_State *L) {
  lua_pushboolean(L, bind_tovalue(L, 1) != NULL);
  return 1;
}

void bind_open_tensor(lua_State *L) {
  static const luaL_Reg methods[] = {{"size", tensor_size},
                                     {"stride", tensor_stride},
                                     {"dim", tensor_dim},
                                     {"numel", tensor_numel},
                                     {"is_contiguous", tensor_is_contiguous},
                                     {"is_channels_last", tensor_is_channels_last},
                                     {"copy_", tensor_copy_},
                                     {"__newindex", tensor_newindex},
                                     {"__len", tensor_len},
                                     {"__eq", tensor_equal},
                                     {NULL, NULL}};
  static const luaL_Reg functions[] = {{"is_tensor", core_is_tensor}, {NULL, NULL}};
  bind_register(L, methods, functions);
  luaL_getmetatable(L, BIND_TENSOR);
  lua_getfield(L, -1, "methods");
  lua_pushcclosure(L, tensor_index, 1);
  lua_setfield(L, -2, "__index");
  lua_createtable(L, FIELDS, 0); /* their names, for completion */
  for (int i = 0; i < FIELDS; i++) {
    lua_pushstring(L, fields[i].name);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "fields");
  lua_pop(L, 1);
}
