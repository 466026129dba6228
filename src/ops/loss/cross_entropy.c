/* cross_entropy.c -- the two classification losses, cross entropy and negative log-likelihood.
 *
 * x is seen as a matrix with the classes innermost, one row per label. With l = log sum exp
 * of a row, -log p[c] = l - x[c], so the loss needs no probabilities:
 *
 *   loss = (1 - s) w[t] (l - x[t]) + s/C sum_c w[c] (l - x[c])
 *   dx[c] = (1 - s) w[t] (p[c] - [c = t]) + s/C (p[c] sum w - w[c]),   p[c] = exp(x[c] - l)
 *
 * Forward keeps l, in two parts per row, the largest x and the rest, since logits of 10,000 would
 * leave few digits to the rest; backward recomputes p from it. nll_loss is the same
 * with l = 0 and no gradient through it: x holds log p already. */
#include <string.h>
#include "base/elementary.h"
#include "core/copy.h"
#include "core/tape.h"
#include "core/view.h"
#include "dist/batch.h"
#include "kernels/kernels.h"
#include "memory/alloc.h"
#include "ops/check.h"
#include "ops/loss/steps.h"
#include "parallel/pool.h"

enum { GRAIN_EXP = 4096 }; /* exponentials worth a thread */

typedef struct {
  bool logits; /* cross_entropy; else nll_loss */
  rm_loss_options options;
  double divisor;      /* of the mean; 1 for other reductions */
  double weight_total; /* sum of w[c] */
} payload;

typedef struct {
  const payload *p;
  size_t rows, classes;
  const float *x, *weight; /* weight may be NULL: all 1 */
  const int64_t *labels;
  float *log_sum;  /* per row: largest x, log sum exp (x - largest) */
  double *loss;    /* per row */
  const float *dy; /* per row, or one number for all */
  bool dy_per_row;
  float *dx;
} job;

static size_t row_grain(size_t classes) { return 1 + GRAIN_EXP / classes; }
static double weight_of(const job *o, size_t c) { return o->weight ? o->weight[c] : 1; }

/* --- x as rows of classes ------------------------------------------------------------------ */

/* A view of t with dimension 1 moved to the end. */
static rm_status classes_last(const rm_tensor *t, rm_tensor **out, rm_error *err) {
  size_t shape[RM_MAX_DIMS] = {t->shape[0]};
  ptrdiff_t strides[RM_MAX_DIMS] = {t->strides[0]};
  for (size_t d = 2; d < t->ndim; d++) shape[d - 1] = t->shape[d], strides[d - 1] = t->strides[d];
  shape[t->ndim - 1] = t->shape[1], strides[t->ndim - 1] = t->strides[1];
  return rm_tensor_view(t, t->ndim, shape, strides, t->offset, out, err);
}

/* The rows as memory without gaps (x itself if it is that already). */
static rm_status as_rows(const rm_tensor *x, rm_tensor **out, rm_error *err) {
  rm_tensor *view = NULL;
  RM_TRY(classes_last(x, &view, err));
  rm_status status = rm_tensor_contiguous(view, out, err);
  rm_tensor_release(view);
  return status;
}

static size_t row_count(const rm_tensor *x) { return x->shape[1] ? x->numel / x->shape[1] : 0; }

/* --- checks ---------------------------------------------------------------------------------- */

