/* lists.h -- parts of a tensor named by masks and lists of positions, to read (with gradients) and to write.
 *
 * lists[d] is for dimension d: NULL takes all of it; int64 is a list of positions, from 1, negative ones from the end;
 * uint8 is a mask over dimension d and as many behind it as it has more dimensions, whose entries are NULL: it stands
 * for the lists of the positions where it is not 0. All lists broadcast together and are walked side by side, so that
 * {i, j} picks pairs; their shape takes the place of the dimensions they are for, or comes first if these are apart. */
#ifndef RM_OPS_INDEX_LISTS_H
#define RM_OPS_INDEX_LISTS_H

#include "core/tensor.h"

typedef struct {
  size_t order[RM_MAX_DIMS];       /* dimensions of x: those before the lists, theirs, those behind */
  size_t first, width;             /* of these, the lists' */
  size_t ndim, shape[RM_MAX_DIMS]; /* of the part */
} rm_index_plan;

/* *at: int64 (K), from 1: the positions of the part along the lists' dimensions taken as one. */
rm_status rm_index_plan_of(rm_tensor *x, rm_tensor *const lists[], rm_index_plan *plan, rm_tensor **at, rm_error *err);

/* The part, as a copy. Gradients of positions that occur again and again add up, in one order. */
rm_status rm_index_read(rm_tensor *x, const rm_index_plan *plan, rm_tensor *at, rm_tensor **y, rm_error *err);

/* Writes the value, row-major of the part's shape and x's type, in order: where a position occurs again the last one
 * stays. Not recorded; the caller has asked rm_tensor_check_writable about x. */
void rm_index_write(rm_tensor *x, const rm_index_plan *plan, const rm_tensor *at, const rm_tensor *value);

#endif
