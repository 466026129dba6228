/* history.c -- what was typed, kept between sessions.
 *
 * readline's history file has a line `#time` in front of each entry (history_write_timestamps,
 * history_comment_char), and only these lines tell it where an entry of several lines ends. */
#include "shell/history.h"

#ifndef RM_HAVE_READLINE

void shell_history_open(void) {}
void shell_history_add(const char *entry) { (void)entry; }

#else

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <readline/history.h>

enum { MOST_ENTRIES = 10000 };

static char path[PATH_MAX];  /* empty: nothing is kept */

static void find_path(void) {
  const char *given = getenv("RESMOON_HISTORY");
  const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
  if (given) {
    snprintf(path, sizeof path, "%s", given);
  } else if (state && *state) {
    snprintf(path, sizeof path, "%s/resmoon", state);
    mkdir(state, 0700);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/resmoon/history", state);
  } else if (home && *home) {
    snprintf(path, sizeof path, "%s/.resmoon_history", home);
  }
}

void shell_history_open(void) {
  using_history();
  history_write_timestamps = 1;
  history_comment_char = '#';
  find_path();
  if (!*path) return;
  int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);  /* append_history wants it to exist */
  if (file < 0) {
    fprintf(stderr, "resmoon: no history is kept: cannot write %s\n", path);
    *path = '\0';
    return;
  }
  close(file);
  read_history(path);
  if (history_length > MOST_ENTRIES + MOST_ENTRIES / 10) history_truncate_file(path, MOST_ENTRIES);
  stifle_history(MOST_ENTRIES);
}

void shell_history_add(const char *entry) {
  HIST_ENTRY *last = history_length > 0 ? history_get(history_base + history_length - 1) : NULL;
  if (last && strcmp(last->line, entry) == 0) return;
  add_history(entry);
  if (*path) append_history(1, path);
}

#endif
