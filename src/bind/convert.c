/* convert.c -- between tensors, Lua numbers and tables, and element types. */
#include <string.h>
#include "bind/element.h"
#include "parallel/interrupt.h"
#include "ops/views/views.h"

/* The number in a tensor of one element.
 * Call: x:item() -> number
 * Shapes: x has one element, whatever its shape.
 * Errors: x has more elements, or none.
 * Example:
 *   > rm.tensor {{2.5}}:item()
 *   2.5 */
static int tensor_item(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  char text[RM_SHAPE_TEXT];
  if (x->numel != 1)
    return bind_error(L, "item: the tensor %s has %zu elements, expected 1", rm_tensor_text(x, text), x->numel);
  bind_pushelement(L, rm_tensor_data(x), x->dtype);
  return 1;
}

/* --- tensors to tables ---------------------------------------------------------- */

static void push_table(lua_State *L, const rm_tensor *x, size_t dim, const char *data) {
  if (dim == x->ndim) {
    bind_pushelement(L, data, x->dtype);
    return;
  }
  luaL_checkstack(L, 4, "totable");
  size_t n = x->shape[dim];
  ptrdiff_t step = x->strides[dim] * (ptrdiff_t)rm_dtype_size(x->dtype);
  bind_newtable(L, n, 0);
  for (size_t i = 0; i < n; i++) {
    push_table(L, x, dim + 1, data + (ptrdiff_t)i * step);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
}

/* The elements as nested Lua tables.
 * Call: x:totable() -> table
 * Shapes: tables nested as x's dimensions; a number for shape ().
 * Errors: x is not a tensor. A large tensor makes a large table: 16 bytes for each element.
 * Example:
 *   > rm.eye(2):totable()
 *   {{1.0, 0.0}, {0.0, 1.0}} */
static int tensor_totable(lua_State *L) {
  rm_tensor *x = bind_checktensor(L, 1);
  push_table(L, x, 0, rm_tensor_data(x));
  return 1;
}

/* --- tables to tensors ------------------------------------------------------------ */

/* The shape that the nested table on top of the stack begins with: its first elements
 * are followed down. */
static size_t table_shape(lua_State *L, size_t shape[RM_MAX_DIMS]) {
  size_t n = 0;
  int top = lua_gettop(L);
  while (lua_istable(L, -1)) {
    if (n == RM_MAX_DIMS) bind_error(L, "tensor: at most %d dimensions", RM_MAX_DIMS);
    luaL_checkstack(L, 2, "tensor");
    shape[n] = bind_checklist(L, -1, "tensor", "elements");
    if (shape[n++] == 0) break;
    lua_rawgeti(L, -1, 1);
  }
  lua_settop(L, top);
  return n;
}

typedef struct {
  rm_tensor *out;
  char *next;                   /* where the next element goes */
  size_t position[RM_MAX_DIMS]; /* from 1, for messages */
} filler;

/* Writes "[2][1]", the place at `depth` in the nested tables. */
static const char *place(const filler *f, size_t depth, char text[RM_SHAPE_TEXT]) {
  size_t used = 0;
  text[0] = '\0';
  for (size_t d = 0; d < depth; d++)
    used += (size_t)snprintf(text + used, RM_SHAPE_TEXT - used, "[%zu]", f->position[d]);
  return text;
}

/* Copies the table (or number) on top of the stack, which must have the shape that its
 * siblings have. */
static void fill_from(lua_State *L, filler *f, size_t depth) {
  char text[RM_SHAPE_TEXT];
  if (depth == f->out->ndim) {
    size_t size = rm_dtype_size(f->out->dtype);
    if (lua_type(L, -1) != LUA_TNUMBER && !lua_isboolean(L, -1))
      bind_error(L, "tensor: element %s is a %s, expected a number", place(f, depth, text), luaL_typename(L, -1));
    rm_element e = bind_checkelement(L, -1, f->out->dtype, "tensor");
    memcpy(f->next, &e, size);
    f->next += size;
    return;
  }
  size_t expected = f->out->shape[depth];
  if (!lua_istable(L, -1))
    bind_error(L, "tensor: row %s is a %s, expected a table of %zu", place(f, depth, text), luaL_typename(L, -1),
               expected);
  size_t n = bind_checklist(L, -1, "tensor", "elements");
  if (n != expected)
    bind_error(L, "tensor: row %s has %zu elements, expected %zu like the first", place(f, depth, text), n, expected);
  for (size_t i = 0; i < expected; i++) {
    f->position[depth] = i + 1;
    lua_rawgeti(L, -1, (lua_Integer)i + 1);
    fill_from(L, f, depth + 1);
    lua_pop(L, 1);
  }
}

/* A tensor from a number or from nested tables.
 * Call: rm.tensor(value, dtype = "float32", {requires_grad = false}) -> tensor
 * Shapes: that of the tables; a number gives shape (). All rows must be of equal length.
 * Errors: rows of different lengths, or an element that is not a number, named by its place [2][1]; a number the
 *  type cannot hold.
 * Example:
 *   > rm.tensor {{1, 2}, {3, 4}}
 *   [[1., 2.],
 *    [3., 4.]]
 *   float32 (2, 2)
 *   > rm.tensor({3, 1, 2}, "int64")
 *   [3, 1, 2]  int64 (3) */
static int core_tensor(lua_State *L) {
  static const char *const names[] = {"requires_grad", NULL};
  rm_dtype dtype = bind_optdtype(L, 2, RM_FLOAT32);
  int options = lua_type(L, 2) == LUA_TSTRING ? 3 : 2;
  bind_checkoptions(L, options, "tensor", names);
  bool requires = bind_optbool(L, options, "requires_grad", false);
  if (!lua_istable(L, 1) && lua_type(L, 1) != LUA_TNUMBER && !lua_isboolean(L, 1))
    return bind_error(L, "tensor: expected a number or nested tables, got %s", luaL_typename(L, 1));
  filler f = {0};
  size_t shape[RM_MAX_DIMS];
  rm_error err;
  lua_pushvalue(L, 1);
  size_t ndim = table_shape(L, shape);
  rm_tensor **y = bind_boxtensor(L);
  lua_insert(L, -2); /* the box below, the value on top */
  if (rm_tensor_new(dtype, ndim, shape, y, &err) != RM_OK) return bind_raise(L, &err);
  f.out = *y;
  f.next = rm_tensor_data(*y);
  fill_from(L, &f, 0);
  lua_pop(L, 1);
  if (requires && rm_tensor_set_requires_grad(*y, true, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* --- types -------------------------------------------------------------------------- */

static int convert(lua_State *L, rm_dtype dtype) {
  rm_tensor *x = bind_checktensor(L, 1);
  rm_error err;
  if (x->dtype == dtype) {
    lua_settop(L, 1);
    return 1;
  }
  rm_tensor **y = bind_boxtensor(L);
  if (RM_BREAKABLE(rm_to(x, dtype, y, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* The same numbers as float32, uint8 or int64; x itself where it has that type already.
 * Call: x:float() -> tensor
 * Call: x:byte() -> tensor
 * Call: x:long() -> tensor
 * Shapes: of x. Fractions are cut off toward 0; what the type cannot hold
 *  becomes the nearest it can (bytes 0 or 255), and NaN 0. Images stay in units of 0..255: divide by 255 yourself.
 * Errors: x is not a tensor.
 * Example:
 *   > rm.tensor({0, 128, 255}, "uint8"):float() / 255
 *   [0.0000, 0.5020, 1.0000]  float32 (3)
 *   > rm.tensor {1.9, -1.9}:long()
 *   [ 1, -1]  int64 (2) */
static int tensor_float(lua_State *L) { return convert(L, RM_FLOAT32); }
static int tensor_byte(lua_State *L) { return convert(L, RM_UINT8); }
static int tensor_long(lua_State *L) { return convert(L, RM_INT64); }

/* The same numbers as another element type, given by its name.
 * Call: x:to(dtype) -> tensor
 * Shapes: of x.
 * Errors: a type other than "float32", "uint8" or "int64".
 * Example:
 *   > rm.ones(2):to "uint8"
 *   [1, 1]  uint8 (2) */
static int tensor_to(lua_State *L) {
  luaL_checkstring(L, 2);
  return convert(L, bind_optdtype(L, 2, RM_FLOAT32));
}

void bind_open_convert(lua_State *L) {
  static const luaL_Reg methods[] = {{"item", tensor_item}, {"totable", tensor_totable}, {"float", tensor_float},
                                     {"byte", tensor_byte}, {"long", tensor_long},       {"to", tensor_to},
                                     {NULL, NULL}};
  static const luaL_Reg functions[] = {{"tensor", core_tensor}, {NULL, NULL}};
  bind_register(L, methods, functions);
}
