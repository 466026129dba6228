/* error.c -- raising errors that point at the user's own line. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "bind/bind.h"
#include "parallel/interrupt.h"

bool bind_is_ours(const char *source) { return strstr(source, "lua/resmoon/") || strstr(source, "5.4/resmoon/"); }

/* Pushes "file:line: " of the innermost Lua function outside our library, or "". */
static void push_where(lua_State *L) {
  lua_Debug frame;
  for (int level = 1; lua_getstack(L, level, &frame); level++) {
    lua_getinfo(L, "Sl", &frame);
    if (frame.currentline > 0 && !bind_is_ours(frame.source)) {
      lua_pushfstring(L, "%s:%d: ", frame.short_src, frame.currentline);
      return;
    }
  }
  lua_pushliteral(L, "");
}

static const char module_path_key;

/* Pushes "\n  at      resnet18.layer1[1].conv1" while a module runs (lua/resmoon/nn/path.lua
 * knows), or "". The first argument of the function that failed may be a layer. */
static void push_module_path(lua_State *L) {
  int top = lua_gettop(L);
  if (lua_checkstack(L, 8) && lua_rawgetp(L, LUA_REGISTRYINDEX, &module_path_key) == LUA_TFUNCTION) {
    if (top > 0) lua_pushvalue(L, 1);
    else lua_pushnil(L);
    if (lua_pcall(L, 1, 1, 0) == LUA_OK && lua_type(L, -1) == LUA_TSTRING) {
      lua_pushliteral(L, "\n  at      ");
      lua_insert(L, -2);
      lua_concat(L, 2);
      return;
    }
  }
  lua_settop(L, top);
  lua_pushliteral(L, "");
}

/* Ctrl-C while C ran. The shell has set a hook to stop Lua, too: this error is in its place. */
static int raise_interrupted(lua_State *L) {
  lua_sethook(L, NULL, 0, 0);
  rm_interrupt_clear();
  push_where(L);
  lua_pushliteral(L, "interrupted");
  lua_concat(L, 2);
  return lua_error(L);
}

/* Pushes how to do in Lua what would help, or "". */
static void push_advice(lua_State *L, const rm_error *err) {
  static const char *const advice[] = {
      [RM_ADVICE_NONE] = "",
      [RM_ADVICE_TO_FLOAT] = " (use %s:float())",
      [RM_ADVICE_TO_INT64] = " (use %s:long())",
      [RM_ADVICE_CONVERT_ONE] = " (convert one, as with x:float())",
      [RM_ADVICE_TO_TRUTH] = " (use %s:ne(0))",
      [RM_ADVICE_CLONE] = "; use %s:clone()",
      [RM_ADVICE_NEW_TENSOR] = "; use the operation that returns a new tensor, or wrap it in no_grad(function)",
      [RM_ADVICE_OUT_OF_PLACE] = " (use %s, or x:detach())",
      [RM_ADVICE_DETACH] = " (use %s:detach())",
      [RM_ADVICE_KEEP_GRAPH] =
          "; compute the loss again, or pass {retain_graph = true} the first time to go back twice",
      [RM_ADVICE_REDUCE] = "; reduce it (:sum(), :mean()) or pass the gradient of its shape",
  };
  lua_pushfstring(L, advice[err->advice], err->about);
}

int bind_raise(lua_State *L, const rm_error *err) {
  if (err->code == RM_ERR_INTERRUPTED) return raise_interrupted(L);
  push_module_path(L);
  push_where(L);
  lua_pushstring(L, err->message);
  push_advice(L, err);
  lua_rotate(L, -4, -1); /* where, message, advice, path */
  lua_concat(L, 4);
  return lua_error(L);
}

int bind_error(lua_State *L, const char *format, ...) {
  rm_error err = {.code = RM_ERR_VALUE};
  va_list args;
  va_start(args, format);
  rm_format(err.message, sizeof err.message, format, args);
  va_end(args);
  return bind_raise(L, &err);
}

/* Pushes "a tensor", "an AlexNet", "a function". */
static const char *push_kind(lua_State *L, int arg) {
  const char *name = luaL_typename(L, arg);
  char first[2] = "";
  if (luaL_getmetafield(L, arg, "__name") == LUA_TSTRING) {
    name = lua_tostring(L, -1);
    if (strncmp(name, "resmoon.", 8) == 0) { /* the core's: resmoon.Tensor */
      name += 8;
      first[0] = (char)(*name | 0x20);
      name++;
    }
  }
  bool vowel = strchr("AEIOUaeio", first[0] ? first[0] : *name) != NULL;
  return lua_pushfstring(L, "%s%s%s", vowel ? "an " : "a ", first, name);
}

const char *bind_phrase(lua_State *L, int arg) {
  enum { LONGEST = 80 };
  arg = lua_absindex(L, arg);
  int type = lua_type(L, arg);
  if (type == LUA_TTABLE || type == LUA_TUSERDATA || type == LUA_TFUNCTION || type == LUA_TTHREAD) {
    if (luaL_getmetafield(L, arg, "__tostring") == LUA_TNIL) return push_kind(L, arg); /* it prints as an address */
    lua_pop(L, 1);
  }
  size_t length;
  const char *text = luaL_tolstring(L, arg, &length);
  if (lua_type(L, arg) == LUA_TSTRING || (length <= LONGEST && !memchr(text, '\n', length))) return text;
  return push_kind(L, arg);
}

/* --- misspelled names ------------------------------------------------------------------ */

enum { EDIT = 4 }; /* an edit of a letter; 1: small instead of large */

static size_t change_cost(char a, char b) {
  if (a == b) return 0;
  char small = (char)(a | 0x20); /* the letters of ASCII differ in this bit */
  return small >= 'a' && small <= 'z' && small == (b | 0x20) ? 1 : EDIT;
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* What the edits that turn a into b cost: a letter put in, left out or changed, or two neighbors exchanged (Damerau
 * 1964; no letter is edited twice). */
static size_t edits(const char *a, const char *b) {
  enum { LONGEST = 40 };
  size_t na = strlen(a), nb = strlen(b), rows[3][LONGEST + 1];
  if (na > LONGEST || nb > LONGEST) return EDIT * LONGEST;
  for (size_t i = 0; i <= na; i++) {
    size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];
    row[0] = EDIT * i;
    for (size_t j = 1; j <= nb; j++) {
      row[j] = row[j - 1] + EDIT;
      if (i == 0) continue;
      row[j] = smaller(row[j], above[j] + EDIT);
      row[j] = smaller(row[j], above[j - 1] + change_cost(a[i - 1], b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = smaller(row[j], second[j - 2] + EDIT);
    }
  }
  return rows[na % 3][nb];
}

bind_nearest bind_nearest_start(const char *wanted) {
  size_t third = strlen(wanted) / 3; /* more changes than that are another word */
  return (bind_nearest){wanted, NULL, EDIT * (third + 2)};
}

void bind_nearest_offer(bind_nearest *best, const char *candidate) {
  size_t distance = edits(best->wanted, candidate);
  if (distance >= best->distance) return;
  best->distance = distance;
  best->name = candidate;
}

/* --- for the Lua library ------------------------------------------------------------- */

/* set_module_path(f): f(layer) returns where in the running network that layer is, or nil. */
static int set_module_path(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &module_path_key);
  return 0;
}

static const luaL_Reg functions[] = {{"set_module_path", set_module_path}, {NULL, NULL}};

void bind_open_error(lua_State *L) { bind_register(L, NULL, functions); }
