/* process.c -- running other programs, never through a shell.
 *
 *   status, out, err = sys.run({"gnuplot", "-d"}, {stdin = text, capture = true})
 *   p = sys.spawn({"gnuplot", "-persist"});  p:write(text);  p:close();  p:wait()
 *
 * A program gets its arguments one by one, so nothing in them is ever interpreted. It runs
 * in a process group of its own, so that Ctrl-C at the terminal is ours alone; run looks at
 * the interrupt flag while it waits, and ends the program when it is set. Writing to a
 * program that has died is an error message, not a SIGPIPE.
 *
 * status is the exit status, or 128 + the signal that ended it. A program that cannot be
 * started gives nil and the reason. */
#define _GNU_SOURCE
#include "bind/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "bind/bind.h"
#include "parallel/threads.h"

extern char **environ;

#define PROCESS "resmoon.Process"
enum { TICK_MS = 50 };  /* how long an interrupt may go unnoticed */

typedef struct {
  char *bytes;
  size_t count, room;
} buffer;

typedef struct {
  pid_t pid;           /* 0: never started */
  int in, out, err;    /* our ends of its pipes, or -1 */
  bool over;           /* waited for: status is known and pid is no longer ours */
  int status;
  buffer output, errors;
} process;

/* --- plain C: nothing here touches Lua ------------------------------------------------ */

