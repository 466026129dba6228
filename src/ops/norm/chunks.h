/* chunks.h -- how sums over the rows of batch norm are cut: by the extents alone, so that neither threads nor processes
 * change a bit. */
#ifndef RM_NORM_CHUNKS_H
#define RM_NORM_CHUNKS_H

#include "base/number.h"
#include "core/tensor.h"
#include "parallel/pool.h"

enum { RM_NORM_GRAIN = 16384 /* floats that are worth a thread */ };

/* How rows are cut: into the groups of a batch (dist/batch.h), these into chunks. `block` rows are summed in float; a
 * chunk is some blocks. No rows are one chunk, of none. */
typedef struct {
  size_t rows, c, groups, group, block, chunk, per_group, chunks;
} rm_norm_cut;

rm_norm_cut rm_norm_cut_rows(const rm_tensor *x);

/* Where chunk i begins, and how many rows it has. */
static inline size_t rm_norm_chunk_first(const rm_norm_cut *k, size_t i) {
  return i / k->per_group * k->group + i % k->per_group * k->chunk;
}
static inline size_t rm_norm_chunk_rows(const rm_norm_cut *k, size_t i) {
  return rm_smaller(k->chunk, k->group - i % k->per_group * k->chunk);
}

/* Rows of the whole batch, of which other processes may have some. */
size_t rm_norm_whole_rows(const rm_norm_cut *k);

/* Runs body on all chunks. A chunk's partial result is two rows of c doubles in *partial, zero at first:
 * rm_norm_free_partial. */
rm_status rm_norm_run_chunks(const rm_norm_cut *k, rm_range_fn body, void *ctx, double **partial, rm_error *err);
rm_status rm_norm_new_partial(const rm_norm_cut *k, double **partial, rm_error *err);
void rm_norm_free_partial(const rm_norm_cut *k, double *partial);

/* What joins two neighbours in the tree: `from`, of as many rows, into `to`. */
typedef void (*rm_norm_join)(size_t c, size_t rows, double *to, const double *from);

/* The groups of this process into the first one's part, then those of all processes. */
rm_status rm_norm_join_groups(const rm_norm_cut *k, rm_norm_join join, double *partial, rm_error *err);

#endif
