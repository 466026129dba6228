/* longwork.c -- string.rep, and those functions of table that can take long, so that Ctrl-C stops them.
 *
 * Lua's own run through a table, or what claims to be one (__len), without a look at anything. These
 * do the same (after ltablib.c), and look at the interrupt every STRIDE elements. insert and remove do so
 * only where there is a metatable: the elements of a plain table lie in memory, so that
 * it does not take long, and half way one of them would be there twice. */
#include "shell/longwork.h"

#include <lauxlib.h>
#include <limits.h>
#include <lualib.h>
#include <stdint.h>
#include <string.h>
#include "shell/interrupt.h"

enum { STRIDE = 4096 };
enum { READ = 1, WRITE = 2, LENGTH = 4 };

static int has_field(lua_State *L, const char *name, int metatable) {
  lua_pushstring(L, name);
  int has = lua_rawget(L, metatable) != LUA_TNIL;
  lua_pop(L, 1);
  return has;
}

/* A table, or what behaves as one as far as it is used. */
static void check_table(lua_State *L, int arg, int used) {
  if (lua_type(L, arg) == LUA_TTABLE) return;
  if (lua_getmetatable(L, arg)) {
    int meta = lua_gettop(L);
    int enough = (!(used & READ) || has_field(L, "__index", meta)) &&
                 (!(used & WRITE) || has_field(L, "__newindex", meta)) &&
                 (!(used & LENGTH) || has_field(L, "__len", meta));
    lua_pop(L, 1);
    if (enough) return;
  }
  luaL_checktype(L, arg, LUA_TTABLE);
}

static lua_Integer check_list(lua_State *L, int arg, int used) {
  check_table(L, arg, used | LENGTH);
  return luaL_len(L, arg);
}

static int is_plain(lua_State *L, int arg) {
  if (lua_type(L, arg) != LUA_TTABLE) return 0;
  if (!lua_getmetatable(L, arg)) return 1;
  lua_pop(L, 1);
  return 0;
}

/* --- string.rep --------------------------------------------------------------------------- */

static int string_rep(lua_State *L) {
  enum { PIECE = 1 << 24 };
  size_t ls, lsep;
  const char *s = luaL_checklstring(L, 1, &ls);
  lua_Integer n = luaL_checkinteger(L, 2);
  const char *separator = luaL_optlstring(L, 3, "", &lsep);
  if (n <= 0) return lua_pushliteral(L, ""), 1;
  if (ls + lsep < ls || ls + lsep > (size_t)INT_MAX / (size_t)n) return luaL_error(L, "resulting string too large");
  size_t unit = ls + lsep, total = (size_t)n * ls + (size_t)(n - 1) * lsep;
  luaL_Buffer out;
  char *begin = luaL_buffinitsize(L, &out, total);
  size_t done = 0;
  if (total > 0) {
    memcpy(begin, s, ls);
    done = ls;
  }
  if (done < total) { /* one of each, then what is there behind itself, again and again */
    memcpy(begin + done, separator, lsep);
    done = unit;
  }
  while (done < total) {
    size_t whole = done / unit * unit, piece = whole < PIECE || whole == unit ? whole : PIECE / unit * unit;
    if (piece == 0) piece = unit;
    if (piece > total - done) piece = total - done;
    memcpy(begin + done, begin, piece);
    done += piece;
    shell_poll(L);
  }
  luaL_pushresultsize(&out, total);
  return 1;
}

/* --- concat, move, insert, remove ----------------------------------------------------------- */

static void add_field(lua_State *L, luaL_Buffer *out, lua_Integer i) {
  lua_geti(L, 1, i);
  if (!lua_isstring(L, -1))
    luaL_error(L, "invalid value (%s) at index %I in table for 'concat'", luaL_typename(L, -1), (LUAI_UACINT)i);
  luaL_addvalue(out);
}

