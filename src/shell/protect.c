/* protect.c -- Lua's functions that catch errors, as twins that pass an interrupt on.
 *
 * A protected call notes the count of requests to stop when it begins. If it fails and the count has
 * grown, the error is that of an interrupt, or was made from one on its way, and is raised again. So what
 * runs while the error travels, a __close say, may use pcall for errors of its own.
 *
 * The message handler of xpcall would run with hooks off, so that one that loops could not be stopped;
 * and an interrupt is nothing for it to handle: it is called through a function of Lua that returns
 * the message of an interrupt as it is, and is otherwise a tail call, which leaves the levels of the stack as
 * the handler knows them.
 *
 * Hooks are off while a finalizer runs, too, but in the thread that collects garbage alone: so one
 * that is written in Lua runs in a thread of its own. setmetatable sees to that. */
#include "shell/protect.h"

#include <lauxlib.h>
#include <lualib.h>
#include "shell/interrupt.h"

/* --- pcall, xpcall ----------------------------------------------------------------------- */

/* The context of a protected call: the count at its start, whether it catches interrupts, too, and how
 * many values below the results are not results. */
enum { EXTRA = 3, CATCHES = 4, COUNT = 8 };

static int finish(lua_State *L, int status, lua_KContext context) {
  if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(L) - (int)(context & EXTRA);
  if (!(context & CATCHES)) shell_rethrow(L, (int)(context / COUNT));
  lua_pushboolean(L, 0);
  lua_pushvalue(L, -2);
  return 2;
}

static lua_KContext context_of(lua_State *L, int catches, int extra) {
  return (lua_KContext)shell_requests(L) * COUNT + (catches ? CATCHES : 0) + extra;
}

static int protected_call(lua_State *L, int catches) {
  luaL_checkany(L, 1);
  lua_pushboolean(L, 1);
  lua_insert(L, 1);
  lua_KContext context = context_of(L, catches, 0);
  return finish(L, lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, context, finish), context);
}

static int twin_pcall(lua_State *L) { return protected_call(L, 0); }
static int catching_pcall(lua_State *L) { return protected_call(L, 1); }

/* The registry holds the function that makes handlers. */
static const char maker;
static const char MAKER[] =
    "local stopped, handler = ...\n"
    "return function(message)\n"
    "  if stopped() then return message end\n"
    "  return handler(message)\n"
    "end";

static int stopped_since(lua_State *L) {
  lua_pushboolean(L, lua_tointeger(L, lua_upvalueindex(1)) != shell_requests_now());
  return 1;
}

/* Replaces the handler, which is argument 2. One of C does not loop, and may look at the stack. */
static void wrap_handler(lua_State *L) {
  if (lua_iscfunction(L, 2)) return;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &maker);
  lua_pushinteger(L, shell_requests(L));
  lua_pushcclosure(L, stopped_since, 1);
  lua_pushvalue(L, 2);
  lua_call(L, 2, 1);
  lua_replace(L, 2);
}

static int protected_call_with_handler(lua_State *L, int catches) {
  int n = lua_gettop(L);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  if (!catches) wrap_handler(L);
  lua_pushboolean(L, 1);
  lua_pushvalue(L, 1);
  lua_rotate(L, 3, 2);
  lua_KContext context = context_of(L, catches, 2);
  return finish(L, lua_pcallk(L, n - 2, LUA_MULTRET, 2, context, finish), context);
}

static int twin_xpcall(lua_State *L) { return protected_call_with_handler(L, 0); }
static int catching_xpcall(lua_State *L) { return protected_call_with_handler(L, 1); }

/* --- coroutines --------------------------------------------------------------------------- */

/* Resumes co with n values from the top of L's stack; returns the number of results, pushed on
 * L, or -1 with the error on top. After lcorolib.c. */
static int resume(lua_State *L, lua_State *co, int n) {
  int results = 0;
  if (!lua_checkstack(co, n)) {
    lua_pushliteral(L, "too many arguments to resume");
    return -1;
  }
  lua_xmove(L, co, n);
  lua_State *outer = shell_enter(co);
  int status = lua_resume(co, L, n, &results);
  shell_leave(co, outer);
  if (status == LUA_OK || status == LUA_YIELD) {
    if (!lua_checkstack(L, results + 1)) {
      lua_pop(co, results);
      lua_pushliteral(L, "too many results to resume");
      return -1;
    }
    lua_xmove(co, L, results);
    return results;
  }
  lua_xmove(co, L, 1);
  return -1;
}

/* Runs what is to be closed in co. */
static int close_thread(lua_State *co) {
  lua_State *outer = shell_enter(co);
  int status = lua_resetthread(co);
  shell_leave(co, outer);
  return status;
}

