/* softmax.c -- softmax and log-softmax along any dimension, in any dense layout.
 *
 * In memory x is (outer, n, inner), where n is the dimension in question: rows where inner is
 * 1 (scores of a classifier, or channels of channels-last images), columns otherwise. */
#include "ops/norm/softmax.h"

#include "core/copy.h"
#include "core/tape.h"
#include "kernels/kernels.h"
#include "ops/check.h"
#include "parallel/pool.h"

enum { GRAIN = 8192, STRIP = 64 }; /* columns are taken 64 at a time: the kernels' limit */

/* Backward reads y and dy where forward reads x; `in` holds one or both. */
typedef struct {
  bool log, backward;
  size_t outer, n, inner, strips;
  const float *in[2];
  float *out;
} softmax_job;

static void rows(const softmax_job *job, size_t offset) {
  const rm_kernels *k = rm_kernel_table();
  const float *in = job->in[0] + offset;
  float *out = job->out + offset;
  if (!job->backward) (job->log ? k->log_softmax_row : k->softmax_row)(job->n, in, out);
  else (job->log ? k->log_softmax_row_backward : k->softmax_row_backward)(job->n, in, job->in[1] + offset, out);
}

static void columns(const softmax_job *job, size_t offset, size_t cols) {
  const rm_kernels *k = rm_kernel_table();
  size_t n = job->n, stride = job->inner;
  const float *in = job->in[0] + offset;
  float *out = job->out + offset;
  if (!job->backward) (job->log ? k->log_softmax_columns : k->softmax_columns)(n, cols, stride, in, out);
  else
    (job->log ? k->log_softmax_columns_backward : k->softmax_columns_backward)(n, cols, stride, in, job->in[1] + offset,
                                                                               out);
}

static void softmax_range(void *ctx, size_t begin, size_t end) {
  const softmax_job *job = ctx;
  for (size_t unit = begin; unit < end; unit++) {
    size_t outer = unit / job->strips, j = unit % job->strips * STRIP;
    size_t offset = outer * job->n * job->inner + j;
    if (job->inner == 1) rows(job, offset);
    else columns(job, offset, job->inner - j < STRIP ? job->inner - j : STRIP);
  }
}

/* All tensors have the dense layout of out. */
static void run(bool log, size_t dim, const rm_tensor *in, const rm_tensor *dy, rm_tensor *out) {
  if (out->numel == 0) return;
  softmax_job job = {.log = log,
                     .backward = dy != NULL,
                     .n = out->ndim ? out->shape[dim] : 1,
                     .in = {rm_tensor_f32(in), dy ? rm_tensor_f32(dy) : NULL},
                     .out = rm_tensor_f32(out)};
  job.inner = job.n > 1 ? (size_t)out->strides[dim] : 1;
  job.outer = out->numel / (job.n * job.inner);
  job.strips = (job.inner + STRIP - 1) / STRIP;
  size_t unit = job.n * (job.inner < STRIP ? job.inner : STRIP);
  rm_parallel(job.outer * job.strips, unit >= GRAIN ? 1 : GRAIN / unit, softmax_range, &job);
}

typedef struct {
  bool log;
  size_t dim;
} softmax_payload;

static rm_status softmax_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  const softmax_payload *p = rm_node_payload(node);
  rm_tensor *y = rm_node_saved(node, 0), *gradient = NULL;
  RM_TRY(rm_tensor_as_layout(dy, y, &gradient, err));
  rm_status status = rm_tensor_new_like(y, RM_FLOAT32, &dx[0], err);
  if (status == RM_OK) run(p->log, p->dim, y, gradient, dx[0]);
  rm_tensor_release(gradient);
  return status;
}

static rm_status softmax(const char *op, bool log, rm_tensor *x, size_t dim, rm_tensor **out, rm_error *err) {
  RM_TRY(rm_check_float(op, "x", x, err));
  if (dim >= (x->ndim ? x->ndim : 1))
    return rm_fail(err, RM_ERR_SHAPE, "%s: x has %zu dimensions, dimension %zu is not among them", op, x->ndim,
                   dim + 1);
  rm_tensor *y = NULL, *dense = NULL;
  RM_TRY(rm_tensor_new_like(x, RM_FLOAT32, &y, err));
  rm_status status = rm_tensor_as_layout(x, y, &dense, err);
  if (status == RM_OK) run(log, dim, dense, NULL, y);
  rm_tensor_release(dense);
  if (status == RM_OK && rm_tape_wants(1, &x)) {
    softmax_payload payload = {.log = log, .dim = dim};
    rm_record r = {.name = op,
                   .backward = softmax_backward,
                   .ninputs = 1,
                   .inputs = &x,
                   .nsaved = 1,
                   .saved = &y,
                   .payload = &payload,
                   .payload_bytes = sizeof payload};
    status = rm_tape_record(y, &r, err);
  }
  return rm_tensor_give(status, y, out);
}

rm_status rm_softmax(rm_tensor *x, size_t dim, rm_tensor **y, rm_error *err) {
  return softmax("softmax", false, x, dim, y, err);
}
rm_status rm_log_softmax(rm_tensor *x, size_t dim, rm_tensor **y, rm_error *err) {
  return softmax("log_softmax", true, x, dim, y, err);
}
