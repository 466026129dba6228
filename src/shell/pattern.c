/* pattern.c -- string.find, match, gmatch and gsub that Ctrl-C can stop.
 *
 * Lua's own matcher tries every way of dividing the subject among the items of a pattern: 20 times `.-`
 * on 100 letters takes longer than anybody lives, in one C function that no hook reaches. This one
 * has the same language, the same order of trials and the same limits (after lstrlib.c), and looks at the
 * interrupt now and then: each trial costs fuel, and where that runs out is a look.
 * tests/lua/shell/pattern_test.lua compares the two. */
#define _GNU_SOURCE /* memmem */
#include "shell/pattern.h"

#include <ctype.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdint.h>
#include <string.h>
#include "shell/interrupt.h"

enum { MOST_CAPTURES = 32, DEEPEST = 200, FUEL = 20000 };
enum { OPEN = -1, POSITION = -2 }; /* lengths of captures that have none */

typedef struct {
  lua_State *L;
  const char *begin, *end; /* the subject */
  const char *stop;        /* the end of the pattern */
  int depth;               /* how much deeper match may nest */
  int64_t fuel;
  int captures;
  struct {
    const char *at;
    ptrdiff_t length;
  } capture[MOST_CAPTURES];
} matcher;

static void prepare(matcher *m, lua_State *L, const char *s, size_t ls, const char *p, size_t lp) {
  m->L = L;
  m->begin = s;
  m->end = s + ls;
  m->stop = p + lp;
  m->fuel = FUEL;
}

static inline void spend(matcher *m, ptrdiff_t steps) {
  m->fuel -= steps;
  if (m->fuel > 0) return;
  m->fuel = FUEL;
  shell_poll(m->L);
}

static int byte_of(const char *c) { return (unsigned char)*c; }

/* --- one item of a pattern -------------------------------------------------------------- */

/* Behind the set that begins before p. */
static const char *set_end(matcher *m, const char *p) {
  const char *from = p;
  if (p < m->stop && *p == '^') p++;
  do { /* a ']' in first place stands for itself */
    if (p == m->stop) luaL_error(m->L, "malformed pattern (missing ']')");
    if (*p++ == '%') {
      if (p == m->stop) luaL_error(m->L, "malformed pattern (missing ']')");
      p++;
    }
  } while (p == m->stop || *p != ']');
  spend(m, p - from);
  return p + 1;
}

/* Behind the single-character item at p, which is not the end. */
static inline const char *item_end(matcher *m, const char *p) {
  char c = *p++;
  if (c == '[') return set_end(m, p);
  if (c != '%') return p;
  if (p == m->stop) luaL_error(m->L, "malformed pattern (ends with '%%')");
  return p + 1;
}

static int in_class(int c, int class) {
  int is;
  switch (tolower(class)) {
    case 'a': is = isalpha(c); break;
    case 'c': is = iscntrl(c); break;
    case 'd': is = isdigit(c); break;
    case 'g': is = isgraph(c); break;
    case 'l': is = islower(c); break;
    case 'p': is = ispunct(c); break;
    case 's': is = isspace(c); break;
    case 'u': is = isupper(c); break;
    case 'w': is = isalnum(c); break;
    case 'x': is = isxdigit(c); break;
    case 'z': is = c == 0; break; /* no longer in the manual, still in 5.4 */
    default: return class == c;
  }
  return isupper(class) ? !is : is != 0;
}

/* Whether c is in the set between the '[' at p and the ']' at last. */
static int in_set(matcher *m, int c, const char *p, const char *last) {
  int found = 1;
  spend(m, last - p);
  if (p[1] == '^') {
    found = 0;
    p++;
  }
  while (++p < last) {
    if (*p == '%') {
      p++;
      if (in_class(c, byte_of(p))) return found;
    } else if (p[1] == '-' && p + 2 < last) {
      if (byte_of(p) <= c && c <= byte_of(p + 2)) return found;
      p += 2;
    } else if (byte_of(p) == c) {
      return found;
    }
  }
  return !found;
}

/* Whether the item from p to e is what stands at s. */
static inline int fits(matcher *m, const char *s, const char *p, const char *e) {
  if (s >= m->end) return 0;
  int c = byte_of(s);
  switch (*p) {
    case '.': return 1;
    case '%': return in_class(c, byte_of(p + 1));
    case '[': return in_set(m, c, p, e - 1);
    default: return byte_of(p) == c;
  }
}

/* --- matching ------------------------------------------------------------------------------ */

static const char *match(matcher *m, const char *s, const char *p);

