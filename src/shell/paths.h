/* paths.h -- where the Lua library and the scripts are.
 *
 * RESMOON_HOME, if set, is the folder that holds lua/ and scripts/. Otherwise the program looks
 * from its own place: the source tree two folders up (build/release/resmoon), then
 * ../share/resmoon (what `make install` makes). */
#ifndef RM_SHELL_PATHS_H
#define RM_SHELL_PATHS_H

#include <lua.h>

/* Absolute, without a slash at the end; NULL if there is none. Found once, then kept. */
const char *shell_home(void);

/* Puts home/lua in front of package.path. */
void shell_set_package_path(lua_State *L);

/* Writes the path of scripts/NAME.lua and returns 1 if there is such a script. */
int shell_find_script(const char *name, char *path, size_t size);

/* The name of a script that a misspelt one may mean, kept until the next call, or NULL. */
const char *shell_nearest_script(const char *name);

/* Prints the names of the scripts and what they do, one a line, each behind `indent`. */
void shell_list_scripts(const char *indent);

#endif
