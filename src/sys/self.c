/* self.c -- see self.h. */
#define _GNU_SOURCE
#include "sys/self.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "parallel/interrupt.h"

int64_t rm_self_memory(void) {
  FILE *f = fopen("/proc/self/statm", "r");
  long total, resident;
  int n = f ? fscanf(f, "%ld %ld", &total, &resident) : 0;
  if (f) fclose(f);
  return n == 2 ? (int64_t)resident * sysconf(_SC_PAGESIZE) : -1;
}

int64_t rm_self_peak_memory(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (int64_t)usage.ru_maxrss * 1024;
}

void rm_self_sleep(double seconds) {
  const double tick = 0.05; /* a signal just before the sleep does not end it, so it is cut */
  for (int over = 0; seconds > 0 && !over && !rm_interrupted(); seconds -= tick) {
    double part = seconds < tick ? seconds : tick;
    over = nanosleep(&(struct timespec){0, (long)(part * 1e9)}, NULL);
  }
}

static bool is_program(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

bool rm_self_which(const char *name, char path[], size_t room) {
  const char *next = strchr(name, '/') ? "" : getenv("PATH");
  for (next = next ? next : "";; next++) {
    size_t length = strcspn(next, ":");
    int n = snprintf(path, room, "%.*s%s%s", (int)length, next, length > 0 ? "/" : "", name);
    if (n >= 0 && (size_t)n < room && is_program(path)) return true;
    next += length;
    if (!*next) return false;
  }
}
