/* batch_norm.c -- batch normalization as column statistics of a matrix.
 *
 * Channels-last, x is a matrix of N*H*W rows by C columns. Forward is one pass for mean and
 * variance and one that applies them; backward one pass for two sums per column and one for
 * dx. The addition of a shortcut and relu ride along in these passes.
 *
 * Sums over rows are cut into chunks (chunks.h). Backward is batch_norm_backward.c.
 *
 * What backward can recompute is not stored: it keeps x and four numbers per channel. Where relu cut
 * follows from these, too, unless an addition comes between: then it keeps a bit for each value. */
#include "ops/norm/norm.h"

#include <math.h>
#include <string.h>
#include "base/number.h"
#include "core/copy.h"
#include "core/tape.h"
#include "dist/batch.h"
#include "kernels/kernels.h"
#include "memory/alloc.h"
#include "ops/check.h"
#include "ops/norm/batch_norm.h"
#include "ops/norm/batch_norm_backward.h"
#include "ops/norm/chunks.h"
#include "ops/norm/columns.h"
#include "ops/norm/known.h"
#include "ops/views/views.h"
#include "parallel/interrupt.h"
#include "parallel/pool.h"

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

/* --- forward ----------------------------------------------------------------------------- */

static rm_status check_channels(const char *name, const rm_tensor *t, size_t ndim, const size_t shape[],
                                rm_error *err) {
  if (!t) return RM_OK;
  RM_TRY(rm_check_float("batch_norm", name, t, err));
  if (t->ndim == 1 && t->shape[0] == shape[1]) return RM_OK;
  char has[RM_SHAPE_TEXT], wants[RM_SHAPE_TEXT];
  return rm_fail(err, RM_ERR_SHAPE, "batch_norm: x has %zu channels, %s is %s\n  x  %s", shape[1], name,
                 rm_tensor_text(t, has), rm_shape_text(ndim, shape, wants));
}

static rm_status check_vectors(size_t ndim, const size_t shape[], const rm_tensor *weight, const rm_tensor *bias,
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
  return check_vectors(x->ndim, x->shape, weight, bias, running_mean, running_var, err);
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
  RM_TRY(check_vectors(ndim, x_shape, weight, bias, running_mean, running_var, err));
  RM_TRY(rm_tensor_new(RM_FLOAT32, 2, shape, columns, err));
  for (size_t j = 0; j < shape[1]; j++)
    fill_columns(*columns, j, at(running_mean, j, 0), at(running_var, j, 1), eps, weight, bias);
  return RM_OK;
}

