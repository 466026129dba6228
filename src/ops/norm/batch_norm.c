/* batch_norm.c -- batch normalization as column statistics of a matrix.
 *
 * Channels-last, x is a matrix of N*H*W rows by C columns. Forward is one pass for mean and
 * variance and one that applies them; backward one pass for two sums per column and one for
 * dx. The addition of a shortcut and relu ride along in these passes.
 *
 * The rows are cut into blocks small enough for the cache (columns.h). Blocks form at most
 * CHUNKS chunks, by the extents alone, each with its own partial result: the number of
 * threads changes no bit.
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
#include "dist/collect.h"
#include "kernels/kernels.h"
#include "memory/alloc.h"
#include "ops/check.h"
#include "ops/norm/columns.h"
#include "ops/norm/known.h"
#include "ops/views/views.h"
#include "parallel/interrupt.h"
#include "parallel/pool.h"

enum { CHUNKS = 64, GRAIN_FLOATS = 16384, WORD = 16 /* values whose bits lie together: norm_k.c */ };
static const size_t STREAM_BYTES = (size_t)16 << 20; /* a result so large is gone from the caches when it is read */
enum { MEAN, INVSTD, SCALE, SHIFT, COLUMNS };

/* --- x as a matrix ------------------------------------------------------------------- */

static size_t row_count(const rm_tensor *x) { return x->shape[1] ? x->numel / x->shape[1] : 0; }

/* t with its channels innermost: a matrix (rows, C) without gaps. The caller releases it. */
static rm_status as_rows(rm_tensor *t, rm_tensor **out, rm_error *err) {
  return t->ndim == 4 ? rm_tensor_channels_last(t, out, err) : rm_tensor_contiguous(t, out, err);
}

static rm_status new_rows(const rm_tensor *like, rm_tensor **out, rm_error *err) {
  return like->ndim == 4 ? rm_tensor_new_channels_last(like->shape, out, err)
                         : rm_tensor_new(RM_FLOAT32, like->ndim, like->shape, out, err);
}

static size_t row_grain(size_t c) { return rm_larger(1, GRAIN_FLOATS / c); }

/* --- sums over chunks of rows ---------------------------------------------------------- */

/* How rows are cut: into the groups of a batch (dist/batch.h), these into chunks. `block` rows are summed in float; a
 * chunk is some blocks. No rows are one chunk, of none. */
typedef struct {
  size_t rows, c, groups, group, block, chunk, per_group, chunks;
} cut;

static cut cut_rows(const rm_tensor *x) {
  cut k = {.rows = row_count(x), .c = x->shape[1]};
  k.groups = rm_known_groups(x->shape[0]);
  k.group = k.rows / k.groups;
  k.block = rm_columns_block(k.c);
  size_t blocks = k.group ? (k.group + k.block - 1) / k.block : 1;
  size_t most = rm_known_undivided(x->shape[0]) ? CHUNKS : CHUNKS / RM_BATCH_GROUPS; /* whoever has the group */
  k.chunk = (blocks + most - 1) / most * k.block;
  k.per_group = k.group ? (k.group + k.chunk - 1) / k.chunk : 1;
  k.chunks = k.groups * k.per_group;
  return k;
}

/* Where chunk i begins, and how many rows it has. */
static size_t chunk_first(const cut *k, size_t i) { return i / k->per_group * k->group + i % k->per_group * k->chunk; }
static size_t chunk_rows(const cut *k, size_t i) {
  return rm_smaller(k->chunk, k->group - i % k->per_group * k->chunk);
}

/* Rows of the whole batch, of which others may have some. */
static size_t whole_rows(const cut *k) { return rm_batch_shares_norm() ? rm_batch_whole(k->rows) : k->rows; }

/* What joins two neighbours in the tree: `from`, of as many rows, into `to`. */
typedef void (*join_fn)(size_t c, size_t rows, double *to, const double *from);

/* partial = the tree over `count` parts of `rows` rows each, 2 c doubles `stride` apart. */
static void join_tree(size_t c, size_t count, size_t stride, size_t rows, join_fn join, double *partial) {
  for (size_t step = 1; step < count; step *= 2)
    for (size_t i = 0; i + step < count; i += 2 * step)
      join(c, rows * step, partial + i * stride, partial + (i + step) * stride);
}

/* The groups of this process into the first one's part, then those of all processes. */
static rm_status join_groups(const cut *k, join_fn join, double *partial, rm_error *err) {
  size_t pair = 2 * k->c;
  join_tree(k->c, k->groups, k->per_group * pair, k->group, join, partial);
  if (!rm_batch_shares_norm()) return RM_OK;
  size_t size = (size_t)rm_world_size(), bytes = size * pair * sizeof(double);
  double *all = rm_alloc(bytes);
  if (!all) return rm_fail(err, RM_ERR_MEMORY, "batch_norm: out of memory for sums");
  rm_status status = rm_dist_all_gather(partial, pair * sizeof(double), all, err);
  if (status == RM_OK) {
    join_tree(k->c, size, pair, k->rows, join, all);
    memcpy(partial, all, pair * sizeof(double));
  }
  rm_free(all, bytes);
  return status;
}

