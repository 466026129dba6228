/* error.c -- raising errors that point at the user's own line. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "bind/bind.h"

/* Whether a chunk is part of ResMoon's own Lua library. */
static bool is_ours(const char *source) {
  return strstr(source, "lua/resmoon/") || strstr(source, "5.4/resmoon/");
}

/* Pushes "file:line: " of the innermost Lua function outside our library, or "". */
static void push_where(lua_State *L) {
  lua_Debug frame;
  for (int level = 1; lua_getstack(L, level, &frame); level++) {
    lua_getinfo(L, "Sl", &frame);
    if (frame.currentline > 0 && !is_ours(frame.source)) {
      lua_pushfstring(L, "%s:%d: ", frame.short_src, frame.currentline);
      return;
    }
  }
  lua_pushliteral(L, "");
}

int bind_raise(lua_State *L, const rm_error *err) {
  push_where(L);
  lua_pushstring(L, err->message);
  lua_concat(L, 2);
  return lua_error(L);
}

int bind_error(lua_State *L, const char *format, ...) {
  rm_error err;
  va_list args;
  va_start(args, format);
  vsnprintf(err.message, sizeof err.message, format, args);
  va_end(args);
  return bind_raise(L, &err);
}
