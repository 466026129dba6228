/* process.c -- rm.sys.run and rm.sys.spawn: programs (sys/process.h).
 *
 *   status, out, err = sys.run({"gnuplot", "-d"}, {stdin = text, capture = true})
 *   p = sys.spawn({"gnuplot", "-persist"});  p:write(text);  p:close();  p:wait()
 *
 * status is the exit status, or 128 + the signal that ended it. A program that cannot be
 * started gives nil and the reason. */
#include "bind/process.h"

#include <string.h>
#include "bind/bind.h"
#include "sys/process.h"

#define PROCESS "resmoon.Process"

static rm_process *check_process(lua_State *L) { return luaL_checkudata(L, 1, PROCESS); }

/* Pushes a process that has not started. */
static rm_process *push_process(lua_State *L) {
  rm_process *p = lua_newuserdatauv(L, sizeof *p, 0);
  *p = (rm_process){.in = -1, .out = -1, .err = -1};
  luaL_setmetatable(L, PROCESS);
  return p;
}

/* The table at `arg` as argv, in a userdata that it pushes. The strings stay in the table. */
static char **check_argv(lua_State *L, int arg, const char *op) {
  luaL_checktype(L, arg, LUA_TTABLE);
  char name[32];
  snprintf(name, sizeof name, "sys.%s", op);
  lua_Integer n = (lua_Integer)bind_checklist(L, arg, name, "a program's arguments");
  if (n < 1 || n > 100000) bind_error(L, "sys.%s: expected a list of a program and its arguments", op);
  char **argv = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof *argv, 0);
  for (lua_Integer i = 1; i <= n; i++) {
    size_t length;
    if (lua_geti(L, arg, i) != LUA_TSTRING)
      bind_error(L, "sys.%s: argument %d is %s, expected a string", op, (int)i, luaL_typename(L, -1));
    argv[i - 1] = (char *)lua_tolstring(L, -1, &length);
    if (strlen(argv[i - 1]) != length) bind_error(L, "sys.%s: argument %d contains a zero byte", op, (int)i);
    lua_pop(L, 1);
  }
  argv[n] = NULL;
  return argv;
}

/* nil, reason */
static int refuse(lua_State *L, const char *reason) {
  lua_pushnil(L);
  lua_pushstring(L, reason);
  return 2;
}

/* Runs a program with arguments one by one, never through a shell, and waits for it.
 * Call: rm.sys.run({program, arguments...}, {stdin = nil, capture = false, seconds = nil}) -> status, out, err
 * Options: stdin    text that it reads
 *  capture  true: what it writes is returned instead of shown
 *  seconds  how long it may take; nil: no limit
 * Errors: a program that cannot be started, or took too long and was ended, gives nil and the reason; status is 128 +
 *  the signal that ended it.
 * Example:
 *   > rm.sys.run({"sort"}, {stdin = "b\na\n", capture = true})
 *   0
 *   a
 *   b */
static int run(lua_State *L) {
  static const char *const names[] = {"stdin", "capture", "seconds", NULL};
  bind_checkoptions(L, 2, "sys.run", names);
  lua_settop(L, 2);
  char **argv = check_argv(L, 1, "run");
  size_t length = 0;
  const char *text = NULL;
  if (lua_istable(L, 2) && lua_getfield(L, 2, "stdin") != LUA_TNIL) text = luaL_checklstring(L, -1, &length);
  rm_plumbing how = {.feed = text != NULL, .capture = bind_optbool(L, 2, "capture", false)};
  double seconds = bind_optnumber(L, 2, "seconds", 0);
  rm_process *p = push_process(L);
  rm_error err;
  if (rm_process_start(p, argv, how, &err) != RM_OK) return refuse(L, err.message);
  rm_status status = rm_process_exchange(p, argv[0], text, length, seconds, &err);
  if (status == RM_ERR_STATE) return refuse(L, err.message);
  if (status == RM_ERR_INTERRUPTED) return bind_raise(L, &err);
  if (status != RM_OK) return bind_error(L, "sys.run: %s", err.message);
  lua_pushinteger(L, p->status);
  if (!how.capture) return 1;
  lua_pushlstring(L, p->output.bytes ? p->output.bytes : "", p->output.count);
  lua_pushlstring(L, p->errors.bytes ? p->errors.bytes : "", p->errors.count);
  return 3;
}

