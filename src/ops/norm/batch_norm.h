/* batch_norm.h -- what forward and backward of batch norm share: x as a matrix, and what is saved between them. */
#ifndef RM_NORM_BATCH_NORM_H
#define RM_NORM_BATCH_NORM_H

#include "base/number.h"
#include "core/copy.h"
#include "core/tape.h"
#include "ops/norm/chunks.h"

enum { RM_NORM_WORD = 16 /* values whose bits lie together: norm_k.c */ };
#define RM_NORM_STREAM_BYTES ((size_t)16 << 20) /* a result so large is gone from the caches when it is read */

/* The rows of the columns, (RM_NORM_COLUMNS, C). */
enum { RM_NORM_MEAN, RM_NORM_INVSTD, RM_NORM_SCALE, RM_NORM_SHIFT, RM_NORM_COLUMNS };

/* What is saved: x, the columns, y or what relu let pass, add. */
enum {
  RM_NORM_SAVED_X,
  RM_NORM_SAVED_COLUMNS,
  RM_NORM_SAVED_OUTPUT,
  RM_NORM_SAVED_WORDS,
  RM_NORM_SAVED_ADD,
  RM_NORM_SAVED
};
typedef struct {
  bool of_batch, relu;
} rm_batch_norm_payload;

/* y is, or will be, the batch norm of inputs (x, weight, bias, add). `follows`: it can be computed again from what is
 * saved. */
rm_status rm_batch_norm_record(rm_tensor *y, rm_tensor *const inputs[4], rm_tensor *const saved[RM_NORM_SAVED],
                               bool follows, rm_batch_norm_payload how, rm_error *err);

static inline size_t rm_norm_row_count(const rm_tensor *x) { return x->shape[1] ? x->numel / x->shape[1] : 0; }

/* t with its channels innermost: a matrix (rows, C) without gaps. The caller releases it. */
static inline rm_status rm_norm_as_rows(rm_tensor *t, rm_tensor **out, rm_error *err) {
  return t->ndim == 4 ? rm_tensor_channels_last(t, out, err) : rm_tensor_contiguous(t, out, err);
}

static inline rm_status rm_norm_new_rows(const rm_tensor *like, rm_tensor **out, rm_error *err) {
  return like->ndim == 4 ? rm_tensor_new_channels_last(like->shape, out, err)
                         : rm_tensor_new(RM_FLOAT32, like->ndim, like->shape, out, err);
}

static inline size_t rm_norm_row_grain(size_t c) { return rm_larger(1, RM_NORM_GRAIN / c); }

/* Whether t is written past the caches. */
static inline bool rm_norm_streams(const rm_tensor *t) {
  return t->storage->bytes >= RM_NORM_STREAM_BYTES && t->shape[1] % RM_NORM_WORD == 0 &&
         (uintptr_t)rm_tensor_data(t) % 64 == 0;
}

#endif
