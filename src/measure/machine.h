/* machine.h -- measures what this machine gives at best, as the yardstick of benchmarks. */
#ifndef RM_MEASURE_MACHINE_H
#define RM_MEASURE_MACHINE_H

#include "base/status.h"
#include "kernels/kernels.h"

/* Floating-point operations per second with rm_num_threads() threads: multiply-adds on registers, a
 * multiply-add counting as two. Takes about `seconds`; the best of several rounds. */
double rm_machine_flops(const rm_kernels *kernels, double seconds);

/* Bytes per second between memory and processor with rm_num_threads() threads: arrays of `bytes` each
 * (far beyond the caches) are copied, and added in a triad. What the program reads and writes is
 * counted; writes go around the caches. The best of several passes. */
typedef struct {
  double copy, triad;
} rm_bandwidth;
rm_status rm_machine_bandwidth(const rm_kernels *kernels, size_t bytes, double seconds, rm_bandwidth *out,
                               rm_error *err);

#endif