/* %bxy; p is at x */
static const char *balanced(matcher *m, const char *s, const char *p) {
  if (p >= m->stop - 1) luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
  if (s >= m->end || *s != *p) return NULL;
  const char *from = s;
  int level = 1;
  while (++s < m->end) {
    if (*s == p[1]) {
      if (--level == 0) break;
    } else if (*s == *p) {
      level++;
    }
  }
  spend(m, s - from);
  return s < m->end ? s + 1 : NULL;
}

static const char *longest_first(matcher *m, const char *s, const char *p, const char *e) {
  ptrdiff_t n = 0;
  while (fits(m, s + n, p, e)) n++;
  spend(m, n);
  for (; n >= 0; n--) {
    const char *result = match(m, s + n, e + 1);
    if (result) return result;
  }
  return NULL;
}

static const char *shortest_first(matcher *m, const char *s, const char *p, const char *e) {
  for (;; s++) {
    const char *result = match(m, s, e + 1);
    if (result) return result;
    if (!fits(m, s, p, e)) return NULL;
  }
}

static const char *open_capture(matcher *m, const char *s, const char *p, int what) {
  if (m->captures >= MOST_CAPTURES) luaL_error(m->L, "too many captures");
  m->capture[m->captures].at = s;
  m->capture[m->captures].length = what;
  m->captures++;
  const char *result = match(m, s, p);
  if (!result) m->captures--;
  return result;
}

static const char *close_capture(matcher *m, const char *s, const char *p) {
  int i = m->captures - 1;
  while (i >= 0 && m->capture[i].length != OPEN) i--;
  if (i < 0) luaL_error(m->L, "invalid pattern capture");
  m->capture[i].length = s - m->capture[i].at;
  const char *result = match(m, s, p);
  if (!result) m->capture[i].length = OPEN;
  return result;
}

/* What capture `digit` caught, once more. */
static const char *same_again(matcher *m, const char *s, int digit) {
  int i = digit - '1';
  if (i < 0 || i >= m->captures || m->capture[i].length == OPEN) luaL_error(m->L, "invalid capture index %%%d", i + 1);
  size_t length = (size_t)m->capture[i].length; /* a position is longer than any subject */
  if ((size_t)(m->end - s) < length) return NULL;
  spend(m, (ptrdiff_t)length);
  return memcmp(m->capture[i].at, s, length) == 0 ? s + length : NULL;
}

/* %f[set]; p is at the set. Whether s is on a border. */
static int on_frontier(matcher *m, const char *s, const char *p, const char *e) {
  int before = s == m->begin ? '\0' : byte_of(s - 1), here = s < m->end ? byte_of(s) : '\0';
  return !in_set(m, before, p, e - 1) && in_set(m, here, p, e - 1);
}

/* One item and what repeats it, then the rest. Sets *rest where the rest is the caller's to go on with, at
 * the result. */
static inline const char *match_item(matcher *m, const char *s, const char *p, const char **rest) {
  const char *e = item_end(m, p), *result;
  char repeat = e < m->stop ? *e : '\0';
  if (!fits(m, s, p, e)) {
    if (repeat != '*' && repeat != '?' && repeat != '-') return NULL;
    *rest = e + 1; /* none of it */
    return s;
  }
  switch (repeat) {
    case '?':
      if ((result = match(m, s + 1, e + 1)) != NULL) return result;
      *rest = e + 1;
      return s;
    case '+': return longest_first(m, s + 1, p, e);
    case '*': return longest_first(m, s, p, e);
    case '-': return shortest_first(m, s, p, e);
    default: *rest = e; return s + 1;
  }
}

/* The item that the '%' at p begins: as match_item. */
static const char *match_escape(matcher *m, const char *s, const char *p, const char **rest) {
  int c = p + 1 < m->stop ? byte_of(p + 1) : '\0';
  if (c == 'b') {
    *rest = p + 4;
    return balanced(m, s, p + 2);
  }
  if (c == 'f') {
    p += 2;
    if (p == m->stop || *p != '[') luaL_error(m->L, "missing '[' after '%%f' in pattern");
    *rest = item_end(m, p);
    return on_frontier(m, s, p, *rest) ? s : NULL;
  }
  if (c >= '0' && c <= '9') {
    *rest = p + 2;
    return same_again(m, s, c);
  }
  return match_item(m, s, p, rest);
}

