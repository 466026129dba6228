/* batch_norm_columns.c -- the four numbers per channel that batch norm needs beside x, from the batch or from the running
 * statistics, which a batch moves.
 *
 * Sums over rows are cut into chunks (chunks.h). */
#include "ops/norm/batch_norm_columns.h"

#include <math.h>
#include <string.h>
#include "core/tape.h"
#include "dist/batch.h"
#include "memory/alloc.h"
#include "ops/check.h"
#include "ops/norm/batch_norm.h"
#include "ops/norm/chunks.h"
#include "ops/norm/columns.h"
#include "ops/norm/known.h"
#include "ops/norm/norm.h"
#include "parallel/interrupt.h"

/* --- statistics ------------------------------------------------------------------------ */

typedef struct {
  rm_norm_cut k;
  const float *x;
  double *partial;
} stat_job;

static void statistics_range(void *ctx, size_t begin, size_t end) {
  stat_job *job = ctx;
  const rm_norm_cut *k = &job->k;
  for (size_t i = begin; i < end; i++) {
    double *mean = job->partial + i * 2 * k->c;
    rm_columns_statistics(rm_norm_chunk_rows(k, i), k->c, job->x + rm_norm_chunk_first(k, i) * k->c, mean, mean + k->c);
  }
}

/* What came with x, for each group. */
static rm_status take_known(const rm_norm_cut *k, const double *known, double **partial, rm_error *err) {
  size_t pair = 2 * k->c;
  RM_TRY(rm_norm_new_partial(k, partial, err));
  for (size_t g = 0; g < k->groups; g++)
    memcpy(*partial + g * k->per_group * pair, known + g * pair, pair * sizeof *known);
  return RM_OK;
}

static void join_statistics(size_t c, size_t rows, double *to, const double *from) {
  rm_columns_join(c, (double)rows, to, to + c, (double)rows, from, from + c);
}

/* What one pass finds, for each group. */
static rm_status take_statistics(const rm_norm_cut *k, stat_job *job, rm_error *err) {
  size_t c = k->c;
  RM_TRY(rm_norm_run_chunks(k, statistics_range, job, &job->partial, err));
  for (size_t i = 0; i < k->chunks; i++) {
    double *group = job->partial + i / k->per_group * k->per_group * 2 * c, *part = job->partial + i * 2 * c;
    if (part == group) continue;
    rm_columns_join(c, (double)(i % k->per_group * k->chunk), group, group + c, (double)rm_norm_chunk_rows(k, i), part,
                    part + c);
  }
  return RM_OK;
}

/* Mean and sum of squared distances per column; *out has 2*c doubles: free_partial. */
static rm_status batch_statistics(const rm_tensor *x, stat_job *job, rm_error *err) {
  *job = (stat_job){.k = rm_norm_cut_rows(x), .x = rm_tensor_f32(x)};
  const rm_norm_cut *k = &job->k;
  const double *known = rm_known_moments(x, k->groups);
  RM_TRY(known ? take_known(k, known, &job->partial, err) : take_statistics(k, job, err));
  rm_status status = rm_norm_join_groups(k, join_statistics, job->partial, err);
  if (status != RM_OK) rm_norm_free_partial(k, job->partial);
  return status;
}

/* running = (1 - momentum) * running + momentum * batch; the variance without bias. */
static void move_running(rm_tensor *mean, rm_tensor *var, double momentum, size_t rows, const double *batch_mean,
                         const double *batch_m2) {
  for (size_t j = 0; j < mean->numel; j++) {
    float *m = rm_tensor_f32(mean) + (ptrdiff_t)j * mean->strides[0];
    float *v = rm_tensor_f32(var) + (ptrdiff_t)j * var->strides[0];
    *m = (float)((1 - momentum) * *m + momentum * batch_mean[j]);
    *v = (float)((1 - momentum) * *v + momentum * batch_m2[j] / (double)(rows - 1));
  }
  rm_tensor_mark_written(mean);
  rm_tensor_mark_written(var);
}

/* --- columns ----------------------------------------------------------------------------- */

static rm_status check_channels(const char *name, const rm_tensor *t, size_t ndim, const size_t shape[],
                                rm_error *err) {
  if (!t) return RM_OK;
  RM_TRY(rm_check_float("batch_norm", name, t, err));
  if (t->ndim == 1 && t->shape[0] == shape[1]) return RM_OK;
  char has[RM_SHAPE_TEXT], wants[RM_SHAPE_TEXT];
  return rm_fail(err, RM_ERR_SHAPE, "batch_norm: x has %zu channels, %s is %s\n  x  %s", shape[1], name,
                 rm_tensor_text(t, has), rm_shape_text(ndim, shape, wants));
}

rm_status rm_batch_norm_check_vectors(size_t ndim, const size_t shape[], const rm_tensor *weight, const rm_tensor *bias,
                                      const rm_tensor *running_mean, const rm_tensor *running_var, rm_error *err) {
  RM_TRY(check_channels("weight", weight, ndim, shape, err));
  RM_TRY(check_channels("bias", bias, ndim, shape, err));
  RM_TRY(check_channels("running_mean", running_mean, ndim, shape, err));
  return check_channels("running_var", running_var, ndim, shape, err);
}

