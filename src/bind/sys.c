/* sys.c -- rm.sys: the few system calls that Lua's own library lacks.
 *
 * Questions (exists, stat, which, winsize) answer nil or false; actions (mkdir_p, list,
 * remove, rename) raise with the path and the system's reason. terminal.c and process.c add
 * the rest. Paths are bytes, passed on as they are. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "bind/bind.h"
#include "bind/lock.h"
#include "bind/process.h"
#include "bind/terminal.h"
#include "parallel/processors.h"
#include "sys/listing.h"
#include "sys/path.h"
#include "sys/self.h"

static int system_error(lua_State *L, const char *op, const char *path) {
  return bind_error(L, "sys.%s: %s: %s", op, path, strerror(errno));
}

static int refused(lua_State *L, const char *op, const rm_error *err) {
  return bind_error(L, "sys.%s: %s", op, err->message);
}

/* --- time and memory ------------------------------------------------------ */

/* Seconds since some fixed moment, for durations: it never jumps.
 * Call: rm.sys.clock() -> number
 * Call: rm.sys.time() -> number
 * Units: seconds, with fractions; time() counts since 1970.
 * Errors: none.
 * Example:
 *   > began = rm.sys.clock()
 *   > rm.sys.clock() >= began
 *   true */
static int sys_clock(lua_State *L) {
  lua_pushnumber(L, rm_seconds(RM_CLOCK_STEADY));
  return 1;
}

/* time() -> seconds since 1970, with fractions */
static int sys_time(lua_State *L) {
  lua_pushnumber(L, rm_seconds(RM_CLOCK_CALENDAR));
  return 1;
}

/* Waits for so many seconds.
 * Call: rm.sys.sleep(seconds) -> nothing
 * Units: seconds, with fractions; a signal such as Ctrl-C may end it early.
 * Errors: none beyond an argument that is not a number.
 * Example:
 *   > rm.sys.sleep(0.001) */
static int sys_sleep(lua_State *L) {
  double s = luaL_checknumber(L, 1);
  if (!(s >= 0 && s <= 1e6)) return bind_error(L, "sys.sleep: expected 0 to 1e6 seconds, got %g", s);
  rm_self_sleep(s);
  return 0;
}

/* What this process runs on: processors it may use, memory it holds now and held at most, its number
 * and that of the process that started it.
 * Call: rm.sys.cpu_count() -> number
 * Call: rm.sys.rss() -> number or nil
 * Call: rm.sys.peak_rss() -> number
 * Call: rm.sys.getpid() -> number
 * Call: rm.sys.getppid() -> number
 * Units: memory in bytes; rss is nil where /proc does not tell.
 * Errors: none.
 * Example:
 *   > rm.sys.cpu_count() >= 1, rm.sys.peak_rss() > 0
 *   true  true */
static int sys_cpu_count(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)rm_processors());
  return 1;
}

/* peak_rss() -> bytes: the most memory this process has held so far */
static int sys_peak_rss(lua_State *L) {
  lua_pushinteger(L, rm_self_peak_memory());
  return 1;
}

/* rss() -> bytes of memory this process holds now; nil where /proc does not tell */
static int sys_rss(lua_State *L) {
  int64_t bytes = rm_self_memory();
  if (bytes < 0) return lua_pushnil(L), 1;
  lua_pushinteger(L, bytes);
  return 1;
}

static int sys_getpid(lua_State *L) {
  lua_pushinteger(L, getpid());
  return 1;
}

static int sys_getppid(lua_State *L) {
  lua_pushinteger(L, getppid());
  return 1;
}

/* --- environment ------------------------------------------------------------------- */

/* The environment and the current folder.
 * Call: rm.sys.getenv(name) -> string or nil
 * Call: rm.sys.setenv(name, value) -> nothing
 * Call: rm.sys.getcwd() -> string
 * Errors: a name the system refuses; setenv with nil removes the variable.
 * Example:
 *   > rm.sys.setenv("LESSON", "7")
 *   > rm.sys.getenv "LESSON"
 *   7 */
static int sys_getenv(lua_State *L) {
  lua_pushstring(L, getenv(luaL_checkstring(L, 1))); /* nil for NULL */
  return 1;
}

/* setenv(name, value | nil) */
static int sys_setenv(lua_State *L) {
  const char *name = luaL_checkstring(L, 1), *value = luaL_optstring(L, 2, NULL);
  if ((value ? setenv(name, value, 1) : unsetenv(name)) < 0) return system_error(L, "setenv", name);
  return 0;
}

static int sys_getcwd(lua_State *L) {
  char path[PATH_MAX];
  if (!getcwd(path, sizeof path)) return system_error(L, "getcwd", ".");
  lua_pushstring(L, path);
  return 1;
}

/* The path of the program that a name would run, or nil.
 * Call: rm.sys.which(name) -> string or nil
 * Errors: none.
 * Example:
 *   > rm.sys.which "no-such-program"
 *   nil */
static int sys_which(lua_State *L) {
  char path[PATH_MAX];
  if (rm_self_which(luaL_checkstring(L, 1), path, sizeof path)) lua_pushstring(L, path);
  else lua_pushnil(L);
  return 1;
}

/* --- files -------------------------------------------------------------------------- */

/* Questions about a path.
 * Call: rm.sys.exists(path) -> boolean
 * Call: rm.sys.is_dir(path) -> boolean
 * Call: rm.sys.stat(path) -> {type =, size =, mtime =} or nil, reason
 * Units: size in bytes, mtime in seconds since 1970; type is "file", "directory" or "other".
 * Errors: none: what cannot be asked is not there.
 * Example:
 *   > rm.sys.mkdir_p "runs/first"
 *   > rm.sys.exists "runs", rm.sys.is_dir "runs/first", rm.sys.stat("runs").type
 *   true  true  directory */
