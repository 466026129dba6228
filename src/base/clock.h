/* clock.h -- the one way to read a clock. */
#ifndef RM_BASE_CLOCK_H
#define RM_BASE_CLOCK_H

typedef enum {
  RM_CLOCK_STEADY,   /* since some fixed moment; it never jumps */
  RM_CLOCK_CALENDAR, /* since 1970; it jumps when somebody sets it */
  RM_CLOCK_THREAD    /* what the calling thread has used of a processor */
} rm_clock;

double rm_seconds(rm_clock clock);

#endif
