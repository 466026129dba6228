/* sys.c -- rm.sys: the few system calls that Lua's own library lacks.
 *
 * Questions (exists, stat, which, winsize) answer nil or false; actions (mkdir_p, list,
 * remove, rename) raise with the path and the system's reason. terminal.c and process.c add
 * the rest. Paths are bytes, passed on as they are. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "bind/bind.h"
#include "bind/sys.h"
#include "parallel/threads.h"

static int system_error(lua_State *L, const char *op, const char *path) {
  return bind_error(L, "sys.%s: %s: %s", op, path, strerror(errno));
}

/* --- time and memory ------------------------------------------------------ */

static double seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

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
  lua_pushnumber(L, seconds(CLOCK_MONOTONIC));
  return 1;
}

/* time() -> seconds since 1970, with fractions */
static int sys_time(lua_State *L) {
  lua_pushnumber(L, seconds(CLOCK_REALTIME));
  return 1;
}

/* Waits for so many seconds.
 * Call: rm.sys.sleep(seconds) -> nothing
 * Units: seconds, with fractions; a signal such as Ctrl-C may end it early.
 * Errors: none beyond an argument that is no number.
 * Example:
 *   > rm.sys.sleep(0.001) */
static int sys_sleep(lua_State *L) {
  double s = luaL_checknumber(L, 1);
  if (!(s >= 0 && s <= 1e6)) return bind_error(L, "sys.sleep: expected 0 to 1e6 seconds, got %g", s);
  const double tick = 0.05; /* a signal just before the sleep does not end it, so it is cut */
  for (int over = 0; s > 0 && !over && !rm_interrupted(); s -= tick) {
    double part = s < tick ? s : tick;
    over = nanosleep(&(struct timespec){0, (long)(part * 1e9)}, NULL);
  }
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
  cpu_set_t set;
  int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : (int)sysconf(_SC_NPROCESSORS_ONLN);
  lua_pushinteger(L, n > 0 ? n : 1);
  return 1;
}

/* peak_rss() -> bytes: the most memory this process has held so far */
static int sys_peak_rss(lua_State *L) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  lua_pushinteger(L, (lua_Integer)usage.ru_maxrss * 1024);
  return 1;
}

/* rss() -> bytes of memory this process holds now; nil where /proc does not tell */
static int sys_rss(lua_State *L) {
  FILE *f = fopen("/proc/self/statm", "r");
  long total, resident;
  int n = f ? fscanf(f, "%ld %ld", &total, &resident) : 0;
  if (f) fclose(f);
  if (n != 2) return lua_pushnil(L), 1;
  lua_pushinteger(L, (lua_Integer)resident * sysconf(_SC_PAGESIZE));
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
  lua_pushstring(L, getenv(luaL_checkstring(L, 1)));  /* nil for NULL */
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
  const char *name = luaL_checkstring(L, 1), *path = getenv("PATH");
  struct stat st;
  if (strchr(name, '/')) path = NULL;
  for (const char *next = path ? path : ""; next; next = *next ? next + 1 : NULL) {
    size_t length = strcspn(next, ":");
    lua_pushlstring(L, next, length);
    if (length > 0) lua_pushliteral(L, "/");
    else lua_pushliteral(L, "");
    lua_pushstring(L, name);
    lua_concat(L, 3);
    const char *full = lua_tostring(L, -1);
    if (stat(full, &st) == 0 && S_ISREG(st.st_mode) && access(full, X_OK) == 0) return 1;
    lua_pop(L, 1);
    next += length;
    if (!*next) break;
  }
  lua_pushnil(L);
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
  struct stat st;
  lua_pushboolean(L, stat(luaL_checkstring(L, 1), &st) == 0);
  return 1;
}

static int sys_is_dir(lua_State *L) {
  struct stat st;
  lua_pushboolean(L, stat(luaL_checkstring(L, 1), &st) == 0 && S_ISDIR(st.st_mode));
  return 1;
}

