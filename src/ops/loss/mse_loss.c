/* mse_loss.c -- squared distance.
 *
 * Sums are float within a block and double across blocks, for each group of images (dist/batch.h); blocks by the extent
 * alone. */
#include "base/number.h"
#include "core/copy.h"
#include "core/tape.h"
#include "dist/batch.h"
#include "memory/alloc.h"
#include "ops/check.h"
#include "ops/loss/steps.h"
#include "parallel/pool.h"

enum { BLOCK = 1024 };

typedef struct {
  rm_reduction reduction;
} payload;

typedef struct {
  size_t n;
  const float *x, *target, *dy;
  bool dy_each; /* a gradient for every element, else one for all */
  float factor; /* 2, or 2/n for the mean; negative for the target's gradient */
  float *y;
  size_t group, per_group; /* elements and blocks of a group of images */
  double *blocks;
} job;

static void square_range(void *ctx, size_t begin, size_t end) {
  const job *o = ctx;
  for (size_t i = begin; i < end; i++) {
    float d = o->x[i] - o->target[i];
    o->y[i] = d * d;
  }
}

static void sum_range(void *ctx, size_t begin, size_t end) {
  const job *o = ctx;
  for (size_t b = begin; b < end; b++) {
    size_t first = b % o->per_group * BLOCK, before = b / o->per_group * o->group;
    size_t count = rm_smaller(BLOCK, o->group - first);
    const float *x = o->x + before + first, *target = o->target + before + first;
    float lanes[8] = {0}; /* independent sums, so that the loop vectorizes */
    for (size_t i = 0; i < count; i++) {
      float d = x[i] - target[i];
      lanes[i % 8] += d * d;
    }
    o->blocks[b] = 0;
    for (size_t k = 0; k < 8; k++) o->blocks[b] += lanes[k];
  }
}

static void gradient_range(void *ctx, size_t begin, size_t end) {
  const job *o = ctx;
  for (size_t i = begin; i < end; i++) o->y[i] = o->factor * (o->x[i] - o->target[i]) * o->dy[o->dy_each ? i : 0];
}

/* dx[0] = factor * (x - target) * dy, and dx[1] = -dx[0]. */
static rm_status mse_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  const payload *p = rm_node_payload(node);
  const rm_tensor *x = rm_node_saved(node, 0), *target = rm_node_saved(node, 1);
  bool each = p->reduction == RM_NONE;
  rm_tensor *dense = NULL;
  RM_TRY(each ? rm_tensor_as_layout(dy, x, &dense, err) : rm_tensor_contiguous(dy, &dense, err));
  rm_status status = RM_OK;
  for (size_t i = 0; i < 2 && status == RM_OK; i++) {
    if (!rm_node_needs(node, i)) continue;
    status = rm_tensor_new_like(x, RM_FLOAT32, &dx[i], err);
    if (status != RM_OK) break;
    float divisor = p->reduction == RM_MEAN ? (float)x->numel : each ? 1 : (float)rm_loss_undivided();
    float factor = 2 / divisor;
    job o = {.n = x->numel,
             .x = rm_tensor_f32(x),
             .target = rm_tensor_f32(target),
             .dy = rm_tensor_f32(dense),
             .dy_each = each,
             .factor = i == 0 ? factor : -factor,
             .y = rm_tensor_f32(dx[i])};
    rm_parallel(o.n, 16384, gradient_range, &o);
  }
  rm_tensor_release(dense);
  return status;
}

/* x and target are dense and of one layout. */
static rm_status forward(const rm_tensor *x, const rm_tensor *target, rm_reduction reduction, rm_tensor **y,
                         rm_error *err) {
  job o = {.n = x->numel, .x = rm_tensor_f32(x), .target = rm_tensor_f32(target)};
  if (reduction == RM_NONE) {
    RM_TRY(rm_tensor_new_like(x, RM_FLOAT32, y, err));
    o.y = rm_tensor_f32(*y);
    rm_parallel(o.n, 16384, square_range, &o);
    return RM_OK;
  }
  size_t n = x->ndim ? x->shape[0] : 1, groups = rm_batch_groups(n);
  o.group = o.n / groups;
  o.per_group = rm_larger(1, (o.group + BLOCK - 1) / BLOCK);
  size_t blocks = groups * o.per_group;
  o.blocks = rm_alloc(blocks * sizeof(double));
  if (!o.blocks) return rm_fail(err, RM_ERR_MEMORY, "mse_loss: out of memory");
  rm_parallel(blocks, 16, sum_range, &o);
  float total;
  double divisor = reduction == RM_MEAN ? (double)o.n : rm_loss_undivided();
  rm_status status = rm_loss_total(blocks, n, o.blocks, divisor, &total, err);
  rm_free(o.blocks, blocks * sizeof(double));
  return status == RM_OK ? rm_tensor_scalar(total, y, err) : status;
}

rm_status rm_mse_loss(rm_tensor *x, rm_tensor *target, rm_reduction reduction, rm_tensor **out, rm_error *err) {
  char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
  RM_TRY(rm_check_float("mse_loss", "x", x, err));
  RM_TRY(rm_check_float("mse_loss", "target", target, err));
  if (!rm_tensor_same_shape(x, target))
    return rm_fail(err, RM_ERR_SHAPE, "mse_loss: shapes differ\n  x       %s\n  target  %s", rm_tensor_text(x, a),
                   rm_tensor_text(target, b));
  if (x->numel == 0) return rm_fail(err, RM_ERR_SHAPE, "mse_loss: x is empty: %s", rm_tensor_text(x, a));
  rm_tensor *dense = NULL, *same = NULL, *y = NULL;
  rm_status status = RM_OK;
  if (rm_tensor_is_dense(x)) dense = rm_tensor_retain(x);
  else status = rm_tensor_contiguous(x, &dense, err);
  if (status == RM_OK) status = rm_tensor_as_layout(target, dense, &same, err);
  if (status == RM_OK) status = forward(dense, same, reduction, &y, err);
  payload p = {reduction};
  rm_tensor *const inputs[] = {x, target}, *const saved[] = {dense, same};
  if (status == RM_OK && rm_tape_wants(2, inputs))
    status = rm_tape_record(y,
                            &(rm_record){.name = "mse_loss",
                                         .backward = mse_backward,
                                         .ninputs = 2,
                                         .inputs = inputs,
                                         .nsaved = 2,
                                         .saved = saved,
                                         .payload = &p,
                                         .payload_bytes = sizeof p},
                            err);
  rm_tensor_release(dense);
  rm_tensor_release(same);
  return rm_tensor_give(status, y, out);
}
