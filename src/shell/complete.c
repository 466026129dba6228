/* complete.c -- TAB: readline asks, Lua answers (lua/resmoon/shell/complete).
 *
 * readline looks for the beginning of a word by characters that cannot be in one, which is not how
 * Lua, a path in a string and a shell's word differ. So its word-break hook asks Lua first, and answers
 * with the one character that stands before the word Lua has found; the candidates are kept
 * for the second call, which wants them. */
#include "shell/complete.h"

#ifndef RM_HAVE_READLINE

void shell_complete_open(lua_State *L) { (void)L; }

#else

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <readline/readline.h>

/* readline's callbacks have no argument for these. */
static lua_State *lua;
static char before[2];    /* the character in front of the word */
static char **candidates; /* as readline wants them: what they share, then all; NULL: none */

/* --- in protected mode: arguments (text up to the cursor) ----------------------------------- */

/* Fills `before` and leaves the list of candidates and, at -1, what to insert for a single one. */
static int ask(lua_State *L) {
  const char *line = luaL_checkstring(L, 1);
  lua_getglobal(L, "require");
  lua_pushliteral(L, "resmoon.shell.session");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, "complete");
  lua_insert(L, -2);
  lua_pushvalue(L, 1);
  lua_call(L, 2, 3); /* session:complete(line) -> start, list, whole */
  lua_Integer start = lua_tointeger(L, -3);
  before[0] = start > 1 && start <= (lua_Integer)strlen(line) + 1 ? line[start - 2] : '\0';
  luaL_checktype(L, -2, LUA_TTABLE);
  return 2;
}

/* --- plain C ------------------------------------------------------------------------------- */

static void forget(void) {
  for (size_t i = 0; candidates && candidates[i]; i++) free(candidates[i]);
  free(candidates);
  candidates = NULL;
}

static size_t shared(const char *a, const char *b) {
  size_t n = 0;
  while (a[n] && a[n] == b[n]) n++;
  while (n > 0 && ((unsigned char)a[n] & 0xC0) == 0x80) n--; /* not within a character */
  return n;
}

/* Takes the list at -2 and the text at -1. Out of memory: no candidates. */
static void keep(lua_State *L) {
  size_t n = lua_rawlen(L, -2);
  if (n == 0) return;
  candidates = calloc(n + 2, sizeof *candidates);
  if (!candidates) return;
  if (n == 1) {
    const char *whole = lua_tostring(L, -1);
    candidates[0] = strdup(whole ? whole : "");
    return;
  }
  size_t common = 0;
  for (size_t i = 1; i <= n; i++) {
    lua_rawgeti(L, -2, (lua_Integer)i);
    const char *text = lua_tostring(L, -1);
    candidates[i] = strdup(text ? text : "");
    lua_pop(L, 1);
    if (!candidates[i]) break;
    common = i == 1                                          ? strlen(candidates[1])
             : shared(candidates[1], candidates[i]) < common ? shared(candidates[1], candidates[i])
                                                             : common;
  }
  if (candidates[1]) candidates[0] = strndup(candidates[1], common);
  if (!candidates[0]) { /* readline takes the list up to its first NULL */
    for (size_t i = 1; i <= n; i++) free(candidates[i]);
    free(candidates);
    candidates = NULL;
  }
}

/* --- readline's side ------------------------------------------------------------------------ */

static char *find_word(void) {
  forget();
  before[0] = '\0';
  int top = lua_gettop(lua);
  char *line = strndup(rl_line_buffer, (size_t)rl_point);
  if (line && lua_checkstack(lua, 8)) {
    lua_pushcfunction(lua, ask);
    lua_pushstring(lua, line);
    if (lua_pcall(lua, 1, 2, 0) == LUA_OK) keep(lua);
  }
  free(line);
  lua_settop(lua, top);
  return before;
}

static char **give_candidates(const char *text, int start, int end) {
  (void)text, (void)start, (void)end;
  rl_attempted_completion_over = 1; /* no file names of readline's own */
  rl_completion_suppress_append = 1;
  rl_sort_completion_matches = 0;
  char **given = candidates;
  candidates = NULL;
  return given;
}

/* TAB indents at the beginning of a line. */
static int on_tab(int count, int key) {
  for (int i = 0; i < rl_point; i++)
    if (rl_line_buffer[i] != ' ' && rl_line_buffer[i] != '\t' && rl_line_buffer[i] != '\n')
      return rl_complete(count, key);
  return rl_insert_text("  "), 0;
}

void shell_complete_open(lua_State *L) {
  lua = L;
  rl_completion_word_break_hook = find_word;
  rl_attempted_completion_function = give_candidates;
  rl_completer_quote_characters = NULL;
  rl_basic_quote_characters = ""; /* Lua closes a string */
  rl_variable_bind("show-all-if-ambiguous", "on");
  rl_variable_bind("page-completions", "off");
  rl_bind_key('\t', on_tab);
}

#endif
