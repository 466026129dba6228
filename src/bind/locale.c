/* locale.c -- numbers in the C form from the moment the library is loaded, also after os.setlocale. */
#include "bind/bind.h"
#include "base/locale.h"

/* os.setlocale as it was, after which the thread takes up all of the new locale but the form of numbers. */
static int set_locale(lua_State *L) {
  int n = lua_gettop(L);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, n, LUA_MULTRET);
  rm_locale_keep_numbers();
  return lua_gettop(L);
}

static void wrap_setlocale(lua_State *L) {
  lua_getglobal(L, "os"); /* a host may have left it out */
  if (lua_istable(L, -1)) {
    lua_getfield(L, -1, "setlocale");
    if (lua_isfunction(L, -1)) {
      lua_pushcclosure(L, set_locale, 1);
      lua_setfield(L, -2, "setlocale");
    } else {
      lua_pop(L, 1);
    }
  }
  lua_pop(L, 1);
}

void bind_open_locale(lua_State *L) {
  rm_locale_keep_numbers();
  wrap_setlocale(L);
}
