/* create.c -- new tensors: constants, progressions, random numbers; and fills in place. */
#include <math.h>
#include "bind/element.h"
#include "parallel/interrupt.h"

/* What stands behind the sizes of every creating function: (type, {options}). */
typedef struct {
  rm_dtype dtype;
  bool requires_grad;
  int options; /* stack index of the table, which may be absent */
} trailer;

static trailer check_trailer(lua_State *L, int arg, rm_dtype def, const char *op, bool random) {
  static const char *const plain[] = {"requires_grad", NULL};
  static const char *const drawn[] = {"requires_grad", "generator", NULL};
  trailer t = {bind_optdtype(L, arg, def), false, arg};
  /* With nil as the type what follows is still options. */
  if (lua_type(L, arg) == LUA_TSTRING || (lua_isnil(L, arg) && !lua_isnone(L, arg + 1))) t.options = arg + 1;
  if (random && luaL_testudata(L, t.options, BIND_GENERATOR)) {
    bind_checkend(L, t.options + 1, op);
    return t;
  }
  bind_checkoptions(L, t.options, op, random ? drawn : plain);
  t.requires_grad = bind_optbool(L, t.options, "requires_grad", false);
  return t;
}

/* A generator at `arg`, or in the field `generator` of options there, or the state's own. It stays
 * on the stack, so that it lives as long as the call. */
static rm_rng *check_generator(lua_State *L, int arg, bind_rng which) {
  luaL_checkstack(L, 2, NULL);
  if (lua_istable(L, arg)) lua_getfield(L, arg, "generator");
  else lua_pushvalue(L, arg);
  return bind_optgenerator(L, lua_gettop(L), which);
}

/* The result in *y, on top of the stack; `status` and err say how its making went. */
static int finish(lua_State *L, rm_status status, rm_tensor **y, bool requires_grad, rm_error *err) {
  if (status == RM_OK && requires_grad) status = rm_tensor_set_requires_grad(*y, true, err);
  if (status != RM_OK) return bind_raise(L, err);
  return bind_pushed(L, y);
}

/* --- constants ------------------------------------------------------------------- */

static int constant(lua_State *L, int value, const char *op) {
  size_t shape[RM_MAX_DIMS];
  int next;
  rm_error err;
  size_t ndim = bind_checkshape(L, 1, shape, &next, op);
  trailer t = check_trailer(L, next, RM_FLOAT32, op, false);
  rm_tensor **y = bind_boxtensor(L);
  rm_status status = rm_tensor_new(t.dtype, ndim, shape, y, &err);
  if (status == RM_OK) rm_fill(*y, rm_element_of(value, t.dtype));
  return finish(L, status, y, t.requires_grad, &err);
}

/* New tensors full of zeros or of ones.
 * Call: rm.zeros(sizes, dtype = "float32", {requires_grad = false}) -> tensor
 * Call: rm.ones(sizes, dtype = "float32", {requires_grad = false}) -> tensor
 * Shapes: sizes are numbers, rm.zeros(2, 3), or one table, rm.zeros({2, 3}); none at all gives shape ().
 * Options: dtype  "float32", "uint8" or "int64"
 *  requires_grad  true: its gradient is recorded (float32 only)
 * Errors: a size that is negative or no whole number; more than 8 dimensions; an unknown type or option.
 * Example:
 *   > rm.zeros(2, 3)
 *   [[0., 0., 0.],
 *    [0., 0., 0.]]
 *   float32 (2, 3)
 *   > rm.ones({4}, "int64")
 *   [1, 1, 1, 1]  int64 (4) */
static int core_zeros(lua_State *L) { return constant(L, 0, "zeros"); }
static int core_ones(lua_State *L) { return constant(L, 1, "ones"); }

/* A new tensor whose elements are whatever lies in memory: for what is written in full at once.
 * Call: rm.empty(sizes, dtype = "float32", {requires_grad = false}) -> tensor
 * Shapes: as given, in numbers or in one table.
 * Errors: as of rm.zeros.
 * Example:
 *   > rm.empty(2, 3):fill_(7)
 *   [[7., 7., 7.],
 *    [7., 7., 7.]]
 *   float32 (2, 3) */
static int core_empty(lua_State *L) {
  size_t shape[RM_MAX_DIMS];
  int next;
  rm_error err;
  size_t ndim = bind_checkshape(L, 1, shape, &next, "empty");
  trailer t = check_trailer(L, next, RM_FLOAT32, "empty", false);
  rm_tensor **y = bind_boxtensor(L);
  return finish(L, rm_tensor_new(t.dtype, ndim, shape, y, &err), y, t.requires_grad, &err);
}

