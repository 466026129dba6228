/* args.c -- checking arguments: Lua counts from 1, C from 0. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "bind/bind.h"
#include "bind/box.h"

/* 1..n or -n..-1 -> 0..n-1. `kind` is "dimension" or "index". */
static size_t from_one_based(lua_State *L, lua_Integer i, size_t n, const char *op, const char *kind,
                             const char *kinds) {
  if (i == 0) bind_error(L, "%s: %s 0: %s count from 1", op, kind, kinds);
  lua_Integer extent = (lua_Integer)n;
  if (i > extent || i < -extent)
    bind_error(L, "%s: %s %lld is out of range, expected 1..%lld or -%lld..-1", op, kind, (long long)i,
               (long long)extent, (long long)extent);
  return (size_t)(i > 0 ? i - 1 : extent + i);
}

size_t bind_checkdim(lua_State *L, int arg, size_t ndim, const char *op) {
  return from_one_based(L, luaL_checkinteger(L, arg), ndim, op, "dimension", "dimensions");
}

size_t bind_checkindex(lua_State *L, int arg, size_t n, const char *op) {
  return from_one_based(L, luaL_checkinteger(L, arg), n, op, "index", "indices");
}

static size_t checksize(lua_State *L, int arg, const char *op) {
  int ok;
  lua_Integer n = lua_tointegerx(L, arg, &ok);
  if (!ok) bind_error(L, "%s: a size must be a whole number, got %s", op, bind_phrase(L, arg));
  if (n < 0) bind_error(L, "%s: a size must not be negative, got %lld", op, (long long)n);
  return (size_t)n;
}

void bind_checkend(lua_State *L, int arg, const char *op) {
  for (int top = lua_gettop(L); arg <= top; arg++)
    if (!lua_isnil(L, arg)) bind_error(L, "%s: argument %d, a %s, is one too many", op, arg, luaL_typename(L, arg));
}

/* A list of more elements than that is walked from its last element on, which costs nothing: where a constructor or
 * appending made it, fields of other names come behind all elements. */
enum { WALKED = 16 };

size_t bind_checklist(lua_State *L, int arg, const char *op, const char *what) {
  arg = lua_absindex(L, arg);
  luaL_checktype(L, arg, LUA_TTABLE);
  size_t n = (size_t)luaL_len(L, arg);
  if (luaL_getmetafield(L, arg, "__len") != LUA_TNIL) { /* an object, which may have fields */
    lua_pop(L, 1);
    return n;
  }
  luaL_checkstack(L, 3, op);
  if (n <= WALKED) lua_pushnil(L);
  else lua_pushinteger(L, (lua_Integer)n);
  while (lua_next(L, arg)) {
    lua_pop(L, 1);
    if (lua_isinteger(L, -1) && lua_tointeger(L, -1) >= 1 && (size_t)lua_tointeger(L, -1) <= n) continue;
    const char *form = lua_type(L, -1) == LUA_TSTRING ? "'%s'" : "[%s]";
    lua_pushfstring(L, form, bind_phrase(L, -1));
    bind_error(L, "%s: the list of %s has a field %s; what else is given comes after the list", op, what,
               lua_tostring(L, -1));
  }
  return n;
}

/* Numbers end at `arg`: with a nil there, no other number may follow. */
static void check_gap(lua_State *L, int arg, const char *op) {
  if (!lua_isnil(L, arg)) return;
  for (int i = arg + 1, top = lua_gettop(L); i <= top; i++)
    if (lua_type(L, i) == LUA_TNUMBER) bind_error(L, "%s: argument %d is nil, and a number follows", op, arg);
}

