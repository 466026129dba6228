/* lines.c -- which lines of Lua a program runs: a library for LD_PRELOAD, used by `make coverage`.
 *
 * Every Lua state gets a hook for lines when its libraries are opened, and has it back when the program takes its own
 * away; coroutines inherit it. When the process ends, the lines that ran are added to a file in the folder that
 * RESMOON_LINES names, each "SOURCE:LINE". What ends by a signal leaves nothing. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

enum { SOURCES = 4096, LINES = 4096 };

static struct {
  const char *key; /* the state's own string: the same for all functions of a chunk, until it is collected */
  char *name;
  unsigned char *ran;
} sources[SOURCES];

static unsigned char *lines_of(const char *source) {
  static size_t latest;
  if (sources[latest].key == source && strcmp(sources[latest].name, source) == 0) return sources[latest].ran;
  size_t i = 0;
  while (i < SOURCES && sources[i].name && strcmp(sources[i].name, source) != 0) i++;
  if (i == SOURCES) return NULL;
  if (!sources[i].name) {
    sources[i].name = strdup(source);
    sources[i].ran = calloc(1, LINES);
  }
  sources[i].key = source;
  latest = i;
  return sources[i].ran;
}

static void on_line(lua_State *L, lua_Debug *ar) {
  lua_getinfo(L, "S", ar);
  if (ar->source[0] != '@' || ar->currentline <= 0 || ar->currentline >= LINES) return;
  unsigned char *ran = lines_of(ar->source);
  if (ran) ran[ar->currentline] = 1;
}

typedef void (*set_hook)(lua_State *, lua_Hook, int, int);

void lua_sethook(lua_State *L, lua_Hook hook, int mask, int count) {
  set_hook next = (set_hook)dlsym(RTLD_NEXT, "lua_sethook");
  if (!hook || mask == 0) next(L, on_line, LUA_MASKLINE, 0);
  else next(L, hook, mask, count);
}

void luaL_openlibs(lua_State *L) {
  ((void (*)(lua_State *))dlsym(RTLD_NEXT, "luaL_openlibs"))(L);
  lua_sethook(L, NULL, 0, 0);
}

__attribute__((destructor)) static void write_lines(void) {
  const char *folder = getenv("RESMOON_LINES");
  char path[4200];
  if (!folder || !sources[0].name) return;
  snprintf(path, sizeof path, "%s/%ld.lines", folder, (long)getpid());
  FILE *file = fopen(path, "a");
  if (!file) return;
  for (size_t i = 0; i < SOURCES && sources[i].name; i++)
    for (int line = 1; line < LINES; line++)
      if (sources[i].ran[line]) fprintf(file, "%s:%d\n", sources[i].name + 1, line);
  fclose(file);
}