static void close_fd(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

typedef struct {
  bool feed;      /* stdin is a pipe from us; otherwise it is empty */
  bool capture;   /* stdout and stderr are pipes to us; otherwise they are ours */
  bool quiet;     /* stdout and stderr are thrown away */
} plumbing;

/* Returns 0 or an errno. */
static int start(process *p, char *const argv[], plumbing how) {
  int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1};
  int failed = 0;
  if ((how.feed && pipe2(in, O_CLOEXEC) < 0) || (how.capture && pipe2(out, O_CLOEXEC) < 0) ||
      (how.capture && pipe2(err, O_CLOEXEC) < 0))
    failed = errno;

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  if (how.feed) posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  else posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (how.capture) {
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
  } else if (how.quiet) {
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  }
  sigset_t none, usual;
  sigemptyset(&none);
  sigemptyset(&usual);
  sigaddset(&usual, SIGINT);
  sigaddset(&usual, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &usual);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  if (!failed) failed = posix_spawnp(&p->pid, argv[0], &actions, &attributes, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close_fd(&in[0]);
  close_fd(&out[1]);
  close_fd(&err[1]);
  if (failed) {
    p->pid = 0;
    close_fd(&in[1]);
    close_fd(&out[0]);
    close_fd(&err[0]);
    return failed;
  }
  p->in = in[1];
  p->out = out[0];
  p->err = err[0];
  if (p->in >= 0) fcntl(p->in, F_SETFL, O_NONBLOCK);
  return 0;
}

/* write(2) that reports EPIPE and raises no SIGPIPE, whatever the program does about it:
 * the signal is blocked in this thread, and taken away if it arrived. */
static ssize_t write_quietly(int fd, const char *bytes, size_t count) {
  sigset_t pipe_signal, before, pending;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  sigpending(&pending);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  ssize_t n = write(fd, bytes, count);
  int reason = errno;
  if (n < 0 && reason == EPIPE && !sigismember(&pending, SIGPIPE))
    sigtimedwait(&pipe_signal, NULL, &(struct timespec){0, 0});
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = reason;
  return n;
}

/* One turn of feeding: moves *text on. Returns 0 or an errno; EPIPE: it no longer reads. */
static int feed(process *p, const char **text, size_t *left) {
  ssize_t n = write_quietly(p->in, *text, *left);
  if (n < 0) return errno == EAGAIN || errno == EINTR ? 0 : errno;
  *text += n;
  *left -= (size_t)n;
  return 0;
}

/* One turn of reading; closes *fd at its end. Returns 0 or an errno. */
static int drain(int *fd, buffer *into) {
  if (into->room - into->count < 4096) {
    size_t room = into->room ? 2 * into->room : 16384;
    char *bytes = realloc(into->bytes, room);
    if (!bytes) return ENOMEM;
    into->bytes = bytes;
    into->room = room;
  }
  ssize_t n = read(*fd, into->bytes + into->count, into->room - into->count);
  if (n < 0) return errno == EINTR ? 0 : errno;
  if (n == 0) close_fd(fd);
  into->count += (size_t)n;
  return 0;
}

static bool reap(process *p, int flags) {
  if (p->over || p->pid == 0) return true;
  int status;
  pid_t got = waitpid(p->pid, &status, flags);
  if (got == 0 || (got < 0 && errno == EINTR)) return false;
  p->over = true;
  if (got < 0) p->status = 127;  /* someone else waited for it */
  else p->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return true;
}

/* Waits until it ends. False if Ctrl-C came first. */
static bool await(process *p) {
  for (long ms = 1; !reap(p, WNOHANG); ms = ms < TICK_MS ? 2 * ms : TICK_MS) {
    if (rm_interrupted()) return false;
    nanosleep(&(struct timespec){0, ms * 1000000}, NULL);
  }
  return true;
}

static void stop(process *p) {
  if (p->pid && !p->over) kill(-p->pid, SIGTERM);
}

/* Feeds and drains until all pipes are closed, then waits. Returns 0 or an errno; EINTR: Ctrl-C. */
static int communicate(process *p, const char *text, size_t left) {
  if (left == 0) close_fd(&p->in);
  while (p->in >= 0 || p->out >= 0 || p->err >= 0) {
    struct pollfd fds[3] = {{p->in, POLLOUT, 0}, {p->out, POLLIN, 0}, {p->err, POLLIN, 0}};
    if (rm_interrupted()) return EINTR;
    int failed = 0;
    if (poll(fds, 3, TICK_MS) < 0 && errno != EINTR) return errno;
    if (fds[0].revents) {
      failed = feed(p, &text, &left);
      if (failed == EPIPE) failed = 0, left = 0;  /* its exit status tells more */
      if (left == 0) close_fd(&p->in);
    }
    if (!failed && fds[1].revents) failed = drain(&p->out, &p->output);
    if (!failed && fds[2].revents) failed = drain(&p->err, &p->errors);
    if (failed) return failed;
  }
  return await(p) ? 0 : EINTR;
}

/* --- Lua --------------------------------------------------------------------------------- */

static process *check_process(lua_State *L) { return luaL_checkudata(L, 1, PROCESS); }

/* Pushes a process that has not started. */
static process *push_process(lua_State *L) {
  process *p = lua_newuserdatauv(L, sizeof *p, 0);
  *p = (process){.in = -1, .out = -1, .err = -1};
  luaL_setmetatable(L, PROCESS);
  return p;
}

/* The table at `arg` as argv, in a userdata that it pushes. The strings stay in the table. */
static char **check_argv(lua_State *L, int arg, const char *op) {
  luaL_checktype(L, arg, LUA_TTABLE);
  lua_Integer n = luaL_len(L, arg);
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

static int not_started(lua_State *L, const char *program, int reason) {
  lua_pushnil(L);
  lua_pushfstring(L, "cannot start %s: %s", program, strerror(reason));
  return 2;
}

/* Runs a program with arguments one by one, never through a shell, and waits for it.
 * Call: rm.sys.run({program, arguments...}, {stdin = nil, capture = false}) -> status, out, err
 * Options: stdin    text that it reads
 *  capture  true: what it writes is returned instead of shown
 * Errors: a program that cannot be started gives nil and the reason; status is 128 + the signal that ended it.
 * Example:
 *   > rm.sys.run({"sort"}, {stdin = "b\na\n", capture = true})
 *   0
 *   a
 *   b */
static int run(lua_State *L) {
  static const char *const names[] = {"stdin", "capture", NULL};
  lua_settop(L, 2);
  bind_checkoptions(L, 2, "sys.run", names);
  char **argv = check_argv(L, 1, "run");
  size_t length = 0;
  const char *text = NULL;
  if (lua_istable(L, 2) && lua_getfield(L, 2, "stdin") != LUA_TNIL) text = luaL_checklstring(L, -1, &length);
  plumbing how = {.feed = text != NULL, .capture = bind_optbool(L, 2, "capture", false)};
  process *p = push_process(L);
  int failed = start(p, argv, how);
  if (failed) return not_started(L, argv[0], failed);
  failed = communicate(p, text, length);
  if (failed) {
    stop(p);
    return failed == EINTR ? bind_raise(L, &(rm_error){.code = RM_ERR_INTERRUPTED})
                           : bind_error(L, "sys.run: %s: %s", argv[0], strerror(failed));
  }
  lua_pushinteger(L, p->status);
  if (!how.capture) return 1;
  lua_pushlstring(L, p->output.bytes ? p->output.bytes : "", p->output.count);
  lua_pushlstring(L, p->errors.bytes ? p->errors.bytes : "", p->errors.count);
  return 3;
}

/* Starts a program with a pipe to its input, and goes on.
 * Call: rm.sys.spawn({program, arguments...}, {quiet = false}) -> process
 * Call: process:write(text) -> true
 * Call: process:close() -> nothing
 * Call: process:wait() -> status
 * Call: process:kill() -> nothing
 * Call: process:running() -> boolean
 * Options: quiet  true: what it writes is thrown away
 * Errors: what fails gives nil and the reason; wait gives nil, "interrupted" after Ctrl-C. close ends its input; kill
 *  asks it, and all that it started, to end.
 * Example:
 *   > p = rm.sys.spawn({"cat"}, {quiet = true})
 *   > p:write "hello\n"
 *   true
 *   > p:wait()
 *   0 */
static int spawn(lua_State *L) {
  static const char *const names[] = {"quiet", NULL};
  lua_settop(L, 2);
  bind_checkoptions(L, 2, "sys.spawn", names);
  char **argv = check_argv(L, 1, "spawn");
  plumbing how = {.feed = true, .quiet = bind_optbool(L, 2, "quiet", false)};
  process *p = push_process(L);
  int failed = start(p, argv, how);
  return failed ? not_started(L, argv[0], failed) : 1;
}

/* p:write(text) -> true | nil, reason */
static int process_write(lua_State *L) {
  process *p = check_process(L);
  size_t left;
  const char *text = luaL_checklstring(L, 2, &left);
  int failed = p->in < 0 ? EPIPE : 0;
  while (!failed && left > 0) {
    struct pollfd fd = {p->in, POLLOUT, 0};
    if (rm_interrupted()) failed = EINTR;
    else if (poll(&fd, 1, TICK_MS) < 0 && errno != EINTR) failed = errno;
    else if (fd.revents) failed = feed(p, &text, &left);
  }
  if (!failed) return lua_pushboolean(L, 1), 1;
  lua_pushnil(L);
  lua_pushstring(L, failed == EPIPE ? "it no longer reads" : strerror(failed));
  return 2;
}

/* p:close(): the end of its input */
static int process_close(lua_State *L) {
  close_fd(&check_process(L)->in);
  return 0;
}

/* p:wait() -> status; closes its input first. nil, "interrupted" after Ctrl-C */
static int process_wait(lua_State *L) {
  process *p = check_process(L);
  close_fd(&p->in);
  if (await(p)) return lua_pushinteger(L, p->status), 1;
  lua_pushnil(L);
  lua_pushliteral(L, "interrupted");
  return 2;
}

/* p:kill(): asks it and all that it started to end */
static int process_kill(lua_State *L) {
  stop(check_process(L));
  return 0;
}

static int process_running(lua_State *L) {
  lua_pushboolean(L, !reap(check_process(L), WNOHANG));
  return 1;
}

/* Its input ends, which ends most programs; one that is over is reaped. */
static int process_gc(lua_State *L) {
  process *p = check_process(L);
  close_fd(&p->in);
  close_fd(&p->out);
  close_fd(&p->err);
  reap(p, WNOHANG);
  free(p->output.bytes);
  free(p->errors.bytes);
  p->output = p->errors = (buffer){NULL, 0, 0};
  return 0;
}

static const luaL_Reg methods[] = {
  {"write", process_write}, {"close", process_close}, {"wait", process_wait}, {"kill", process_kill},
  {"running", process_running}, {"__gc", process_gc}, {"__close", process_gc}, {NULL, NULL},
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
