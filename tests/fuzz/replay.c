/* replay.c -- reads each file of corpus/READER once: the harness as a test, without libFuzzer.
 *
 *     READER_test [FILE...]     (FUZZ_READER=log lua_test FILE... for a reader in Lua)
 *
 * Speaks TAP, as the C suites do. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "parallel/pool.h"

static int visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

static int replay(int number, const char *path) {
  static uint8_t bytes[1 << 20];
  FILE *file = fopen(path, "rb");
  if (!file) return printf("not ok %d - %s cannot be opened\n", number, path), 1;
  size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  uint8_t *exact = malloc(size ? size : 1); /* so that a sanitizer knows where it ends */
  if (!exact) return 1;
  memcpy(exact, bytes, size);
  LLVMFuzzerTestOneInput(exact, size);
  free(exact);
  printf("ok %d - %s\n", number, path);
  fflush(stdout);
  return 0;
}

/* The folders' files, for each reader; returns how many there are. */
static int replay_all(int *failed, int first) {
  int number = first;
  for (size_t i = 0; fuzz_readers[i]; i++) {
    char folder[128], path[512];
    struct dirent **names;
    fuzz_reader = fuzz_readers[i];
    snprintf(folder, sizeof folder, "tests/fuzz/corpus/%s", fuzz_reader);
    int n = scandir(folder, &names, visible, alphasort);
    if (n < 1) *failed = 1, printf("not ok - %s has no files\n", folder);
    for (int k = 0; k < n; k++) {
      snprintf(path, sizeof path, "%s/%s", folder, names[k]->d_name);
      *failed |= replay(++number, path);
      free(names[k]);
    }
    if (n >= 0) free(names);
  }
  return number - first;
}

int main(int argc, char **argv) {
  int failed = 0, number = argc - 1;
  for (int i = 1; i < argc; i++) failed |= replay(i, argv[i]);
  if (argc == 1) number = replay_all(&failed, 0);
  rm_threads_stop();
  printf("1..%d\n", number); /* as it may, the plan comes last: what ends before has none */
  return failed;
}