/* Where the match of p at s ends, or NULL. */
static const char *match(matcher *m, const char *s, const char *p) {
  if (m->depth-- == 0) luaL_error(m->L, "pattern too complex");
  while (s && p != m->stop) {
    const char *rest = NULL;
    spend(m, 1);
    switch (*p) {
      case '(':
        if (p + 1 < m->stop && p[1] == ')') s = open_capture(m, s, p + 2, POSITION);
        else s = open_capture(m, s, p + 1, OPEN);
        break;
      case ')': s = close_capture(m, s, p + 1); break;
      case '$':
        if (p + 1 == m->stop) s = s == m->end ? s : NULL;
        else s = match_item(m, s, p, &rest);
        break;
      case '%': s = match_escape(m, s, p, &rest); break;
      default: s = match_item(m, s, p, &rest);
    }
    if (!rest) break; /* the rest was matched further in */
    p = rest;
  }
  m->depth++;
  return s;
}

/* A match that begins at s. */
static const char *match_at(matcher *m, const char *s, const char *p) {
  m->captures = 0;
  m->depth = DEEPEST;
  return match(m, s, p);
}

/* --- captures ------------------------------------------------------------------------------ */

/* Pushes capture i of the match from s to e; without captures 0 is all of it. */
static void push_capture(matcher *m, int i, const char *s, const char *e) {
  if (i >= m->captures) {
    if (i != 0) luaL_error(m->L, "invalid capture index %%%d", i + 1);
    lua_pushlstring(m->L, s, (size_t)(e - s));
  } else if (m->capture[i].length == OPEN) {
    luaL_error(m->L, "unfinished capture");
  } else if (m->capture[i].length == POSITION) {
    lua_pushinteger(m->L, m->capture[i].at - m->begin + 1);
  } else {
    lua_pushlstring(m->L, m->capture[i].at, (size_t)m->capture[i].length);
  }
}

/* All of them; s is NULL where no captures mean no values. */
static int push_captures(matcher *m, const char *s, const char *e) {
  int n = m->captures == 0 && s ? 1 : m->captures;
  luaL_checkstack(m->L, n, "too many captures");
  for (int i = 0; i < n; i++) push_capture(m, i, s, e);
  return n;
}

/* --- find, match ----------------------------------------------------------------------------- */

/* Argument 3, where to begin: counted from 0. */
static size_t start_of(lua_State *L, size_t length) {
  lua_Integer at = luaL_optinteger(L, 3, 1);
  if (at > 0) return (size_t)at - 1;
  if (at == 0 || at < -(lua_Integer)length) return 0;
  return (size_t)((lua_Integer)length + at);
}

/* strpbrk stops at zero bytes. */
static int is_plain(const char *p, size_t length) {
  const char *end = p + length;
  do {
    if (strpbrk(p, "^$*+?.([%-")) return 0;
    p += strlen(p) + 1;
  } while (p <= end);
  return 1;
}

static int find_plain(lua_State *L, const char *s, size_t ls, size_t from, const char *p, size_t lp) {
  const char *at = s + from, *end = s + ls;
  if (lp > 1 && ls - from > 256) { /* its time grows with the sum of both */
    at = memmem(at, ls - from, p, lp);
  } else if (lp > 0) {
    do {
      at = (size_t)(end - at) < lp ? NULL : memchr(at, *p, (size_t)(end - at) - lp + 1);
    } while (at && memcmp(at, p, lp) != 0 && at++);
  }
  if (!at) return luaL_pushfail(L), 1;
  lua_pushinteger(L, at - s + 1);
  lua_pushinteger(L, at - s + (lua_Integer)lp);
  return 2;
}

static int search(lua_State *L, int find) {
  size_t ls, lp;
  const char *s = luaL_checklstring(L, 1, &ls), *p = luaL_checklstring(L, 2, &lp);
  size_t from = start_of(L, ls);
  if (from > ls) return luaL_pushfail(L), 1;
  if (find && (lua_toboolean(L, 4) || is_plain(p, lp))) return find_plain(L, s, ls, from, p, lp);
  matcher m;
  int anchored = *p == '^';
  prepare(&m, L, s, ls, p, lp);
  p += anchored;
  for (const char *at = s + from; at <= m.end; at++) {
    const char *e = match_at(&m, at, p);
    if (e && find) {
      lua_pushinteger(L, at - s + 1);
      lua_pushinteger(L, e - s);
      return push_captures(&m, NULL, NULL) + 2;
    }
    if (e) return push_captures(&m, at, e);
    if (anchored) break;
  }
  return luaL_pushfail(L), 1;
}

static int string_find(lua_State *L) { return search(L, 1); }
static int string_match(lua_State *L) { return search(L, 0); }

/* --- gmatch ------------------------------------------------------------------------------------ */