static int coroutine_resume(lua_State *L) {
  lua_State *co = lua_tothread(L, 1);
  int count = shell_requests(L);
  luaL_argexpected(L, co, 1, "thread");
  int results = resume(L, co, lua_gettop(L) - 1);
  if (results < 0) shell_rethrow(L, count);
  lua_pushboolean(L, results >= 0);
  if (results < 0) results = 1;
  lua_insert(L, -(results + 1));
  return results + 1;
}

static int call_wrapped(lua_State *L) {
  lua_State *co = lua_tothread(L, lua_upvalueindex(1));
  int results = resume(L, co, lua_gettop(L));
  if (results >= 0) return results;
  if (lua_status(co) != LUA_OK && lua_status(co) != LUA_YIELD) { /* it failed: close its variables */
    if (close_thread(co) != LUA_OK) lua_xmove(co, L, 1);
  }
  if (lua_type(L, -1) == LUA_TSTRING) { /* the place of the call, as Lua's own does */
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

static int coroutine_wrap(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_State *co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  lua_pushcclosure(L, call_wrapped, 1);
  return 1;
}

/* What keeps a coroutine from being closed, or NULL. */
static const char *busy(lua_State *L, lua_State *co) {
  lua_Debug frame;
  if (co == L) return "running";
  return lua_status(co) == LUA_OK && lua_getstack(co, 0, &frame) ? "normal" : NULL;
}

static int coroutine_close(lua_State *L) {
  lua_State *co = lua_tothread(L, 1);
  int count = shell_requests(L);
  luaL_argexpected(L, co, 1, "thread");
  if (busy(L, co)) return luaL_error(L, "cannot close a %s coroutine", busy(L, co));
  int status = close_thread(co);
  lua_pushboolean(L, status == LUA_OK);
  if (status == LUA_OK) return 1;
  lua_xmove(co, L, 1);
  shell_rethrow(L, count);
  return 2;
}

/* --- finalizers ----------------------------------------------------------------------------- */

/* Calls upvalue 1 with the object, in a thread of its own. */
static int finalize(lua_State *L) {
  int count = shell_requests_now();
  lua_settop(L, 1);
  lua_State *co = lua_newthread(L);
  lua_insert(L, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_xmove(L, co, 1);
  int results = resume(L, co, 1);
  if (results >= 0 && lua_status(co) == LUA_YIELD) {
    close_thread(co);
    return luaL_error(L, "attempt to yield across a C-call boundary");
  }
  if (results >= 0) return 0;
  int stopped = shell_requests_now() != count;
  if (close_thread(co) != LUA_OK) lua_xmove(co, L, 1);
  if (stopped) shell_request_again(); /* the collector swallows the error */
  return lua_error(L);
}

static void make_stoppable(lua_State *L, int metatable) {
  lua_pushliteral(L, "__gc");
  if (lua_rawget(L, metatable) == LUA_TFUNCTION && !lua_iscfunction(L, -1)) {
    lua_pushliteral(L, "__gc");
    lua_insert(L, -2);
    lua_pushcclosure(L, finalize, 1);
    lua_rawset(L, metatable);
  } else {
    lua_pop(L, 1);
  }
}

static int twin_setmetatable(lua_State *L) {
  int type = lua_type(L, 2);
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
  if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL) return luaL_error(L, "cannot change a protected metatable");
  lua_settop(L, 2);
  if (type == LUA_TTABLE) make_stoppable(L, 2);
  lua_setmetatable(L, 1);
  return 1;
}

/* --- all of it ------------------------------------------------------------------------------- */

void shell_protect_open(lua_State *L) {
  static const luaL_Reg catching[] = {{"pcall", catching_pcall}, {"xpcall", catching_xpcall}, {NULL, NULL}};
  lua_getfield(L, -1, "interrupt");
  luaL_setfuncs(L, catching, 0);
  lua_pop(L, 1);
  if (luaL_loadbufferx(L, MAKER, sizeof MAKER - 1, "=[C]", "t") != LUA_OK) lua_error(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &maker);
  static const luaL_Reg globals[] = {
      {"pcall", twin_pcall}, {"xpcall", twin_xpcall}, {"setmetatable", twin_setmetatable}, {NULL, NULL}};
  lua_pushglobaltable(L);
  luaL_setfuncs(L, globals, 0);
  lua_pop(L, 1);
  static const luaL_Reg twins[] = {
      {"resume", coroutine_resume}, {"wrap", coroutine_wrap}, {"close", coroutine_close}, {NULL, NULL}};
  lua_getglobal(L, LUA_COLIBNAME);
  luaL_setfuncs(L, twins, 0);
  lua_pop(L, 1);
}
