/* interrupt.c -- what Ctrl-C and the signals that end a program do.
 *
 * A signal may land on any thread that does not block it, and OpenBLAS starts threads of its own.
 * lua_sethook is safe in a handler only in the thread that runs Lua, so any other thread sends
 * the signal on to the main one.
 *
 * A hook belongs to one Lua thread: set on the main one it would never fire while a coroutine
 * runs. So protect.c, which has twins of coroutine.resume and the like, keeps note here of which
 * thread is running. (A hook that is always set would be simpler, and makes Lua twice as slow.)
 *
 * Every request to stop is counted. A protected call that fails and has seen the count grow since it
 * began did not fail by itself: it passes the error on (protect.c), so that no pcall of the user's keeps an
 * interrupt from the prompt. What runs while the error travels (__close) may use pcall as ever.
 *
 * State is at file scope because a handler gets nothing else. */
#define _GNU_SOURCE /* pipe2 */
#include "shell/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "parallel/interrupt.h"

static pthread_t main_thread;
static int wake[2] = {-1, -1};         /* the self-pipe */
static lua_State *volatile running;    /* NULL while no Lua code may be stopped */
static volatile sig_atomic_t taken;    /* a signal since the last reset */
static volatile sig_atomic_t held;     /* the script holds interrupts */
static volatile sig_atomic_t pending;  /* a signal while held */
static volatile sig_atomic_t requests; /* to stop, since the protected call at the top began */
static volatile sig_atomic_t ending;   /* the signal that wants the program to end, or 0 */

static void raise_at(lua_State *L, int level) {
  lua_sethook(L, NULL, 0, 0);
  rm_interrupt_clear();
  luaL_where(L, level);
  lua_pushliteral(L, "interrupted");
  lua_concat(L, 2);
  lua_error(L);
}

/* Runs at the next call, return, line or instruction after it was set; where: the function that it
 * interrupts ("" if that is C). */
static void raise_interrupt(lua_State *L, lua_Debug *event) {
  (void)event;
  raise_at(L, 0);
}

/* A hook of the user's own (debug.sethook) stays. */
static int hooked(lua_State *L) { return lua_gethook(L) == raise_interrupt; }
static void unhook(lua_State *L) {
  if (hooked(L)) lua_sethook(L, NULL, 0, 0);
}

