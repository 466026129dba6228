/* optimizer.c -- the fused optimizer steps; optim.h says how they work.
 *
 * A pass holds one part per parameter that has a gradient: where its arrays start and
 * at which block of the whole it begins. Threads get ranges of blocks, find the part
 * of their first block by bisection and walk on from there. */
#include "ops/optim/optim.h"

#include <math.h>
#include <string.h>
#include "base/elementary.h"
#include "core/copy.h"
#include "core/reader.h"
#include "core/tape.h"
#include "kernels/kernels.h"
#include "memory/alloc.h"
#include "parallel/pool.h"

enum { BLOCK = 1024, GRAIN = 16 }; /* floats in a block; blocks worth a thread */

typedef struct {
  rm_tensor *param;
  rm_tensor *grad_owned; /* the gradient in the parameter's layout */
  float *p;
  const float *g;
  float *state[RM_OPTIM_STATES];
  rm_tensor *state_tensors[RM_OPTIM_STATES]; /* NULL: not used */
  size_t n;
  size_t first; /* its first block, counted over all parts */
  uint64_t step;
} part;

typedef void (*step_fn)(const part *p, size_t at, size_t n, const void *options);

typedef struct {
  part *parts;
  size_t nparts, bytes, blocks;
  step_fn step;
  const void *options;
} pass;

static void pass_close(pass *all) {
  for (size_t i = 0; i < all->nparts; i++) rm_tensor_release(all->parts[i].grad_owned);
  rm_free(all->parts, all->bytes);
}

/* A parameter or state tensor must be one run of float32 memory. */
static rm_status check_dense(const char *op, size_t i, const rm_tensor *t, rm_error *err) {
  char text[RM_SHAPE_TEXT];
  if (t->dtype != RM_FLOAT32)
    return rm_fail(err, RM_ERR_TYPE, "%s: parameter %zu is %s, expected float32", op, i + 1, rm_dtype_name(t->dtype));
  if (!rm_tensor_is_dense(t))
    return rm_fail(err, RM_ERR_VALUE, "%s: parameter %zu %s is a view with gaps; optimize the tensor it looks into", op,
                   i + 1, rm_tensor_text(t, text));
  return RM_OK;
}

static rm_status add_part(const char *op, pass *all, const rm_optim_set *set, size_t i,
                          const bool used[RM_OPTIM_STATES], rm_error *err) {
  rm_tensor *p = set->params[i];
  part *a = &all->parts[all->nparts];
  *a = (part){.param = p, .n = p->numel, .first = all->blocks, .step = set->steps[i]};
  RM_TRY(check_dense(op, i, p, err));
  RM_TRY(rm_settle_elements(p, err)); /* all is written in place */
  for (size_t k = 0; k < RM_OPTIM_STATES; k++) {
    if (!used[k]) continue;
    rm_tensor *s = set->state[k] ? set->state[k][i] : NULL;
    if (!s || s->dtype != RM_FLOAT32 || !rm_tensor_same_layout(s, p)) {
      char expected[RM_SHAPE_TEXT], actual[RM_SHAPE_TEXT];
      return rm_fail(err, RM_ERR_SHAPE,
                     "%s: state %zu of parameter %zu is %s, expected float32 %s "
                     "in the parameter's layout",
                     op, k + 1, i + 1, s ? rm_tensor_text(s, actual) : "missing", rm_tensor_text(p, expected));
    }
    RM_TRY(rm_settle_elements(s, err));
    a->state_tensors[k] = s;
    a->state[k] = rm_tensor_f32(s);
  }
  RM_TRY(rm_tensor_as_layout(p->grad, p, &a->grad_owned, err));
  a->p = rm_tensor_f32(p);
  a->g = rm_tensor_f32(a->grad_owned);
  all->blocks += (a->n + BLOCK - 1) / BLOCK;
  all->nparts++;
  return RM_OK;
}

/* On failure nothing is held. */
static rm_status pass_open(const char *op, pass *all, const rm_optim_set *set, const bool used[RM_OPTIM_STATES],
                           rm_error *err) {
  *all = (pass){.bytes = (set->n ? set->n : 1) * sizeof(part)};
  all->parts = rm_alloc(all->bytes);
  if (!all->parts) return rm_fail(err, RM_ERR_MEMORY, "%s: out of memory", op);
  for (size_t i = 0; i < set->n; i++) {
    if (!set->params[i]->grad || set->params[i]->numel == 0) continue;
    rm_status status = add_part(op, all, set, i, used, err);
    if (status != RM_OK) {
      pass_close(all);
      return status;
    }
  }
  return RM_OK;
}