static rm_status check(const rm_tensor *x, const rm_tensor *weight, const rm_tensor *bias,
                       const rm_tensor *running_mean, const rm_tensor *running_var, rm_error *err) {
  char text[RM_SHAPE_TEXT];
  RM_TRY(rm_check_float("batch_norm", "x", x, err));
  if (x->ndim != 2 && x->ndim != 4)
    return rm_fail(err, RM_ERR_SHAPE, "batch_norm: x is %s, expected (N, C), (N, C, L) or (N, C, H, W)",
                   rm_tensor_text(x, text));
  if (x->shape[1] == 0) return rm_fail(err, RM_ERR_SHAPE, "batch_norm: x has no channels: %s", rm_tensor_text(x, text));
  if (!running_mean != !running_var)
    return rm_fail(err, RM_ERR_VALUE, "batch_norm: running_mean and running_var come together, got one");
  return rm_batch_norm_check_vectors(x->ndim, x->shape, weight, bias, running_mean, running_var, err);
}

rm_status rm_norm_check_numbers(const char *op, double eps, double momentum, bool uses_momentum, rm_error *err) {
  if (!(eps >= 0)) return rm_fail(err, RM_ERR_VALUE, "%s: eps must not be negative, got %g", op, eps);
  if (uses_momentum && !(momentum >= 0 && momentum <= 1))
    return rm_fail(err, RM_ERR_VALUE, "%s: momentum must be 0 to 1, got %g", op, momentum);
  return RM_OK;
}

/* Element j of a vector, or `def` if there is none. */
static float at(const rm_tensor *t, size_t j, float def) {
  return t ? rm_tensor_f32(t)[(ptrdiff_t)j * t->strides[0]] : def;
}

static void fill_columns(rm_tensor *columns, size_t j, double mean, double var, double eps, const rm_tensor *weight,
                         const rm_tensor *bias) {
  float *out = rm_tensor_f32(columns) + j;
  size_t c = columns->shape[1];
  double invstd = 1 / sqrt(var + eps);
  out[RM_NORM_MEAN * c] = (float)mean;
  out[RM_NORM_INVSTD * c] = (float)invstd;
  out[RM_NORM_SCALE * c] = (float)(at(weight, j, 1) * invstd);
  out[RM_NORM_SHIFT * c] = at(bias, j, 0);
}

/* The columns from the batch, which moves the running statistics, unless it is empty. */
static rm_status columns_of_batch(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor *running_mean,
                                  rm_tensor *running_var, const rm_batch_norm_options *options, rm_tensor *columns,
                                  rm_error *err) {
  size_t rows = rm_batch_shares_norm() ? rm_batch_whole(rm_norm_row_count(x)) : rm_norm_row_count(x), c = x->shape[1];
  char text[RM_SHAPE_TEXT];
  if (rows == 1)
    return rm_fail(err, RM_ERR_SHAPE, "batch_norm: training needs more than one value per channel, x is %s",
                   rm_tensor_text(x, text));
  stat_job job;
  rm_tensor *matrix = NULL;
  RM_TRY(rm_norm_as_rows(x, &matrix, err));
  rm_status status = batch_statistics(matrix, &job, err);
  rm_tensor_release(matrix);
  RM_TRY(status);
  const double *mean = job.partial, *m2 = mean + c;
  for (size_t j = 0; j < c; j++)
    fill_columns(columns, j, mean[j], rows ? m2[j] / (double)rows : 1, options->eps, weight, bias);
  if (rows && options->training && running_mean && !rm_tape_replaying())
    move_running(running_mean, running_var, options->momentum, rows, mean, m2);
  rm_norm_free_partial(&job.k, job.partial);
  return RM_OK;
}

rm_status rm_batch_norm_fixed_columns(size_t ndim, const size_t x_shape[], rm_tensor *weight, rm_tensor *bias,
                                      rm_tensor *running_mean, rm_tensor *running_var, double eps, rm_tensor **columns,
                                      rm_error *err) {
  size_t shape[2] = {RM_NORM_COLUMNS, x_shape[1]};
  RM_TRY(rm_batch_norm_check_vectors(ndim, x_shape, weight, bias, running_mean, running_var, err));
  RM_TRY(rm_norm_check_numbers("batch_norm", eps, 0, false, err));
  RM_TRY(rm_tensor_new(RM_FLOAT32, 2, shape, columns, err));
  for (size_t j = 0; j < shape[1]; j++)
    fill_columns(*columns, j, at(running_mean, j, 0), at(running_var, j, 1), eps, weight, bias);
  return RM_OK;
}

rm_status rm_batch_norm_columns(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor *running_mean,
                                rm_tensor *running_var, const rm_batch_norm_options *options, rm_tensor **columns,
                                rm_error *err) {
  RM_TRY(check(x, weight, bias, running_mean, running_var, err));
  RM_TRY(rm_norm_check_numbers("batch_norm", options->eps, options->momentum, options->training && running_mean, err));
  size_t shape[2] = {RM_NORM_COLUMNS, x->shape[1]};
  if (!options->training && running_mean)
    return rm_batch_norm_fixed_columns(x->ndim, x->shape, weight, bias, running_mean, running_var, options->eps,
                                       columns, err);
  rm_tensor *out = NULL;
  rm_unbreakable pause = rm_unbreakable_begin(); /* the running statistics move, or do not */
  rm_status status = rm_tensor_new(RM_FLOAT32, 2, shape, &out, err);
  if (status == RM_OK) status = columns_of_batch(x, weight, bias, running_mean, running_var, options, out, err);
  rm_unbreakable_end(pause);
  return rm_tensor_give(status, out, columns);
}