/* Starts a program with a pipe to its input, and goes on.
 * Call: rm.sys.spawn({program, arguments...}, {quiet = false}) -> process
 * Call: process:write(text, seconds = nil) -> true
 * Call: process:close() -> nothing
 * Call: process:wait(seconds = nil) -> status
 * Call: process:kill(certain = false) -> nothing
 * Call: process:running() -> boolean
 * Options: quiet  true: what it writes is thrown away
 * Errors: what fails gives nil and the reason; wait gives nil, "interrupted" after Ctrl-C. With seconds, what takes
 *  longer fails. close ends its input; kill asks it, and all that it started, to end, and where `certain` is true
 *  sees to it.
 * Example:
 *   > p = rm.sys.spawn({"cat"}, {quiet = true})
 *   > p:write "hello\n"
 *   true
 *   > p:wait()
 *   0 */
static int spawn(lua_State *L) {
  static const char *const names[] = {"quiet", NULL};
  bind_checkoptions(L, 2, "sys.spawn", names);
  lua_settop(L, 2);
  char **argv = check_argv(L, 1, "spawn");
  rm_plumbing how = {.feed = true, .quiet = bind_optbool(L, 2, "quiet", false)};
  rm_process *p = push_process(L);
  rm_error err;
  return rm_process_start(p, argv, how, &err) == RM_OK ? 1 : refuse(L, err.message);
}

/* p:write(text, seconds?) -> true | nil, reason */
static int process_write(lua_State *L) {
  rm_process *p = check_process(L);
  size_t length;
  const char *text = luaL_checklstring(L, 2, &length);
  rm_error err;
  if (rm_process_write(p, text, length, luaL_optnumber(L, 3, 0), &err) != RM_OK) return refuse(L, err.message);
  lua_pushboolean(L, 1);
  return 1;
}

/* p:close(): the end of its input */
static int process_close(lua_State *L) {
  rm_process_close(check_process(L));
  return 0;
}

/* p:wait(seconds?) -> status; closes its input first. nil and the reason after Ctrl-C, or when it took too long */
static int process_wait(lua_State *L) {
  rm_process *p = check_process(L);
  double seconds = luaL_optnumber(L, 2, 0);
  rm_error err;
  rm_process_close(p);
  if (rm_process_wait(p, seconds, &err) != RM_OK) return refuse(L, err.message);
  lua_pushinteger(L, p->status);
  return 1;
}

/* p:kill(certain?): asks it and all that it started to end, or ends them */
static int process_kill(lua_State *L) {
  rm_process *p = check_process(L);
  if (lua_toboolean(L, 2)) rm_process_stop_for_certain(p);
  else rm_process_stop(p);
  return 0;
}

static int process_running(lua_State *L) {
  lua_pushboolean(L, rm_process_running(check_process(L)));
  return 1;
}

static int process_gc(lua_State *L) {
  rm_process_free(check_process(L));
  return 0;
}

static const luaL_Reg methods[] = {
    {"write", process_write},     {"close", process_close}, {"wait", process_wait},  {"kill", process_kill},
    {"running", process_running}, {"__gc", process_gc},     {"__close", process_gc}, {NULL, NULL},
};

static const luaL_Reg functions[] = {{"run", run}, {"spawn", spawn}, {NULL, NULL}};

void bind_add_process(lua_State *L) {
  luaL_newmetatable(L, PROCESS);
  luaL_setfuncs(L, methods, 0);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