typedef struct {
  matcher m;
  const char *pattern, *at;
  const char *last; /* the end of the match before */
} iterator;

/* Upvalues: subject and pattern, which are kept alive by that, and the iterator. */
static int next_match(lua_State *L) {
  iterator *it = lua_touserdata(L, lua_upvalueindex(3));
  it->m.L = L;
  for (const char *at = it->at; at <= it->m.end; at++) {
    const char *e = match_at(&it->m, at, it->pattern);
    if (!e || e == it->last) continue;
    it->at = it->last = e;
    return push_captures(&it->m, at, e);
  }
  return 0;
}

static int string_gmatch(lua_State *L) {
  size_t ls, lp;
  const char *s = luaL_checklstring(L, 1, &ls), *p = luaL_checklstring(L, 2, &lp);
  size_t from = start_of(L, ls);
  lua_settop(L, 2);
  iterator *it = lua_newuserdatauv(L, sizeof *it, 0);
  prepare(&it->m, L, s, ls, p, lp);
  it->pattern = p;
  it->at = s + (from > ls ? ls + 1 : from);
  it->last = NULL;
  lua_pushcclosure(L, next_match, 3);
  return 1;
}

/* --- gsub -------------------------------------------------------------------------------------- */

/* Argument 3, a string in which %1 is a capture. */
static void add_text(matcher *m, luaL_Buffer *out, const char *s, const char *e) {
  size_t length;
  const char *text = lua_tolstring(m->L, 3, &length), *end = text + length, *sign;
  while ((sign = memchr(text, '%', (size_t)(end - text))) != NULL) {
    luaL_addlstring(out, text, (size_t)(sign - text));
    char c = *++sign; /* at the end of the text this is its zero byte */
    if (c == '%') {
      luaL_addchar(out, c);
    } else if (c == '0') {
      luaL_addlstring(out, s, (size_t)(e - s));
    } else if (isdigit((unsigned char)c)) {
      push_capture(m, c - '1', s, e);
      luaL_tolstring(m->L, -1, NULL); /* a position is a number */
      lua_remove(m->L, -2);
      luaL_addvalue(out);
    } else {
      luaL_error(m->L, "invalid use of '%c' in replacement string", '%');
    }
    text = sign + 1;
  }
  luaL_addlstring(out, text, (size_t)(end - text));
}

/* Adds what takes the place of the match; 0 if that is the match itself. */
static int add_replacement(matcher *m, luaL_Buffer *out, const char *s, const char *e, int type) {
  lua_State *L = m->L;
  if (type == LUA_TFUNCTION) {
    lua_pushvalue(L, 3);
    lua_call(L, push_captures(m, s, e), 1);
  } else if (type == LUA_TTABLE) {
    push_capture(m, 0, s, e);
    lua_gettable(L, 3);
  } else {
    add_text(m, out, s, e);
    return 1;
  }
  if (!lua_toboolean(L, -1)) {
    lua_pop(L, 1);
    luaL_addlstring(out, s, (size_t)(e - s));
    return 0;
  }
  if (!lua_isstring(L, -1)) return luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
  luaL_addvalue(out);
  return 1;
}

static int string_gsub(lua_State *L) {
  size_t ls, lp;
  const char *s = luaL_checklstring(L, 1, &ls), *p = luaL_checklstring(L, 2, &lp), *last = NULL;
  int type = lua_type(L, 3), anchored = *p == '^', changed = 0;
  lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)ls + 1), n = 0;
  luaL_argexpected(L, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
                   "string/function/table");
  luaL_Buffer out;
  luaL_buffinit(L, &out);
  matcher m;
  prepare(&m, L, s, ls, p, lp);
  p += anchored;
  while (n < most) {
    const char *e = match_at(&m, s, p);
    if (e && e != last) {
      n++;
      changed |= add_replacement(&m, &out, s, e, type);
      s = last = e;
    } else if (s < m.end) {
      luaL_addchar(&out, *s++);
    } else {
      break;
    }
    if (anchored) break;
  }
  if (changed) {
    luaL_addlstring(&out, s, (size_t)(m.end - s));
    luaL_pushresult(&out);
  } else {
    lua_pushvalue(L, 1);
  }
  lua_pushinteger(L, n);
  return 2;
}

void shell_pattern_open(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"find", string_find}, {"match", string_match}, {"gmatch", string_gmatch}, {"gsub", string_gsub}, {NULL, NULL}};
  lua_getglobal(L, LUA_STRLIBNAME);
  luaL_setfuncs(L, functions, 0);
  lua_pop(L, 1);
}
