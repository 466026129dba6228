/* docs.c -- the docstrings of this folder, for help(): what a comment with a `Call:` line says.
 *
 * docs.awk gathers them at build time, since an installed program has no C sources to read. Each
 * begins with a line "@FILE:LINE"; lua/resmoon/shell/help reads the rest as it reads those of Lua. */
#include "bind/bind.h"

static const char text[] =
#include "bind_docs.inc"
    ;

static int core_bind_docs(lua_State *L) {
  lua_pushlstring(L, text, sizeof text - 1);
  return 1;
}

void bind_open_docs(lua_State *L) {
  static const luaL_Reg functions[] = {{"bind_docs", core_bind_docs}, {NULL, NULL}};
  bind_register(L, NULL, functions);
}