static int table_concat(lua_State *L) {
  lua_Integer last = check_list(L, 1, READ);
  size_t lsep;
  const char *separator = luaL_optlstring(L, 2, "", &lsep);
  lua_Integer i = luaL_optinteger(L, 3, 1);
  last = luaL_optinteger(L, 4, last);
  luaL_Buffer out;
  luaL_buffinit(L, &out);
  for (; i < last; i++) {
    add_field(L, &out, i);
    luaL_addlstring(&out, separator, lsep);
    if (i % STRIDE == 0) shell_poll(L);
  }
  if (i == last) add_field(L, &out, i);
  luaL_pushresult(&out);
  return 1;
}

static int table_move(lua_State *L) {
  lua_Integer from = luaL_checkinteger(L, 2), end = luaL_checkinteger(L, 3), to = luaL_checkinteger(L, 4);
  int other = !lua_isnoneornil(L, 5) ? 5 : 1;
  check_table(L, 1, READ);
  check_table(L, other, WRITE);
  if (end >= from) {
    luaL_argcheck(L, from > 0 || end < LUA_MAXINTEGER + from, 3, "too many elements to move");
    lua_Integer n = end - from + 1;
    luaL_argcheck(L, to <= LUA_MAXINTEGER - n + 1, 4, "destination wrap around");
    int upwards = to > end || to <= from || (other != 1 && !lua_compare(L, 1, other, LUA_OPEQ));
    for (lua_Integer k = 0; k < n; k++) {
      lua_Integer i = upwards ? k : n - 1 - k;
      lua_geti(L, 1, from + i);
      lua_seti(L, other, to + i);
      if (k % STRIDE == 0) shell_poll(L);
    }
  }
  lua_pushvalue(L, other);
  return 1;
}

static int table_insert(lua_State *L) {
  lua_Integer end = (lua_Integer)((lua_Unsigned)check_list(L, 1, READ | WRITE) + 1), at;
  switch (lua_gettop(L)) {
    case 2: at = end; break;
    case 3: {
      at = luaL_checkinteger(L, 2);
      luaL_argcheck(L, (lua_Unsigned)at - 1u < (lua_Unsigned)end, 2, "position out of bounds");
      int plain = is_plain(L, 1);
      for (lua_Integer i = end; i > at; i--) {
        lua_geti(L, 1, i - 1);
        lua_seti(L, 1, i);
        if (!plain && i % STRIDE == 0) shell_poll(L);
      }
      break;
    }
    default: return luaL_error(L, "wrong number of arguments to 'insert'");
  }
  lua_seti(L, 1, at);
  return 0;
}

static int table_remove(lua_State *L) {
  lua_Integer n = check_list(L, 1, READ | WRITE), at = luaL_optinteger(L, 2, n);
  /* Lua 5.4.4 says that it is argument 1. */
  if (at != n) luaL_argcheck(L, (lua_Unsigned)at - 1u <= (lua_Unsigned)n, 1, "position out of bounds");
  int plain = is_plain(L, 1);
  lua_geti(L, 1, at);
  for (; at < n; at++) {
    lua_geti(L, 1, at + 1);
    lua_seti(L, 1, at);
    if (!plain && at % STRIDE == 0) shell_poll(L);
  }
  lua_pushnil(L);
  lua_seti(L, 1, at);
  return 1;
}

/* --- sort ----------------------------------------------------------------------------------- */

/* Quicksort as in ltablib.c, to the order of what compares equal. The table is argument 1, the function that
 * compares, or nil, argument 2. Whenever two elements are compared the table holds all that it held. */
typedef unsigned int place;
enum { SMALL = 100 };

typedef struct {
  lua_State *L;
  unsigned int until_look, salt;
} sorter;

/* Takes the two values on top to places i (the upper one) and j. */
static void put(lua_State *L, place i, place j) {
  lua_seti(L, 1, i);
  lua_seti(L, 1, j);
}

