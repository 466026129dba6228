/* locale.c -- a locale of the thread's own.
 *
 * printf, strtod and localeconv go by the locale of the thread where it has one (POSIX.1-2008, uselocale), and so does
 * every interpreter and library that goes through them: one call covers all, and cannot be forgotten at the next
 * printf. The order of text is kept too: strings of a script are compared by strcoll, and the order of a folder's
 * names is the numbering of its classes. */
#define _GNU_SOURCE
#include "base/locale.h"

#include <locale.h>

static _Thread_local locale_t ours; /* what this thread was given here, or 0 */

void rm_locale_keep_numbers(void) {
  locale_t now = uselocale((locale_t)0);
  locale_t base = duplocale(now == ours ? LC_GLOBAL_LOCALE : now); /* a host may have given the thread its own */
  locale_t kept = base ? newlocale(LC_NUMERIC_MASK | LC_COLLATE_MASK, "C", base) : (locale_t)0;
  if (!kept) { /* without memory: the whole program then */
    if (base) freelocale(base);
    setlocale(LC_NUMERIC, "C");
    setlocale(LC_COLLATE, "C");
    return;
  }
  uselocale(kept);
  if (ours) freelocale(ours);
  ours = kept;
}
