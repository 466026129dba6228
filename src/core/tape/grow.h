/* grow.h -- arrays that grow while a walk collects; for the files of this folder. */
#ifndef RM_CORE_TAPE_GROW_H
#define RM_CORE_TAPE_GROW_H

#include <stdbool.h>
#include <stdlib.h>

/* Room for one more item of `size` bytes; false: no memory, and nothing has changed. */
static inline bool rm_grow(void **items, size_t n, size_t *capacity, size_t size) {
  if (n < *capacity) return true;
  size_t more = *capacity ? 2 * *capacity : 64;
  void *fresh = realloc(*items, more * size);
  if (!fresh) return false;
  *items = fresh;
  *capacity = more;
  return true;
}

#endif
