/* statistics.c -- what is in a large tensor, and what memory it stands on. */
#include <math.h>
#include "bind/bind.h"

/* Sums are of differences from the first finite element, in double: one pass, and still exact where
 * the mean is large against the spread. */
typedef struct {
  size_t finite, nan, inf;
  double first, sum, squares, least, most;
} summary;

static void add_value(summary *s, double v) {
  if (!isfinite(v)) {
    if (isnan(v)) s->nan++;
    else s->inf++;
    return;
  }
  if (s->finite == 0) s->first = s->least = s->most = v;
  double d = v - s->first;
  s->finite++;
  s->sum += d;
  s->squares += d * d;
  if (v < s->least) s->least = v;
  if (v > s->most) s->most = v;
}

static void add_row(summary *s, rm_dtype dtype, const char *data, ptrdiff_t stride, size_t n) {
  switch (dtype) {
    case RM_FLOAT32:
      for (size_t i = 0; i < n; i++) add_value(s, ((const float *)data)[(ptrdiff_t)i * stride]);
      return;
    case RM_UINT8:
      for (size_t i = 0; i < n; i++) add_value(s, ((const uint8_t *)data)[(ptrdiff_t)i * stride]);
      return;
    default:
      for (size_t i = 0; i < n; i++) add_value(s, (double)((const int64_t *)data)[(ptrdiff_t)i * stride]);
  }
}

static void add_dimension(summary *s, const rm_tensor *x, size_t dim, const char *data) {
  if (x->ndim == 0) return add_row(s, x->dtype, data, 0, 1);
  if (dim + 1 == x->ndim) return add_row(s, x->dtype, data, x->strides[dim], x->shape[dim]);
  ptrdiff_t step = x->strides[dim] * (ptrdiff_t)rm_dtype_size(x->dtype);
  for (size_t i = 0; i < x->shape[dim]; i++) add_dimension(s, x, dim + 1, data + (ptrdiff_t)i * step);
}

static void set_number(lua_State *L, const char *name, double value) {
  lua_pushnumber(L, isnan(value) ? NAN : value);
  lua_setfield(L, -2, name);
}

static void set_count(lua_State *L, const char *name, size_t value) {
  lua_pushinteger(L, (lua_Integer)value);
  lua_setfield(L, -2, name);
}

/* Mean, standard deviation, least and largest of the elements that are finite numbers, and how many are
 * not. The prompt shows them of a tensor that is too large to be printed whole. The standard deviation
 * is that of a sample (n - 1), as x:std().
 *
 * Call: rm.statistics(x) -> {mean =, std =, min =, max =, nan =, inf =}
 * Shapes: x of any shape and type. Without a finite element there are no mean, std, min and max;
 *         with one there is no std.
 * Errors: raises for what is not a tensor.
 * Example:
 *   > s = rm.statistics(rm.tensor {1, 2, 3, 0 / 0})
 *   > s.mean, s.std, s.min, s.max, s.nan
 *   2.0  1.0  1.0  3.0  1
 */
static int core_statistics(lua_State *L) {
  const rm_tensor *x = bind_checktensor(L, 1);
  summary s = {0};
  if (x->numel > 0) add_dimension(&s, x, 0, rm_tensor_data(x));
  bind_newtable(L, 0, 6);
  double n = (double)s.finite;
  if (s.finite > 0) {
    set_number(L, "mean", s.first + s.sum / n);
    set_number(L, "min", s.least);
    set_number(L, "max", s.most);
  }
  if (s.finite > 1) set_number(L, "std", sqrt(fmax(0, (s.squares - s.sum * s.sum / n) / (n - 1))));
  set_count(L, "nan", s.nan);
  set_count(L, "inf", s.inf);
  return 1;
}

/* The memory that a tensor stands on: views of one another share it, and have the same id.
 *
 * Call: rm.storage(x) -> id, bytes
 * Units: bytes of the whole storage, of which x may show a part.
 * Errors: raises for what is not a tensor.
 * Example:
 *   > x = rm.zeros(10, 10)
 *   > rm.storage(x) == rm.storage(x[1]), select(2, rm.storage(x[1]))
 *   true  400
 */
static int core_storage(lua_State *L) {
  const rm_tensor *x = bind_checktensor(L, 1);
  lua_pushlightuserdata(L, x->storage);
  lua_pushinteger(L, (lua_Integer)x->storage->bytes);
  return 2;
}

void bind_open_statistics(lua_State *L) {
  static const luaL_Reg functions[] = {{"statistics", core_statistics}, {"storage", core_storage}, {NULL, NULL}};
  bind_register(L, NULL, functions);
}
