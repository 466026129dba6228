/* fuse.c -- operators on values: what is put off, and what is joined to it. value.h has the list. */
#include "lazy/fuse.h"

#include <string.h>
#include "core/tape.h"
#include "lazy/expression.h"
#include "measure/profile.h"
#include "ops/pointwise/pointwise.h"

/* The expression behind v, if what is called now may be joined to it. */
static rm_expression *joinable(const rm_value *v) {
  rm_expression *e = v->expression;
  return e && !e->result && !e->relu && e->recording == rm_grad_enabled() ? e : NULL;
}

/* --- convolution --------------------------------------------------------------------------------- */

/* What x promises, if it waits for a convolution like this; else NULL. */
static rm_status promise_of(rm_value *x, rm_tensor *weight, rm_tensor *bias, const rm_conv_options *options,
                            rm_tensor **promise, rm_error *err) {
  rm_expression *e = x->expression;
  *promise = NULL;
  if (!e || e->result || !e->relu || !rm_grad_enabled()) return RM_OK;
  if (!rm_conv2d_normalizes(rm_expression_input(e, X), weight, bias, options)) return RM_OK; /* of the same shape */
  return rm_expression_promise(e, promise, err);
}

rm_status rm_value_conv2d(rm_value *x, rm_tensor *weight, rm_tensor *bias, const rm_conv_options *options, rm_value *y,
                          rm_error *err) {
  rm_tensor *t;
  rm_expression *e;
  size_t shape[4];
  RM_TRY(promise_of(x, weight, bias, options, &t, err));
  if (t) return rm_conv2d(t, weight, bias, options, &y->tensor, err);
  RM_TRY(rm_value_tensor(x, &t, err));
  /* Recorded, it is computed at once: backward wants the convolution and the batch norm apart. So is what is a
   * convolution of something else. */
  if (rm_grad_enabled() || !rm_conv2d_is_plain(t, options)) return rm_conv2d(t, weight, bias, options, &y->tensor, err);
  RM_TRY(rm_conv2d_shape(t, weight, bias, options, shape, err));
  RM_TRY(rm_expression_new("conv2d", &e, err));
  rm_expression_set_shape(e, 4, shape);
  rm_expression_set(e, X, t);
  rm_expression_set(e, KERNEL, weight);
  rm_expression_set(e, KERNEL_BIAS, bias);
  e->options = *options;
  y->expression = e;
  return RM_OK;
}

/* --- batch norm ------------------------------------------------------------------------------------ */

/* A convolution that waits alone, for fixed statistics. */
static rm_expression *foldable(const rm_value *x, const rm_tensor *running_mean, const rm_tensor *running_var,
                               const rm_batch_norm_options *options) {
  rm_expression *e = joinable(x);
  if (!e || !rm_expression_input(e, KERNEL) || e->columns || rm_expression_input(e, ADD)) return NULL;
  return running_mean && running_var && !options->training ? e : NULL;
}

static rm_status fold(const rm_expression *conv, rm_tensor *weight, rm_tensor *bias, rm_tensor *running_mean,
                      rm_tensor *running_var, double eps, rm_expression *e, rm_error *err) {
  rm_expression_take_over(e, conv);
  return rm_batch_norm_fixed_columns(e->ndim, e->shape, weight, bias, running_mean, running_var, eps, &e->columns, err);
}

/* The columns come last: what can fail otherwise has been done when the running statistics move. */
static rm_status normalize(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor *running_mean,
                           rm_tensor *running_var, const rm_batch_norm_options *options, rm_expression *e,
                           rm_error *err) {
  rm_expression_set_shape(e, x->ndim, x->shape);
  rm_expression_set(e, X, x);
  rm_expression_set(e, WEIGHT, weight);
  rm_expression_set(e, BIAS, bias);
  e->of_batch = options->training || !running_mean;
  return rm_batch_norm_columns(x, weight, bias, running_mean, running_var, options, &e->columns, err);
}

/* The running statistics are written: those who would read the old ones do so first. */
static rm_status settle_running(rm_tensor *running_mean, rm_tensor *running_var, const rm_batch_norm_options *options,
                                rm_error *err) {
  if (options->training && running_mean) RM_TRY(rm_settle_elements(running_mean, err));
  if (options->training && running_var) RM_TRY(rm_settle_elements(running_var, err));
  return RM_OK;
}

