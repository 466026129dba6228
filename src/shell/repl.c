/* repl.c -- the prompt: read, run, print.
 *
 * What a line means is decided in Lua (lua/resmoon/shell/session.lua: is it complete, an
 * expression or a statement, what becomes of `local`), and so is how a value looks (show.lua).
 * Here is what needs C: lines, protected calls, Ctrl-C. */
#include "shell/repl.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shell/history.h"
#include "shell/interrupt.h"
#include "shell/line.h"
#include "shell/run.h"

static const char PROMPT[] = "> ", CONTINUED[] = ">> ";

/* Stack slots of shell_repl. */
enum { SESSION = 1, SHOW = 2 };

/* Calls session:method(text) (text may be NULL) for `nresults` results; they are ours, so an
 * error here is a bug and is shown as one. */
static int ask_session(lua_State *L, const char *method, const char *text, int nresults) {
  lua_getfield(L, SESSION, method);
  lua_pushvalue(L, SESSION);
  if (text) lua_pushstring(L, text);
  if (shell_call(L, text ? 2 : 1, nresults) == 0) return 0;
  shell_report(L);
  return 1;
}

/* Prints the n values on top, and pops them: each through show.lua, which gives one text. */
static void print_values(lua_State *L, int n) {
  if (n == 0) return;
  luaL_checkstack(L, 3, NULL);
  lua_pushvalue(L, SHOW);
  lua_insert(L, -(n + 1));
  if (shell_call(L, n, 1) != 0) {
    shell_report(L);
    return;
  }
  const char *text = lua_tostring(L, -1);
  if (text) puts(text);
  lua_pop(L, 1);
}

/* Runs the chunk on top; pops it. Returns 0 if it failed. */
static int run_chunk(lua_State *L) {
  int base = lua_gettop(L) - 1;
  if (shell_call(L, 0, LUA_MULTRET) != 0) {
    shell_report(L);
    return 0;
  }
  print_values(L, lua_gettop(L) - base);
  fflush(stdout);
  return 1;
}

/* Runs what the session has ready. Returns 1 if the last statement is not complete yet. */
static int run_ready(lua_State *L) {
  for (;;) {
    /* take() -> "chunk", source, function | "error", source, message | "more" | "done" */
    if (ask_session(L, "take", NULL, 3) != 0) return 0;
    const char *kind = lua_tostring(L, -3);
    int is_chunk = strcmp(kind, "chunk") == 0, is_error = strcmp(kind, "error") == 0;
    int more = strcmp(kind, "more") == 0;
    if (is_chunk || is_error) shell_history_add(lua_tostring(L, -2));
    if (is_chunk) {
      if (!run_chunk(L)) ask_session(L, "reset", NULL, 0);
    } else if (is_error) {
      shell_report(L);
      ask_session(L, "reset", NULL, 0);
    }
    lua_settop(L, SHOW);
    if (!is_chunk && !is_error) return more;
  }
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
  if (load_part(L, "resmoon.shell.session") != 0 || load_part(L, "resmoon.shell.show") != 0) return 1;
  shell_line_open();
  shell_history_open();
  if (isatty(STDIN_FILENO)) puts("ResMoon, with " LUA_RELEASE ". Ctrl-D leaves, Ctrl-C stops what runs.");
  int more = 0;
  for (;;) {
    char *text = NULL;
    switch (shell_line_read(more ? CONTINUED : PROMPT, &text)) {
      case SHELL_END:
        if (!more) return 0;
        /* Ctrl-D ends a statement that is not complete, and only then the session. */
        /* fall through */
      case SHELL_INTERRUPTED:
        ask_session(L, "reset", NULL, 0);
        more = 0;
        break;
      case SHELL_LINE:
        /* Copied into the session, and freed before anything of the user's runs. */
        ask_session(L, "feed", text, 0);
        free(text);
        more = run_ready(L);
    }
  }
}