/* A new tensor with one value in every element.
 * Call: rm.full({sizes}, value, dtype = "float32", {requires_grad = false}) -> tensor
 * Shapes: as given; the sizes are in a table, since the value stands behind them.
 * Errors: a value that the type cannot hold (256 as uint8, 0.5 as int64); otherwise as rm.zeros.
 * Example:
 *   > rm.full({2, 2}, 0.5)
 *   [[0.5000, 0.5000],
 *    [0.5000, 0.5000]]
 *   float32 (2, 2) */
static int core_full(lua_State *L) {
  size_t shape[RM_MAX_DIMS];
  rm_error err;
  if (!lua_istable(L, 1)) return bind_error(L, "full: the sizes must be a table, as in full({2, 3}, 0.5)");
  size_t ndim = bind_checkshape(L, 1, shape, NULL, "full");
  trailer t = check_trailer(L, 3, RM_FLOAT32, "full", false);
  rm_element value = bind_checkelement(L, 2, t.dtype, "full");
  rm_tensor **y = bind_boxtensor(L);
  rm_status status = rm_tensor_new(t.dtype, ndim, shape, y, &err);
  if (status == RM_OK) rm_fill(*y, value);
  return finish(L, status, y, t.requires_grad, &err);
}

/* The identity matrix: ones on the diagonal, zeros elsewhere.
 * Call: rm.eye(rows, columns = rows, dtype = "float32") -> tensor
 * Shapes: (rows, columns).
 * Errors: a size that is negative or no whole number.
 * Example:
 *   > rm.eye(2, 3)
 *   [[1., 0., 0.],
 *    [0., 1., 0.]]
 *   float32 (2, 3) */
static int core_eye(lua_State *L) {
  size_t shape[RM_MAX_DIMS];
  int next;
  rm_error err;
  size_t ndim = bind_checkshape(L, 1, shape, &next, "eye");
  if (ndim < 1 || ndim > 2) return bind_error(L, "eye: expected rows, or rows and columns, got %zu sizes", ndim);
  trailer t = check_trailer(L, next, RM_FLOAT32, "eye", false);
  rm_tensor **y = bind_boxtensor(L);
  return finish(L, rm_eye(shape[0], shape[ndim - 1], t.dtype, y, &err), y, t.requires_grad, &err);
}

/* Numbers in equal steps, the last one included, as in Lua's for.
 * Call: rm.arange(last) -> tensor
 * Call: rm.arange(first, last, step = 1, dtype = "float32") -> tensor
 * Shapes: (n) with n = floor((last - first) / step) + 1; with one number 1..last.
 * Errors: a step of 0.
 * Example:
 *   > rm.arange(4)
 *   [1., 2., 3., 4.]  float32 (4)
 *   > rm.arange(10, 0, -5)
 *   [10.,  5.,  0.]  float32 (3) */
static int core_arange(lua_State *L) {
  rm_error err;
  size_t count;
  int numbers = 0;
  while (numbers < 3 && lua_type(L, numbers + 1) == LUA_TNUMBER) numbers++;
  for (int i = numbers + 1; i <= 3 && lua_isnil(L, numbers + 1); i++)
    if (lua_type(L, i) == LUA_TNUMBER)
      return bind_error(L, "arange: argument %d is nil, and a number follows", numbers + 1);
  int behind = numbers == 2 && lua_isnil(L, 3) && !lua_isnone(L, 4) ? 4 : numbers + 1; /* nil: a step of 1 */
  if (numbers == 0) return bind_error(L, "arange: expected a number, got %s", luaL_typename(L, 1));
  double first = numbers > 1 ? lua_tonumber(L, 1) : 1;
  double last = lua_tonumber(L, numbers > 1 ? 2 : 1);
  double step = numbers > 2 ? lua_tonumber(L, 3) : 1;
  trailer t = check_trailer(L, behind, RM_FLOAT32, "arange", false);
  if (rm_arange_count(first, last, step, &count, &err) != RM_OK) return bind_raise(L, &err);
  rm_tensor **y = bind_boxtensor(L);
  return finish(L, rm_arange(first, step, count, t.dtype, y, &err), y, t.requires_grad, &err);
}

/* A number of numbers in equal steps between two ends, both included.
 * Call: rm.linspace(first, last, count, dtype = "float32", {requires_grad = false}) -> tensor
 * Shapes: (count); of one number it is the first.
 * Errors: an end that is not finite; a count that is negative or no whole number.
 * Example:
 *   > rm.linspace(0, 1, 5)
 *   [0.0000, 0.2500, 0.5000, 0.7500, 1.0000]  float32 (5) */
