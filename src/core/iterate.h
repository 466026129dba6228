/* iterate.h -- one loop over several tensors of one shape, whatever their strides.
 *
 * The dimensions are sorted by stride and merged where they are contiguous for all
 * operands, so the inner loop is as long as it can be: tensors of the same dense
 * layout (channels-last included) become a single run, a broadcast over channels a
 * run per pixel. The caller's function is called for inner runs: n elements,
 * pointers to the first, and strides in elements (1 contiguous, 0 broadcast). */
#ifndef RM_CORE_ITERATE_H
#define RM_CORE_ITERATE_H

#include "core/tensor.h"

enum { RM_ITER_MAX = 4 };

typedef struct {
  size_t nops;
  size_t ndim; /* after merging; at least 1 */
  size_t numel;
  size_t shape[RM_MAX_DIMS];                   /* [0] is the innermost run */
  ptrdiff_t strides[RM_ITER_MAX][RM_MAX_DIMS]; /* in elements */
  char *data[RM_ITER_MAX];
  size_t size[RM_ITER_MAX]; /* bytes of an element */
} rm_iter;

/* Operands are broadcast to the shape of ops[0], the output. They must fit. */
void rm_iter_init(rm_iter *it, size_t nops, const rm_tensor *const ops[]);

typedef void (*rm_iter_fn)(void *ctx, size_t n, char *const data[], const ptrdiff_t strides[]);
/* Runs fn over everything, on all threads when there is enough to do. Elements are
 * independent: no promise is made about the order or the length of runs. */
void rm_iter_run(const rm_iter *it, rm_iter_fn fn, void *ctx);
/* The same in one thread, runs in memory order of the output. */
void rm_iter_run_serial(const rm_iter *it, rm_iter_fn fn, void *ctx);

#endif