size_t bind_checkshape(lua_State *L, int arg, size_t shape[RM_MAX_DIMS], int *next, const char *op) {
  size_t n = 0;
  if (lua_istable(L, arg)) {
    size_t length = bind_checklist(L, arg, op, "sizes");
    if (length > RM_MAX_DIMS) bind_error(L, "%s: at most %d dimensions, got %zu", op, RM_MAX_DIMS, length);
    for (; n < length; n++) {
      lua_geti(L, arg, (lua_Integer)n + 1);
      shape[n] = checksize(L, -1, op);
      lua_pop(L, 1);
    }
    if (next) *next = arg + 1;
    return n;
  }
  for (; lua_type(L, arg) == LUA_TNUMBER; arg++) {
    if (n == RM_MAX_DIMS) bind_error(L, "%s: at most %d dimensions", op, RM_MAX_DIMS);
    shape[n++] = checksize(L, arg, op);
  }
  if (n == 0 && lua_isnil(L, arg)) bind_error(L, "%s: argument %d is nil, expected a size", op, arg);
  check_gap(L, arg, op);
  if (next) *next = arg;
  return n;
}

size_t bind_checkaxis(lua_State *L, int arg, size_t ndim, const char *op) {
  return bind_checkdim(L, arg, ndim ? ndim : 1, op);
}

static void flag_dim(lua_State *L, int arg, size_t ndim, bool flags[RM_MAX_DIMS], const char *op) {
  size_t d = bind_checkaxis(L, arg, ndim, op);
  if (flags[d]) bind_error(L, "%s: dimension %zu is given twice", op, d + 1);
  flags[d] = true;
}

int bind_checkdims(lua_State *L, int arg, size_t ndim, bool flags[RM_MAX_DIMS], const char *op) {
  memset(flags, 0, RM_MAX_DIMS * sizeof *flags);
  bool any = false;
  if (lua_istable(L, arg) && lua_geti(L, arg, 1) == LUA_TNUMBER) {
    lua_pop(L, 1);
    lua_Integer n = (lua_Integer)bind_checklist(L, arg, op, "dimensions");
    for (lua_Integer i = 1; i <= n; i++) {
      if (lua_geti(L, arg, i) != LUA_TNUMBER)
        bind_error(L, "%s: dimension %d of the list is a %s, expected a number", op, (int)i, luaL_typename(L, -1));
      flag_dim(L, -1, ndim, flags, op);
      lua_pop(L, 1);
    }
    return arg + 1;
  }
  if (lua_istable(L, arg)) lua_pop(L, 1); /* options, no list of dimensions */
  for (; lua_type(L, arg) == LUA_TNUMBER; arg++, any = true) flag_dim(L, arg, ndim, flags, op);
  check_gap(L, arg, op);
  if (!any)
    for (size_t d = 0; d < ndim; d++) flags[d] = true;
  return lua_isnil(L, arg) ? arg + 1 : arg;
}

rm_dtype bind_optdtype(lua_State *L, int arg, rm_dtype def) {
  if (lua_type(L, arg) != LUA_TSTRING) return def;
  const char *name = lua_tostring(L, arg);
  rm_dtype dtype = def;
  if (!rm_dtype_from_name(name, &dtype))
    bind_error(L, "unknown element type \"%s\", expected float32, uint8 or int64", name);
  return dtype;
}

/* --- options ----------------------------------------------------------------------- */

/* Pushes field `name` of the options at arg (nil if there are none); its type. */
static int push_option(lua_State *L, int arg, const char *name) {
  if (lua_istable(L, arg)) return lua_getfield(L, arg, name);
  lua_pushnil(L);
  return LUA_TNIL;
}

static void unknown_option(lua_State *L, const char *op, const char *given, const char *const names[]) {
  bind_nearest best = bind_nearest_start(given);
  luaL_Buffer all;
  luaL_buffinit(L, &all);
  for (size_t i = 0; names[i]; i++) {
    bind_nearest_offer(&best, names[i]);
    if (i) luaL_addstring(&all, ", ");
    luaL_addstring(&all, names[i]);
  }
  luaL_pushresult(&all);
  if (best.name) bind_error(L, "%s: unknown option \"%s\", did you mean \"%s\"?", op, given, best.name);
  bind_error(L, "%s: unknown option \"%s\", expected one of: %s", op, given, lua_tostring(L, -1));
}

