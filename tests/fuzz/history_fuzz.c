/* history_fuzz.c -- what was typed in earlier sessions. */
#include "fuzz.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shell/history.h"

const char *const fuzz_readers[] = {"history", NULL};

#ifdef RM_HAVE_READLINE
#include <readline/history.h>

/* However the file looks, what is typed now is the last entry of the next session. (A file that is no history is left
 * alone.) */
void fuzz_one(const uint8_t *data, size_t size) {
  static const char typed[] = "for i = 1, 3 do\n#1234567890\nend";
  setenv("RESMOON_HISTORY", fuzz_file("history", data, size), 1);
  if (!freopen("/dev/null", "w", stderr)) return;
  clear_history();
  shell_history_open();
  int before = history_length;
  shell_history_add(typed);
  clear_history();
  shell_history_open();
  HIST_ENTRY *last = history_length ? history_get(history_base + history_length - 1) : NULL;
  bool kept = last && strcmp(last->line, "for i = 1, 3 do\n #1234567890\nend") == 0;
  if (!kept && before > 0) abort();
  clear_history();
}
#else
void fuzz_one(const uint8_t *data, size_t size) { (void)data, (void)size; }
#endif
