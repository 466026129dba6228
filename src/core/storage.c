/* storage.c -- see storage.h. */
#include "core/storage.h"

#include "memory/alloc.h"

rm_storage *rm_storage_without_elements(size_t bytes) {
  rm_storage *s = rm_alloc(sizeof *s);
  if (!s) return NULL;
  s->data = NULL;
  s->bytes = bytes;
  atomic_init(&s->refs, 0);
  atomic_init(&s->watchers, 1);
  atomic_init(&s->version, 0);
  s->readers = NULL;
  s->known = NULL;
  return s;
}

rm_storage *rm_storage_new(size_t bytes) {
  rm_storage *s = rm_storage_without_elements(bytes);
  if (!s) return NULL;
  s->data = rm_alloc(bytes);
  if (!s->data) {
    rm_storage_unwatch(s);
    return NULL;
  }
  atomic_init(&s->refs, 1);
  return s;
}

void rm_storage_know(rm_storage *s, void *block, size_t bytes) {
  rm_free(s->known, s->known_bytes);
  s->known = block;
  s->known_bytes = bytes;
}

void rm_storage_unwatch(rm_storage *s) {
  if (atomic_fetch_sub(&s->watchers, 1) == 1) rm_free(s, sizeof *s);
}

void rm_storage_release(rm_storage *s) {
  if (atomic_fetch_sub(&s->refs, 1) != 1) return;
  rm_free(s->data, s->bytes);
  s->data = NULL;
  rm_free(s->known, s->known_bytes);
  s->known = NULL;
  rm_storage_unwatch(s);
}
