/* chunks.c -- see chunks.h. Blocks of rows small enough for the cache (columns.h) form at most CHUNKS chunks. */
#include "ops/norm/chunks.h"

#include <string.h>
#include "dist/batch.h"
#include "dist/collect.h"
#include "memory/alloc.h"
#include "ops/norm/batch_norm.h"
#include "ops/norm/columns.h"
#include "ops/norm/known.h"

enum { CHUNKS = 64 };

rm_norm_cut rm_norm_cut_rows(const rm_tensor *x) {
  rm_norm_cut k = {.rows = rm_norm_row_count(x), .c = x->shape[1]};
  k.groups = rm_known_groups(x->shape[0]);
  k.group = k.rows / k.groups;
  k.block = rm_columns_block(k.c);
  size_t blocks = k.group ? (k.group + k.block - 1) / k.block : 1;
  size_t most = rm_known_undivided(x->shape[0]) ? CHUNKS : CHUNKS / RM_BATCH_GROUPS; /* whoever has the group */
  k.chunk = (blocks + most - 1) / most * k.block;
  k.per_group = k.group ? (k.group + k.chunk - 1) / k.chunk : 1;
  k.chunks = k.groups * k.per_group;
  return k;
}

/* partial = the tree over `count` parts of `rows` rows each, 2 c doubles `stride` apart. */
static void join_tree(size_t c, size_t count, size_t stride, size_t rows, rm_norm_join join, double *partial) {
  for (size_t step = 1; step < count; step *= 2)
    for (size_t i = 0; i + step < count; i += 2 * step)
      join(c, rows * step, partial + i * stride, partial + (i + step) * stride);
}

rm_status rm_norm_join_groups(const rm_norm_cut *k, rm_norm_join join, double *partial, rm_error *err) {
  size_t pair = 2 * k->c;
  join_tree(k->c, k->groups, k->per_group * pair, k->group, join, partial);
  if (!rm_batch_shares_norm()) return RM_OK;
  size_t size = (size_t)rm_world_size(), bytes = size * pair * sizeof(double);
  double *all = rm_alloc(bytes);
  if (!all) return rm_fail(err, RM_ERR_MEMORY, "batch_norm: out of memory for sums");
  rm_status status = rm_dist_all_gather(partial, pair * sizeof(double), all, err);
  if (status == RM_OK) {
    join_tree(k->c, size, pair, k->rows, join, all);
    memcpy(partial, all, pair * sizeof(double));
  }
  rm_free(all, bytes);
  return status;
}

rm_status rm_norm_new_partial(const rm_norm_cut *k, double **partial, rm_error *err) {
  size_t bytes = k->chunks * 2 * k->c * sizeof(double);
  *partial = rm_alloc(bytes);
  if (!*partial) return rm_fail(err, RM_ERR_MEMORY, "batch_norm: out of memory for sums");
  memset(*partial, 0, bytes);
  return RM_OK;
}

rm_status rm_norm_run_chunks(const rm_norm_cut *k, rm_range_fn body, void *ctx, double **partial, rm_error *err) {
  RM_TRY(rm_columns_reserve(k->c, err));
  RM_TRY(rm_norm_new_partial(k, partial, err));
  rm_parallel(k->chunks, rm_larger(1, RM_NORM_GRAIN / (k->chunk * k->c)), body, ctx);
  return RM_OK;
}

void rm_norm_free_partial(const rm_norm_cut *k, double *partial) {
  rm_free(partial, k->chunks * 2 * k->c * sizeof(double));
}

size_t rm_norm_whole_rows(const rm_norm_cut *k) { return rm_batch_shares_norm() ? rm_batch_whole(k->rows) : k->rows; }
