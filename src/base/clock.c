/* clock.c -- see clock.h. */
#define _GNU_SOURCE
#include "base/clock.h"

#include <time.h>

double rm_seconds(rm_clock clock) {
  static const clockid_t ids[] = {CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_THREAD_CPUTIME_ID};
  struct timespec t;
  clock_gettime(ids[clock], &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
