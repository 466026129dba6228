/* lock.h -- one process at a time, by flock(2) on a file that is made for it.
 *
 * The system lets go of a lock when its process ends, however it ends, so none is ever left
 * behind. The file holds the process's number, for messages; it is removed on release, and where
 * a killed process left it, the next one takes it over. */
#ifndef RM_IO_LOCK_H
#define RM_IO_LOCK_H

#include <stdbool.h>
#include <stddef.h>
#include "base/status.h"

typedef struct rm_lock rm_lock;

typedef enum {
  RM_LOCK_TAKEN,
  RM_LOCK_HELD,        /* by another, or by this process once more; `text` says who */
  RM_LOCK_UNSUPPORTED, /* the file system has no locks; `text` is the system's reason */
} rm_lock_outcome;

enum { RM_LOCK_TEXT = 300 };

/* Never waits. *out is the caller's to release after RM_LOCK_TAKEN, and NULL otherwise. */
rm_status rm_lock_take(const char *path, rm_lock **out, rm_lock_outcome *outcome, char text[RM_LOCK_TEXT],
                       rm_error *err);
void rm_lock_release(rm_lock *lock); /* NULL is fine */

#endif
