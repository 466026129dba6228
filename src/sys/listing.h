/* listing.h -- the names in a folder. */
#ifndef RM_SYS_LISTING_H
#define RM_SYS_LISTING_H

#include <stddef.h>
#include "base/status.h"

typedef struct {
  char **names; /* sorted by bytes, without . and .. */
  size_t n, capacity;
} rm_listing; /* begins as {0} */

/* "PATH: the system's reason" if the folder cannot be read. What is in *out is the caller's to free, also
 * on failure. */
rm_status rm_listing_read(const char *path, rm_listing *out, rm_error *err);
void rm_listing_free(rm_listing *listing); /* leaves it empty */

#endif
