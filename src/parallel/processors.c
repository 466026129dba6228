/* processors.c -- see processors.h. */
#define _GNU_SOURCE
#include "parallel/processors.h"

#include <sched.h>
#include <unistd.h>

static size_t sharers = 1;

size_t rm_processors(void) {
  cpu_set_t set;
  long n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);
  n /= (long)sharers;
  return n > 0 ? (size_t)n : 1;
}

void rm_processors_share(size_t processes) { sharers = processes > 0 ? processes : 1; }
