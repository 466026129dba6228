/* listing.c -- see listing.h. */
#define _GNU_SOURCE
#include "sys/listing.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static rm_status add(rm_listing *l, const char *name, rm_error *err) {
  if (l->n == l->capacity) {
    size_t more = l->capacity ? 2 * l->capacity : 64;
    char **names = realloc(l->names, more * sizeof *names);
    if (!names) return rm_fail(err, RM_ERR_MEMORY, "out of memory for a list of files");
    l->names = names;
    l->capacity = more;
  }
  l->names[l->n] = strdup(name);
  if (!l->names[l->n]) return rm_fail(err, RM_ERR_MEMORY, "out of memory for a list of files");
  l->n++;
  return RM_OK;
}

static int by_bytes(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

rm_status rm_listing_read(const char *path, rm_listing *out, rm_error *err) {
  DIR *folder = opendir(path);
  if (!folder) return rm_fail(err, RM_ERR_IO, "%s: %s", path, strerror(errno));
  rm_status status = RM_OK;
  errno = 0;
  for (struct dirent *entry; status == RM_OK && (entry = readdir(folder)); errno = 0)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) status = add(out, entry->d_name, err);
  if (status == RM_OK && errno != 0) status = rm_fail(err, RM_ERR_IO, "%s: %s", path, strerror(errno));
  closedir(folder);
  if (out->n > 0) qsort(out->names, out->n, sizeof *out->names, by_bytes);
  return status;
}

void rm_listing_free(rm_listing *l) {
  for (size_t i = 0; i < l->n; i++) free(l->names[i]);
  free(l->names);
  *l = (rm_listing){0};
}