/* The last part whose first block is not behind `block`. */
static const part *find_part(const pass *all, size_t block) {
  size_t low = 0, high = all->nparts;
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    if (all->parts[middle].first <= block) low = middle;
    else high = middle;
  }
  return &all->parts[low];
}

static void pass_range(void *ctx, size_t begin, size_t end) {
  const pass *all = ctx;
  for (const part *a = find_part(all, begin); begin < end; a++) {
    size_t blocks = (a->n + BLOCK - 1) / BLOCK;
    size_t stop = a->first + blocks < end ? a->first + blocks : end;
    size_t at = (begin - a->first) * BLOCK, to = (stop - a->first) * BLOCK;
    all->step(a, at, (to < a->n ? to : a->n) - at, all->options);
    begin = stop;
  }
}

static rm_status run(const char *op, const rm_optim_set *set, const bool used[RM_OPTIM_STATES], step_fn step,
                     const void *options, rm_error *err) {
  pass all;
  RM_TRY(pass_open(op, &all, set, used, err));
  all.step = step;
  all.options = options;
  rm_parallel(all.blocks, GRAIN, pass_range, &all);
  for (size_t i = 0; i < all.nparts; i++) {
    rm_tensor_mark_written(all.parts[i].param);
    for (size_t k = 0; k < RM_OPTIM_STATES; k++)
      if (all.parts[i].state_tensors[k]) rm_tensor_mark_written(all.parts[i].state_tensors[k]);
  }
  pass_close(&all);
  return RM_OK;
}

/* --- the optimizers --------------------------------------------------------------- */

static void sgd_part(const part *a, size_t at, size_t n, const void *options) {
  const rm_sgd_options *o = options;
  const rm_kernels *kernels = rm_kernel_table();
  if (o->momentum == 0) {
    kernels->sgd_step(n, a->g + at, a->p + at, o->lr, o->weight_decay);
    return;
  }
  bool first = a->step <= 1;
  kernels->sgd_momentum_step(n, a->g + at, a->state[0] + at, a->p + at, o->lr, o->weight_decay, first ? 0 : o->momentum,
                             first ? 1 : 1 - o->dampening, o->nesterov ? o->momentum : 1, o->nesterov ? 1 : 0);
}

rm_status rm_sgd_step(const rm_optim_set *set, const rm_sgd_options *options, rm_error *err) {
  const bool used[RM_OPTIM_STATES] = {options->momentum != 0};
  return run("SGD", set, used, sgd_part, options, err);
}

static void adam_part(const part *a, size_t at, size_t n, const void *options) {
  const rm_adam_options *o = options;
  double t = (double)a->step;
  double start1 = 1 - rm_math_pow(o->beta1, t), start2 = 1 - rm_math_pow(o->beta2, t);
  rm_kernel_table()->adam_step(n, a->g + at, a->state[0] + at, a->state[1] + at, a->p + at, o->lr / start1,
                               o->decoupled ? 0 : o->weight_decay, o->decoupled ? 1 - o->lr * o->weight_decay : 1,
                               o->beta1, o->beta2, 1 / sqrt(start2), o->eps);
}

rm_status rm_adam_step(const rm_optim_set *set, const rm_adam_options *options, rm_error *err) {
  const bool used[RM_OPTIM_STATES] = {true, true};
  return run(options->decoupled ? "AdamW" : "Adam", set, used, adam_part, options, err);
}

static void rmsprop_part(const part *a, size_t at, size_t n, const void *options) {
  const rm_rmsprop_options *o = options;
  rm_kernel_table()->rmsprop_step(n, a->g + at, a->state[0] + at, a->state[2] ? a->state[2] + at : NULL,
                                  a->state[1] ? a->state[1] + at : NULL, a->p + at, o->lr, o->weight_decay, o->alpha,
                                  o->momentum, o->eps);
}

rm_status rm_rmsprop_step(const rm_optim_set *set, const rm_rmsprop_options *options, rm_error *err) {
  const bool used[RM_OPTIM_STATES] = {true, options->momentum != 0, options->centered};
  return run("RMSprop", set, used, rmsprop_part, options, err);
}

/* --- norms -------------------------------------------------------------------------- */

/* Each block leaves its own partial result; one thread adds them in order. */
typedef struct {
  const float *x;
  size_t n;
  double *partial;
  bool infinite;
} norm_job;

