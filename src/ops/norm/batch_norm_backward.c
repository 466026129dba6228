/* batch_norm_backward.c -- the gradients of batch norm: a pass for two sums per column, and one for dx.
 *
 * dy is as large as an activation; where nobody else holds it, a gradient is written over it.
 *
 * With g the gradient in front of relu, which is also that of `add`, and d = x - mean:
 *
 *   dbias = sum g        dweight = invstd * sum g d
 *   dx = scale * (g - (sum g) / rows - d * invstd^2 * (sum g d) / rows)
 *
 * where the last two terms are the gradient through mean and variance: absent if those were
 * running statistics. */
#include "ops/norm/batch_norm_backward.h"

#include "dist/batch.h"
#include "kernels/kernels.h"
#include "ops/norm/batch_norm.h"
#include "ops/norm/chunks.h"
#include "ops/norm/columns.h"

typedef struct {
  rm_norm_cut k;
  const float *x, *y, *dy, *more, *columns;
  const uint16_t *words;
  bool relu, stream;
  float *dadd;          /* NULL: not wanted, or the same as dy without relu */
  double *partial;      /* per chunk: sum g, then sum g d */
  const float *through; /* slope and offset of dx in d */
  float *dx;
} backward_job;

static void sums_range(void *ctx, size_t begin, size_t end) {
  backward_job *job = ctx;
  const rm_norm_cut *k = &job->k;
  size_t c = k->c;
  const float *columns = job->columns;
  for (size_t i = begin; i < end; i++) {
    double *part = job->partial + i * 2 * c;
    size_t at = rm_norm_chunk_first(k, i) * c;
    rm_column_gradients from = {.x = job->x + at,
                                .y = job->y ? job->y + at : NULL,
                                .words = job->words ? job->words + at / RM_NORM_WORD : NULL,
                                .dy = job->dy + at,
                                .more = job->more ? job->more + at : NULL,
                                .mean = columns + RM_NORM_MEAN * c,
                                .scale = columns + RM_NORM_SCALE * c,
                                .shift = columns + RM_NORM_SHIFT * c,
                                .relu = job->relu,
                                .dadd = job->dadd ? job->dadd + at : NULL};
    rm_columns_gradients(rm_norm_chunk_rows(k, i), c, &from, part, part + c);
  }
}

static void dx_range(void *ctx, size_t begin, size_t end) {
  const backward_job *job = ctx;
  size_t c = job->k.c, at = begin * c;
  const float *columns = job->columns;
  rm_kernel_table()->norm_backward(end - begin, c, job->x + at, job->y ? job->y + at : NULL,
                                   job->words ? job->words + at / RM_NORM_WORD : NULL, job->dy + at,
                                   columns + RM_NORM_MEAN * c, columns + RM_NORM_SCALE * c, columns + RM_NORM_SHIFT * c,
                                   job->relu, job->through, job->through + c, job->dx + at, job->stream);
}

static void join_sums(size_t c, size_t rows, double *to, const double *from) {
  (void)rows;
  for (size_t j = 0; j < 2 * c; j++) to[j] += from[j];
}

/* sum g and sum g d over all rows into the first chunk's part, which stays in job->partial. */
static rm_status take_sums(backward_job *job, rm_error *err) {
  const rm_norm_cut *k = &job->k;
  RM_TRY(rm_norm_run_chunks(k, sums_range, job, &job->partial, err));
  for (size_t i = 0; i < k->chunks; i++) {
    double *group = job->partial + i / k->per_group * k->per_group * 2 * k->c, *part = job->partial + i * 2 * k->c;
    if (part != group) join_sums(k->c, 0, group, part);
  }
  return rm_norm_join_groups(k, join_sums, job->partial, err);
}

/* Where the sums are of a shared batch, every process has them: they count once. */
static rm_status vector_gradient(size_t c, const double *sum, const float *factor, rm_tensor **out, rm_error *err) {
  RM_TRY(rm_tensor_new(RM_FLOAT32, 1, &c, out, err));
  for (size_t j = 0; j < c; j++) rm_tensor_f32(*out)[j] = (float)(sum[j] * (factor ? factor[j] : 1));
  if (rm_batch_shares_norm()) rm_batch_count_once(c, rm_tensor_f32(*out));
  return RM_OK;
}