static rm_status check_shapes(const char *op, const rm_tensor *x, const rm_tensor *labels, const rm_tensor *weight,
                              rm_error *err) {
  char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
  RM_TRY(rm_check_float(op, "x", x, err));
  if (labels->dtype != RM_INT64)
    return rm_advise(err, RM_ADVICE_TO_INT64, "labels",
                     rm_fail(err, RM_ERR_TYPE, "%s: labels are %s, expected int64", op, rm_dtype_name(labels->dtype)));
  if (x->ndim < 2 || x->numel == 0)
    return rm_fail(err, RM_ERR_SHAPE, "%s: x is %s, expected (N, C) with N and C at least 1", op, rm_tensor_text(x, a));
  bool fit = labels->ndim == x->ndim - 1 && labels->shape[0] == x->shape[0];
  for (size_t d = 2; fit && d < x->ndim; d++) fit = labels->shape[d - 1] == x->shape[d];
  if (!fit)
    return rm_fail(err, RM_ERR_SHAPE, "%s: labels do not fit x\n  x       %s\n  labels  %s", op, rm_tensor_text(x, a),
                   rm_tensor_text(labels, b));
  if (!weight) return RM_OK;
  RM_TRY(rm_check_float(op, "weight", weight, err));
  if (weight->ndim != 1 || weight->shape[0] != x->shape[1])
    return rm_fail(err, RM_ERR_SHAPE, "%s: x has %zu classes, weight is %s", op, x->shape[1],
                   rm_tensor_text(weight, b));
  return RM_OK;
}

/* Labels are in range; the weights of those that count are added up. */
static rm_status check_labels(const char *op, const job *o, double *total, rm_error *err) {
  *total = 0;
  for (size_t r = 0; r < o->rows; r++) {
    int64_t label = o->labels[r];
    if (label == o->p->options.ignore_index) continue;
    if (label < 1 || label > (int64_t)o->classes)
      return rm_fail(err, RM_ERR_VALUE, "%s: label %lld at position %zu, expected 1..%zu", op, (long long)label, r + 1,
                     o->classes);
    *total += weight_of(o, (size_t)label - 1);
  }
  return RM_OK;
}

/* --- forward ---------------------------------------------------------------------------------- */

/* log sum exp = parts[0] + parts[1]; the largest is taken out so that nothing overflows. */
static double log_sum_exp(size_t n, const float *x, float parts[2]) {
  float largest = x[0];
  for (size_t c = 1; c < n; c++) largest = x[c] > largest ? x[c] : largest;
  double sum = 0;
  for (size_t c = 0; c < n; c++) sum += rm_math_exp(x[c] - largest);
  double rest = rm_math_log(sum);
  parts[0] = largest;
  parts[1] = (float)rest;
  return largest + rest;
}

static void forward_range(void *ctx, size_t begin, size_t end) {
  const job *o = ctx;
  double smooth = o->p->options.label_smoothing;
  for (size_t r = begin; r < end; r++) {
    const float *x = o->x + r * o->classes;
    int64_t label = o->labels[r];
    o->loss[r] = 0;
    if (label == o->p->options.ignore_index) continue;
    size_t t = (size_t)label - 1;
    double l = o->p->logits ? log_sum_exp(o->classes, x, o->log_sum + 2 * r) : 0;
    double spread = 0; /* the part of all classes */
    for (size_t c = 0; smooth > 0 && c < o->classes; c++) spread += weight_of(o, c) * (l - x[c]);
    o->loss[r] = (1 - smooth) * weight_of(o, t) * (l - x[t]) + smooth / (double)o->classes * spread;
  }
}

/* --- backward --------------------------------------------------------------------------------- */

static void backward_range(void *ctx, size_t begin, size_t end) {
  const job *o = ctx;
  double smooth = o->p->options.label_smoothing, each = smooth / (double)o->classes;
  for (size_t r = begin; r < end; r++) {
    const float *x = o->x + r * o->classes, *l = o->log_sum + 2 * r;
    float *dx = o->dx + r * o->classes;
    int64_t label = o->labels[r];
    double g = o->dy[o->dy_per_row ? r : 0] / o->p->divisor;
    if (label == o->p->options.ignore_index) {
      memset(dx, 0, o->classes * sizeof *dx);
      continue;
    }
    size_t t = (size_t)label - 1;
    double hard = (1 - smooth) * weight_of(o, t);
    /* what flows through l to every class, in proportion to its probability */
    double through = o->p->logits ? hard + each * o->p->weight_total : 0;
    for (size_t c = 0; c < o->classes; c++) {
      double p = through != 0 ? rm_math_exp((x[c] - l[0]) - l[1]) : 0;
      dx[c] = (float)(g * (through * p - each * weight_of(o, c) - (c == t ? hard : 0)));
    }
  }
}