void bind_checkoptions(lua_State *L, int arg, const char *op, const char *const names[]) {
  bind_checkend(L, arg + 1, op); /* options come last */
  if (lua_isnoneornil(L, arg)) return;
  if (!lua_istable(L, arg))
    bind_error(L, "%s: argument %d must be a table of options, got %s", op, arg, luaL_typename(L, arg));
  lua_pushnil(L);
  while (lua_next(L, arg)) {
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING) bind_error(L, "%s: options have names, got the key %s", op, bind_phrase(L, -1));
    const char *given = lua_tostring(L, -1);
    size_t i = 0;
    while (names[i] && strcmp(names[i], given) != 0) i++;
    if (!names[i]) unknown_option(L, op, given, names);
  }
}

static void wrong_option(lua_State *L, const char *name, const char *expected) {
  bind_error(L, "option %s: expected %s, got %s", name, expected, bind_phrase(L, -1));
}

double bind_optnumber(lua_State *L, int arg, const char *name, double def) {
  int ok = 1;
  if (push_option(L, arg, name) != LUA_TNIL) def = lua_tonumberx(L, -1, &ok);
  if (!ok || isnan(def)) wrong_option(L, name, "a number");
  lua_pop(L, 1);
  return def;
}

int64_t bind_optinteger(lua_State *L, int arg, const char *name, int64_t def) {
  int ok = 1;
  if (push_option(L, arg, name) != LUA_TNIL) def = lua_tointegerx(L, -1, &ok);
  if (!ok) wrong_option(L, name, "a whole number");
  lua_pop(L, 1);
  return def;
}

/* The non-negative whole number on top of the stack. */
static size_t option_size(lua_State *L, const char *name) {
  int ok;
  lua_Integer n = lua_tointegerx(L, -1, &ok);
  if (!ok || n < 0) wrong_option(L, name, "a whole number, not negative");
  return (size_t)n;
}

void bind_question(lua_State *L, const char *op, const char *instead) {
  if (!lua_isnone(L, 1)) bind_error(L, "%s: takes no argument; %s", op, instead);
}

size_t bind_optsize(lua_State *L, int arg, const char *name, size_t def) {
  if (push_option(L, arg, name) != LUA_TNIL) def = option_size(L, name);
  lua_pop(L, 1);
  return def;
}

bool bind_optbool(lua_State *L, int arg, const char *name, bool def) {
  int type = push_option(L, arg, name);
  if (type != LUA_TNIL && type != LUA_TBOOLEAN) wrong_option(L, name, "true or false");
  if (type == LUA_TBOOLEAN) def = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return def;
}

void bind_optpair(lua_State *L, int arg, const char *name, size_t def, size_t pair[2]) {
  pair[0] = pair[1] = def;
  int type = push_option(L, arg, name);
  if (type == LUA_TTABLE) {
    if (bind_checklist(L, -1, name, "two numbers") != 2) wrong_option(L, name, "a number or a pair {height, width}");
    for (int i = 0; i < 2; i++) {
      lua_geti(L, -1, i + 1);
      pair[i] = option_size(L, name);
      lua_pop(L, 1);
    }
  } else if (type != LUA_TNIL) {
    pair[0] = pair[1] = option_size(L, name);
  }
  lua_pop(L, 1);
}

const char *bind_optstring(lua_State *L, int arg, const char *name, const char *def) {
  int type = push_option(L, arg, name);
  if (type != LUA_TNIL && type != LUA_TSTRING) wrong_option(L, name, "a string");
  if (type == LUA_TSTRING) def = lua_tostring(L, -1); /* the table keeps it alive */
  lua_pop(L, 1);
  return def;
}

/* --- generators ---------------------------------------------------------------------- */

rm_rng *bind_generator(lua_State *L, bind_rng which) { return &bind_getstate(L)->generators[which]; }

rm_rng *bind_optgenerator(lua_State *L, int arg, bind_rng which) {
  if (lua_isnoneornil(L, arg)) return bind_generator(L, which);
  return *(rm_rng **)luaL_checkudata(L, arg, BIND_GENERATOR);
}
