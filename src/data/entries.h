/* entries.h -- what is in a folder.
 *
 * In the order of the names' bytes: the same on every file system and in every locale, since the numbers of classes
 * and images depend on it. Links are followed. */
#ifndef RM_DATA_ENTRIES_H
#define RM_DATA_ENTRIES_H

#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

typedef enum { RM_ENTRY_FILE, RM_ENTRY_FOLDER, RM_ENTRY_BROKEN, RM_ENTRY_OTHER } rm_entry_type; /* BROKEN: a link */

typedef struct {
  char *name;
  rm_entry_type type;
  uint64_t device, inode; /* of a folder: two names of one folder have the same */
} rm_entry;

typedef struct {
  rm_entry *entries;
  size_t count, room;
  uint64_t device, inode; /* the folder's own */
} rm_entries;

/* Without . and .. ; *out is the caller's to free. */
rm_status rm_entries_read(const char *path, rm_entries *out, rm_error *err);
void rm_entries_free(rm_entries *list); /* leaves it empty; an empty one is fine */

#endif
