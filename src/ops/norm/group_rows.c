/* group_rows.c -- group, layer and instance normalization as one operator on rows.
 *
 * Channels-last, an example is a matrix of pixels by channels, and a group some of its columns. So the kernels are
 * those of batch norm: column sums, joined over the columns of a group; then every column has a mean, a scale and a
 * shift. An example is read while it is in the cache, by one thread, in the order of its rows; what examples
 * add up to (the gradients of weight and bias) is taken in at most CHUNKS parts, cut by the extents alone and at the
 * borders of groups of images (dist/batch.h): neither the number of threads nor that of processes changes a bit. */
#include "ops/norm/group_rows.h"

#include <math.h>
#include <string.h>
#include "base/number.h"
#include "core/copy.h"
#include "core/tape.h"
#include "dist/batch.h"
#include "kernels/kernels.h"
#include "memory/alloc.h"
#include "ops/check.h"
#include "ops/norm/columns.h"
#include "ops/views/views.h"
#include "parallel/interrupt.h"
#include "parallel/pool.h"
#include "parallel/scratch.h"

enum { CHUNKS = 64, GRAIN_FLOATS = 16384 };
enum { COLUMN_SLOT = 2, SUM_SLOT = 3 };              /* of scratch memory */
enum { MEAN, SCALE, SHIFT, SLOPE, OFFSET, COLUMNS }; /* rows of COLUMN_SLOT, of c floats each */

typedef struct {
  size_t n, pixels, c, groups;
  double eps;
} extents;

static size_t group_size(const extents *e) { return e->c / e->groups; }
static size_t example(const extents *e) { return e->pixels * e->c; }
static size_t example_grain(const extents *e) { return rm_larger(1, GRAIN_FLOATS / rm_larger(1, example(e))); }

/* --- statistics ---------------------------------------------------------------------------------- */

/* Mean and biased variance of each group of one example. */
static void group_statistics(const extents *e, const float *x, float *mean, float *var) {
  const rm_kernels *kernel = rm_kernel_table();
  size_t each = group_size(e), n = e->pixels * each;
  if (e->groups == 1) {
    double m = kernel->row_sum(n, x) / (double)n, d = m - (float)m;
    double v = kernel->row_squares(n, x, (float)m) / (double)n - d * d;
    mean[0] = (float)m;
    var[0] = v < 0 ? 0 : (float)v;
    return;
  }
  double *column_mean = rm_scratch(SUM_SLOT, 2 * e->c * sizeof(double)), *m2 = column_mean + e->c;
  rm_columns_statistics(e->pixels, e->c, x, column_mean, m2);
  for (size_t g = 0, j = 0; g < e->groups; g++, j += each) {
    double m = 0, sum = 0;
    for (size_t k = j; k < j + each; k++) m += column_mean[k] / (double)each;
    for (size_t k = j; k < j + each; k++)
      sum += m2[k] + (double)e->pixels * (column_mean[k] - m) * (column_mean[k] - m);
    mean[g] = (float)m;
    var[g] = (float)(sum / (double)n);
  }
}

static double inverse_deviation(const extents *e, float var) { return 1 / sqrt((double)var + e->eps); }

/* The columns MEAN, SCALE and SHIFT of one example. */
static float *fill_columns(const extents *e, const float *mean, const float *var, const float *weight,
                           const float *bias) {
  size_t c = e->c, each = group_size(e);
  float *out = rm_scratch(COLUMN_SLOT, COLUMNS * c * sizeof(float));
  for (size_t g = 0; g < e->groups; g++) {
    double invstd = inverse_deviation(e, var[g]);
    for (size_t j = g * each; j < (g + 1) * each; j++) {
      out[MEAN * c + j] = mean[g];
      out[SCALE * c + j] = (float)((weight ? weight[j] : 1) * invstd);
      out[SHIFT * c + j] = bias ? bias[j] : 0;
    }
  }
  return out;
}

/* --- forward --------------------------------------------------------------------------------------- */

typedef struct {
  extents e;
  const float *x, *weight, *bias;
  float *mean, *var, *y; /* mean and var: n by groups */
} forward_job;