/* The gradient in the shape of x: its rows hold the classes last. */
static rm_status rows_like(const rm_tensor *x, rm_tensor **rows, rm_tensor **view, rm_error *err) {
  rm_tensor *order = NULL;
  RM_TRY(classes_last(x, &order, err));
  rm_status status = rm_tensor_new(RM_FLOAT32, order->ndim, order->shape, rows, err);
  rm_tensor_release(order);
  RM_TRY(status);
  const rm_tensor *r = *rows;
  size_t shape[RM_MAX_DIMS] = {r->shape[0], r->shape[r->ndim - 1]};
  ptrdiff_t strides[RM_MAX_DIMS] = {r->strides[0], r->strides[r->ndim - 1]};
  for (size_t d = 2; d < r->ndim; d++) shape[d] = r->shape[d - 1], strides[d] = r->strides[d - 1];
  status = rm_tensor_view(r, r->ndim, shape, strides, 0, view, err);
  if (status != RM_OK) rm_tensor_release(*rows);
  return status;
}

static rm_status loss_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  const payload *p = rm_node_payload(node);
  const rm_tensor *x = rm_node_saved(node, 0), *labels = rm_node_saved(node, 1);
  const rm_tensor *weight = rm_node_saved(node, 2), *log_sum = rm_node_saved(node, 3);
  rm_tensor *x_rows = NULL, *dy_rows = NULL, *dx_rows = NULL;
  rm_status status = as_rows(x, &x_rows, err);
  if (status == RM_OK) status = rm_tensor_contiguous(dy, &dy_rows, err);
  if (status == RM_OK) status = rows_like(x, &dx_rows, &dx[0], err);
  if (status == RM_OK) {
    job o = {.p = p,
             .rows = row_count(x),
             .classes = x->shape[1],
             .x = rm_tensor_f32(x_rows),
             .weight = weight ? rm_tensor_f32(weight) : NULL,
             .labels = rm_tensor_i64(labels),
             .log_sum = rm_tensor_f32(log_sum),
             .dy = rm_tensor_f32(dy_rows),
             .dy_per_row = p->options.reduction == RM_NONE,
             .dx = rm_tensor_f32(dx_rows)};
    rm_parallel(o.rows, row_grain(o.classes), backward_range, &o);
    rm_tensor_release(dx_rows);
  }
  rm_tensor_release(x_rows);
  rm_tensor_release(dy_rows);
  return status;
}

/* --- the operators ------------------------------------------------------------------------------ */

/* One value per row into y, or their sum over the divisor. */
static rm_status reduce(const job *o, const rm_tensor *labels, rm_tensor **y, rm_error *err) {
  if (o->p->options.reduction == RM_NONE) {
    RM_TRY(rm_tensor_new(RM_FLOAT32, labels->ndim, labels->shape, y, err));
    for (size_t r = 0; r < o->rows; r++) rm_tensor_f32(*y)[r] = (float)o->loss[r];
    return RM_OK;
  }
  float total;
  RM_TRY(rm_loss_total(o->rows, labels->shape[0], o->loss, o->p->divisor, &total, err));
  return rm_tensor_scalar(total, y, err);
}

/* What the sum is divided by. Where a batch is shared, the share of a process in what counts in all of it. */
static rm_status divisor_of(const rm_loss_options *options, double counted, double *divisor, rm_error *err) {
  *divisor = options->reduction == RM_MEAN ? counted : options->reduction == RM_SUM ? rm_loss_undivided() : 1;
  if (options->reduction != RM_MEAN || !rm_batch_shared()) return RM_OK;
  RM_TRY(rm_batch_join(1, 1, divisor, err));
  *divisor /= (double)rm_batch_whole(1);
  return RM_OK;
}