static rm_status new_partial(const cut *k, double **partial, rm_error *err) {
  size_t bytes = k->chunks * 2 * k->c * sizeof(double);
  *partial = rm_alloc(bytes);
  if (!*partial) return rm_fail(err, RM_ERR_MEMORY, "batch_norm: out of memory for sums");
  memset(*partial, 0, bytes);
  return RM_OK;
}

/* Runs body on all chunks. A chunk's partial result is two rows of c doubles in `partial`. */
static rm_status run_chunks(const cut *k, rm_range_fn body, void *ctx, double **partial, rm_error *err) {
  RM_TRY(rm_columns_reserve(k->c, err));
  RM_TRY(new_partial(k, partial, err));
  rm_parallel(k->chunks, rm_larger(1, GRAIN_FLOATS / (k->chunk * k->c)), body, ctx);
  return RM_OK;
}

static void free_partial(const cut *k, double *partial) { rm_free(partial, k->chunks * 2 * k->c * sizeof(double)); }

/* --- statistics ------------------------------------------------------------------------ */

typedef struct {
  cut k;
  const float *x;
  double *partial;
} stat_job;

static void statistics_range(void *ctx, size_t begin, size_t end) {
  stat_job *job = ctx;
  const cut *k = &job->k;
  for (size_t i = begin; i < end; i++) {
    double *mean = job->partial + i * 2 * k->c;
    rm_columns_statistics(chunk_rows(k, i), k->c, job->x + chunk_first(k, i) * k->c, mean, mean + k->c);
  }
}

/* What came with x, for each group. */
static rm_status take_known(const cut *k, const double *known, double **partial, rm_error *err) {
  size_t pair = 2 * k->c;
  RM_TRY(new_partial(k, partial, err));
  for (size_t g = 0; g < k->groups; g++)
    memcpy(*partial + g * k->per_group * pair, known + g * pair, pair * sizeof *known);
  return RM_OK;
}

static void join_statistics(size_t c, size_t rows, double *to, const double *from) {
  rm_columns_join(c, (double)rows, to, to + c, (double)rows, from, from + c);
}

/* What one pass finds, for each group. */
static rm_status take_statistics(const cut *k, stat_job *job, rm_error *err) {
  size_t c = k->c;
  RM_TRY(run_chunks(k, statistics_range, job, &job->partial, err));
  for (size_t i = 0; i < k->chunks; i++) {
    double *group = job->partial + i / k->per_group * k->per_group * 2 * c, *part = job->partial + i * 2 * c;
    if (part == group) continue;
    rm_columns_join(c, (double)(i % k->per_group * k->chunk), group, group + c, (double)chunk_rows(k, i), part,
                    part + c);
  }
  return RM_OK;
}

/* Mean and sum of squared distances per column; *out has 2*c doubles: free_partial. */
static rm_status batch_statistics(const rm_tensor *x, stat_job *job, rm_error *err) {
  *job = (stat_job){.k = cut_rows(x), .x = rm_tensor_f32(x)};
  const cut *k = &job->k;
  const double *known = rm_known_moments(x, k->groups);
  RM_TRY(known ? take_known(k, known, &job->partial, err) : take_statistics(k, job, err));
  rm_status status = join_groups(k, join_statistics, job->partial, err);
  if (status != RM_OK) free_partial(k, job->partial);
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
  out[MEAN * c] = (float)mean;
  out[INVSTD * c] = (float)invstd;
  out[SCALE * c] = (float)(at(weight, j, 1) * invstd);
  out[SHIFT * c] = at(bias, j, 0);
}

/* The columns from the batch, which moves the running statistics, unless it is empty. */
static rm_status columns_of_batch(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor *running_mean,
                                  rm_tensor *running_var, const rm_batch_norm_options *options, rm_tensor *columns,
                                  rm_error *err) {
  size_t rows = rm_batch_shares_norm() ? rm_batch_whole(row_count(x)) : row_count(x), c = x->shape[1];
  char text[RM_SHAPE_TEXT];
  if (rows == 1)
    return rm_fail(err, RM_ERR_SHAPE, "batch_norm: training needs more than one value per channel, x is %s",
                   rm_tensor_text(x, text));
  stat_job job;
  rm_tensor *matrix = NULL;
  RM_TRY(as_rows(x, &matrix, err));
  rm_status status = batch_statistics(matrix, &job, err);
  rm_tensor_release(matrix);
  RM_TRY(status);
  const double *mean = job.partial, *m2 = mean + c;
  for (size_t j = 0; j < c; j++)
    fill_columns(columns, j, mean[j], rows ? m2[j] / (double)rows : 1, options->eps, weight, bias);
  if (rows && options->training && running_mean && !rm_tape_replaying())
    move_running(running_mean, running_var, options->momentum, rows, mean, m2);
  free_partial(&job.k, job.partial);
  return RM_OK;
}