static void forward_range(void *ctx, size_t begin, size_t end) {
  const forward_job *job = ctx;
  const extents *e = &job->e;
  size_t c = e->c;
  for (size_t i = begin; i < end; i++) {
    const float *x = job->x + i * example(e);
    float *mean = job->mean + i * e->groups, *var = job->var + i * e->groups;
    group_statistics(e, x, mean, var);
    const float *k = fill_columns(e, mean, var, job->weight, job->bias);
    rm_kernel_table()->norm_forward(e->pixels, c, x, k + MEAN * c, k + SCALE * c, k + SHIFT * c, NULL, false,
                                    job->y + i * example(e), false, NULL);
  }
}

static rm_status reserve(const extents *e, rm_error *err) {
  RM_TRY(rm_columns_reserve(e->c, err));
  RM_TRY(rm_scratch_reserve(COLUMN_SLOT, COLUMNS * e->c * sizeof(float), err));
  return rm_scratch_reserve(SUM_SLOT, 2 * e->c * sizeof(double), err);
}

/* --- backward ---------------------------------------------------------------------------------------
 *
 * With w the weight, d = x - mean and n the numbers of a group:
 *
 *   dbias = sum g        dweight = sum g d invstd
 *   dx = invstd * (w g - (sum w g) / n - d * invstd^2 * (sum w g d) / n) */

typedef struct {
  extents e;
  const float *x, *dy, *weight, *mean, *var;
  size_t parts, group, chunk, per_part; /* groups of images; examples of one, of a chunk; chunks of a group */
  double *partial;                      /* per chunk: dweight, dbias */
  float *dx;                            /* or NULL */
} backward_job;

static void backward_example(const backward_job *job, size_t i, double *dweight, double *dbias) {
  const extents *e = &job->e;
  size_t c = e->c, each = group_size(e), at = i * example(e);
  const float *mean = job->mean + i * e->groups, *var = job->var + i * e->groups;
  float *k = fill_columns(e, mean, var, job->weight, NULL);
  double *sum = rm_scratch(SUM_SLOT, 2 * c * sizeof(double)), *dot = sum + c;
  memset(sum, 0, 2 * c * sizeof *sum);
  rm_column_gradients from = {
      .x = job->x + at, .dy = job->dy + at, .mean = k + MEAN * c, .scale = k + SCALE * c, .shift = k + SHIFT * c};
  rm_columns_gradients(e->pixels, c, &from, sum, dot);
  for (size_t g = 0; g < e->groups; g++) {
    double invstd = inverse_deviation(e, var[g]), share = -invstd / ((double)e->pixels * (double)each);
    double wg = 0, wgd = 0;
    for (size_t j = g * each; j < (g + 1) * each; j++) {
      double w = job->weight ? job->weight[j] : 1;
      wg += w * sum[j];
      wgd += w * dot[j];
      dweight[j] += invstd * dot[j];
      dbias[j] += sum[j];
    }
    for (size_t j = g * each; j < (g + 1) * each; j++) {
      k[SLOPE * c + j] = (float)(share * invstd * invstd * wgd);
      k[OFFSET * c + j] = (float)(share * wg);
    }
  }
  if (job->dx)
    rm_kernel_table()->norm_backward(e->pixels, c, job->x + at, NULL, NULL, job->dy + at, k + MEAN * c, k + SCALE * c,
                                     k + SHIFT * c, false, k + SLOPE * c, k + OFFSET * c, job->dx + at, false);
}

static void backward_range(void *ctx, size_t begin, size_t end) {
  const backward_job *job = ctx;
  size_t c = job->e.c;
  for (size_t i = begin; i < end; i++) {
    double *dweight = job->partial + i * 2 * c, *dbias = dweight + c;
    size_t first = i % job->per_part * job->chunk, stop = rm_smaller(first + job->chunk, job->group);
    size_t before = i / job->per_part * job->group;
    for (size_t j = first; j < stop && !rm_broken(); j++) backward_example(job, before + j, dweight, dbias);
  }
}