/* Everything but finding memory: x and labels are dense, log_sum and o->loss have room. */
static rm_status forward(const char *op, payload *p, job *o, rm_tensor *labels, rm_tensor **y, rm_error *err) {
  double counted;
  RM_TRY(check_labels(op, o, &counted, err));
  RM_TRY(divisor_of(&p->options, counted, &p->divisor, err));
  p->weight_total = 0;
  for (size_t c = 0; c < o->classes; c++) p->weight_total += weight_of(o, c);
  rm_parallel(o->rows, row_grain(o->classes), forward_range, o);
  return reduce(o, labels, y, err);
}

static rm_status loss(const char *op, payload *p, rm_tensor *x, rm_tensor *labels, rm_tensor *weight, rm_tensor **out,
                      rm_error *err) {
  RM_TRY(check_shapes(op, x, labels, weight, err));
  double smooth = p->options.label_smoothing;
  if (!(smooth >= 0 && smooth <= 1))
    return rm_fail(err, RM_ERR_VALUE, "%s: label_smoothing must be 0 to 1, got %g", op, smooth);
  size_t rows = row_count(x), parts = 2 * rows;
  rm_tensor *x_rows = NULL, *t = NULL, *w = NULL, *log_sum = NULL, *y = NULL;
  double *per_row = NULL;
  rm_status status = as_rows(x, &x_rows, err);
  if (status == RM_OK) status = rm_tensor_contiguous(labels, &t, err);
  if (status == RM_OK && weight) status = rm_tensor_contiguous(weight, &w, err);
  if (status == RM_OK) status = rm_tensor_new(RM_FLOAT32, 1, &parts, &log_sum, err);
  if (status == RM_OK && !(per_row = rm_alloc(rows * sizeof *per_row)))
    status = rm_fail(err, RM_ERR_MEMORY, "%s: out of memory", op);
  if (status == RM_OK) {
    job o = {.p = p,
             .rows = rows,
             .classes = x->shape[1],
             .x = rm_tensor_f32(x_rows),
             .weight = w ? rm_tensor_f32(w) : NULL,
             .labels = rm_tensor_i64(t),
             .log_sum = rm_tensor_f32(log_sum),
             .loss = per_row};
    status = forward(op, p, &o, labels, &y, err);
  }
  rm_tensor *const inputs[] = {x}, *const saved[] = {x, t, w, log_sum};
  if (status == RM_OK && rm_tape_wants(1, inputs))
    status = rm_tape_record(y,
                            &(rm_record){.name = op,
                                         .backward = loss_backward,
                                         .ninputs = 1,
                                         .inputs = inputs,
                                         .nsaved = 4,
                                         .saved = saved,
                                         .payload = p,
                                         .payload_bytes = sizeof *p},
                            err);
  rm_free(per_row, rows * sizeof *per_row);
  rm_tensor_release(log_sum);
  rm_tensor_release(w);
  rm_tensor_release(t);
  rm_tensor_release(x_rows);
  return rm_tensor_give(status, y, out);
}

rm_status rm_cross_entropy(rm_tensor *x, rm_tensor *labels, rm_tensor *weight, const rm_loss_options *options,
                           rm_tensor **y, rm_error *err) {
  if (labels->dtype == RM_FLOAT32 && labels->ndim == x->ndim)
    return rm_cross_entropy_soft(x, labels, weight, options, y, err);
  payload p = {.logits = true, .options = *options};
  return loss("cross_entropy", &p, x, labels, weight, y, err);
}

rm_status rm_nll_loss(rm_tensor *x, rm_tensor *labels, rm_tensor *weight, const rm_loss_options *options, rm_tensor **y,
                      rm_error *err) {
  payload p = {.options = *options};
  p.options.label_smoothing = 0;
  return loss("nll_loss", &p, x, labels, weight, y, err);
}
