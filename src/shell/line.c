/* line.c -- one line from the user.
 *
 * With readline on a terminal: its callback interface, and poll on stdin and on the pipe that the
 * SIGINT handler writes to. readline's own signal handling is off. What the window's size (SIGWINCH)
 * and `fg` (SIGCONT) ask for is done between keys; both signals are blocked but for the wait,
 * so that none is lost between a look at its flag and the wait. On Ctrl-C readline has to forget
 * the line and put the terminal right (rl_callback_sigcleanup), and starts afresh; of all ways
 * that were tried, only this one loses no key that is typed next.
 *
 * Otherwise plain lines from stdin. */
#define _GNU_SOURCE /* ppoll */
#include "shell/line.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/locale.h"
#include "shell/interrupt.h"

static shell_input read_plain(const char *prompt, char **text, size_t *length) {
  size_t size = 0;
  *text = NULL;
  fputs(prompt, stdout);
  fflush(stdout);
  clearerr(stdin); /* a read of the user's that Ctrl-C ended */
  ssize_t got = getline(text, &size, stdin);
  if (got >= 0) {
    *length = (size_t)got - (got > 0 && (*text)[got - 1] == '\n');
    return SHELL_LINE;
  }
  free(*text);
  *text = NULL;
  clearerr(stdin);
  putchar('\n');
  return shell_interrupt_taken() ? SHELL_INTERRUPTED : SHELL_END;
}

#ifndef RM_HAVE_READLINE

void shell_line_open(void) {}
shell_input shell_line_read(const char *prompt, char **text, size_t *length) {
  return read_plain(prompt, text, length);
}

#else

#include <readline/readline.h>

/* readline's callback has no argument for these. */
static int done;      /* the user pressed enter, or closed the input */
static char *entered; /* NULL when the input was closed */

static void take_line(char *line) {
  rl_callback_handler_remove(); /* the terminal is the user's program's now */
  entered = line;
  done = 1;
}

/* After Ctrl-Z and `fg` the terminal is as the other shell left it; or the window has another size. */
static volatile sig_atomic_t continued, resized;
static void on_signal(int signal_number) {
  if (signal_number == SIGCONT) continued = 1;
  else resized = 1;
}

static void obey_signals(void) {
  if (continued) {
    continued = 0;
    rl_prep_terminal(1);
    rl_forced_update_display();
  }
  if (resized) {
    resized = 0;
    rl_resize_terminal();
  }
}

static int editing(void) { return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO); }

void shell_line_open(void) {
  if (!editing()) return;
  rl_readline_name = "resmoon";
  setlocale(LC_CTYPE, ""); /* readline does so too, but reads letters in the locale of the thread */
  rm_locale_keep_numbers();
  rl_catch_signals = 0;
  rl_variable_bind("enable-bracketed-paste", "on");
  rl_catch_sigwinch = 0;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART; /* a program that is running is not disturbed */
  sigemptyset(&action.sa_mask);
  sigaction(SIGCONT, &action, NULL);
  sigaction(SIGWINCH, &action, NULL);
}

static void clear_line(void) {
  rl_callback_sigcleanup();
  rl_callback_handler_remove();
  fputs(shell_ending() ? "\n" : "^C\n", stdout);
  fflush(stdout);
}

/* Reads keys until `done`. 0: Ctrl-C, or the input failed. */
static int read_keys(const sigset_t *while_waiting) {
  struct pollfd sources[2] = {{STDIN_FILENO, POLLIN, 0}, {shell_interrupt_pipe(), POLLIN, 0}};
  while (!done) {
    int ready = ppoll(sources, 2, NULL, while_waiting);
    if (ready < 0 && errno != EINTR) return 0;
    obey_signals();
    if (ready > 0 && sources[1].revents) return 0;
    if (ready > 0 && sources[0].revents) rl_callback_read_char();
  }
  return 1;
}

static shell_input read_edited(const char *prompt, char **text) {
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGCONT);
  sigaddset(&blocked, SIGWINCH);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  done = 0;
  continued = 0;
  if (resized) { /* while something ran: there is no line to draw again */
    resized = 0;
    rl_reset_screen_size();
  }
  rl_callback_handler_install(prompt, take_line);
  int complete = read_keys(&before);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!complete && shell_interrupt_taken()) {
    clear_line();
    return SHELL_INTERRUPTED;
  }
  if (!done) rl_callback_handler_remove();
  if (!done || !entered) {
    putchar('\n');
    return SHELL_END;
  }
  *text = entered;
  return SHELL_LINE;
}

shell_input shell_line_read(const char *prompt, char **text, size_t *length) {
  if (!editing()) return read_plain(prompt, text, length);
  shell_input kind = read_edited(prompt, text);
  *length = kind == SHELL_LINE ? strlen(*text) : 0;
  return kind;
}

#endif