/* The sums of groups of images, `from` in the first chunk of each, as floats that are added up in the tree. */
static rm_status vector(const backward_job *job, const double *from, rm_tensor **out, rm_error *err) {
  size_t c = job->e.c;
  rm_tensor *sums = NULL;
  RM_TRY(rm_tensor_new(RM_FLOAT32, 2, (size_t[]){job->parts, c}, &sums, err));
  for (size_t g = 0; g < job->parts; g++)
    for (size_t j = 0; j < c; j++) rm_tensor_f32(sums)[g * c + j] = (float)from[g * job->per_part * 2 * c + j];
  rm_batch_add_up(c, job->parts, c, rm_tensor_f32(sums));
  rm_status status = rm_tensor_new(RM_FLOAT32, 1, &c, out, err);
  if (status == RM_OK) memcpy(rm_tensor_f32(*out), rm_tensor_f32(sums), c * sizeof(float));
  rm_tensor_release(sums);
  return status;
}

static void cut_examples(backward_job *job) {
  size_t n = job->e.n;
  job->parts = rm_batch_groups(n);
  job->group = n / job->parts;
  bool undivided = rm_batch_groups_alone(rm_batch_whole(n)) == 1;
  size_t most = undivided ? CHUNKS : CHUNKS / RM_BATCH_GROUPS; /* of a group, whoever has it */
  job->chunk = rm_larger(1, (job->group + most - 1) / most);
  job->per_part = rm_larger(1, (job->group + job->chunk - 1) / job->chunk);
}

/* Runs the job in chunks, those of a group of images added up into its first. */
static void run_backward(backward_job *job) {
  size_t pair = 2 * job->e.c, chunks = job->parts * job->per_part;
  memset(job->partial, 0, chunks * pair * sizeof(double));
  rm_parallel(chunks, 1, backward_range, job);
  for (size_t i = 0; i < chunks; i++) {
    double *group = job->partial + i / job->per_part * job->per_part * pair, *part = job->partial + i * pair;
    for (size_t j = 0; part != group && j < pair; j++) group[j] += part[j];
  }
}

static rm_status as_rows(rm_tensor *t, rm_tensor **out, rm_error *err) {
  return t->ndim == 4 ? rm_tensor_channels_last(t, out, err) : rm_tensor_contiguous(t, out, err);
}

static rm_status new_rows(const rm_tensor *like, rm_tensor **out, rm_error *err) {
  return like->ndim == 4 ? rm_tensor_new_channels_last(like->shape, out, err)
                         : rm_tensor_new(RM_FLOAT32, like->ndim, like->shape, out, err);
}

/* Saved: x as rows, the statistics, the weight row-major or NULL. */
static rm_status backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  const rm_tensor *x = rm_node_saved(node, 0), *stats = rm_node_saved(node, 1), *weight = rm_node_saved(node, 2);
  const extents *e = rm_node_payload(node);
  backward_job job = {.e = *e,
                      .x = rm_tensor_f32(x),
                      .weight = weight ? rm_tensor_f32(weight) : NULL,
                      .mean = rm_tensor_f32(stats),
                      .var = rm_tensor_f32(stats) + e->n * e->groups};
  cut_examples(&job);
  size_t bytes = job.parts * job.per_part * 2 * e->c * sizeof(double);
  rm_tensor *rows = NULL;
  RM_TRY(reserve(e, err));
  RM_TRY(as_rows(dy, &rows, err));
  job.dy = rm_tensor_f32(rows);
  rm_status status = RM_OK;
  job.partial = rm_alloc(bytes);
  if (!job.partial) status = rm_fail(err, RM_ERR_MEMORY, "group_norm: out of memory for sums");
  if (status == RM_OK && rm_node_needs(node, 0)) status = new_rows(x, &dx[0], err);
  if (status == RM_OK) {
    if (dx[0]) job.dx = rm_tensor_f32(dx[0]);
    run_backward(&job);
    if (rm_node_needs(node, 1)) status = vector(&job, job.partial, &dx[1], err);
    if (status == RM_OK && rm_node_needs(node, 2)) status = vector(&job, job.partial + e->c, &dx[2], err);
  }
  if (job.partial) rm_free(job.partial, bytes);
  rm_tensor_release(rows);
  return status;
}

/* --- the operator on (N, C) and (N, C, H, W) ----------------------------------------------------------- */

