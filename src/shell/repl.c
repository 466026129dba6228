/* repl.c -- the prompt: read, run, print.
 *
 * What a line means is decided in Lua (lua/resmoon/shell/session.lua: is it complete, a command,
 *, an expression or a statement, what becomes of `local`, how a value looks).
 * Here is what needs C: lines, protected calls, Ctrl-C. */
#include "shell/repl.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shell/complete.h"
#include "shell/history.h"
#include "shell/interrupt.h"
#include "shell/line.h"
#include "shell/run.h"

static const char PROMPT[] = "> ", CONTINUED[] = ">> ";

/* Stack slot of shell_repl. */
enum { SESSION = 1 };

/* Calls session:method() for `nresults` results; they are ours, so an error here is a bug and is shown
 * as one. */
static int ask_session(lua_State *L, const char *method, int nresults) {
  lua_getfield(L, SESSION, method);
  lua_pushvalue(L, SESSION);
  if (shell_call(L, 1, nresults) == 0) return 0;
  shell_report(L);
  return 1;
}

/* Prints what the session makes of the n results on top, and pops them. */
static void print_results(lua_State *L, int n) {
  luaL_checkstack(L, 4, NULL);
  lua_getfield(L, SESSION, "finish");
  lua_insert(L, -(n + 1));
  lua_pushvalue(L, SESSION);
  lua_insert(L, -(n + 1));
  if (shell_call(L, n + 1, 1) != 0) {
    shell_report(L);
    return;
  }
  size_t length;
  const char *text = lua_tolstring(L, -1, &length);
  if (text) {
    fwrite(text, 1, length, stdout);
    putchar('\n');
  }
  lua_pop(L, 1);
}

/* Runs the chunk on top; pops it. Returns 0 if it failed. */
static int run_chunk(lua_State *L) {
  int base = lua_gettop(L) - 1;
  if (shell_call(L, 0, LUA_MULTRET) != 0) {
    shell_report(L);
    return 0;
  }
  print_results(L, lua_gettop(L) - base);
  fflush(stdout);
  return 1;
}

typedef enum { DONE, MORE, LEAVE } outcome;

/* Runs what the session has ready. */
static outcome run_ready(lua_State *L) {
  for (;;) {
    /* take() -> "chunk", entry, function | "error", entry, message | "more" | "done" | "leave" */
    if (ask_session(L, "take", 3) != 0) {
      ask_session(L, "reset", 0);
      return DONE;
    }
    const char *kind = lua_tostring(L, -3), *entry = lua_tostring(L, -2);
    if (entry) shell_history_add(entry);
    switch (*kind) {
      case 'c':
        if (!run_chunk(L)) ask_session(L, "reset", 0);
        break;
      case 'e':
        shell_report(L);
        ask_session(L, "reset", 0);
        break;
      default: lua_settop(L, SESSION); return *kind == 'm' ? MORE : *kind == 'l' ? LEAVE : DONE;
    }
    lua_settop(L, SESSION);
  }
}

static int copy_line(lua_State *L) {
  lua_pushlstring(L, lua_touserdata(L, 1), (size_t)lua_tointeger(L, 2));
  return 1;
}

/* Gives the line to the session, and frees it before anything of the user's runs. */
static int feed(lua_State *L, char *text, size_t length) {
  lua_getfield(L, SESSION, "feed");
  lua_pushvalue(L, SESSION);
  lua_pushcfunction(L, copy_line);
  lua_pushlightuserdata(L, text);
  lua_pushinteger(L, (lua_Integer)length);
  int failed = lua_pcall(L, 2, 1, 0);
  free(text);
  if (!failed) failed = shell_call(L, 2, 0);
  if (!failed) return 0;
  shell_report(L);
  lua_settop(L, SESSION);
  return 1;
}

/* Pushes what module `name` returns. */
static int load_part(lua_State *L, const char *name) {
  lua_getglobal(L, "require");
  lua_pushstring(L, name);
  if (shell_call(L, 1, 1) == 0) return 0;
  shell_report(L);
  return 1;
}

int shell_repl(lua_State *L) {
  lua_settop(L, 0);
  if (load_part(L, "resmoon.shell.session") != 0) return 1;
  shell_line_open();
  shell_complete_open(L);
  shell_history_open();
  if (isatty(STDIN_FILENO))
    puts("ResMoon, with " LUA_RELEASE ". ?name explains, Ctrl-C stops what runs, Ctrl-D leaves.");
  fflush(stdout);
  ask_session(L, "open", 0);
  outcome state = DONE;
  for (;;) {
    if (shell_ending()) return 130;
    char *text = NULL;
    size_t length = 0;
    switch (shell_line_read(state == MORE ? CONTINUED : PROMPT, &text, &length)) {
      case SHELL_END:
        if (state != MORE) return shell_ending() ? 130 : 0;
        /* Ctrl-D ends a statement that is not complete, and only then the session. */
        /* fall through */
      case SHELL_INTERRUPTED:
        ask_session(L, "reset", 0);
        state = DONE;
        break;
      case SHELL_LINE:
        state = feed(L, text, length) == 0 ? run_ready(L) : DONE;
        if (state == LEAVE) return shell_ending() ? 130 : 0;
    }
  }
}
