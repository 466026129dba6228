/* line.h -- one line from the user, with editing where there is a terminal. */
#ifndef RM_SHELL_LINE_H
#define RM_SHELL_LINE_H

#include <stddef.h>

typedef enum { SHELL_LINE, SHELL_END, SHELL_INTERRUPTED } shell_input;

void shell_line_open(void);
/* Shows the prompt and waits. With SHELL_LINE *text is the line without its end, *length bytes, the
 * caller's to free; what was pasted in one go may hold newlines. */
shell_input shell_line_read(const char *prompt, char **text, size_t *length);

#endif