typedef struct {
  rm_tensor *x, *weight, *bias; /* as rows; row-major, or NULL */
  rm_tensor *stats;             /* (2, N, groups): mean, variance */
} operands;

static void drop(operands *o) {
  rm_tensor_release(o->x);
  rm_tensor_release(o->weight);
  rm_tensor_release(o->bias);
  rm_tensor_release(o->stats);
}

static rm_status take(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, const extents *e, operands *o, rm_error *err) {
  RM_TRY(as_rows(x, &o->x, err));
  if (weight) RM_TRY(rm_tensor_contiguous(weight, &o->weight, err));
  if (bias) RM_TRY(rm_tensor_contiguous(bias, &o->bias, err));
  return rm_tensor_new(RM_FLOAT32, 3, (size_t[]){2, e->n, e->groups}, &o->stats, err);
}

static rm_status compute(const operands *o, const extents *e, rm_tensor **y, rm_error *err) {
  RM_TRY(reserve(e, err));
  RM_TRY(new_rows(o->x, y, err));
  forward_job job = {.e = *e,
                     .x = rm_tensor_f32(o->x),
                     .weight = o->weight ? rm_tensor_f32(o->weight) : NULL,
                     .bias = o->bias ? rm_tensor_f32(o->bias) : NULL,
                     .mean = rm_tensor_f32(o->stats),
                     .var = rm_tensor_f32(o->stats) + e->n * e->groups,
                     .y = rm_tensor_f32(*y)};
  if ((*y)->numel) rm_parallel(e->n, example_grain(e), forward_range, &job);
  return RM_OK;
}

static rm_status record(const char *op, const operands *o, const extents *e, rm_tensor *const inputs[3], rm_tensor *y,
                        rm_error *err) {
  rm_tensor *const saved[] = {o->x, o->stats, o->weight};
  if (!rm_tape_wants(3, inputs)) return RM_OK;
  return rm_tape_record(y,
                        &(rm_record){.name = op,
                                     .backward = backward,
                                     .ninputs = 3,
                                     .inputs = inputs,
                                     .nsaved = 3,
                                     .saved = saved,
                                     .payload = e,
                                     .payload_bytes = sizeof *e},
                        err);
}

static rm_status normalize(const char *op, rm_tensor *x, size_t groups, rm_tensor *weight, rm_tensor *bias, double eps,
                           rm_tensor **stats, rm_tensor **out, rm_error *err) {
  extents e = {.n = x->shape[0], .c = x->shape[1], .groups = groups, .eps = eps};
  e.pixels = x->ndim == 4 ? x->shape[2] * x->shape[3] : 1;
  operands o = {0};
  rm_tensor *y = NULL;
  rm_status status = take(x, weight, bias, &e, &o, err);
  if (status == RM_OK) status = compute(&o, &e, &y, err);
  if (status == RM_OK) status = record(op, &o, &e, (rm_tensor *[]){x, weight, bias}, y, err);
  if (status == RM_OK && stats) *stats = rm_tensor_retain(o.stats);
  drop(&o);
  return rm_tensor_give(status, y, out);
}

rm_status rm_group_rows(const char *op, rm_tensor *x, size_t groups, rm_tensor *weight, rm_tensor *bias, double eps,
                        rm_tensor **stats, rm_tensor **y, rm_error *err) {
  if (x->ndim == 2 || x->ndim == 4) return normalize(op, x, groups, weight, bias, eps, stats, y, err);
  int64_t sizes[4] = {(int64_t)x->shape[0], (int64_t)x->shape[1], 1, 1}, back[RM_MAX_DIMS];
  for (size_t d = 0; d < x->ndim; d++) back[d] = (int64_t)x->shape[d];
  for (size_t d = 2; d < x->ndim; d++) sizes[2] *= back[d];
  rm_tensor *images = NULL, *normal = NULL;
  RM_TRY(rm_reshape(x, 4, sizes, &images, err));
  rm_status status = normalize(op, images, groups, weight, bias, eps, stats, &normal, err);
  if (status == RM_OK) status = rm_reshape(normal, x->ndim, back, y, err);
  rm_tensor_release(images);
  rm_tensor_release(normal);
  return status;
}
