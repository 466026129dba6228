/* leftovers.h -- temporary files that a killed process left behind.
 *
 * A file that is replaced as a whole (atomic_file.h) is written under the name .NAME.PID.N.tmp, locked by flock(2),
 * beside the one it replaces. Who is killed in the middle leaves it there. */
#ifndef RM_IO_LEFTOVERS_H
#define RM_IO_LEFTOVERS_H

#include <stdbool.h>
#include <stddef.h>

/* PATH's temporary name, of this process and unlike any other that it uses; false where `room` is too small. */
bool rm_temporary_name(const char *path, char name[], size_t room);

/* Removes those in the folder that nobody writes any more: of that form, of a process that is not alive, and not locked
 * (by a process of another machine or container). Does so once for each folder, and says nothing of failures. */
void rm_leftovers_remove(const char *folder);

#endif