/* Whether the value at stack index a is to stand before that at b. */
static int before(sorter *s, int a, int b) {
  lua_State *L = s->L;
  if (lua_isnil(L, 2)) {
    if (--s->until_look == 0) {
      s->until_look = STRIDE;
      shell_poll(L);
    }
    return lua_compare(L, a, b, LUA_OPLT);
  }
  lua_pushvalue(L, 2);
  lua_pushvalue(L, a - 1);
  lua_pushvalue(L, b - 2);
  lua_call(L, 2, 1);
  int is = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return is;
}

/* Parts low + 1 .. high - 2 by the pivot on top, which is at high - 1 as well; pops it. */
static place partition(sorter *s, place low, place high) {
  lua_State *L = s->L;
  place i = low, j = high - 1;
  for (;;) {
    while (lua_geti(L, 1, ++i), before(s, -1, -2)) {
      if (i == high - 1) luaL_error(L, "invalid order function for sorting");
      lua_pop(L, 1);
    }
    while (lua_geti(L, 1, --j), before(s, -3, -1)) {
      if (j < i) luaL_error(L, "invalid order function for sorting");
      lua_pop(L, 1);
    }
    if (j < i) {
      lua_pop(L, 1);
      put(L, high - 1, i);
      return i;
    }
    put(L, i, j);
  }
}

/* The middle; of parts that turned out badly balanced some place about it. */
static place pivot_of(const sorter *s, place low, place high) {
  if (high - low < SMALL || s->salt == 0) return low + (high - low) / 2;
  place quarter = (high - low) / 4;
  return s->salt % (quarter * 2) + low + quarter;
}

/* The least of a[low], a[pivot], a[high] goes to low, the greatest to high. */
static void order_three(sorter *s, place low, place pivot, place high) {
  lua_State *L = s->L;
  lua_geti(L, 1, pivot);
  lua_geti(L, 1, low);
  if (before(s, -2, -1)) {
    put(L, pivot, low);
    return;
  }
  lua_pop(L, 1);
  lua_geti(L, 1, high);
  if (before(s, -1, -2)) put(L, pivot, high);
  else lua_pop(L, 2);
}

static void sort(sorter *s, place low, place high) {
  lua_State *L = s->L;
  while (low < high) {
    lua_geti(L, 1, low);
    lua_geti(L, 1, high);
    if (before(s, -1, -2)) put(L, low, high);
    else lua_pop(L, 2);
    if (high - low == 1) break;
    place at = pivot_of(s, low, high), smaller;
    order_three(s, low, at, high);
    if (high - low == 2) break;
    lua_geti(L, 1, at);
    lua_pushvalue(L, -1);
    lua_geti(L, 1, high - 1);
    put(L, at, high - 1);
    at = partition(s, low, high);
    unsigned int salt = s->salt;
    if (at - low < high - at) {
      sort(s, low, at - 1);
      smaller = at - low;
      low = at + 1;
    } else {
      sort(s, at + 1, high);
      smaller = high - at;
      high = at - 1;
    }
    s->salt = salt;
    if ((high - low) / 128 > smaller) s->salt = salt * 1103515245u + 12345u;
  }
}

static int table_sort(lua_State *L) {
  lua_Integer n = check_list(L, 1, READ | WRITE);
  if (n < 2) return 0;
  luaL_argcheck(L, n < INT_MAX, 1, "array too big");
  if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  luaL_checkstack(L, 40, "");
  sorter s = {L, STRIDE, 0};
  sort(&s, 1, (place)n);
  return 0;
}

void shell_longwork_open(lua_State *L) {
  static const luaL_Reg of_table[] = {{"concat", table_concat}, {"insert", table_insert}, {"move", table_move},
                                      {"remove", table_remove}, {"sort", table_sort},     {NULL, NULL}};
  lua_getglobal(L, LUA_STRLIBNAME);
  lua_pushcfunction(L, string_rep);
  lua_setfield(L, -2, "rep");
  lua_getglobal(L, LUA_TABLIBNAME);
  luaL_setfuncs(L, of_table, 0);
  lua_pop(L, 2);
}