rm_status rm_batch_norm_fixed_columns(size_t ndim, const size_t x_shape[], rm_tensor *weight, rm_tensor *bias,
                                      rm_tensor *running_mean, rm_tensor *running_var, double eps, rm_tensor **columns,
                                      rm_error *err) {
  size_t shape[2] = {COLUMNS, x_shape[1]};
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
  size_t shape[2] = {COLUMNS, x->shape[1]};
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
  rm_kernel_table()->norm_forward(end - begin, c, job->x + at, k + MEAN * c, k + SCALE * c, k + SHIFT * c,
                                  job->add ? job->add + at : NULL, job->relu, job->y + at, job->stream,
                                  job->words ? job->words + at / WORD : NULL);
}

typedef struct {
  bool of_batch, relu;
} payload;
enum { X, STATISTICS, OUTPUT, WORDS, ADD, SAVED }; /* what is saved: x, the columns, y or what relu let pass, add */
static rm_status batch_norm_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err);

/* Whether t is written past the caches. */
static bool streams(const rm_tensor *t) {
  return t->storage->bytes >= STREAM_BYTES && t->shape[1] % WORD == 0 && (uintptr_t)rm_tensor_data(t) % 64 == 0;
}

/* y from rows (channels innermost), columns and add (as rows, or NULL). words: NULL, or what relu lets pass. */
static rm_status compute(const rm_tensor *rows, const rm_tensor *columns, const rm_tensor *add, bool relu,
                         rm_tensor *words, rm_tensor **y, rm_error *err) {
  RM_TRY(new_rows(rows, y, err));
  forward_job job = {.c = rows->shape[1],
                     .x = rm_tensor_f32(rows),
                     .columns = rm_tensor_f32(columns),
                     .add = add ? rm_tensor_f32(add) : NULL,
                     .relu = relu,
                     .stream = streams(*y),
                     .y = rm_tensor_f32(*y),
                     .words = words ? rm_tensor_data(words) : NULL};
  rm_parallel(row_count(rows), row_grain(job.c), forward_range, &job);
  return RM_OK;
}

static rm_status recompute(const rm_node *node, rm_tensor **y, rm_error *err) {
  const payload *how = rm_node_payload(node);
  return compute(rm_node_saved(node, X), rm_node_saved(node, STATISTICS), rm_node_saved(node, ADD), how->relu, NULL, y,
                 err);
}

