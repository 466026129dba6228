/* run.c -- running Lua code for the user.
 *
 * Errors are told by lua/resmoon/shell/trace.lua: with the user's line, and without our library's frames, which
 * the user cannot change. RESMOON_TRACEBACK=full (--trace) shows everything. */
#include "shell/run.h"

#include <lauxlib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/letters.h"
#include "bind/bind.h"
#include "dist/world.h"
#include "shell/interrupt.h"

static const char TRACE[] = "resmoon.trace"; /* in the registry */

/* Where the stack is full there is no room for trace.lua. Lua names the innermost line, which may be one of ours (a
 * module that calls itself): names the user's instead, if one is near (tail calls leave none), and gives 1; 0 if the
 * error at 1 is another one. */
static int name_overflow(lua_State *L) {
  static const char TROUBLE[] = ": stack overflow", MEANING[] = "a function, or a module, calls itself without end";
  size_t length, tail = sizeof TROUBLE - 1;
  const char *message = lua_type(L, 1) == LUA_TSTRING ? lua_tolstring(L, 1, &length) : NULL;
  if (!message || length < tail || strcmp(message + length - tail, TROUBLE) != 0) return 0;
  lua_Debug frame;
  for (int level = 1; level < 1000 && lua_getstack(L, level, &frame); level++) {
    lua_getinfo(L, "Sl", &frame);
    if (frame.currentline <= 0 || bind_is_ours(frame.source)) continue;
    lua_pushfstring(L, "%s:%d%s: %s", frame.short_src, frame.currentline, TROUBLE, MEANING);
    return 1;
  }
  lua_pushfstring(L, "%s: %s", TROUBLE + 2, MEANING);
  return 1;
}

/* Message handler: the error as a string, with the traceback. */
static int add_traceback(lua_State *L) {
  if (name_overflow(L)) return 1;
  if (!lua_isstring(L, 1) && !luaL_getmetafield(L, 1, "__tostring"))
    lua_pushfstring(L, lua_isnil(L, 1) ? "(the error is %s)" : "(the error is a %s)", luaL_typename(L, 1));
  else luaL_tolstring(L, 1, NULL);
  const char *wish = getenv("RESMOON_TRACEBACK");
  if (wish && strcmp(wish, "full") == 0) {
    luaL_traceback(L, L, lua_tostring(L, -1), 1);
    return 1;
  }
  /* lua/resmoon/shell/trace.lua, which shell_trace_open has loaded, does the rest */
  if (lua_getfield(L, LUA_REGISTRYINDEX, TRACE) == LUA_TFUNCTION) {
    lua_pushvalue(L, -2);
    if (lua_pcall(L, 1, 1, 0) == LUA_OK && lua_isstring(L, -1)) return 1;
  }
  lua_pop(L, 1);
  return 1;
}

void shell_trace_open(lua_State *L) {
  lua_getglobal(L, "require");
  lua_pushliteral(L, "resmoon.shell.trace");
  if (lua_pcall(L, 1, 1, 0) == LUA_OK && lua_getfield(L, -1, "text") == LUA_TFUNCTION)
    lua_setfield(L, LUA_REGISTRYINDEX, TRACE);
  lua_settop(L, 0);
}

static int interrupted; /* the last shell_call ended by Ctrl-C */

/* The message on top without anything that a terminal obeys: it may quote the name of a file or a tensor. */
static void make_visible(lua_State *L) {
  size_t n;
  const char *text = lua_tolstring(L, -1, &n);
  if (!text) return;
  luaL_Buffer out;
  luaL_buffinit(L, &out);
  for (size_t i = 0; i < n;) {
    rm_letter letter = rm_letter_at(text + i, n - i);
    char shown[RM_LETTER_SHOWN];
    if (letter.visible || letter.code == '\n' || letter.code == '\t') luaL_addlstring(&out, text + i, letter.bytes);
    else luaL_addlstring(&out, shown, rm_letter_show(letter, shown));
    i += letter.bytes;
  }
  luaL_pushresult(&out);
  lua_remove(L, -2);
}

static int explain(lua_State *L) {
  int n = add_traceback(L);
  make_visible(L);
  return n;
}

int shell_call(lua_State *L, int nargs, int nresults) {
  int base = lua_gettop(L) - nargs;
  lua_pushcfunction(L, explain);
  lua_insert(L, base);
  shell_interrupt_arm(L);
  int status = lua_pcall(L, nargs, nresults, base);
  interrupted = shell_interrupt_taken() && status != LUA_OK;
  shell_interrupt_disarm();
  lua_remove(L, base);
  return status;
}

int shell_color(int descriptor) {
  const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
  return isatty(descriptor) && !(none && *none) && terminal && strcmp(terminal, "dumb") != 0;
}

int shell_report(lua_State *L) {
  if (shell_ending() == SIGPIPE) { /* as any program that writes to `head` */
    lua_pop(L, 1);
    return 130;
  }
  size_t length = 0;
  const char *message = lua_tolstring(L, -1, &length); /* which may have zero bytes in it */
  if (!message) message = "(no message)", length = strlen(message);
  int color = shell_color(STDERR_FILENO);
  fflush(stdout);
  char from[60] = "";
  if (rm_world_rank() > 0) { /* what all have to say process 0 says, and that ends the others */
    for (int i = 0; i < 40 && !shell_ending(); i++) nanosleep(&(struct timespec){0, 50000000}, NULL);
    if (shell_ending()) {
      lua_pop(L, 1);
      return 130;
    }
    snprintf(from, sizeof from, "process %d: ", rm_world_rank());
  }
  fputs(color ? "\033[31m" : "", stderr);
  fputs(from, stderr);
  fwrite(message, 1, length, stderr);
  fputs(color ? "\033[0m\n" : "\n", stderr);
  fflush(stderr);
  lua_pop(L, 1);
  return interrupted ? 130 : 1;
}
