/* locale.h -- numbers are written and read in the C form, whatever the locale of the program. */
#ifndef RM_BASE_LOCALE_H
#define RM_BASE_LOCALE_H

/* Gives the calling thread a locale of its own: the program's, but with the C form of numbers ("0.5") and the C order
 * of text. setlocale changes the program's locale and leaves that of a thread alone, so a host that asks for a decimal
 * comma afterwards gets it everywhere else. Calling it again takes up what setlocale has changed of the rest. */
void rm_locale_keep_numbers(void);

#endif
