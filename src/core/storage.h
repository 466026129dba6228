/* storage.h -- the memory that a tensor and its views share. */
#ifndef RM_CORE_STORAGE_H
#define RM_CORE_STORAGE_H

#include <stdatomic.h>
#include <stddef.h>

typedef struct rm_reader rm_reader; /* still has to look at the elements: reader.h */

typedef struct {
  atomic_size_t refs;     /* tensors that keep the elements */
  atomic_size_t watchers; /* weak tensors, and one more for all of refs: these keep this struct */
  size_t bytes;
  void *data;
  atomic_uint version; /* counts writes in place, so that backward can refuse stale values */
  rm_reader *readers;  /* NULL: nobody has put anything off */
  void *known;         /* what is known of the elements (ops/norm/known.h), freed with them, or NULL */
  size_t known_bytes;
} rm_storage;

rm_storage *rm_storage_new(size_t bytes);                       /* uninitialized, one owner; NULL: no memory */
rm_storage *rm_storage_without_elements(size_t bytes);          /* they are gone from the beginning; one watcher */
void rm_storage_release(rm_storage *s);                         /* the last owner frees the elements */
void rm_storage_know(rm_storage *s, void *block, size_t bytes); /* a block of rm_alloc is taken over as `known` */
void rm_storage_unwatch(rm_storage *s);                         /* the last watcher frees what is left */

#endif
