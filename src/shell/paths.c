/* paths.c -- where the Lua library and the scripts are. */
#include "shell/paths.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bind/bind.h"

/* A folder is a home if the Lua library is in it. */
static int is_home(const char *folder) {
  char library[PATH_MAX + 32];
  snprintf(library, sizeof library, "%s/lua/resmoon/init.lua", folder);
  return access(library, R_OK) == 0;
}

/* Tries `folder` followed by `relative`; keeps the absolute path in home (PATH_MAX bytes). */
static int try_home(char *home, const char *folder, const char *relative) {
  char candidate[2 * PATH_MAX];
  snprintf(candidate, sizeof candidate, "%s%s", folder, relative);
  return realpath(candidate, home) != NULL && is_home(home);
}

const char *shell_home(void) {
  static char home[PATH_MAX];
  static int looked = 0;
  if (!looked) {
    looked = 1;
    const char *given = getenv("RESMOON_HOME");
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(program, '/');
    if (slash) *slash = '\0';
    int found = given && *given ? try_home(home, given, "")
                                : try_home(home, program, "/../..") || try_home(home, program, "/../share/resmoon");
    if (!found) home[0] = '\0';
  }
  return home[0] ? home : NULL;
}

void shell_set_package_path(lua_State *L) {
  const char *home = shell_home();
  if (!home) return;
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "path");
  lua_pushfstring(L, "%s/lua/?.lua;%s/lua/?/init.lua;%s", home, home, lua_tostring(L, -1));
  lua_setfield(L, -3, "path");
  lua_pop(L, 2);
}

int shell_find_script(const char *name, char *path, size_t size) {
  const char *home = shell_home();
  if (!home || !*name || strpbrk(name, "/.")) return 0; /* that is a file */
  snprintf(path, size, "%s/scripts/%s.lua", home, name);
  return access(path, R_OK) == 0;
}

/* The length of NAME in "NAME.lua", 0 for other files. */
static int script_name(const char *file) {
  size_t length = strlen(file);
  return length > 4 && strcmp(file + length - 4, ".lua") == 0 ? (int)(length - 4) : 0;
}

static int is_script(const struct dirent *entry) { return script_name(entry->d_name) > 0; }

/* "Name  what it does", from the file's first line: `--- What it does.` */
static void print_script(const char *folder, const char *file, const char *indent) {
  char path[2 * PATH_MAX], line[200] = "";
  snprintf(path, sizeof path, "%s/%s", folder, file);
  FILE *script = fopen(path, "r");
  if (script) {
    if (!fgets(line, sizeof line, script) || strncmp(line, "--- ", 4) != 0) line[0] = '\0';
    fclose(script);
  }
  line[strcspn(line, "\n")] = '\0';
  printf("%s%-10.*s  %s\n", indent, script_name(file), file, *line ? line + 4 : "");
}

/* The scripts in order of their names; their number, or -1. The caller frees each and the list. */
static int scripts_of(const char *home, char *folder, size_t size, struct dirent ***entries) {
  snprintf(folder, size, "%s/scripts", home);
  return scandir(folder, entries, is_script, alphasort);
}

const char *shell_nearest_script(const char *name) {
  static char nearest[NAME_MAX + 1];
  const char *home = shell_home();
  char folder[PATH_MAX + 16];
  struct dirent **entries;
  int n = home ? scripts_of(home, folder, sizeof folder, &entries) : -1;
  bind_nearest best = bind_nearest_start(name);
  for (int i = 0; i < n; i++) {
    entries[i]->d_name[script_name(entries[i]->d_name)] = '\0';
    bind_nearest_offer(&best, entries[i]->d_name);
  }
  if (best.name) snprintf(nearest, sizeof nearest, "%s", best.name);
  for (int i = 0; i < n; i++) free(entries[i]);
  if (n >= 0) free(entries);
  return best.name ? nearest : NULL;
}

void shell_list_scripts(const char *indent) {
  const char *home = shell_home();
  if (!home) return;
  char folder[PATH_MAX + 16];
  struct dirent **entries;
  int n = scripts_of(home, folder, sizeof folder, &entries);
  for (int i = 0; i < n; i++) {
    print_script(folder, entries[i]->d_name, indent);
    free(entries[i]);
  }
  if (n >= 0) free(entries);
}
