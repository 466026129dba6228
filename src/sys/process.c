/* process.c -- see process.h. */
#define _GNU_SOURCE
#include "sys/process.h"

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
#include "parallel/interrupt.h"

extern char **environ;

enum { TICK_MS = 50 };   /* how long an interrupt may go unnoticed */
enum { GRACE_MS = 500 }; /* between SIGTERM and SIGKILL */

static void close_fd(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

/* The first of several errnos. What to do for the program takes memory: left out, its output would go elsewhere. */
static void note(int *failed, int result) {
  if (!*failed) *failed = result;
}

/* Returns 0 or an errno. */
static int spawn(rm_process *p, char *const argv[], rm_plumbing how) {
  int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1};
  int failed = 0;
  if ((how.feed && pipe2(in, O_CLOEXEC) < 0) || (how.capture && pipe2(out, O_CLOEXEC) < 0) ||
      (how.capture && pipe2(err, O_CLOEXEC) < 0))
    failed = errno;

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  note(&failed, posix_spawn_file_actions_init(&actions));
  note(&failed, posix_spawnattr_init(&attributes));
  if (how.feed) note(&failed, posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO));
  else note(&failed, posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0));
  if (how.capture) {
    note(&failed, posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO));
    note(&failed, posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO));
  } else if (how.quiet) {
    note(&failed, posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0));
    note(&failed, posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0));
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
static int feed(rm_process *p, const char **text, size_t *left) {
  ssize_t n = write_quietly(p->in, *text, *left);
  if (n < 0) return errno == EAGAIN || errno == EINTR ? 0 : errno;
  *text += n;
  *left -= (size_t)n;
  return 0;
}

/* One turn of reading; closes *fd at its end. Returns 0 or an errno. */
static int drain(int *fd, rm_text *into) {
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

/* Takes note of its end. False while it runs. */
static bool reap(rm_process *p, int flags) {
  if (p->over || p->pid == 0) return true;
  int status;
  pid_t got = waitpid(p->pid, &status, flags);
  if (got == 0 || (got < 0 && errno == EINTR)) return false;
  p->over = true;
  if (got < 0) p->status = 127; /* someone else waited for it */
  else p->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return true;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* When to give up, or 0 for never. */
static double end_of(double seconds) { return seconds > 0 ? now() + seconds : 0; }

/* 0, or why not to wait any longer: EINTR (Ctrl-C), ETIME. */
static int patience(double end) {
  if (rm_interrupted()) return EINTR;
  return end > 0 && now() > end ? ETIME : 0;
}

/* 0, EINTR or ETIME. */
static int await(rm_process *p, double end) {
  for (long ms = 1; !reap(p, WNOHANG); ms = ms < TICK_MS ? 2 * ms : TICK_MS) {
    int reason = patience(end);
    if (reason) return reason;
    nanosleep(&(struct timespec){0, ms * 1000000}, NULL);
  }
  return 0;
}

/* What an errno of waiting, writing or reading means. */
static rm_status waiting_failed(int failed, rm_error *err) {
  if (failed == EINTR) return rm_fail(err, RM_ERR_INTERRUPTED, "interrupted");
  return rm_fail(err, failed == ENOMEM ? RM_ERR_MEMORY : RM_ERR_IO, "%s",
                 failed == EPIPE   ? "it no longer reads"
                 : failed == ETIME ? "it takes too long"
                                   : strerror(failed));
}

rm_status rm_process_wait(rm_process *p, double seconds, rm_error *err) {
  int failed = await(p, end_of(seconds));
  return failed ? waiting_failed(failed, err) : RM_OK;
}

void rm_process_stop(rm_process *p) {
  if (p->pid && !p->over) kill(-p->pid, SIGTERM);
}

void rm_process_stop_for_certain(rm_process *p) {
  rm_process_stop(p);
  for (int waited = 0; !reap(p, WNOHANG); waited += 10) {
    if (waited >= GRACE_MS) kill(-p->pid, SIGKILL);
    if (waited >= 2 * GRACE_MS) return; /* in the kernel's hands: it is reaped later */
    nanosleep(&(struct timespec){0, 10000000}, NULL);
  }
}

/* Feeds and drains until all pipes are closed, then waits. Returns 0 or an errno; EINTR: Ctrl-C, ETIME: it took
 * too long. */
static int exchange(rm_process *p, const char *text, size_t left, double end) {
  if (left == 0) close_fd(&p->in);
  while (p->in >= 0 || p->out >= 0 || p->err >= 0) {
    struct pollfd fds[3] = {{p->in, POLLOUT, 0}, {p->out, POLLIN, 0}, {p->err, POLLIN, 0}};
    int failed = patience(end);
    if (failed) return failed;
    if (poll(fds, 3, TICK_MS) < 0 && errno != EINTR) return errno;
    if (fds[0].revents) {
      failed = feed(p, &text, &left);
      if (failed == EPIPE) failed = 0, left = 0; /* its exit status tells more */
      if (left == 0) close_fd(&p->in);
    }
    if (!failed && fds[1].revents) failed = drain(&p->out, &p->output);
    if (!failed && fds[2].revents) failed = drain(&p->err, &p->errors);
    if (failed) return failed;
  }
  return await(p, end);
}

rm_status rm_process_start(rm_process *p, char *const argv[], rm_plumbing how, rm_error *err) {
  *p = (rm_process){.in = -1, .out = -1, .err = -1};
  int failed = spawn(p, argv, how);
  if (!failed) return RM_OK;
  return rm_fail(err, failed == ENOMEM ? RM_ERR_MEMORY : RM_ERR_IO, "cannot start %s: %s", argv[0], strerror(failed));
}

rm_status rm_process_exchange(rm_process *p, const char *program, const char *text, size_t length, double seconds,
                              rm_error *err) {
  int failed = exchange(p, text, length, end_of(seconds));
  if (!failed) return RM_OK;
  rm_process_stop_for_certain(p);
  if (failed == ETIME)
    return rm_fail(err, RM_ERR_STATE, "%s did not end within %g seconds, and was stopped", program, seconds);
  if (failed == EINTR) return rm_fail(err, RM_ERR_INTERRUPTED, "interrupted");
  return rm_fail(err, failed == ENOMEM ? RM_ERR_MEMORY : RM_ERR_IO, "%s: %s", program, strerror(failed));
}

rm_status rm_process_write(rm_process *p, const char *text, size_t length, double seconds, rm_error *err) {
  double end = end_of(seconds);
  int failed = p->in < 0 ? EPIPE : 0;
  while (!failed && length > 0) {
    struct pollfd fd = {p->in, POLLOUT, 0};
    if ((failed = patience(end)) != 0) break;
    if (poll(&fd, 1, TICK_MS) < 0 && errno != EINTR) failed = errno;
    else if (fd.revents) failed = feed(p, &text, &length);
  }
  return failed ? waiting_failed(failed, err) : RM_OK;
}

void rm_process_close(rm_process *p) { close_fd(&p->in); }

bool rm_process_running(rm_process *p) { return !reap(p, WNOHANG); }

void rm_process_free(rm_process *p) {
  close_fd(&p->in);
  close_fd(&p->out);
  close_fd(&p->err);
  reap(p, WNOHANG);
  free(p->output.bytes);
  free(p->errors.bytes);
  p->output = p->errors = (rm_text){NULL, 0, 0};
}
