/* run.c -- running Lua code for the user.
 *
 * The traceback leaves out C functions and ResMoon's own library: what is left are the lines that
 * the user can change. The first of them is mostly in the message already, so a traceback
 * is shown where it has more than that one. RESMOON_TRACEBACK=full shows everything. */
#include "shell/run.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shell/interrupt.h"
#include "shell/paths.h"

/* Frames that are shown, and looked at: finding frame n takes n steps, so a stack that overflowed
 * (200,000 frames) must not be walked to its end. */
enum { MOST_FRAMES = 20, MOST_LEVELS = 1000 };

static int in_library(const char *source) {
  const char *home = shell_home();
  size_t length = home ? strlen(home) : 0;
  return home && source[0] == '@' && strncmp(source + 1, home, length) == 0 &&
         strncmp(source + 1 + length, "/lua/", 5) == 0;
}

/* "file:12: in function 'name'" */
static void add_frame(luaL_Buffer *text, const lua_Debug *frame) {
  lua_State *L = text->L;
  luaL_addstring(text, "\n\t");
  lua_pushfstring(L, "%s:%d: in ", frame->short_src, frame->currentline);
  luaL_addvalue(text);
  if (*frame->namewhat) {
    lua_pushfstring(L, "%s '%s'", frame->namewhat, frame->name);
  } else if (*frame->what == 'm') {
    lua_pushliteral(L, "main chunk");
  } else {
    lua_pushfstring(L, "function <%s:%d>", frame->short_src, frame->linedefined);
  }
  luaL_addvalue(text);
}

/* Message handler: the error as a string, with the traceback. */
static int add_traceback(lua_State *L) {
  if (!lua_isstring(L, 1) && !luaL_getmetafield(L, 1, "__tostring"))
    lua_pushfstring(L, "(the error is a %s)", luaL_typename(L, 1));
  else
    luaL_tolstring(L, 1, NULL);
  const char *wish = getenv("RESMOON_TRACEBACK");
  if (wish && strcmp(wish, "full") == 0) {
    luaL_traceback(L, L, lua_tostring(L, -1), 1);
    return 1;
  }
  luaL_Buffer text;
  luaL_buffinit(L, &text);
  lua_Debug frame;
  int shown = 0, level = 1;
  while (shown < MOST_FRAMES && level < MOST_LEVELS && lua_getstack(L, level++, &frame)) {
    lua_getinfo(L, "Slnt", &frame);
    if (frame.currentline <= 0 || in_library(frame.source)) continue;
    add_frame(&text, &frame);
    shown++;
  }
  if (lua_getstack(L, level, &frame)) luaL_addstring(&text, "\n\t...");
  luaL_pushresult(&text);
  if (shown < 2) {
    lua_pop(L, 1);
  } else {
    lua_pushliteral(L, "\ntraceback:");
    lua_insert(L, -2);
    lua_concat(L, 3);
  }
  return 1;
}

static int interrupted;  /* the last shell_call ended by Ctrl-C */

int shell_call(lua_State *L, int nargs, int nresults) {
  int base = lua_gettop(L) - nargs;
  lua_pushcfunction(L, add_traceback);
  lua_insert(L, base);
  shell_interrupt_arm(L);
  int status = lua_pcall(L, nargs, nresults, base);
  interrupted = shell_interrupt_taken() && status != LUA_OK;
  shell_interrupt_disarm();
  lua_remove(L, base);
  return status;
}

int shell_colour(int descriptor) {
  const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
  return isatty(descriptor) && !(none && *none) && terminal && strcmp(terminal, "dumb") != 0;
}

int shell_report(lua_State *L) {
  const char *message = lua_tostring(L, -1);
  int colour = shell_colour(STDERR_FILENO);
  fflush(stdout);
  fprintf(stderr, "%s%s%s\n", colour ? "\033[31m" : "", message ? message : "(no message)",
          colour ? "\033[0m" : "");
  fflush(stderr);
  lua_pop(L, 1);
  return interrupted ? 130 : 1;
}