rm_status rm_value_batch_norm(rm_value *x, rm_tensor *weight, rm_tensor *bias, rm_tensor *running_mean,
                              rm_tensor *running_var, const rm_batch_norm_options *options, rm_value *y,
                              rm_error *err) {
  rm_expression *e;
  rm_tensor *t = NULL;
  size_t ndim;
  RM_TRY(settle_running(running_mean, running_var, options, err));
  rm_value_shape(x, &ndim);
  if (ndim == 3) { /* no image: nothing is put off */
    RM_TRY(rm_value_tensor(x, &t, err));
    return rm_batch_norm(t, weight, bias, running_mean, running_var, options, NULL, false, &y->tensor, err);
  }
  RM_TRY(rm_expression_new("batch_norm", &e, err));
  const rm_expression *conv = foldable(x, running_mean, running_var, options);
  rm_status status = conv ? fold(conv, weight, bias, running_mean, running_var, options->eps, e, err)
                          : rm_value_tensor(x, &t, err);
  if (status == RM_OK && t) status = normalize(t, weight, bias, running_mean, running_var, options, e, err);
  if (status == RM_OK) y->expression = e;
  else rm_expression_release(e);
  return status;
}

/* --- addition ---------------------------------------------------------------------------------------- */

static rm_expression *addable(const rm_value *v) {
  rm_expression *e = joinable(v);
  return e && !rm_expression_input(e, ADD) ? e : NULL;
}

static bool fits(const rm_tensor *t, const rm_expression *e) {
  return t->dtype == RM_FLOAT32 && t->ndim == e->ndim && memcmp(t->shape, e->shape, e->ndim * sizeof *e->shape) == 0;
}

/* y = v + other as one expression; y stays empty if they are no case for it. */
static rm_status join_sum(rm_value *v, rm_value *other, rm_value *y, rm_error *err) {
  rm_tensor *t;
  rm_expression *sum;
  if (!addable(v)) return RM_OK;
  RM_TRY(rm_value_tensor(other, &t, err)); /* and with it v, if the two are one */
  RM_TRY(rm_expression_new("add", &sum, err));
  const rm_expression *e = addable(v);
  if (!e || !fits(t, e)) {
    rm_expression_release(sum);
    return RM_OK;
  }
  rm_expression_take_over(sum, e);
  rm_expression_set(sum, ADD, t);
  y->expression = sum;
  return RM_OK;
}

rm_status rm_value_add(rm_value *a, rm_value *b, rm_value *y, rm_error *err) {
  rm_tensor *s, *t;
  RM_TRY(join_sum(a, b, y, err));
  if (!y->expression) RM_TRY(join_sum(b, a, y, err));
  if (y->expression) return RM_OK;
  RM_TRY(rm_value_tensor(a, &s, err));
  RM_TRY(rm_value_tensor(b, &t, err));
  return rm_add(s, t, &y->tensor, err);
}

/* --- relu ---------------------------------------------------------------------------------------------- */

/* Whether relu of e may be put off in turn, for a convolution that works it out while it reads: recorded, and without a
 * shortcut, which would be read as well. */
static bool promises(const rm_expression *e) {
  return e->recording && e->ndim == 4 && !rm_expression_input(e, KERNEL) && !rm_expression_input(e, ADD);
}

static rm_status put_off_relu(rm_value *x, rm_value *y, rm_error *err) {
  rm_expression *relu;
  RM_TRY(rm_expression_new("relu", &relu, err));
  const rm_expression *e = joinable(x);
  if (!e) {
    rm_expression_release(relu);
    return RM_OK;
  }
  rm_expression_take_over(relu, e);
  relu->relu = true;
  rm_profile_recorded("batch_norm"); /* what it is filed under */
  y->expression = relu;
  return RM_OK;
}

rm_status rm_value_relu(rm_value *x, rm_value *y, rm_error *err) {
  rm_expression *e = joinable(x);
  rm_tensor *t;
  if (e && promises(e)) RM_TRY(put_off_relu(x, y, err));
  if (y->expression) return RM_OK;
  e = joinable(x);
  if (e) return rm_expression_compute(e, true, &y->tensor, err);
  RM_TRY(rm_value_tensor(x, &t, err));
  return rm_relu(t, &y->tensor, err);
}