rm_status rm_batch_norm_columns(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor *running_mean,
                                rm_tensor *running_var, const rm_batch_norm_options *options, rm_tensor **columns,
                                rm_error *err) {
  RM_TRY(check(x, weight, bias, running_mean, running_var, err));
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

typedef struct {
  size_t c;
  const float *x, *columns, *add;
  bool relu, stream;
  float *y;
  uint16_t *words; /* NULL, or gets what relu let pass */
} forward_job;

static void forward_range(void *ctx, size_t begin, size_t end) {
  const forward_job *job = ctx;
  size_t c = job->c, at = begin * c;
  const float *k = job->columns;
  rm_kernel_table()->norm_forward(end - begin, c, job->x + at, k + RM_NORM_MEAN * c, k + RM_NORM_SCALE * c,
                                  k + RM_NORM_SHIFT * c, job->add ? job->add + at : NULL, job->relu, job->y + at,
                                  job->stream, job->words ? job->words + at / RM_NORM_WORD : NULL);
}

/* y from rows (channels innermost), columns and add (as rows, or NULL). words: NULL, or what relu lets pass. */
static rm_status compute(const rm_tensor *rows, const rm_tensor *columns, const rm_tensor *add, bool relu,
                         rm_tensor *words, rm_tensor **y, rm_error *err) {
  RM_TRY(rm_norm_new_rows(rows, y, err));
  forward_job job = {.c = rows->shape[1],
                     .x = rm_tensor_f32(rows),
                     .columns = rm_tensor_f32(columns),
                     .add = add ? rm_tensor_f32(add) : NULL,
                     .relu = relu,
                     .stream = rm_norm_streams(*y),
                     .y = rm_tensor_f32(*y),
                     .words = words ? rm_tensor_data(words) : NULL};
  rm_parallel(rm_norm_row_count(rows), rm_norm_row_grain(job.c), forward_range, &job);
  return RM_OK;
}

static rm_status recompute(const rm_node *node, rm_tensor **y, rm_error *err) {
  const rm_batch_norm_payload *how = rm_node_payload(node);
  return compute(rm_node_saved(node, RM_NORM_SAVED_X), rm_node_saved(node, RM_NORM_SAVED_COLUMNS),
                 rm_node_saved(node, RM_NORM_SAVED_ADD), how->relu, NULL, y, err);
}

/* Room for a bit for each value, where that is how the mask of relu is kept. */
static rm_status new_words(const rm_tensor *rows, rm_tensor **words, rm_error *err) {
  if (rows->shape[1] % RM_NORM_WORD != 0) return RM_OK;
  return rm_tensor_new(RM_UINT8, 1, &(size_t){rows->numel / 8}, words, err);
}

rm_status rm_batch_norm_apply(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor *columns, bool of_batch,
                              rm_tensor *add, bool relu, rm_tensor **out, rm_error *err) {
  char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
  if (add) RM_TRY(rm_check_float("batch_norm", "add", add, err));
  if (add && !rm_tensor_same_shape(x, add))
    return rm_fail(err, RM_ERR_SHAPE, "batch_norm: x is %s, add is %s", rm_tensor_text(x, a), rm_tensor_text(add, b));
  rm_tensor *rows = NULL, *add_rows = NULL, *words = NULL, *y = NULL;
  rm_tensor *const inputs[] = {x, weight, bias, add};
  bool wanted = rm_tape_wants(4, inputs);
  rm_status status = rm_norm_as_rows(x, &rows, err);
  if (status == RM_OK && add) status = rm_norm_as_rows(add, &add_rows, err);
  if (status == RM_OK && wanted && add && relu) status = new_words(rows, &words, err);
  if (status == RM_OK) status = compute(rows, columns, add_rows, relu, words, &y, err);
  if (status == RM_OK && wanted) {
    /* An `add` that costs nothing is kept, so that y need not be: of a chain of blocks, only what convolutions gave. */
    bool follows = !add || (words && add_rows == add && rm_tape_can_recompute(add));
    rm_tensor *const saved[RM_NORM_SAVED] = {[RM_NORM_SAVED_X] = rows,
                                             [RM_NORM_SAVED_COLUMNS] = columns,
                                             [RM_NORM_SAVED_OUTPUT] = add && relu && !words ? y : NULL,
                                             [RM_NORM_SAVED_WORDS] = words,
                                             [RM_NORM_SAVED_ADD] = follows ? add : NULL};
    rm_batch_norm_payload how = {of_batch, relu};
    status = rm_tape_record(y,
                            &(rm_record){.name = "batch_norm",
                                         .backward = rm_batch_norm_backward,
                                         .recompute = follows ? recompute : NULL,
                                         .ninputs = 4,
                                         .inputs = inputs,
                                         .nsaved = RM_NORM_SAVED,
                                         .saved = saved,
                                         .more_saved = 1,
                                         .adds_up = true,
                                         .payload = &how,
                                         .payload_bytes = sizeof how},
                            err);
  }
  rm_tensor_release(words);
  rm_tensor_release(rows);
  rm_tensor_release(add_rows);
  return rm_tensor_give(status, y, out);
}

static rm_status batch_norm(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor *running_mean,
                            rm_tensor *running_var, const rm_batch_norm_options *options, rm_tensor *add, bool relu,
                            rm_tensor **y, rm_error *err) {
  rm_tensor *columns = NULL;
  RM_TRY(rm_batch_norm_columns(x, weight, bias, running_mean, running_var, options, &columns, err));
  rm_status status = rm_batch_norm_apply(x, weight, bias, columns, options->training || !running_mean, add, relu, y,
                                         err);
  rm_tensor_release(columns);
  return status;
}

/* (N, C, L) as images of one pixel's width, and back. */
static rm_status batch_norm_lines(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor *running_mean,
                                  rm_tensor *running_var, const rm_batch_norm_options *options, rm_tensor *add,
                                  bool relu, rm_tensor **y, rm_error *err) {
  int64_t sizes[4] = {(int64_t)x->shape[0], (int64_t)x->shape[1], (int64_t)x->shape[2], 1};
  rm_tensor *images = NULL, *more = NULL, *normal = NULL;
  char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
  if (add && !rm_tensor_same_shape(add, x))
    return rm_fail(err, RM_ERR_SHAPE, "batch_norm: add is %s, x is %s", rm_tensor_text(add, a), rm_tensor_text(x, b));
  RM_TRY(check_vectors(x->ndim, x->shape, weight, bias, running_mean, running_var, err));
  rm_status status = rm_reshape(x, 4, sizes, &images, err);
  if (status == RM_OK && add) status = rm_reshape(add, 4, sizes, &more, err);
  if (status == RM_OK)
    status = batch_norm(images, weight, bias, running_mean, running_var, options, more, relu, &normal, err);
  if (status == RM_OK) status = rm_reshape(normal, 3, sizes, y, err);
  rm_tensor_release(images);
  rm_tensor_release(more);
  rm_tensor_release(normal);
  return status;
}

rm_status rm_batch_norm(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor *running_mean,
                        rm_tensor *running_var, const rm_batch_norm_options *options, rm_tensor *add, bool relu,
                        rm_tensor **y, rm_error *err) {
  return (x->ndim == 3 ? batch_norm_lines : batch_norm)(x, weight, bias, running_mean, running_var, options, add, relu,
                                                        y, err);
}