/* stat(path) -> {type = "file" | "directory" | "other", size, mtime}, or nil, reason */
static int sys_stat(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  struct stat st;
  if (stat(path, &st) < 0) {
    lua_pushnil(L);
    lua_pushfstring(L, "%s: %s", path, strerror(errno));
    return 2;
  }
  lua_createtable(L, 0, 3);
  lua_pushstring(L, S_ISREG(st.st_mode) ? "file" : S_ISDIR(st.st_mode) ? "directory" : "other");
  lua_setfield(L, -2, "type");
  lua_pushinteger(L, (lua_Integer)st.st_size);
  lua_setfield(L, -2, "size");
  lua_pushnumber(L, (double)st.st_mtim.tv_sec + 1e-9 * (double)st.st_mtim.tv_nsec);
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
  char *part = lua_newuserdatauv(L, length + 1, 0);
  memcpy(part, path, length + 1);
  for (size_t i = 1; i <= length; i++) {
    if (part[i] != '/' && part[i] != '\0') continue;
    part[i] = '\0';
    struct stat st;
    int reason = mkdir(part, 0777) < 0 ? errno : 0;
    if (reason && !(stat(part, &st) == 0 && S_ISDIR(st.st_mode))) {
      errno = reason;
      return system_error(L, "mkdir_p", part);
    }
    part[i] = path[i];
  }
  return 0;
}

/* mkdtemp(prefix) -> a new folder of that name and six more characters */
static int sys_mkdtemp(lua_State *L) {
  const char *name = lua_pushfstring(L, "%sXXXXXX", luaL_checkstring(L, 1));
  char *path = lua_newuserdatauv(L, strlen(name) + 1, 0);
  strcpy(path, name);
  if (!mkdtemp(path)) return system_error(L, "mkdtemp", name);
  lua_pushstring(L, path);
  return 1;
}

static int folder_gc(lua_State *L) {
  DIR **folder = lua_touserdata(L, 1);
  if (*folder) closedir(*folder);
  *folder = NULL;
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
  DIR **folder = lua_newuserdatauv(L, sizeof *folder, 0);
  *folder = NULL;
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, folder_gc);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  *folder = opendir(path);
  if (!*folder) return system_error(L, "list", path);

  lua_newtable(L);
  int names = lua_gettop(L);
  lua_Integer n = 0;
  for (struct dirent *entry; (entry = readdir(*folder));) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    lua_pushstring(L, entry->d_name);
    lua_seti(L, names, ++n);
  }
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, "table");
  lua_getfield(L, -1, "sort");
  lua_pushvalue(L, names);
  lua_call(L, 1, 0);
  lua_settop(L, names);
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
  const char *path = luaL_checkstring(L, 1);
  if (remove(path) < 0) return system_error(L, "remove", path);
  return 0;
}

static int sys_rename(lua_State *L) {
  const char *from = luaL_checkstring(L, 1), *to = luaL_checkstring(L, 2);
  if (rename(from, to) < 0) return system_error(L, "rename", from);
  return 0;
}

static const luaL_Reg functions[] = {
  {"clock", sys_clock}, {"time", sys_time}, {"sleep", sys_sleep},
  {"cpu_count", sys_cpu_count}, {"peak_rss", sys_peak_rss}, {"rss", sys_rss},
  {"getpid", sys_getpid}, {"getppid", sys_getppid}, {"getenv", sys_getenv}, {"setenv", sys_setenv},
  {"getcwd", sys_getcwd}, {"which", sys_which}, {"exists", sys_exists}, {"is_dir", sys_is_dir}, {"stat", sys_stat},
  {"mkdir_p", sys_mkdir_p}, {"mkdtemp", sys_mkdtemp}, {"list", sys_list}, {"remove", sys_remove},
  {"rename", sys_rename}, {NULL, NULL},
};

void bind_open_sys(lua_State *L) {
  luaL_newlib(L, functions);
  bind_add_terminal(L);
  bind_add_process(L);
  lua_setfield(L, -2, "sys");
}
