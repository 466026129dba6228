/* dropout.c -- random zeros while training.
 *
 * The generator is counter-based, so the mask is never stored: element i, counted in memory,
 * looks at number i of the generator's sequence, and backward looks again.
 * Source: Srivastava et al. 2014, "Dropout: a simple way to prevent overfitting". */
#include "core/copy.h"
#include "core/tape.h"
#include "dist/batch.h"
#include "dist/world.h"
#include "ops/check.h"
#include "ops/pointwise/dropout.h"
#include "parallel/pool.h"

typedef struct {
  rm_rng rng;         /* as it stood before the draw */
  uint64_t first;     /* number of the first element: not 0 where a batch is shared, and others have those before */
  uint32_t threshold; /* numbers below it drop the element */
  float scale;
  bool channels_last;
} payload;

typedef struct {
  const payload *p;
  size_t n;
  const float *x;
  float *y;
} job;

/* Blocks of four numbers of the sequence; the first and the last may be of fewer elements. */
static void mask_range(void *ctx, size_t begin, size_t end) {
  const job *o = ctx;
  uint64_t first = o->p->first;
  for (size_t b = begin; b < end; b++) {
    uint32_t random[4];
    uint64_t block = first / 4 + b;
    rm_rng_block(&o->p->rng, o->p->rng.position + block, random);
    for (size_t lane = 0; lane < 4; lane++) {
      uint64_t i = 4 * block + lane - first; /* before the first it wraps around, and is too large */
      if (i < o->n) o->y[i] = random[lane] < o->p->threshold ? 0 : o->x[i] * o->p->scale;
    }
  }
}

static rm_status apply(rm_tensor *x, const payload *p, rm_tensor **y, rm_error *err) {
  rm_tensor *dense = NULL;
  RM_TRY(p->channels_last ? rm_tensor_channels_last(x, &dense, err) : rm_tensor_contiguous(x, &dense, err));
  rm_status status = rm_tensor_new_like(dense, RM_FLOAT32, y, err);
  if (status == RM_OK) {
    job o = {.p = p, .n = x->numel, .x = rm_tensor_f32(dense), .y = rm_tensor_f32(*y)};
    rm_parallel((p->first % 4 + x->numel + 3) / 4, 1024, mask_range, &o);
  }
  rm_tensor_release(dense);
  return status;
}

static rm_status dropout_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  return apply(dy, rm_node_payload(node), &dx[0], err);
}

rm_status rm_dropout(rm_tensor *x, double p, bool training, rm_rng *rng, rm_tensor **out, rm_error *err) {
  RM_TRY(rm_check_float("dropout", "x", x, err));
  if (!(p >= 0 && p <= 1)) return rm_fail(err, RM_ERR_VALUE, "dropout: p must be a probability, 0 to 1, got %g", p);
  if (!training || p == 0) {
    *out = rm_tensor_retain(x);
    return RM_OK;
  }
  /* p = 1: a scale of 0 drops the one number in 2^32 that the threshold cannot. */
  payload how = {.rng = *rng,
                 .first = rm_batch_shared() ? (uint64_t)rm_world_rank() * x->numel : 0,
                 .threshold = p < 1 ? (uint32_t)(p * 4294967296.0) : UINT32_MAX,
                 .scale = p < 1 ? (float)(1 / (1 - p)) : 0,
                 .channels_last = rm_tensor_is_channels_last(x)};
  rm_tensor *y = NULL;
  RM_TRY(apply(x, &how, &y, err));
  rm_tensor *const inputs[] = {x};
  rm_status status = RM_OK;
  if (rm_tape_wants(1, inputs))
    status = rm_tape_record(y,
                            &(rm_record){.name = "dropout",
                                         .backward = dropout_backward,
                                         .ninputs = 1,
                                         .inputs = inputs,
                                         .payload = &how,
                                         .payload_bytes = sizeof how},
                            err);
  if (status == RM_OK) rng->position += (rm_batch_whole(x->numel) + 3) / 4;
  return rm_tensor_give(status, y, out);
}
