/* entries.c -- readdir, and stat for what it does not tell (links, folders' numbers). */
#include "data/entries.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "memory/alloc.h"

void rm_entries_free(rm_entries *list) {
  for (size_t i = 0; i < list->count; i++) rm_free(list->entries[i].name, strlen(list->entries[i].name) + 1);
  rm_free(list->entries, list->room * sizeof *list->entries);
  *list = (rm_entries){0};
}

static rm_status grow(rm_entries *list, const char *path, rm_error *err) {
  if (list->count < list->room) return RM_OK;
  size_t room = list->room ? 2 * list->room : 64;
  rm_entry *entries = rm_alloc(room * sizeof *entries);
  if (!entries) return rm_fail(err, RM_ERR_MEMORY, "%s: no memory for its list", path);
  if (list->count) memcpy(entries, list->entries, list->count * sizeof *entries);
  rm_free(list->entries, list->room * sizeof *entries);
  list->entries = entries;
  list->room = room;
  return RM_OK;
}

static rm_entry look(int folder, const struct dirent *d) {
  struct stat st;
  rm_entry e = {.type = RM_ENTRY_OTHER};
  if (d->d_type == DT_REG) e.type = RM_ENTRY_FILE;
  else if (fstatat(folder, d->d_name, &st, 0) != 0) e.type = RM_ENTRY_BROKEN;
  else if (S_ISREG(st.st_mode)) e.type = RM_ENTRY_FILE;
  else if (S_ISDIR(st.st_mode)) {
    e.type = RM_ENTRY_FOLDER;
    e.device = st.st_dev;
    e.inode = st.st_ino;
  }
  return e;
}

static rm_status add(rm_entries *list, const char *path, int folder, const struct dirent *d, rm_error *err) {
  if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0) return RM_OK;
  RM_TRY(grow(list, path, err));
  size_t size = strlen(d->d_name) + 1;
  rm_entry e = look(folder, d);
  e.name = rm_alloc(size);
  if (!e.name) return rm_fail(err, RM_ERR_MEMORY, "%s: no memory for its list", path);
  memcpy(e.name, d->d_name, size);
  list->entries[list->count++] = e;
  return RM_OK;
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const rm_entry *)a)->name, ((const rm_entry *)b)->name);
}

rm_status rm_entries_read(const char *path, rm_entries *out, rm_error *err) {
  DIR *folder = opendir(path);
  if (!folder) return rm_fail(err, RM_ERR_IO, "%s: cannot be read: %s", path, strerror(errno));
  rm_entries list = {0};
  rm_status status = RM_OK;
  struct stat st;
  if (fstat(dirfd(folder), &st) == 0) list.device = st.st_dev, list.inode = st.st_ino;
  errno = 0;
  for (struct dirent *d; status == RM_OK && (d = readdir(folder)); errno = 0)
    status = add(&list, path, dirfd(folder), d, err);
  if (status == RM_OK && errno) status = rm_fail(err, RM_ERR_IO, "%s: cannot be read: %s", path, strerror(errno));
  closedir(folder);
  if (status != RM_OK) {
    rm_entries_free(&list);
    return status;
  }
  if (list.count) qsort(list.entries, list.count, sizeof *list.entries, by_name);
  *out = list;
  return RM_OK;
}
