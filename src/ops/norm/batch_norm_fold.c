/* batch_norm_fold.c -- a batch norm with fixed statistics becomes part of the convolution before it. */
#include "core/copy.h"
#include "ops/check.h"
#include "ops/norm/norm.h"
#include "parallel/pool.h"

enum { MEAN, INVSTD, SCALE, SHIFT }; /* the rows of rm_batch_norm_columns */

typedef struct {
  size_t each; /* weights of an output channel */
  const float *weight, *scale;
  float *folded;
} job;

static void scale_channels(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  for (size_t k = begin; k < end; k++)
    for (size_t i = k * q->each; i < (k + 1) * q->each; i++) q->folded[i] = q->weight[i] * q->scale[k];
}

static float at(const rm_tensor *t, size_t i) { return t ? rm_tensor_f32(t)[(ptrdiff_t)i * t->strides[0]] : 0; }

rm_status rm_batch_norm_fold(const rm_tensor *columns, rm_tensor *weight, rm_tensor *bias, rm_tensor **folded_weight,
                             rm_tensor **folded_bias, rm_error *err) {
  size_t c = columns->shape[1];
  const float *k = rm_tensor_f32(columns);
  rm_tensor *dense = NULL, *w = NULL, *b = NULL;
  rm_status status = rm_tensor_contiguous(weight, &dense, err);
  if (status == RM_OK) status = rm_tensor_new(RM_FLOAT32, 4, weight->shape, &w, err);
  if (status == RM_OK) status = rm_tensor_new(RM_FLOAT32, 1, &c, &b, err);
  if (status == RM_OK) {
    job q = {weight->numel / c, rm_tensor_f32(dense), k + SCALE * c, rm_tensor_f32(w)};
    rm_parallel(c, 1 + 16384 / q.each, scale_channels, &q);
    for (size_t j = 0; j < c; j++)
      rm_tensor_f32(b)[j] = (at(bias, j) - k[MEAN * c + j]) * k[SCALE * c + j] + k[SHIFT * c + j];
  }
  rm_tensor_release(dense);
  if (status == RM_OK) {
    *folded_weight = w;
    *folded_bias = b;
  } else {
    rm_tensor_release(w);
    rm_tensor_release(b);
  }
  return status;
}
