/* pty.c -- a small `expect`: runs a program on a terminal of its own and types at it.
 *
 *     pty STEPS PROGRAM ARGUMENTS...
 *
 * STEPS is a file with one step a line; \n, \r, \t, \e, \\ and \xHH stand for bytes:
 *
 *     expect TEXT    wait until the program has written TEXT behind what was expected before
 *     timed TEXT     the same; the file PTY_TIMES (environment) gets a line with the milliseconds since
 *                    the last `send`
 *     send TEXT      type TEXT
 *     pause N        let N milliseconds pass
 *     resize R C     the terminal has R rows and C columns from now on
 *     signal N       send the program signal N
 *     exit N         wait for the end of the program, with exit status N
 *
 * Everything the program wrote goes to standard output. Status 1, and what went wrong on standard
 * error, if something expected does not come within TIMEOUT seconds. A program that still runs after
 * the last step is killed. Mind that the terminal echoes what is sent. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TIMEOUT = 20, CAPACITY = 1 << 20 };

static int terminal; /* our end of it */
static pid_t child;
static char seen[CAPACITY + 1]; /* what the program wrote */
static size_t length, matched;  /* bytes in seen; where the last expectation ended */
static double sent;             /* when something was typed last */

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

/* Waits up to `seconds` for output and keeps it. 0: none came; -1: the program closed it. */
static int take_output(double seconds) {
  struct pollfd source = {terminal, POLLIN, 0};
  if (poll(&source, 1, (int)(seconds * 1000)) <= 0) return 0;
  ssize_t n = length < CAPACITY ? read(terminal, seen + length, CAPACITY - length) : -1;
  if (n <= 0) return -1;
  length += (size_t)n;
  seen[length] = '\0';
  return 1;
}

static int finish(int status) {
  fwrite(seen, 1, length, stdout);
  kill(child, SIGKILL);
  return status;
}

/* Replaces the escapes in place; returns the length. */
static size_t unescape(char *text) {
  char *out = text;
  for (char *in = text; *in; in++) {
    if (*in != '\\' || !in[1]) {
      *out++ = *in;
      continue;
    }
    char c = *++in;
    if (c == 'x' && in[1] && in[2]) {
      char digits[3] = {in[1], in[2], 0};
      c = (char)strtol(digits, NULL, 16);
      in += 2;
    } else {
      c = c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c == 'e' ? '\033' : c;
    }
    *out++ = c;
  }
  *out = '\0';
  return (size_t)(out - text);
}

static int expect(const char *text, size_t size) {
  double end = now() + TIMEOUT;
  for (;;) {
    char *found = memmem(seen + matched, length - matched, text, size);
    if (found) {
      matched = (size_t)(found - seen) + size;
      return 0;
    }
    if (now() > end || take_output(0.1) < 0) {
      fprintf(stderr, "pty: \"%s\" did not come\n", text);
      return 1;
    }
  }
}

static int timed(const char *text, size_t size) {
  const char *name = getenv("PTY_TIMES");
  int failed = expect(text, size);
  double ms = (now() - sent) * 1e3;
  FILE *file = name ? fopen(name, "a") : NULL;
  if (!file) return 1;
  fprintf(file, "%.1f\n", ms);
  return fclose(file) != 0 || failed;
}

static int expect_exit(int wanted) {
  double end = now() + TIMEOUT;
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    take_output(0.02);
    if (now() > end) {
      fprintf(stderr, "pty: the program did not end\n");
      return 1;
    }
  }
  while (take_output(0) > 0) {
  }
  int got = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (got != wanted) fprintf(stderr, "pty: exit status %d, expected %d\n", got, wanted);
  return got != wanted;
}

static int step(char *line) {
  line[strcspn(line, "\n")] = '\0';
  char *argument = strchr(line, ' ');
  if (argument) *argument++ = '\0';
  else argument = line + strlen(line);
  if (strcmp(line, "exit") == 0) return expect_exit(atoi(argument));
  if (strcmp(line, "signal") == 0) return kill(child, atoi(argument)) != 0;
  if (strcmp(line, "pause") == 0) {
    for (double end = now() + atoi(argument) / 1000.0; now() < end;) take_output(0.01);
    return 0;
  }
  if (strcmp(line, "resize") == 0) {
    struct winsize window = {0};
    if (sscanf(argument, "%hu %hu", &window.ws_row, &window.ws_col) != 2) return 1;
    return ioctl(terminal, TIOCSWINSZ, &window) != 0;
  }
  size_t size = unescape(argument);
  if (strcmp(line, "expect") == 0) return expect(argument, size);
  if (strcmp(line, "timed") == 0) return timed(argument, size);
  if (strcmp(line, "send") == 0) {
    sent = now();
    return write(terminal, argument, size) != (ssize_t)size;
  }
  fprintf(stderr, "pty: what is \"%s\"?\n", line);
  return 1;
}

int main(int argc, char **argv) {
  FILE *steps = argc > 2 ? fopen(argv[1], "r") : NULL;
  if (!steps) {
    fprintf(stderr, "usage: pty STEPS PROGRAM ARGUMENTS...\n");
    return 2;
  }
  struct winsize size = {24, 80, 0, 0};
  child = forkpty(&terminal, NULL, NULL, &size);
  if (child < 0) {
    perror("pty");
    return 2;
  }
  if (child == 0) {
    execv(argv[2], argv + 2);
    perror(argv[2]);
    _exit(127);
  }
  char line[4096];
  while (fgets(line, sizeof line, steps)) {
    if (step(line) != 0) {
      fprintf(stderr, "pty: at step: %s %s\n", line, line + strlen(line) + 1);
      return finish(1);
    }
  }
  return finish(0);
}