static int core_linspace(lua_State *L) {
  rm_error err;
  double first = luaL_checknumber(L, 1), last = luaL_checknumber(L, 2);
  lua_Integer count = luaL_checkinteger(L, 3);
  if (!isfinite(first) || !isfinite(last))
    return bind_error(L, "linspace: first %g, last %g: both must be finite", first, last);
  if (count < 0) return bind_error(L, "linspace: the count must not be negative, got %lld", (long long)count);
  trailer t = check_trailer(L, 4, RM_FLOAT32, "linspace", false);
  rm_tensor **y = bind_boxtensor(L);
  return finish(L, rm_linspace(first, last, (size_t)count, t.dtype, y, &err), y, t.requires_grad, &err);
}

/* --- random numbers ----------------------------------------------------------------- */

typedef rm_status (*fill_fn)(rm_rng *, rm_tensor *, float, float, rm_error *);

/* Interrupted, it has not drawn. */
static rm_status fill_fresh(rm_rng *rng, rm_tensor *y, fill_fn fill, rm_error *err) {
  rm_rng before = *rng;
  rm_status status = RM_BREAKABLE(fill(rng, y, 0, 1, err), err);
  if (status != RM_OK) *rng = before;
  return status;
}

/* A fresh tensor of the sizes at the stack's start, filled by `fill`. */
static int drawn(lua_State *L, fill_fn fill, const char *op) {
  size_t shape[RM_MAX_DIMS];
  int next;
  rm_error err;
  size_t ndim = bind_checkshape(L, 1, shape, &next, op);
  trailer t = check_trailer(L, next, RM_FLOAT32, op, true);
  if (t.dtype != RM_FLOAT32) return bind_error(L, "%s: gives float32, not %s", op, rm_dtype_name(t.dtype));
  rm_rng *rng = check_generator(L, t.options, BIND_RNG_INIT);
  rm_tensor **y = bind_boxtensor(L);
  rm_status status = rm_tensor_new(RM_FLOAT32, ndim, shape, y, &err);
  if (status == RM_OK) status = fill_fresh(rng, *y, fill, &err);
  return finish(L, status, y, t.requires_grad, &err);
}

/* Random numbers, uniform in [0, 1), or normal with mean 0 and standard deviation 1.
 * Call: rm.rand(sizes, {generator = rm.random.init, requires_grad = false}) -> tensor
 * Call: rm.randn(sizes, {generator = rm.random.init, requires_grad = false}) -> tensor
 * Shapes: as given, float32.
 * Errors: sizes as for rm.zeros; a generator that is none.
 * Source: Philox4x32-10 (Salmon et al. 2011); normal numbers by Box and Muller (1958).
 * Example:
 *   > rm.randn(128, 3, 32, 32).shape
 *   {128, 3, 32, 32}
 *   > a = rm.rand(3, {generator = rm.generator(7)})
 *   > b = rm.rand(3, {generator = rm.generator(7)})
 *   > a:eq(b):all():item()
 *   1 */
static int core_rand(lua_State *L) { return drawn(L, rm_rng_fill_uniform, "rand"); }
/* rm.randn(2, 3, ...): normal, mean 0, standard deviation 1 */
static int core_randn(lua_State *L) { return drawn(L, rm_rng_fill_normal, "randn"); }

/* Random whole numbers between low and high, both included.
 * Call: rm.randint(low, high, {sizes}, {generator = rm.random.init}) -> tensor
 * Shapes: as given, int64.
 * Errors: high below low; sizes as for rm.zeros.
 * Example:
 *   > labels = rm.randint(1, 10, {128})
 *   > labels.dtype, labels:min():item() >= 1, labels:max():item() <= 10
 *   int64  true  true */
static int core_randint(lua_State *L) {
  static const char *const names[] = {"generator", NULL};
  size_t shape[RM_MAX_DIMS];
  rm_error err;
  lua_Integer low = luaL_checkinteger(L, 1), high = luaL_checkinteger(L, 2);
  if (high < low) return bind_error(L, "randint: low %lld is above high %lld", (long long)low, (long long)high);
  size_t ndim = bind_checkshape(L, 3, shape, NULL, "randint");
  int options = lua_istable(L, 3) ? 4 : (int)ndim + 3;
  if (luaL_testudata(L, options, BIND_GENERATOR)) bind_checkend(L, options + 1, "randint");
  else bind_checkoptions(L, options, "randint", names);
  rm_rng *rng = check_generator(L, options, BIND_RNG_INIT);
  uint64_t range = (uint64_t)high - (uint64_t)low + 1;
  rm_tensor **y = bind_boxtensor(L);
  if (rm_tensor_new(RM_INT64, ndim, shape, y, &err) != RM_OK) return bind_raise(L, &err);
  for (size_t i = 0; i < (*y)->numel; i++) /* range 0: all 2^64 values */
    rm_tensor_i64(*y)[i] = (int64_t)((uint64_t)low + (range ? rm_rng_below(rng, range) : rm_rng_u64(rng)));
  return bind_pushed(L, y);
}