static void norm_range(void *ctx, size_t begin, size_t end) {
  const norm_job *job = ctx;
  for (size_t b = begin; b < end; b++) {
    size_t at = b * BLOCK, n = job->n - at < BLOCK ? job->n - at : BLOCK;
    job->partial[b] = job->infinite ? rm_kernel_table()->max_abs(n, job->x + at)
                                    : rm_kernel_table()->sum_squares(n, job->x + at);
  }
}

/* Adds a tensor's sum of squares to *total, or raises it to the largest |x|. */
static rm_status accumulate_norm(rm_tensor *g, bool infinite, double *total, rm_error *err) {
  rm_tensor *dense = NULL;
  if (rm_tensor_is_dense(g)) dense = rm_tensor_retain(g);
  else RM_TRY(rm_tensor_contiguous(g, &dense, err));
  size_t blocks = (dense->numel + BLOCK - 1) / BLOCK, bytes = (blocks ? blocks : 1) * sizeof(double);
  norm_job job = {rm_tensor_f32(dense), dense->numel, rm_alloc(bytes), infinite};
  if (!job.partial) {
    rm_tensor_release(dense);
    return rm_fail(err, RM_ERR_MEMORY, "clip_grad_norm: out of memory");
  }
  rm_parallel(blocks, GRAIN, norm_range, &job);
  for (size_t b = 0; b < blocks; b++) {
    double part = job.partial[b];
    if (!infinite) *total += part;
    else if (isnan(part) || part > *total) *total = part; /* a NaN stays */
  }
  rm_free(job.partial, bytes);
  rm_tensor_release(dense);
  return RM_OK;
}

typedef struct {
  const float *x;
  float *y;
  float factor;
} scale_job;

static void scale_range(void *ctx, size_t begin, size_t end) {
  const scale_job *job = ctx;
  rm_kernel_table()->scale(end - begin, job->x + begin, job->factor, job->y + begin);
}

/* The new gradient is a tensor of its own: the old one may be shared with another leaf,
 * or be a broadcast view. */
static rm_status scale_grad(rm_tensor *p, float factor, rm_error *err) {
  rm_tensor *from = NULL, *to = NULL;
  RM_TRY(rm_tensor_as_layout(p->grad, p, &from, err));
  rm_status status = rm_tensor_new_like(from, RM_FLOAT32, &to, err);
  if (status == RM_OK) {
    scale_job job = {rm_tensor_f32(from), rm_tensor_f32(to), factor};
    rm_parallel(from->numel, GRAIN * BLOCK, scale_range, &job);
    status = rm_tensor_set_grad(p, to, err);
  }
  rm_tensor_release(to);
  rm_tensor_release(from);
  return status;
}

rm_status rm_clip_grad_norm(size_t n, rm_tensor *const params[], double max_norm, bool infinite, double *norm,
                            rm_error *err) {
  double total = 0;
  for (size_t i = 0; i < n; i++) {
    if (!params[i]->grad) continue;
    RM_TRY(check_dense("clip_grad_norm", i, params[i], err));
    RM_TRY(accumulate_norm(params[i]->grad, infinite, &total, err));
  }
  *norm = infinite ? total : sqrt(total);
  double factor = max_norm / (*norm + 1e-6);
  if (!(factor < 1)) return RM_OK;
  for (size_t i = 0; i < n; i++)
    if (params[i]->grad) RM_TRY(scale_grad(params[i], (float)factor, err));
  return RM_OK;
}

rm_status rm_max_norm(rm_tensor *w, double c, rm_error *err) {
  if (w->ndim == 0) return rm_fail(err, RM_ERR_SHAPE, "max_norm: w has no dimensions, expected rows");
  RM_TRY(check_dense("max_norm", 0, w, err));
  if (!(c > 0)) return rm_fail(err, RM_ERR_VALUE, "max_norm: c must be positive, got %g", c);
  if (w->numel == 0) return RM_OK;
  rm_tensor *rows = NULL;
  RM_TRY(rm_tensor_contiguous(w, &rows, err));
  size_t length = w->numel / w->shape[0];
  for (size_t i = 0; i < w->shape[0]; i++) {
    float *row = rm_tensor_f32(rows) + i * length;
    double norm = sqrt(rm_kernel_table()->sum_squares(length, row));
    if (norm > c) rm_kernel_table()->scale(length, row, (float)(c / norm), row);
  }
  rm_status status = RM_OK;
  if (rows->storage != w->storage) status = rm_tensor_copy(w, rows, err);
  else rm_tensor_mark_written(w);
  rm_tensor_release(rows);
  return status;
}
