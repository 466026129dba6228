/* terminal.c -- rm.sys: what the terminal is and how large (sys/terminal.h). */
#include "bind/terminal.h"

#include <unistd.h>
#include "bind/bind.h"
#include "sys/terminal.h"

/* Whether a file is a terminal, and how large the terminal is.
 * Call: rm.sys.isatty(fd) -> boolean
 * Call: rm.sys.winsize() -> rows, columns or nil
 * Units: fd 0, 1, 2 are standard input, output and error; the size is in characters.
 * Errors: none.
 * Example:
 *   > rm.sys.isatty(99)
 *   false */
static int sys_isatty(lua_State *L) {
  lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
  return 1;
}

/* winsize() -> rows, columns of the terminal behind stdout (or stderr); nil if none */
static int sys_winsize(lua_State *L) {
  size_t rows, columns;
  if (!rm_terminal_size(&rows, &columns)) return lua_pushnil(L), 1;
  lua_pushinteger(L, (lua_Integer)rows);
  lua_pushinteger(L, (lua_Integer)columns);
  return 2;
}

/* Asks the terminal a question by an escape code, and reads its answer.
 * Call: rm.sys.ask_terminal(question, last, seconds) -> string or nil
 * Units: seconds to wait. The answer ends with the character `last`; nil without a terminal, or if it says nothing.
 * Errors: none beyond arguments of a wrong type.
 * Example:
 *   > type(rm.sys.ask_terminal)
 *   function */
static int sys_ask_terminal(lua_State *L) {
  size_t length;
  const char *question = luaL_checklstring(L, 1, &length), *last = luaL_checkstring(L, 2);
  double seconds = luaL_checknumber(L, 3);
  if (!(seconds >= 0 && seconds <= 10))
    return bind_error(L, "sys.ask_terminal: expected 0 to 10 seconds, got %g", seconds);
  char answer[200];
  size_t count = rm_terminal_ask(question, length, last[0], seconds, answer, sizeof answer);
  if (count > 0) lua_pushlstring(L, answer, count);
  else lua_pushnil(L);
  return 1;
}

static const luaL_Reg functions[] = {
    {"isatty", sys_isatty},
    {"winsize", sys_winsize},
    {"ask_terminal", sys_ask_terminal},
    {NULL, NULL},
};

void bind_add_terminal(lua_State *L) { luaL_setfuncs(L, functions, 0); }
