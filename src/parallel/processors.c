/* processors.c -- see processors.h. */
#define _GNU_SOURCE
#include "parallel/processors.h"

#include <sched.h>
#include <unistd.h>

size_t rm_processors(void) {
  cpu_set_t set;
  long n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);
  return n > 0 ? (size_t)n : 1;
}