/* A random order of the numbers 1..n.
 * Call: rm.randperm(n, {generator = rm.random.shuffle}) -> tensor
 * Shapes: (n), int64.
 * Errors: n negative or no whole number.
 * Example:
 *   > rm.randperm(5):sort()
 *   [1, 2, 3, 4, 5]  int64 (5)  [2, 3, 1, 5, 4]  int64 (5) */
static int core_randperm(lua_State *L) {
  static const char *const names[] = {"generator", NULL};
  rm_error err;
  lua_Integer n = luaL_checkinteger(L, 1);
  if (n < 0) return bind_error(L, "randperm: n must not be negative, got %lld", (long long)n);
  if (luaL_testudata(L, 2, BIND_GENERATOR)) bind_checkend(L, 3, "randperm");
  else bind_checkoptions(L, 2, "randperm", names);
  rm_rng *rng = check_generator(L, 2, BIND_RNG_SHUFFLE);
  rm_tensor **y = bind_boxtensor(L);
  if (rm_rng_permutation(rng, (size_t)n, y, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* --- shaped like another ------------------------------------------------------------- */

/* rm.zeros_like(x, dtype?, {requires_grad=}): x's shape and layout */
static int like(lua_State *L, int value, const char *op) {
  rm_tensor *x = bind_checktensor(L, 1);
  trailer t = check_trailer(L, 2, x->dtype, op, false);
  rm_error err;
  rm_tensor **y = bind_boxtensor(L);
  rm_status status = rm_tensor_new_like(x, t.dtype, y, &err);
  if (status == RM_OK) rm_fill(*y, rm_element_of(value, t.dtype));
  return finish(L, status, y, t.requires_grad, &err);
}

/* Zeros or ones with the shape, the type and the layout in memory of another tensor.
 * Call: rm.zeros_like(x, dtype = x.dtype, {requires_grad = false}) -> tensor
 * Call: rm.ones_like(x, dtype = x.dtype, {requires_grad = false}) -> tensor
 * Shapes: of x.
 * Errors: x is not a tensor; an unknown type or option.
 * Example:
 *   > rm.ones_like(rm.zeros(2, 2), "uint8")
 *   [[1, 1],
 *    [1, 1]]
 *   uint8 (2, 2) */
static int core_zeros_like(lua_State *L) { return like(L, 0, "zeros_like"); }
static int core_ones_like(lua_State *L) { return like(L, 1, "ones_like"); }

static int drawn_like(lua_State *L, fill_fn fill, const char *op) {
  rm_tensor *x = bind_checktensor(L, 1);
  trailer t = check_trailer(L, 2, RM_FLOAT32, op, true);
  rm_error err;
  if (t.dtype != RM_FLOAT32) return bind_error(L, "%s: gives float32, not %s", op, rm_dtype_name(t.dtype));
  rm_rng *rng = check_generator(L, t.options, BIND_RNG_INIT);
  rm_tensor **y = bind_boxtensor(L);
  rm_status status = rm_tensor_new_like(x, RM_FLOAT32, y, &err);
  if (status == RM_OK) status = fill_fresh(rng, *y, fill, &err);
  return finish(L, status, y, t.requires_grad, &err);
}

/* Random numbers with the shape and layout of another tensor: uniform in [0, 1), or normal.
 * Call: rm.rand_like(x, {generator = rm.random.init, requires_grad = false}) -> tensor
 * Call: rm.randn_like(x, {generator = rm.random.init, requires_grad = false}) -> tensor
 * Shapes: of x, float32.
 * Errors: x is not a tensor, or not float32.
 * Example:
 *   > rm.rand_like(rm.zeros(2, 5)).shape
 *   {2, 5} */
static int core_rand_like(lua_State *L) { return drawn_like(L, rm_rng_fill_uniform, "rand_like"); }
static int core_randn_like(lua_State *L) { return drawn_like(L, rm_rng_fill_normal, "randn_like"); }

/* --- in place ------------------------------------------------------------------------- */

/* Writes one value into every element, in place.
 * Call: x:fill_(value) -> x
 * Call: x:zero_() -> x
 * Shapes: any; x is returned.
 * Errors: a value that the type cannot hold; a write that the tape needs undone (x was used in a recorded
 *  operation as a leaf that requires a gradient): use rm.no_grad.
 * Example:
 *   > rm.empty(3):fill_(2)
 *   [2., 2., 2.]  float32 (3) */
static int tensor_fill_(lua_State *L) {
  rm_tensor *x = bind_checkwritable(L, 1, "fill_");
  rm_fill(x, bind_checkelement(L, 2, x->dtype, "fill_"));
  lua_settop(L, 1);
  return 1;
}

static int tensor_zero_(lua_State *L) {
  rm_tensor *x = bind_checkwritable(L, 1, "zero_");
  rm_fill(x, (rm_element){.i64 = 0});
  lua_settop(L, 1);
  return 1;
}

/* x:uniform_(low = 0, high = 1, generator or {generator=}) -> x */
static int draw_(lua_State *L, fill_fn fill, const char *op) {
  rm_tensor *x = bind_checkwritable(L, 1, op);
  int numbers = 0;
  while (numbers < 2 && lua_type(L, 2 + numbers) == LUA_TNUMBER) numbers++;
  bind_checkend(L, 3 + numbers, op);
  float a = numbers > 0 ? (float)lua_tonumber(L, 2) : 0, b = numbers > 1 ? (float)lua_tonumber(L, 3) : 1;
  rm_error err;
  rm_rng *rng = check_generator(L, 2 + numbers, BIND_RNG_INIT);
  if (fill(rng, x, a, b, &err) != RM_OK) return bind_raise(L, &err);
  lua_settop(L, 1);
  return 1;
}

/* Fills a tensor with random numbers, in place: uniform in [low, high), or normal.
 * Call: x:uniform_(low = 0, high = 1, generator = rm.random.init) -> x
 * Call: x:normal_(mean = 0, std = 1, generator = rm.random.init) -> x
 * Shapes: any, float32; x is returned. The generator may stand in a table, {generator = g}.
 * Errors: x is not float32; a leaf that requires a gradient, outside of rm.no_grad.
 * Example:
 *   > x = rm.zeros(1000):uniform_(-1, 1)
 *   > x:min():item() >= -1 and x:max():item() < 1
 *   true */
static int tensor_uniform_(lua_State *L) { return draw_(L, rm_rng_fill_uniform, "uniform_"); }
static int tensor_normal_(lua_State *L) { return draw_(L, rm_rng_fill_normal, "normal_"); }

/* Fills a tensor with 1 at random, with probability p, and 0 elsewhere, in place.
 * Call: x:bernoulli_(p = 0.5, generator = rm.random.init) -> x
 * Shapes: any, float32; x is returned.
 * Errors: p outside 0..1; x is not float32; a leaf that requires a gradient, outside of rm.no_grad.
 * Example:
 *   > rm.zeros(3):bernoulli_(1)
 *   [1., 1., 1.]  float32 (3) */
static int tensor_bernoulli_(lua_State *L) {
  rm_tensor *x = bind_checkwritable(L, 1, "bernoulli_");
  bool given = lua_type(L, 2) == LUA_TNUMBER;
  bind_checkend(L, given ? 4 : 3, "bernoulli_");
  float p = given ? (float)lua_tonumber(L, 2) : 0.5f;
  rm_error err;
  rm_rng *rng = check_generator(L, given ? 3 : 2, BIND_RNG_INIT);
  if (rm_rng_fill_bernoulli(rng, x, p, &err) != RM_OK) return bind_raise(L, &err);
  lua_settop(L, 1);
  return 1;
}

void bind_open_create(lua_State *L) {
  static const luaL_Reg functions[] = {{"zeros", core_zeros},
                                       {"ones", core_ones},
                                       {"empty", core_empty},
                                       {"full", core_full},
                                       {"eye", core_eye},
                                       {"arange", core_arange},
                                       {"linspace", core_linspace},
                                       {"rand", core_rand},
                                       {"randn", core_randn},
                                       {"randint", core_randint},
                                       {"randperm", core_randperm},
                                       {"zeros_like", core_zeros_like},
                                       {"ones_like", core_ones_like},
                                       {"rand_like", core_rand_like},
                                       {"randn_like", core_randn_like},
                                       {NULL, NULL}};
  static const luaL_Reg methods[] = {{"fill_", tensor_fill_},           {"zero_", tensor_zero_},
                                     {"uniform_", tensor_uniform_},     {"normal_", tensor_normal_},
                                     {"bernoulli_", tensor_bernoulli_}, {NULL, NULL}};
  bind_register(L, methods, functions);
}
