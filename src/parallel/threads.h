/* threads.h -- the one pool of worker threads.
 *
 * Work is split into contiguous ranges, a thread beginning with the same ones in every
 * pass, so that it meets the same memory again. Neither the number of threads nor who
 * does what ever changes a result: a reduction
 * is cut into chunks by its size alone, each chunk writes its own partial result,
 * and the partial results are added in order by one thread.
 *
 * Workers never touch a Lua state. OpenBLAS runs single-threaded inside them. */
#ifndef RM_PARALLEL_THREADS_H
#define RM_PARALLEL_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include "base/status.h"

/* Number of threads that rm_parallel uses: RESMOON_NUM_THREADS, else the processors
 * this process may run on. */
size_t rm_num_threads(void);
rm_status rm_set_num_threads(size_t n, rm_error *err);

/* Calls body(ctx, begin, end), several times in each thread, so that the ranges cover
 * [0, n) once; in the caller alone if n < 2 * grain or when already inside a parallel
 * region. `grain` is the smallest range worth a call. Returns when all is done. */
typedef void (*rm_range_fn)(void *ctx, size_t begin, size_t end);
void rm_parallel(size_t n, size_t grain, rm_range_fn body, void *ctx);

/* Inside body: which thread this is, 0 <= index < rm_num_threads(); 0 outside. */
size_t rm_thread_index(void);

/* Scratch memory of the calling thread, kept between calls: at least `bytes`, 64-byte
 * aligned, contents undefined; NULL when memory ran out. One block per thread and
 * slot: asking again for the same slot may move it. */
enum { RM_SCRATCH_SLOTS = 4 };
void *rm_scratch(size_t slot, size_t bytes);
/* Makes sure that rm_scratch(slot, bytes) cannot fail in any thread of the pool. */
rm_status rm_scratch_reserve(size_t slot, size_t bytes, rm_error *err);

/* Stops the workers and frees scratch memory; the pool starts again when needed. */
void rm_threads_stop(void);

/* --- Ctrl-C ------------------------------------------------------------------------
 * The shell's signal handler sets the flag; nothing happens by it alone. Work that only fills
 * fresh memory may be given up half way: the jobs between rm_breakable_begin and _end leave out
 * their remaining pieces once the flag is set, long loops ask rm_broken, and _end turns the success
 * of what was called into RM_ERR_INTERRUPTED, so that the memory is thrown away:
 *
 *     status = RM_BREAKABLE(rm_conv2d(x, w, b, &options, out, err), err);
 *
 * All other work is never cut short: what writes into something that exists (an update of
 * parameters, running statistics, gradients, files) happens or does not. Such a piece inside of
 * breakable work stands between rm_unbreakable_begin and _end. Breakable work may nest; it
 * concerns the calling thread and the workers of its jobs. Only the thread that runs Lua begins it:
 * a thread in the background would give up for an interrupt that is not meant for it. */
void rm_interrupt_request(void);   /* async-signal-safe */
void rm_interrupt_clear(void);
bool rm_interrupted(void);

void rm_breakable_begin(void);
rm_status rm_breakable_end(rm_status status, rm_error *err);
#define RM_BREAKABLE(call, err) (rm_breakable_begin(), rm_breakable_end((call), (err)))

/* Whether breakable work is to stop here: one relaxed load. */
bool rm_broken(void);

typedef struct rm_breakable rm_breakable;
typedef struct { rm_breakable *work; size_t depth; bool broken; } rm_unbreakable; /* what was suspended */
rm_unbreakable rm_unbreakable_begin(void);
void rm_unbreakable_end(rm_unbreakable suspended);

#endif
