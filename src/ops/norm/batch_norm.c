/* batch_norm.c -- batch normalization as column statistics of a matrix.
 *
 * Channels-last, x is a matrix of N*H*W rows by C columns. Forward is one pass for mean and
 * variance (batch_norm_columns.c) and one that applies them; backward one pass for two sums per column and one for
 * dx (batch_norm_backward.c). The addition of a shortcut and relu ride along in these passes.
 *
 * What backward can recompute is not stored: it keeps x and four numbers per channel. Where relu cut
 * follows from these, too, unless an addition comes between: then it keeps a bit for each value.
 *
 * Nor need relu of it be stored where a convolution is all that reads it, and works it out while it reads: it is
 * promised then (promise.h). */
#include "ops/norm/norm.h"

#include "core/tape.h"
#include "kernels/kernels.h"
#include "ops/check.h"
#include "ops/norm/batch_norm.h"
#include "ops/norm/batch_norm_backward.h"
#include "ops/norm/batch_norm_columns.h"
#include "ops/views/views.h"
#include "parallel/pool.h"

/* --- forward --------------------------------------------------------------------------------- */
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

rm_status rm_batch_norm_record(rm_tensor *y, rm_tensor *const inputs[4], rm_tensor *const saved[RM_NORM_SAVED],
                               bool follows, rm_batch_norm_payload how, rm_error *err) {
  return rm_tape_record(y,
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
    status = rm_batch_norm_record(y, inputs, saved, follows, (rm_batch_norm_payload){of_batch, relu}, err);
  }
  rm_tensor_release(words);
  rm_tensor_release(rows);
  rm_tensor_release(add_rows);
  return rm_tensor_give(status, y, out);
}

/* --- all of it ------------------------------------------------------------------------------- */

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
  RM_TRY(rm_batch_norm_check_vectors(x->ndim, x->shape, weight, bias, running_mean, running_var, err));
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
