/* machine.c -- see machine.h. */
#include "measure/machine.h"

#include <stdatomic.h>
#include <string.h>
#include "base/clock.h"
#include "kernels/machine.h"
#include "memory/alloc.h"
#include "parallel/pool.h"

/* --- multiply-adds --------------------------------------------------------------------- */

enum { PIECES = 64, ROUNDS = 20000 }; /* pieces for each thread, of some 0.1 ms */

typedef struct {
  const rm_kernels *kernels;
  _Atomic float keep; /* so that no result is unused */
} flops_job;

static void flops_range(void *ctx, size_t begin, size_t end) {
  flops_job *job = ctx;
  float sum = 0;
  for (size_t i = begin; i < end; i++) sum += job->kernels->multiply_adds(ROUNDS, 0.5f, 1.0f);
  atomic_store(&job->keep, sum);
}

double rm_machine_flops(const rm_kernels *kernels, double seconds) {
  flops_job job = {.kernels = kernels};
  size_t pieces = PIECES * rm_num_threads();
  double flops = 2.0 * RM_MACHINE_CHAINS * (double)kernels->vector * ROUNDS * (double)pieces, best = 0;
  double start = rm_seconds(RM_CLOCK_STEADY);
  do {
    double began = rm_seconds(RM_CLOCK_STEADY);
    rm_parallel(pieces, 1, flops_range, &job);
    double rate = flops / (rm_seconds(RM_CLOCK_STEADY) - began);
    if (rate > best) best = rate;
  } while (rm_seconds(RM_CLOCK_STEADY) - start < seconds);
  return best;
}

/* --- memory ------------------------------------------------------------------------------ */

enum { BLOCK = 1 << 14 }; /* floats: 64 KB, a multiple of every vector */

typedef struct {
  const rm_kernels *kernels;
  const float *a, *b;
  float *y;
} stream_job;

static void copy_range(void *ctx, size_t begin, size_t end) {
  const stream_job *job = ctx;
  job->kernels->stream_copy((end - begin) * BLOCK, job->a + begin * BLOCK, job->y + begin * BLOCK);
}

static void triad_range(void *ctx, size_t begin, size_t end) {
  const stream_job *job = ctx;
  job->kernels->triad((end - begin) * BLOCK, job->a + begin * BLOCK, job->b + begin * BLOCK, 0.5f,
                      job->y + begin * BLOCK);
}

static double stream_rate(stream_job *job, rm_range_fn body, size_t blocks, size_t arrays, double seconds) {
  double bytes = (double)arrays * (double)blocks * BLOCK * sizeof(float), best = 0, start = rm_seconds(RM_CLOCK_STEADY);
  do {
    double began = rm_seconds(RM_CLOCK_STEADY);
    rm_parallel(blocks, 4, body, job);
    double rate = bytes / (rm_seconds(RM_CLOCK_STEADY) - began);
    if (rate > best) best = rate;
  } while (rm_seconds(RM_CLOCK_STEADY) - start < seconds);
  return best;
}

rm_status rm_machine_bandwidth(const rm_kernels *kernels, size_t bytes, double seconds, rm_bandwidth *out,
                               rm_error *err) {
  size_t blocks = bytes / (BLOCK * sizeof(float));
  if (blocks == 0)
    return rm_fail(err, RM_ERR_VALUE, "machine: expected arrays of at least %zu bytes, got %zu", BLOCK * sizeof(float),
                   bytes);
  size_t size = blocks * BLOCK * sizeof(float);
  float *array[3] = {NULL, NULL, NULL};
  bool room = true;
  for (int i = 0; i < 3; i++) {
    array[i] = rm_alloc(size);
    room = room && array[i];
  }
  if (room) {
    for (int i = 0; i < 3; i++) memset(array[i], 0, size); /* pages are there before the clock starts */
    stream_job job = {kernels, array[0], array[1], array[2]};
    out->copy = stream_rate(&job, copy_range, blocks, 2, seconds / 2);
    out->triad = stream_rate(&job, triad_range, blocks, 3, seconds / 2);
  }
  for (int i = 0; i < 3; i++) rm_free(array[i], size);
  return room ? RM_OK : rm_fail(err, RM_ERR_MEMORY, "machine: no memory for three arrays of %zu bytes", size);
}
