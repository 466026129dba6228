/* line.c -- one line from the user.
 *
 * With readline on a terminal: its callback interface, and poll on stdin and on the pipe that the
 * SIGINT handler writes to. readline's own signal handling is off. On Ctrl-C it has to forget
 * the line and put the terminal right (rl_callback_sigcleanup), and starts afresh; of all ways
 * that were tried, only this one loses no key that is typed next.
 *
 * Otherwise plain lines from stdin. */
#include "shell/line.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shell/interrupt.h"

static shell_input read_plain(const char *prompt, char **text) {
  size_t size = 0;
  *text = NULL;
  fputs(prompt, stdout);
  fflush(stdout);
  errno = 0;
  ssize_t length = getline(text, &size, stdin);
  if (length >= 0) {
    if (length > 0 && (*text)[length - 1] == '\n') (*text)[length - 1] = '\0';
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
shell_input shell_line_read(const char *prompt, char **text) { return read_plain(prompt, text); }

#else

#include <readline/readline.h>

/* readline's callback has no argument for these. */
static int done;       /* the user pressed enter, or closed the input */
static char *entered;  /* NULL when the input was closed */

static void take_line(char *line) {
  rl_callback_handler_remove();  /* the terminal is the user's program's now */
  entered = line;
  done = 1;
}

/* After Ctrl-Z and `fg` the terminal is as the other shell left it. */
static volatile sig_atomic_t continued;
static void on_continue(int signal_number) {
  (void)signal_number;
  continued = 1;
}

static int editing(void) { return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO); }

void shell_line_open(void) {
  if (!editing()) return;
  rl_readline_name = "resmoon";
  rl_catch_signals = 0;
  rl_variable_bind("enable-bracketed-paste", "on");
  rl_bind_key('\t', rl_insert);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_continue;
  sigemptyset(&action.sa_mask);
  sigaction(SIGCONT, &action, NULL);
}

static void clear_line(void) {
  rl_callback_sigcleanup();
  rl_callback_handler_remove();
  fputs("^C\n", stdout);
  fflush(stdout);
}

static shell_input read_edited(const char *prompt, char **text) {
  done = 0;
  rl_callback_handler_install(prompt, take_line);
  struct pollfd sources[2] = {{STDIN_FILENO, POLLIN, 0}, {shell_interrupt_pipe(), POLLIN, 0}};
  while (!done) {
    int ready = poll(sources, 2, -1);
    if (ready < 0 && errno != EINTR) break;
    if (continued) {
      continued = 0;
      rl_prep_terminal(1);
      rl_forced_update_display();
    }
    if (ready > 0 && sources[1].revents) {
      shell_interrupt_taken();
      clear_line();
      return SHELL_INTERRUPTED;
    }
    if (ready > 0 && sources[0].revents) rl_callback_read_char();
  }
  if (!done) rl_callback_handler_remove();
  if (!done || !entered) {
    putchar('\n');
    return SHELL_END;
  }
  *text = entered;
  return SHELL_LINE;
}

shell_input shell_line_read(const char *prompt, char **text) {
  return editing() ? read_edited(prompt, text) : read_plain(prompt, text);
}

#endif