/* Room for a bit for each value, where that is how the mask of relu is kept. */
static rm_status new_words(const rm_tensor *rows, rm_tensor **words, rm_error *err) {
  if (rows->shape[1] % WORD != 0) return RM_OK;
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
  rm_status status = as_rows(x, &rows, err);
  if (status == RM_OK && add) status = as_rows(add, &add_rows, err);
  if (status == RM_OK && wanted && add && relu) status = new_words(rows, &words, err);
  if (status == RM_OK) status = compute(rows, columns, add_rows, relu, words, &y, err);
  if (status == RM_OK && wanted) {
    /* An `add` that costs nothing is kept, so that y need not be: of a chain of blocks, only what convolutions gave. */
    bool follows = !add || (words && add_rows == add && rm_tape_can_recompute(add));
    rm_tensor *const saved[SAVED] = {[X] = rows,
                                     [STATISTICS] = columns,
                                     [OUTPUT] = add && relu && !words ? y : NULL,
                                     [WORDS] = words,
                                     [ADD] = follows ? add : NULL};
    payload how = {of_batch, relu};
    status = rm_tape_record(y,
                            &(rm_record){.name = "batch_norm",
                                         .backward = batch_norm_backward,
                                         .recompute = follows ? recompute : NULL,
                                         .ninputs = 4,
                                         .inputs = inputs,
                                         .nsaved = SAVED,
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

/* --- backward ---------------------------------------------------------------------------
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

typedef struct {
  cut k;
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
  const cut *k = &job->k;
  size_t c = k->c;
  const float *columns = job->columns;
  for (size_t i = begin; i < end; i++) {
    double *part = job->partial + i * 2 * c;
    size_t at = chunk_first(k, i) * c;
    rm_column_gradients from = {.x = job->x + at,
                                .y = job->y ? job->y + at : NULL,
                                .words = job->words ? job->words + at / WORD : NULL,
                                .dy = job->dy + at,
                                .more = job->more ? job->more + at : NULL,
                                .mean = columns + MEAN * c,
                                .scale = columns + SCALE * c,
                                .shift = columns + SHIFT * c,
                                .relu = job->relu,
                                .dadd = job->dadd ? job->dadd + at : NULL};
    rm_columns_gradients(chunk_rows(k, i), c, &from, part, part + c);
  }
}

static void dx_range(void *ctx, size_t begin, size_t end) {
  const backward_job *job = ctx;
  size_t c = job->k.c, at = begin * c;
  const float *columns = job->columns;
  rm_kernel_table()->norm_backward(end - begin, c, job->x + at, job->y ? job->y + at : NULL,
                                   job->words ? job->words + at / WORD : NULL, job->dy + at, columns + MEAN * c,
                                   columns + SCALE * c, columns + SHIFT * c, job->relu, job->through, job->through + c,
                                   job->dx + at, job->stream);
}

static void join_sums(size_t c, size_t rows, double *to, const double *from) {
  (void)rows;
  for (size_t j = 0; j < 2 * c; j++) to[j] += from[j];
}

/* sum g and sum g d over all rows into the first chunk's part, which stays in job->partial. */
static rm_status take_sums(backward_job *job, rm_error *err) {
  const cut *k = &job->k;
  RM_TRY(run_chunks(k, sums_range, job, &job->partial, err));
  for (size_t i = 0; i < k->chunks; i++) {
    double *group = job->partial + i / k->per_group * k->per_group * 2 * k->c, *part = job->partial + i * 2 * k->c;
    if (part != group) join_sums(k->c, 0, group, part);
  }
  return join_groups(k, join_sums, job->partial, err);
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
  const float *invstd = job->columns + INVSTD * c, *scale = job->columns + SCALE * c;
  const double *sum = job->partial, *dot = sum + c;
  rm_tensor *through = NULL;
  RM_TRY(rm_tensor_new(RM_FLOAT32, 2, shape, &through, err));
  float *slope = rm_tensor_f32(through), *offset = slope + c;
  for (size_t j = 0; j < c; j++) {
    double share = of_batch ? -(double)scale[j] / (double)whole_rows(&job->k) : 0;
    slope[j] = of_batch ? (float)(share * invstd[j] * invstd[j] * dot[j]) : 0;
    offset[j] = of_batch ? (float)(share * sum[j]) : 0;
  }
  rm_status status = RM_OK;
  if (into) *out = rm_tensor_retain(into);
  else status = new_rows(x, out, err);
  if (status == RM_OK) {
    job->through = slope;
    job->dx = rm_tensor_f32(*out);
    job->stream = !into && streams(*out);
    rm_parallel(job->k.rows, row_grain(c), dx_range, job);
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
  else RM_TRY(new_rows(dy[0], out, err));
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
  const payload *how = rm_node_payload(node);
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
    status = input_gradient(job, how->of_batch, rm_node_saved(node, X), into, &dx[0], err);
  if (status == RM_OK && rm_node_needs(node, 1))
    status = vector_gradient(c, job->partial + c, job->columns + INVSTD * c, &dx[1], err);
  if (status == RM_OK && rm_node_needs(node, 2)) status = vector_gradient(c, job->partial, NULL, &dx[2], err);
  if (rm_node_needs(node, 3)) dx[3] = front;
  else rm_tensor_release(front);
  return status;
}

static rm_status batch_norm_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  const payload *how = rm_node_payload(node);
  const rm_tensor *x = rm_node_saved(node, X), *columns = rm_node_saved(node, STATISTICS);
  const rm_tensor *y = rm_node_saved(node, OUTPUT), *words = rm_node_saved(node, WORDS);
  rm_tensor *parts[2] = {dy, rm_node_more_dy(node)}, *rows[2] = {0};
  bool ours[2] = {0}; /* to write over */
  rm_status status = RM_OK;
  for (int i = 0; status == RM_OK && i < 2 && parts[i]; i++) {
    ours[i] = rm_tensor_exclusive(parts[i]);
    status = as_rows(parts[i], &rows[i], err);
    ours[i] = ours[i] || rows[i] != parts[i];
  }
  if (status == RM_OK) {
    backward_job job = {.k = cut_rows(x),
                        .x = rm_tensor_f32(x),
                        .y = y ? rm_tensor_f32(y) : NULL,
                        .words = words ? rm_tensor_data(words) : NULL,
                        .dy = rm_tensor_f32(rows[0]),
                        .more = rows[1] ? rm_tensor_f32(rows[1]) : NULL,
                        .columns = rm_tensor_f32(columns),
                        .relu = how->relu};
    status = all_gradients(node, &job, rows, ours, dx, err);
    if (job.partial) free_partial(&job.k, job.partial);
  }
  rm_tensor_release(rows[0]);
  rm_tensor_release(rows[1]);
  return status;
}
