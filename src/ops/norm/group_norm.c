/* group_norm.c -- see group_norm.h: what each of the three asks of its arguments. */
#include "ops/norm/group_norm.h"

#include <string.h>
#include "core/tape.h"
#include "dist/batch.h"
#include "memory/alloc.h"
#include "ops/check.h"
#include "ops/norm/group_rows.h"
#include "ops/norm/norm.h"
#include "ops/views/views.h"
#include "parallel/interrupt.h"

static size_t product(size_t n, const size_t shape[]) {
  size_t p = 1;
  for (size_t d = 0; d < n; d++) p *= shape[d];
  return p;
}

static rm_status check_vector(const char *op, const char *name, const rm_tensor *t, size_t c, rm_error *err) {
  char text[RM_SHAPE_TEXT];
  if (!t) return RM_OK;
  RM_TRY(rm_check_float(op, name, t, err));
  if (t->ndim == 1 && t->shape[0] == c) return RM_OK;
  return rm_fail(err, RM_ERR_SHAPE, "%s: %s is %s, expected (%zu)", op, name, rm_tensor_text(t, text), c);
}

static rm_status check_channels(const char *op, const rm_tensor *x, const rm_tensor *weight, const rm_tensor *bias,
                                double eps, rm_error *err) {
  char text[RM_SHAPE_TEXT];
  RM_TRY(rm_check_float(op, "x", x, err));
  if (x->ndim < 2 || x->shape[1] == 0)
    return rm_fail(err, RM_ERR_SHAPE, "%s: x is %s, expected (N, C, ...)", op, rm_tensor_text(x, text));
  RM_TRY(rm_norm_check_numbers(op, eps, 0, false, err));
  RM_TRY(check_vector(op, "weight", weight, x->shape[1], err));
  return check_vector(op, "bias", bias, x->shape[1], err);
}

rm_status rm_group_norm(rm_tensor *x, size_t groups, rm_tensor *weight, rm_tensor *bias, double eps, rm_tensor **y,
                        rm_error *err) {
  char text[RM_SHAPE_TEXT];
  RM_TRY(check_channels("group_norm", x, weight, bias, eps, err));
  if (groups == 0 || x->shape[1] % groups)
    return rm_fail(err, RM_ERR_VALUE, "group_norm: %zu channels cannot be divided into %zu groups\n  x  %s",
                   x->shape[1], groups, rm_tensor_text(x, text));
  if (x->numel == groups)
    return rm_fail(err, RM_ERR_SHAPE, "group_norm: a group needs more than one value, x is %s and has %zu groups",
                   rm_tensor_text(x, text), groups);
  return rm_group_rows("group_norm", x, groups, weight, bias, eps, NULL, y, err);
}

static rm_status check_last(const char *name, const rm_tensor *t, size_t ndim, const size_t shape[], rm_error *err) {
  char has[RM_SHAPE_TEXT], wants[RM_SHAPE_TEXT];
  if (!t) return RM_OK;
  RM_TRY(rm_check_float("layer_norm", name, t, err));
  if (t->ndim == ndim && memcmp(t->shape, shape, ndim * sizeof *shape) == 0) return RM_OK;
  return rm_fail(err, RM_ERR_SHAPE, "layer_norm: %s is %s, expected %s", name, rm_tensor_text(t, has),
                 rm_shape_text(ndim, shape, wants));
}

/* A weight or bias as a vector; NULL stays NULL. */
static rm_status flat(rm_tensor *t, rm_tensor **out, rm_error *err) {
  return t ? rm_reshape(t, 1, (int64_t[]){(int64_t)t->numel}, out, err) : RM_OK;
}

/* x as rows of c numbers, which are one group each. */
static rm_status normalize_rows(rm_tensor *x, size_t rows, size_t c, rm_tensor *weight, rm_tensor *bias, double eps,
                                rm_tensor **y, rm_error *err) {
  int64_t back[RM_MAX_DIMS];
  for (size_t d = 0; d < x->ndim; d++) back[d] = (int64_t)x->shape[d];
  rm_tensor *matrix = NULL, *normal = NULL;
  RM_TRY(rm_reshape(x, 2, (int64_t[]){(int64_t)rows, (int64_t)c}, &matrix, err));
  rm_status status = rm_group_rows("layer_norm", matrix, 1, weight, bias, eps, NULL, &normal, err);
  if (status == RM_OK) status = rm_reshape(normal, x->ndim, back, y, err);
  rm_tensor_release(matrix);
  rm_tensor_release(normal);
  return status;
}

rm_status rm_layer_norm(rm_tensor *x, size_t ndim, const size_t shape[], rm_tensor *weight, rm_tensor *bias, double eps,
                        rm_tensor **y, rm_error *err) {
  char has[RM_SHAPE_TEXT], wants[RM_SHAPE_TEXT];
  size_t c = product(ndim, shape), before = x->ndim - ndim;
  RM_TRY(rm_check_float("layer_norm", "x", x, err));
  if (ndim == 0 || c == 0)
    return rm_fail(err, RM_ERR_VALUE, "layer_norm: normalized_shape is %s, expected sizes from 1",
                   rm_shape_text(ndim, shape, wants));
  if (ndim > x->ndim || memcmp(x->shape + before, shape, ndim * sizeof *shape) != 0)
    return rm_fail(err, RM_ERR_SHAPE, "layer_norm: x is %s, expected %s as its last dimensions", rm_tensor_text(x, has),
                   rm_shape_text(ndim, shape, wants));
  RM_TRY(rm_norm_check_numbers("layer_norm", eps, 0, false, err));
  RM_TRY(check_last("weight", weight, ndim, shape, err));
  RM_TRY(check_last("bias", bias, ndim, shape, err));
  rm_tensor *w = NULL, *b = NULL;
  rm_status status = flat(weight, &w, err);
  if (status == RM_OK) status = flat(bias, &b, err);
  if (status == RM_OK) status = normalize_rows(x, product(before, x->shape), c, w, b, eps, y, err);
  rm_tensor_release(w);
  rm_tensor_release(b);
  return status;
}