static void stop_running(void) {
  rm_interrupt_request();
  requests++;
  if (running) lua_sethook(running, raise_interrupt, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

/* A second Ctrl-C ends a hold; what ends the program is in no hurry to see unsaved work lost. */
static void on_signal(int signal_number) {
  if (!pthread_equal(pthread_self(), main_thread)) {
    pthread_kill(main_thread, signal_number);
    return;
  }
  int saved = errno;
  taken = 1;
  if (signal_number != SIGINT && !ending) ending = signal_number;
  if (!held) {
    stop_running();
  } else if (!pending) {
    pending = 1;
  } else if (signal_number == SIGINT) {
    stop_running();
  }
  ssize_t ignored = write(wake[1], "", 1); /* a full pipe is readable as well */
  (void)ignored;
  errno = saved;
}

/* Writing to a program that ended must fail, not kill; SIG_IGN would be inherited by the programs
 * we start, a handler is not. But where nobody reads our output any more (`| head`), going on is as
 * pointless as after a hangup. */
static void on_sigpipe(int signal_number) {
  int saved = errno;
  struct pollfd output = {STDOUT_FILENO, POLLOUT, 0};
  if (poll(&output, 1, 0) == 1 && output.revents & POLLERR && ending != SIGPIPE) on_signal(signal_number);
  errno = saved;
}

static void install(int signal_number, void (*handler)(int), int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  sigaction(signal_number, &action, NULL);
}

/* nohup's wish counts. */
static void install_unless_ignored(int signal_number) {
  struct sigaction now;
  if (sigaction(signal_number, NULL, &now) == 0 && now.sa_handler == SIG_IGN) return;
  install(signal_number, on_signal, 0);
}

static void reset(void) {
  taken = 0;
  held = 0;
  pending = 0;
  requests = 0;
  rm_interrupt_clear();
  char bytes[64];
  while (read(wake[0], bytes, sizeof bytes) > 0) {
  }
}

void shell_interrupt_arm(lua_State *L) {
  reset();
  unhook(L);
  running = L;
  if (ending) stop_running(); /* it came before anything ran */
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

int shell_ending(void) { return ending; }

int shell_exit_status(int status) { return ending && status == 130 ? 128 + ending : status; }

void shell_interrupt_close(void) {
  static const int all[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
  struct sigaction now;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (sigaction(all[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN) install(all[i], SIG_DFL, 0);
}

/* --- for protect.c and C loops -------------------------------------------------------- */

void shell_poll(lua_State *L) {
  if (hooked(L)) raise_at(L, 1);
}

/* In this order: a signal in between is in the count that is read later. */
int shell_requests(lua_State *L) {
  int count = requests;
  shell_poll(L);
  return count;
}

int shell_requests_now(void) { return requests; }

void shell_rethrow(lua_State *L, int count) {
  if (requests == count) return;
  const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
  if (hooked(L) || !text || !strstr(text, "interrupted")) raise_at(L, 1); /* the error came first, or took its place */
  lua_error(L);
}

void shell_request_again(void) { stop_running(); }

lua_State *shell_enter(lua_State *co) {
  lua_State *outer = running;
  if (!outer) return NULL;
  unhook(co); /* a new coroutine inherits the hook of its creator */
  running = co;
  if (hooked(outer)) stop_running(); /* a signal just before the switch */
  return outer;
}

void shell_leave(lua_State *co, lua_State *outer) {
  if (!outer) return;
  running = outer;
  if (hooked(co)) { /* ... or just before the switch back */
    unhook(co);
    stop_running();
  }
}

/* --- rm.interrupt ---------------------------------------------------------------- */

/* interrupt.hold(on) -> whether they were held. Letting go of a hold with an interrupt pending
 * raises it; interrupt.clear() first forgets it. */
static int interrupt_hold(lua_State *L) {
  int on = lua_toboolean(L, 1);
  lua_pushboolean(L, held);
  if (on && !held && ending) pending = 1; /* a script that goes on after all: what it begins is over soon */
  held = on;
  if (!on && pending) {
    pending = 0;
    stop_running();
  }
  return 1;
}

/* interrupt.pending() -> whether Ctrl-C was pressed, or a signal came, since the hold began */
static int interrupt_pending(lua_State *L) {
  lua_pushboolean(L, pending);
  return 1;
}

/* interrupt.clear(): forgets it; the next Ctrl-C is the first again */
static int interrupt_clear(lua_State *L) {
  unhook(L);
  pending = 0;
  requests = 0;
  rm_interrupt_clear();
  return 0;
}

/* interrupt.ending() -> the name of the signal that wants the program to end, or nil */
static int interrupt_ending(lua_State *L) {
  if (ending == 0) lua_pushnil(L);
  else lua_pushstring(L, ending == SIGPIPE ? "SIGPIPE" : ending == SIGHUP ? "SIGHUP" : "SIGTERM");
  return 1;
}

void shell_interrupt_open(lua_State *L) {
  main_thread = pthread_self();
  if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0) luaL_error(L, "cannot make a pipe: %s", strerror(errno));
  /* Without SA_RESTART, so that Ctrl-C ends a read from the terminal. */
  install(SIGINT, on_signal, 0);
  install_unless_ignored(SIGTERM);
  install_unless_ignored(SIGHUP);
  install(SIGPIPE, on_sigpipe, SA_RESTART);
  static const luaL_Reg functions[] = {{"hold", interrupt_hold},
                                       {"pending", interrupt_pending},
                                       {"clear", interrupt_clear},
                                       {"ending", interrupt_ending},
                                       {NULL, NULL}};
  luaL_newlib(L, functions);
  lua_setfield(L, -2, "interrupt");
}
