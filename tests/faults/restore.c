/* restore.c -- makes a folder what would be left of it after the power went.
 *
 *     restore JOURNAL FOLDER
 *
 * The shim kept JOURNAL (journal.c). What is restored counts as synced for the next time; with an empty JOURNAL the
 * folder is taken as it is. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "faults/shim.h"

static const char *journal;

static _Noreturn void fail(const char *what) {
  perror(what);
  exit(1);
}

/* The bytes of the file ID as they were synced, or none. */
static void build_file(const char *id, const char *to) {
  char from[5000], bytes[1 << 16];
  snprintf(from, sizeof from, "%s/%s.data", journal, id);
  FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
  if (!out) fail(to);
  size_t n;
  while (in && (n = fread(bytes, 1, sizeof bytes, in)) > 0) fwrite(bytes, 1, n, out);
  if (in) fclose(in);
  if (fclose(out) != 0) fail(to);
}

/* The folder ID with the names it had when it was synced, or none. */
static void build_folder(const char *id, const char *to) {
  char from[5000], line[5000], inside[5000];
  if (mkdir(to, 0777) < 0) fail(to);
  snprintf(from, sizeof from, "%s/%s.names", journal, id);
  FILE *names = fopen(from, "r");
  if (!names) return;
  if (!fgets(line, sizeof line, names)) line[0] = '\0'; /* its path */
  while (fgets(line, sizeof line, names)) {
    char number[32], type, name[4000];
    if (sscanf(line, "%31s %c %3999[^\n]", number, &type, name) != 3) continue;
    snprintf(inside, sizeof inside, "%s/%s", to, name);
    if (type == 'd') build_folder(number, inside);
    else build_file(number, inside);
  }
  fclose(names);
}

static void run(const char *a, const char *b) {
  char command[10000];
  snprintf(command, sizeof command, "rm -rf '%s'%s", a, b);
  if (system(command) != 0) fail(command);
}

/* All that is there counts as synced. */
static void take_as_synced(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat st;
  if (fd < 0 || fstat(fd, &st) < 0) fail(path);
  fault_journal_synced(fd);
  close(fd);
  if (!S_ISDIR(st.st_mode)) return;
  DIR *list = opendir(path);
  for (struct dirent *entry; (entry = readdir(list));) {
    char inside[5000];
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
    take_as_synced(inside);
  }
  closedir(list);
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  journal = argv[1];
  const char *folder = argv[2];
  struct stat st;
  char id[32], fresh[5000];
  if (stat(folder, &st) < 0) fail(folder);
  snprintf(id, sizeof id, "%lu", (unsigned long)st.st_ino);
  snprintf(fresh, sizeof fresh, "%s/%s.names", journal, id);
  if (access(fresh, F_OK) == 0) {
    snprintf(fresh, sizeof fresh, "%s.restored", folder);
    build_folder(id, fresh);
    run(folder, "");
    if (rename(fresh, folder) < 0) fail(folder);
  }
  run(journal, "");
  mkdir(journal, 0777);
  setenv("RESMOON_JOURNAL", journal, 1);
  take_as_synced(folder);
  return 0;
}
