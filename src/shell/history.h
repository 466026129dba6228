/* history.h -- what was typed, kept between sessions.
 *
 * The file is RESMOON_HISTORY (empty: none is kept), else $XDG_STATE_HOME/resmoon/history, else
 * ~/.resmoon_history. Each entry is written when it is made, so nothing is lost however the
 * session ends; several sessions may add to one file. What cannot be read or written is said once, and
 * the session goes on. Without readline there is no history. */
#ifndef RM_SHELL_HISTORY_H
#define RM_SHELL_HISTORY_H

void shell_history_open(void);
/* An entry may have several lines; it comes back as one. */
void shell_history_add(const char *entry);

#endif