static int sys_exists(lua_State *L) {
  lua_pushboolean(L, rm_path_exists(luaL_checkstring(L, 1)));
  return 1;
}

static int sys_is_dir(lua_State *L) {
  lua_pushboolean(L, rm_path_is_folder(luaL_checkstring(L, 1)));
  return 1;
}

/* stat(path) -> {type = "file" | "directory" | "other", size, mtime}, or nil, reason */
static int sys_stat(lua_State *L) {
  rm_path_state state;
  rm_error err;
  if (rm_path_look(luaL_checkstring(L, 1), &state, &err) != RM_OK) {
    lua_pushnil(L);
    lua_pushstring(L, err.message);
    return 2;
  }
  bind_newtable(L, 0, 3);
  lua_pushstring(L, state.type);
  lua_setfield(L, -2, "type");
  lua_pushinteger(L, state.size);
  lua_setfield(L, -2, "size");
  lua_pushnumber(L, state.modified);
  lua_setfield(L, -2, "mtime");
  return 1;
}

/* Makes a folder: with its parents, or one of a new name in a place.
 * Call: rm.sys.mkdir_p(path) -> nothing
 * Call: rm.sys.mkdtemp(prefix) -> string
 * Errors: a folder that cannot be made, with the system's reason; that it exists already is none for mkdir_p.
 * Example:
 *   > rm.sys.mkdir_p "a/b"
 *   > rm.sys.is_dir "a/b", #rm.sys.mkdtemp "t-"
 *   true  8 */
static int sys_mkdir_p(lua_State *L) {
  size_t length;
  const char *path = luaL_checklstring(L, 1, &length);
  char *copy = memcpy(lua_newuserdatauv(L, length + 1, 0), path, length + 1);
  rm_error err;
  return rm_path_make_folder(copy, &err) == RM_OK ? 0 : refused(L, "mkdir_p", &err);
}

/* mkdtemp(prefix) -> a new folder of that name and six more characters */
static int sys_mkdtemp(lua_State *L) {
  const char *name = lua_pushfstring(L, "%sXXXXXX", luaL_checkstring(L, 1));
  char *path = strcpy(lua_newuserdatauv(L, strlen(name) + 1, 0), name);
  rm_error err;
  if (rm_path_make_new_folder(path, &err) != RM_OK) return refused(L, "mkdtemp", &err);
  lua_pushstring(L, path);
  return 1;
}

#define LISTING "resmoon.SysListing"

static int listing_gc(lua_State *L) {
  rm_listing_free(luaL_checkudata(L, 1, LISTING));
  return 0;
}

/* The names in a folder, sorted, without . and ..
 * Call: rm.sys.list(folder) -> list of strings
 * Errors: a folder that cannot be read, with the system's reason.
 * Example:
 *   > rm.sys.mkdir_p "photos/cat"; rm.sys.mkdir_p "photos/bird"
 *   > rm.sys.list "photos"
 *   {"bird", "cat"} */
static int sys_list(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  rm_listing *listing = lua_newuserdatauv(L, sizeof *listing, 0);
  *listing = (rm_listing){0};
  if (luaL_newmetatable(L, LISTING)) {
    lua_pushcfunction(L, listing_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  rm_error err;
  if (rm_listing_read(path, listing, &err) != RM_OK) return refused(L, "list", &err);
  bind_newtable(L, listing->n, 0);
  for (size_t i = 0; i < listing->n; i++) {
    lua_pushstring(L, listing->names[i]);
    lua_seti(L, -2, (lua_Integer)i + 1);
  }
  rm_listing_free(listing);
  return 1;
}

/* Removes a file or an empty folder, or gives it another name.
 * Call: rm.sys.remove(path) -> nothing
 * Call: rm.sys.rename(from, to) -> nothing
 * Errors: what the system says, with the path. A file of the new name is replaced.
 * Example:
 *   > rm.sys.mkdir_p "old"
 *   > rm.sys.rename("old", "new")
 *   > rm.sys.exists "old", rm.sys.exists "new"
 *   false  true */
static int sys_remove(lua_State *L) {
  rm_error err;
  return rm_path_remove(luaL_checkstring(L, 1), &err) == RM_OK ? 0 : refused(L, "remove", &err);
}

static int sys_rename(lua_State *L) {
  const char *from = luaL_checkstring(L, 1), *to = luaL_checkstring(L, 2);
  rm_error err;
  return rm_path_rename(from, to, &err) == RM_OK ? 0 : refused(L, "rename", &err);
}

static const luaL_Reg functions[] = {
    {"clock", sys_clock},         {"time", sys_time},         {"sleep", sys_sleep},
    {"cpu_count", sys_cpu_count}, {"peak_rss", sys_peak_rss}, {"rss", sys_rss},
    {"getpid", sys_getpid},       {"getppid", sys_getppid},   {"getenv", sys_getenv},
    {"setenv", sys_setenv},       {"getcwd", sys_getcwd},     {"which", sys_which},
    {"exists", sys_exists},       {"is_dir", sys_is_dir},     {"stat", sys_stat},
    {"mkdir_p", sys_mkdir_p},     {"mkdtemp", sys_mkdtemp},   {"list", sys_list},
    {"remove", sys_remove},       {"rename", sys_rename},     {NULL, NULL},
};

void bind_open_sys(lua_State *L) {
  luaL_newlib(L, functions);
  bind_add_terminal(L);
  bind_add_process(L);
  bind_add_lock(L);
  lua_setfield(L, -2, "sys");
}