/* *out is `into`, retained, or if that is NULL a tensor of its own. */
static rm_status input_gradient(backward_job *job, bool of_batch, const rm_tensor *x, rm_tensor *into, rm_tensor **out,
                                rm_error *err) {
  size_t c = job->k.c, shape[2] = {2, c};
  const float *invstd = job->columns + RM_NORM_INVSTD * c, *scale = job->columns + RM_NORM_SCALE * c;
  const double *sum = job->partial, *dot = sum + c;
  rm_tensor *through = NULL;
  RM_TRY(rm_tensor_new(RM_FLOAT32, 2, shape, &through, err));
  float *slope = rm_tensor_f32(through), *offset = slope + c;
  for (size_t j = 0; j < c; j++) {
    double share = of_batch ? -(double)scale[j] / (double)rm_norm_whole_rows(&job->k) : 0;
    slope[j] = of_batch ? (float)(share * invstd[j] * invstd[j] * dot[j]) : 0;
    offset[j] = of_batch ? (float)(share * sum[j]) : 0;
  }
  rm_status status = RM_OK;
  if (into) *out = rm_tensor_retain(into);
  else status = rm_norm_new_rows(x, out, err);
  if (status == RM_OK) {
    job->through = slope;
    job->dx = rm_tensor_f32(*out);
    job->stream = !into && rm_norm_streams(*out);
    rm_parallel(job->k.rows, rm_norm_row_grain(c), dx_range, job);
  }
  rm_tensor_release(through);
  return status;
}

/* The gradients in front of relu, that is of `add`, where they are wanted for themselves or are read twice: dy, unless
 * that is masked or of two parts. Then take_sums fills them in, over a part that is ours, if one is. */
static rm_status front_gradient(backward_job *job, rm_tensor *const dy[2], const bool ours[2], rm_tensor **out,
                                rm_error *err) {
  if (!job->relu && !dy[1]) {
    *out = rm_tensor_retain(dy[0]);
    return RM_OK;
  }
  if (ours[0] || ours[1]) *out = rm_tensor_retain(dy[ours[0] ? 0 : 1]);
  else RM_TRY(rm_norm_new_rows(dy[0], out, err));
  job->dadd = rm_tensor_f32(*out);
  return RM_OK;
}

/* From here on the gradients in front of relu are there. */
static void take_front(backward_job *job) {
  job->dy = job->dadd;
  job->y = job->more = NULL;
  job->words = NULL;
  job->relu = false;
}

static rm_status all_gradients(const rm_node *node, backward_job *job, rm_tensor *const dy[2], const bool ours[2],
                               rm_tensor *dx[], rm_error *err) {
  const rm_batch_norm_payload *how = rm_node_payload(node);
  size_t c = job->k.c;
  rm_tensor *front = NULL, *into = NULL; /* into: what dx may be written over */
  rm_status status = RM_OK;
  if (rm_node_needs(node, 3) || dy[1]) status = front_gradient(job, dy, ours, &front, err);
  if (status == RM_OK) status = take_sums(job, err);
  if (status == RM_OK && job->dadd) take_front(job);
  for (int i = 0; i < 2; i++)
    if (ours[i] && !(rm_node_needs(node, 3) && front == dy[i])) into = dy[i];
  if (front && !rm_node_needs(node, 3) && job->dadd) into = front;
  if (status == RM_OK && rm_node_needs(node, 0))
    status = input_gradient(job, how->of_batch, rm_node_saved(node, RM_NORM_SAVED_X), into, &dx[0], err);
  if (status == RM_OK && rm_node_needs(node, 1))
    status = vector_gradient(c, job->partial + c, job->columns + RM_NORM_INVSTD * c, &dx[1], err);
  if (status == RM_OK && rm_node_needs(node, 2)) status = vector_gradient(c, job->partial, NULL, &dx[2], err);
  if (rm_node_needs(node, 3)) dx[3] = front;
  else rm_tensor_release(front);
  return status;
}

rm_status rm_batch_norm_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  const rm_batch_norm_payload *how = rm_node_payload(node);
  const rm_tensor *x = rm_node_saved(node, RM_NORM_SAVED_X), *columns = rm_node_saved(node, RM_NORM_SAVED_COLUMNS);
  const rm_tensor *y = rm_node_saved(node, RM_NORM_SAVED_OUTPUT), *words = rm_node_saved(node, RM_NORM_SAVED_WORDS);
  rm_tensor *parts[2] = {dy, rm_node_more_dy(node)}, *rows[2] = {0};
  bool ours[2] = {0}; /* to write over */
  rm_status status = RM_OK;
  for (int i = 0; status == RM_OK && i < 2 && parts[i]; i++) {
    ours[i] = rm_tensor_exclusive(parts[i]);
    status = rm_norm_as_rows(parts[i], &rows[i], err);
    ours[i] = ours[i] || rows[i] != parts[i];
  }
  if (status == RM_OK) {
    backward_job job = {.k = rm_norm_cut_rows(x),
                        .x = rm_tensor_f32(x),
                        .y = y ? rm_tensor_f32(y) : NULL,
                        .words = words ? rm_tensor_data(words) : NULL,
                        .dy = rm_tensor_f32(rows[0]),
                        .more = rows[1] ? rm_tensor_f32(rows[1]) : NULL,
                        .columns = rm_tensor_f32(columns),
                        .relu = how->relu};
    status = all_gradients(node, &job, rows, ours, dx, err);
    if (job.partial) rm_norm_free_partial(&job.k, job.partial);
  }
  rm_tensor_release(rows[0]);
  rm_tensor_release(rows[1]);
  return status;
}
