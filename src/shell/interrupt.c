/* interrupt.c -- what Ctrl-C does.
 *
 * A signal may land on any thread that does not block it, and OpenBLAS starts threads of its own.
 * lua_sethook is safe in a handler only in the thread that runs Lua, so any other thread sends
 * the signal on to the main one.
 *
 * A hook belongs to one Lua thread: set on the main one it would never fire while a coroutine
 * runs. So coroutine.resume and coroutine.wrap are replaced by twins that keep note of which
 * thread is running. (A hook that is always set would be simpler, and makes Lua twice as slow.)
 *
 * State is at file scope because a handler gets nothing else. */
#define _GNU_SOURCE  /* pipe2 */
#include "shell/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "parallel/threads.h"

static pthread_t main_thread;
static int wake[2] = {-1, -1};                  /* the self-pipe */
static lua_State *volatile running;             /* NULL while no Lua code may be stopped */
static volatile sig_atomic_t taken;             /* Ctrl-C since the last reset */
static volatile sig_atomic_t held;              /* the script holds interrupts */
static volatile sig_atomic_t pending;           /* Ctrl-C while held */

/* Runs at the next call, return, line or instruction after it was set. */
static void raise_interrupt(lua_State *L, lua_Debug *event) {
  (void)event;
  lua_sethook(L, NULL, 0, 0);
  rm_interrupt_clear();
  luaL_where(L, 0);  /* the function that the hook interrupts; "" if it is C */
  lua_pushliteral(L, "interrupted");
  lua_concat(L, 2);
  lua_error(L);
}

/* A hook of the user's own (debug.sethook) stays. */
static int hooked(lua_State *L) { return lua_gethook(L) == raise_interrupt; }
static void unhook(lua_State *L) {
  if (hooked(L)) lua_sethook(L, NULL, 0, 0);
}

static void stop_running(void) {
  rm_interrupt_request();
  if (running)
    lua_sethook(running, raise_interrupt, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

static void on_sigint(int signal_number) {
  if (!pthread_equal(pthread_self(), main_thread)) {
    pthread_kill(main_thread, signal_number);
    return;
  }
  int saved = errno;
  taken = 1;
  if (held && !pending) {
    pending = 1;
  } else {
    stop_running();
  }
  ssize_t ignored = write(wake[1], "", 1);  /* a full pipe is readable as well */
  (void)ignored;
  errno = saved;
}

/* Writing to a program that ended must fail, not kill. SIG_IGN would be inherited by the programs
 * we start; a handler is not. */
static void on_sigpipe(int signal_number) { (void)signal_number; }

static void install(int signal_number, void (*handler)(int), int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  sigaction(signal_number, &action, NULL);
}

static void reset(void) {
  taken = 0;
  held = 0;
  pending = 0;
  rm_interrupt_clear();
  char bytes[64];
  while (read(wake[0], bytes, sizeof bytes) > 0) {}
}

void shell_interrupt_arm(lua_State *L) {
  reset();
  unhook(L);
  running = L;
}

void shell_interrupt_disarm(void) {
  lua_State *L = running;
  running = NULL;
  if (L) unhook(L);
  reset();
}

int shell_interrupt_pipe(void) { return wake[0]; }

int shell_interrupt_taken(void) {
  int was = taken;
  reset();
  return was;
}

/* --- rm.interrupt ---------------------------------------------------------------- */

/* interrupt.hold(on) -> whether they were held. Letting go of a hold with an interrupt pending
 * raises it; interrupt.clear() first forgets it. */
static int interrupt_hold(lua_State *L) {
  int on = lua_toboolean(L, 1);
  lua_pushboolean(L, held);
  held = on;
  if (!on && pending) {
    pending = 0;
    stop_running();
  }
  return 1;
}

/* interrupt.pending() -> whether Ctrl-C was pressed since the hold began */
static int interrupt_pending(lua_State *L) {
  lua_pushboolean(L, pending);
  return 1;
}

/* interrupt.clear(): forgets it; the next Ctrl-C is the first again */
static int interrupt_clear(lua_State *L) {
  (void)L;
  pending = 0;
  rm_interrupt_clear();
  return 0;
}

/* --- coroutines ------------------------------------------------------------------- */

/* Resumes co with n values from the top of L's stack; returns the number of results, pushed on
 * L, or -1 with the error on top. After lcorolib.c. */
static int resume(lua_State *L, lua_State *co, int n) {
  int results = 0;
  if (!lua_checkstack(co, n)) {
    lua_pushliteral(L, "too many arguments to resume");
    return -1;
  }
  lua_xmove(L, co, n);
  lua_State *outer = running;
  if (outer) {
    unhook(co);  /* a new coroutine inherits the hook of its creator */
    running = co;
    if (hooked(outer)) stop_running();  /* Ctrl-C just before the switch */
  }
  int status = lua_resume(co, L, n, &results);
  if (outer) {
    running = outer;
    if (hooked(co)) {  /* ... or just before the switch back */
      unhook(co);
      stop_running();
    }
  }
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

static int coroutine_resume(lua_State *L) {
  lua_State *co = lua_tothread(L, 1);
  luaL_argexpected(L, co, 1, "coroutine");
  int results = resume(L, co, lua_gettop(L) - 1);
  lua_pushboolean(L, results >= 0);
  if (results < 0) results = 1;
  lua_insert(L, -(results + 1));
  return results + 1;
}

static int call_wrapped(lua_State *L) {
  lua_State *co = lua_tothread(L, lua_upvalueindex(1));
  int results = resume(L, co, lua_gettop(L));
  if (results >= 0) return results;
  if (lua_status(co) != LUA_OK && lua_status(co) != LUA_YIELD) {  /* it failed: close its variables */
    if (lua_resetthread(co) != LUA_OK) lua_xmove(co, L, 1);
  }
  if (lua_type(L, -1) == LUA_TSTRING) {  /* the place of the call, as Lua's own does */
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

void shell_interrupt_open(lua_State *L) {
  main_thread = pthread_self();
  if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0) luaL_error(L, "cannot make a pipe: %s", strerror(errno));
  /* Without SA_RESTART, so that Ctrl-C ends a read from the terminal. */
  install(SIGINT, on_sigint, 0);
  install(SIGPIPE, on_sigpipe, SA_RESTART);
  static const luaL_Reg functions[] = {{"hold", interrupt_hold},
                                       {"pending", interrupt_pending},
                                       {"clear", interrupt_clear},
                                       {NULL, NULL}};
  luaL_newlib(L, functions);
  lua_setfield(L, -2, "interrupt");
  static const luaL_Reg twins[] = {
      {"resume", coroutine_resume}, {"wrap", coroutine_wrap}, {NULL, NULL}};
  lua_getglobal(L, "coroutine");
  luaL_setfuncs(L, twins, 0);
  lua_pop(L, 1);
}