/* --- instance norm ------------------------------------------------------------------------------------------ */

/* Sums over the examples of n by c numbers, for those of a shared batch over all of them, into the first c of `sums`,
 * which holds c for each of `groups`. */
static rm_status sum_examples(const float *stats, size_t n, size_t c, size_t groups, double *sums, rm_error *err) {
  memset(sums, 0, groups * c * sizeof *sums);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < c; j++) sums[i / (n / groups) * c + j] += stats[i * c + j];
  return rm_batch_join(c, groups, sums, err);
}

/* running = (1 - momentum) * running + momentum * factor * sum. */
static void move_running(rm_tensor *running, const double *sums, double factor, double momentum) {
  for (size_t j = 0; j < running->numel; j++) {
    float *r = rm_tensor_f32(running) + (ptrdiff_t)j * running->strides[0];
    *r = (float)((1 - momentum) * *r + momentum * factor * sums[j]);
  }
  rm_tensor_mark_written(running);
}

/* The running statistics by the mean over the examples of `stats` (mean, variance); the variance without bias. */
static rm_status move_statistics(const rm_tensor *stats, size_t n, size_t pixels, double momentum, rm_tensor *mean,
                                 rm_tensor *var, rm_error *err) {
  size_t c = mean->numel, groups = rm_batch_groups(n), bytes = 2 * groups * c * sizeof(double);
  double *sums = rm_alloc(bytes), *squares = sums + groups * c, all = (double)rm_batch_whole(n);
  if (!sums) return rm_fail(err, RM_ERR_MEMORY, "instance_norm: out of memory for sums");
  rm_status status = sum_examples(rm_tensor_f32(stats), n, c, groups, sums, err);
  if (status == RM_OK) status = sum_examples(rm_tensor_f32(stats) + n * c, n, c, groups, squares, err);
  if (status == RM_OK) {
    move_running(mean, sums, 1 / all, momentum);
    move_running(var, squares, (double)pixels / (double)(pixels - 1) / all, momentum);
  }
  rm_free(sums, bytes);
  return status;
}

/* By x's own statistics; `pixels` of a channel. The running ones move last: then nothing can fail any more. */
static rm_status by_own(rm_tensor *x, size_t pixels, rm_tensor *weight, rm_tensor *bias, rm_tensor *running_mean,
                        rm_tensor *running_var, const rm_batch_norm_options *options, rm_tensor **y, rm_error *err) {
  size_t n = x->shape[0], c = x->shape[1];
  rm_tensor *stats = NULL, *normal = NULL;
  rm_unbreakable pause = rm_unbreakable_begin();
  rm_status status = rm_group_rows("instance_norm", x, c, weight, bias, options->eps, &stats, &normal, err);
  if (status == RM_OK && running_mean && x->numel && !rm_tape_replaying())
    status = move_statistics(stats, n, pixels, options->momentum, running_mean, running_var, err);
  rm_unbreakable_end(pause);
  rm_tensor_release(stats);
  return rm_tensor_give(status, normal, y);
}

rm_status rm_instance_norm(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor *running_mean,
                           rm_tensor *running_var, const rm_batch_norm_options *options, rm_tensor **y, rm_error *err) {
  char text[RM_SHAPE_TEXT];
  RM_TRY(check_channels("instance_norm", x, weight, bias, options->eps, err));
  RM_TRY(check_vector("instance_norm", "running_mean", running_mean, x->shape[1], err));
  RM_TRY(check_vector("instance_norm", "running_var", running_var, x->shape[1], err));
  RM_TRY(
      rm_norm_check_numbers("instance_norm", options->eps, options->momentum, options->training && running_mean, err));
  size_t pixels = product(x->ndim - 2, x->shape + 2);
  if (!running_mean != !running_var || (!running_mean && !options->training))
    return rm_fail(err, RM_ERR_VALUE,
                   "instance_norm: running_mean and running_var come together, and are needed "
                   "where x's own statistics are not used");
  if (x->ndim < 3)
    return rm_fail(err, RM_ERR_SHAPE, "instance_norm: x is %s, expected (N, C, L) or (N, C, H, W)",
                   rm_tensor_text(x, text));
  if (!options->training) {
    rm_batch_norm_options fixed = {.eps = options->eps};
    return rm_batch_norm(x, weight, bias, running_mean, running_var, &fixed, NULL, false, y, err);
  }
  if (pixels == 1)
    return rm_fail(err, RM_ERR_SHAPE, "instance_norm: a channel needs more than one value, x is %s",
                   rm_tensor_text(x, text));
  return by_own(x, pixels, weight, bias, running_mean, running_var, options, y, err);
}
