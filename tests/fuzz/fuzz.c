/* fuzz.c -- files for the harnesses, and the checks around each input. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/tensor.h"
#include "memory/alloc.h"

const char *fuzz_reader;
bool fuzz_counts_held = true;

static char folder[64];
static pid_t owner; /* libFuzzer's own children must not remove it */

static void remove_below(const char *path) {
  DIR *stream = opendir(path);
  if (!stream) return;
  for (struct dirent *e; (e = readdir(stream));) {
    char inner[512];
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
    snprintf(inner, sizeof inner, "%s/%s", path, e->d_name);
    if (unlink(inner) != 0) remove_below(inner);
  }
  closedir(stream);
  rmdir(path);
}

static void remove_folder(void) {
  if (getpid() == owner) remove_below(folder);
}

const char *fuzz_folder(void) {
  if (*folder) return folder;
  strcpy(folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/resmoon-fuzz-XXXXXX" : "/tmp/resmoon-fuzz-XXXXXX");
  fuzz_require(mkdtemp(folder) != NULL, "no folder for files: %s", folder);
  owner = getpid();
  atexit(remove_folder);
  return folder;
}

const char *fuzz_file(const char *name, const uint8_t *data, size_t size) {
  static char path[256];
  snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  fuzz_require(fd >= 0 && write(fd, data, size) == (ssize_t)size, "cannot write %s", path);
  close(fd);
  return path;
}

void fuzz_require(bool condition, const char *what, ...) {
  if (condition) return;
  va_list arguments;
  va_start(arguments, what);
  fputs("FINDING: ", stderr);
  vfprintf(stderr, what, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  remove_folder();
  abort();
}

bool fuzz_ok(rm_status status, const rm_error *err) {
  if (status == RM_OK) return true;
  fuzz_require(memchr(err->message, '\0', sizeof err->message) && *err->message, "status %d without a message",
               (int)status);
  return false;
}

/* What is kept after an input for later ones (threads, scratch memory) is kept once; what grows each time leaks. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_folder();
  if (!fuzz_reader) fuzz_reader = getenv("FUZZ_READER") ? getenv("FUZZ_READER") : fuzz_readers[0];
  for (int attempt = 0; attempt < 3; attempt++) {
    size_t tensors = rm_tensor_live(), blocks = rm_alloc_statistics().live_blocks;
    fuzz_one(data, size);
    if (!fuzz_counts_held) return 0;
    if (rm_tensor_live() <= tensors && rm_alloc_statistics().live_blocks <= blocks) return 0;
  }
  fuzz_require(false, "%zu tensors and %zu blocks are held, more after each reading", rm_tensor_live(),
               rm_alloc_statistics().live_blocks);
  return 0;
}
