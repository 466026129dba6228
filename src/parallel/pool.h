/* pool.h -- the one pool of worker threads.
 *
 * Work is split into contiguous ranges, a thread beginning with the same ones in every
 * pass, so that it meets the same memory again. Neither the number of threads nor who
 * does what ever changes a result: a reduction is cut into chunks by its size alone, each
 * chunk writes its own partial result, and the partial results are added in order by one
 * thread.
 *
 * Workers never call an interpreter that drives the library. OpenBLAS runs single-threaded inside them. */
#ifndef RM_PARALLEL_POOL_H
#define RM_PARALLEL_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include "base/status.h"

enum { RM_MAX_THREADS = 256 };

/* Number of threads that rm_parallel uses: RESMOON_NUM_THREADS, else the processors
 * this process may run on. */
size_t rm_num_threads(void);
rm_status rm_set_num_threads(size_t n, rm_error *err);

/* Calls body(ctx, begin, end), several times in each thread, so that the ranges cover
 * [0, n) once; in the caller alone if n < 2 * grain or when already inside a parallel
 * region. `grain` is the smallest range worth a call. Returns when all is done. */
typedef void (*rm_range_fn)(void *ctx, size_t begin, size_t end);
void rm_parallel(size_t n, size_t grain, rm_range_fn body, void *ctx);
/* Whether the caller would do all of it: there is one thread, or it is in a job already. */
bool rm_parallel_alone(void);

/* Inside body: which thread this is, 0 <= index < rm_num_threads(); 0 outside. */
size_t rm_thread_index(void);

/* Stops the workers and frees scratch memory; the pool starts again when needed. */
void rm_threads_stop(void);

/* For scratch.c: no job runs until _let_go, all workers are there: indices 1..*workers. False inside of a job. */
bool rm_pool_hold(size_t *workers);
void rm_pool_let_go(void);

#endif
