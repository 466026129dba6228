/* conv2d.c -- convolution: shapes, the choice of a method, the tape.
 *
 * Methods, fastest first where they fit:
 *   winograd  3x3, stride 1: a quarter of the multiplications (winograd.c)
 *   strided   3x3, stride 2: nine sixteenths of them (strided.c)
 *   strassen  1x1 with many channels: seven eighths of the multiplications (strassen.c)
 *   direct    everything else of ordinary size: no copies but a padded image (direct.c)
 *   im2col    any shape, as a matrix product (im2col.c)
 *   naive     the definition (naive.c), for tests only */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/copy.h"
#include "core/tape.h"
#include "ops/check.h"
#include "ops/conv/method.h"
#include "ops/conv/statistics.h"
#include "ops/conv/weight_sums.h"
#include "ops/linalg/column_sums.h"
#include "ops/norm/known.h"
#include "ops/norm/promise.h"

static const rm_conv_method *const methods[] = {&rm_conv_winograd, &rm_conv_strided, &rm_conv_strassen,
                                                &rm_conv_direct,   &rm_conv_im2col,  &rm_conv_naive};
enum { METHODS = sizeof methods / sizeof methods[0] };

/* --- which method ----------------------------------------------------------------- */
static atomic_int forced = -1; /* index into methods; -1: automatic */

bool rm_conv_force(const char *method) {
  if (!method) {
    forced = -1;
    return true;
  }
  for (int i = 0; i < METHODS; i++)
    if (strcmp(methods[i]->name, method) == 0) {
      forced = i;
      return true;
    }
  return false;
}

static atomic_int used = -1; /* the latest choice */

const char *rm_conv_used(void) { return used < 0 ? NULL : methods[used]->name; }
const char *rm_conv_forced(void) { return forced < 0 ? NULL : methods[forced]->name; }

/* The first that pays; or, from the forced one on, the first that fits. naive is never chosen by
 * itself: im2col, before it, fits everything. */
static const rm_conv_method *choose(const rm_conv_shape *s) {
  int i = forced < 0 ? 0 : forced;
  while (!(methods[i]->fits(s) && (forced >= 0 || methods[i]->pays(s)))) i++;
  used = i;
  return methods[i];
}

/* --- shapes ----------------------------------------------------------------------- */
static rm_status mismatch(rm_error *err, const rm_tensor *x, const rm_tensor *w, const char *text) {
  char shape_x[RM_SHAPE_TEXT], shape_w[RM_SHAPE_TEXT];
  return rm_fail(err, RM_ERR_SHAPE, "conv2d: %s\n  x       %s  NCHW\n  weight  %s  OIHW", text,
                 rm_tensor_text(x, shape_x), rm_tensor_text(w, shape_w));
}

static rm_status check_options(const rm_conv_options *o, rm_error *err) {
  for (int i = 0; i < 2; i++) {
    if (o->stride[i] < 1) return rm_fail(err, RM_ERR_VALUE, "conv2d: stride must be at least 1, got 0");
    if (o->dilation[i] < 1) return rm_fail(err, RM_ERR_VALUE, "conv2d: dilation must be at least 1, got 0");
    if (o->stride[i] > 1 << 20 || o->dilation[i] > 1 << 20 || o->padding[i] > 1 << 20)
      return rm_fail(err, RM_ERR_VALUE, "conv2d: stride, padding and dilation must be at most %d", 1 << 20);
  }
  if (o->groups < 1) return rm_fail(err, RM_ERR_VALUE, "conv2d: groups must be at least 1, got 0");
  return RM_OK;
}

static rm_status check_tensors(const rm_tensor *x, const rm_tensor *w, const rm_tensor *b, rm_error *err) {
  char text[RM_SHAPE_TEXT];
  RM_TRY(rm_check_float("conv2d", "x", x, err));
  RM_TRY(rm_check_float("conv2d", "weight", w, err));
  if (x->ndim != 4)
    return rm_fail(err, RM_ERR_SHAPE, "conv2d: x has shape %s, expected 4 dimensions (N, C, H, W) or 3 (C, H, W)",
                   rm_tensor_text(x, text));
  if (w->ndim != 4 || w->numel == 0)
    return rm_fail(err, RM_ERR_SHAPE, "conv2d: weight has shape %s, expected 4 dimensions (K, C/groups, R, S)",
                   rm_tensor_text(w, text));
  return rm_check_bias("conv2d", b, w->shape[0], err);
}

static rm_status describe(const rm_tensor *x, const rm_tensor *w, const rm_conv_options *o, rm_conv_shape *s,
                          rm_error *err) {
  char text[160];
  *s = (rm_conv_shape){.n = x->shape[0],
                       .c = x->shape[1],
                       .h = x->shape[2],
                       .w = x->shape[3],
                       .k = w->shape[0],
                       .r = w->shape[2],
                       .s = w->shape[3],
                       .stride_h = o->stride[0],
                       .stride_w = o->stride[1],
                       .pad_h = o->padding[0],
                       .pad_w = o->padding[1],
                       .dil_h = o->dilation[0],
                       .dil_w = o->dilation[1],
                       .groups = o->groups,
                       .cg = w->shape[1],
                       .kg = w->shape[0] / o->groups};
  if (s->c != s->cg * s->groups) {
    if (s->groups == 1) snprintf(text, sizeof text, "x has %zu channels, weight expects %zu", s->c, s->cg);
    else
      snprintf(text, sizeof text, "x has %zu channels, weight expects %zu (%zu groups of %zu)", s->c, s->cg * s->groups,
               s->groups, s->cg);
    return mismatch(err, x, w, text);
  }
  if (s->k % s->groups != 0) {
    snprintf(text, sizeof text, "%zu output channels cannot be split into %zu groups", s->k, s->groups);
    return mismatch(err, x, w, text);
  }
  size_t window_h = s->dil_h * (s->r - 1) + 1, window_w = s->dil_w * (s->s - 1) + 1;
  if (s->h + 2 * s->pad_h < window_h || s->w + 2 * s->pad_w < window_w) {
    snprintf(text, sizeof text, "the kernel covers %zu x %zu pixels, the padded x has only %zu x %zu", window_h,
             window_w, s->h + 2 * s->pad_h, s->w + 2 * s->pad_w);
    return mismatch(err, x, w, text);
  }
  s->oh = (s->h + 2 * s->pad_h - window_h) / s->stride_h + 1;
  s->ow = (s->w + 2 * s->pad_w - window_w) / s->stride_w + 1;
  return RM_OK;
}

/* --- what it reads ---------------------------------------------------------------- */
static rm_conv_pixels promised_pixels(const rm_promise *p) {
  return (rm_conv_pixels){rm_tensor_f32(p->x), rm_tensor_f32(p->columns)};
}

/* A promise is read by way of what it was promised from: whoever passes one has asked rm_conv2d_normalizes. */
static rm_conv_pixels pixels_of(const rm_tensor *x) {
  rm_promise promised;
  if (x->weak && rm_promise_source(x->node, &promised)) return promised_pixels(&promised);
  return (rm_conv_pixels){rm_tensor_f32(x), NULL};
}

/* --- backward --------------------------------------------------------------------- */
enum { SAVED_X, SAVED_WEIGHT, SAVED }; /* channels-last, row-major */

static rm_status input_gradient(const rm_conv_shape *s, rm_tensor *dy, rm_tensor *w, rm_tensor **out, rm_error *err) {
  rm_tensor *dx = NULL;
  RM_TRY(rm_tensor_new_channels_last((size_t[]){s->n, s->c, s->h, s->w}, &dx, err));
  rm_status status = RM_OK;
  if (dy->numel == 0) memset(rm_tensor_f32(dx), 0, dx->numel * sizeof(float));
  else status = choose(s)->input_gradient(s, rm_tensor_f32(dy), rm_tensor_f32(w), rm_tensor_f32(dx), err);
  return rm_tensor_give(status, dx, out);
}

/* What the node's input was: kept, or promised by what `promised` says where the weight gradient can do with that, or
 * computed now. */
static rm_status pixels_again(const rm_node *node, rm_conv_pixels *x, rm_error *err) {
  const rm_node *source;
  rm_promise promised;
  RM_TRY(rm_node_source(node, SAVED_X, &source, err));
  if (rm_promise_source(source, &promised) && rm_conv_weight_sums_normalize(rm_node_payload(node), choose)) {
    *x = promised_pixels(&promised);
    return RM_OK;
  }
  RM_TRY(rm_node_bring_back(node, SAVED_X, err));
  *x = (rm_conv_pixels){rm_tensor_f32(rm_node_saved(node, SAVED_X)), NULL};
  return RM_OK;
}

static rm_status weight_gradient(const rm_node *node, rm_tensor *dy, rm_tensor **out, rm_error *err) {
  const rm_conv_shape *s = rm_node_payload(node);
  rm_conv_pixels x;
  rm_tensor *dw = NULL;
  if (dy->numel > 0) RM_TRY(pixels_again(node, &x, err));
  RM_TRY(rm_tensor_new(RM_FLOAT32, 4, (size_t[]){s->k, s->cg, s->r, s->s}, &dw, err));
  rm_status status = RM_OK;
  if (dy->numel == 0) memset(rm_tensor_f32(dw), 0, dw->numel * sizeof(float));
  else status = rm_conv_weight_sums(s, choose, &x, rm_tensor_f32(dy), rm_tensor_f32(dw), err);
  return rm_tensor_give(status, dw, out);
}

static rm_status bias_gradient(const rm_conv_shape *s, rm_tensor *dy, rm_tensor **out, rm_error *err) {
  rm_tensor *db = NULL;
  RM_TRY(rm_tensor_new(RM_FLOAT32, 1, &s->k, &db, err));
  rm_status status = rm_batch_sums(s->n, s->oh * s->ow, s->k, rm_tensor_f32(dy), rm_tensor_f32(db), err);
  return rm_tensor_give(status, db, out);
}

static rm_status backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  const rm_conv_shape *s = rm_node_payload(node);
  rm_tensor *g = NULL;
  RM_TRY(rm_tensor_channels_last(dy, &g, err));
  rm_status status = RM_OK;
  if (rm_node_needs(node, 0)) status = rm_node_bring_back(node, SAVED_WEIGHT, err);
  if (status == RM_OK && rm_node_needs(node, 0))
    status = input_gradient(s, g, rm_node_saved(node, SAVED_WEIGHT), &dx[0], err);
  if (status == RM_OK && rm_node_needs(node, 1)) status = weight_gradient(node, g, &dx[1], err);
  if (status == RM_OK && rm_node_needs(node, 2)) status = bias_gradient(s, g, &dx[2], err);
  rm_tensor_release(g);
  return status;
}

/* --- forward ---------------------------------------------------------------------- */
typedef struct {
  rm_conv_shape shape;
  rm_tensor *x, *weight, *bias, *add; /* x and add channels-last, weight and bias row-major; owned */
} operands;

static void drop(operands *o) {
  rm_tensor_release(o->x);
  rm_tensor_release(o->weight);
  rm_tensor_release(o->bias);
  rm_tensor_release(o->add);
}

static rm_status check(const rm_tensor *x, const rm_tensor *weight, const rm_tensor *bias,
                       const rm_conv_options *options, rm_conv_shape *s, rm_error *err) {
  RM_TRY(check_options(options, err));
  RM_TRY(check_tensors(x, weight, bias, err));
  return describe(x, weight, options, s, err);
}

static rm_status take(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor *add, operands *o, rm_error *err) {
  rm_status status = rm_tensor_channels_last(x, &o->x, err);
  if (status == RM_OK) status = rm_tensor_contiguous(weight, &o->weight, err);
  if (status == RM_OK && bias) status = rm_tensor_contiguous(bias, &o->bias, err);
  if (status == RM_OK && add) status = rm_tensor_channels_last(add, &o->add, err);
  return status;
}

/* With the statistics of y's channels, for a batch norm that may follow, where they cost nothing. */
static rm_status forward_noted(const operands *o, const rm_conv_method *method, const float *bias, rm_tensor *y,
                               rm_error *err) {
  const rm_conv_shape *s = &o->shape;
  size_t groups = rm_known_groups(s->n);
  double *moments;
  RM_TRY(rm_known_new(y, groups, &moments, err));
  rm_conv_pixels x = pixels_of(o->x);
  return rm_conv_forward_statistics(method, s, groups, &x, rm_tensor_f32(o->weight), bias, rm_tensor_f32(y), moments,
                                    err);
}

static rm_status forward(const operands *o, bool relu, bool note, rm_tensor **out, rm_error *err) {
  rm_tensor *y = NULL;
  const rm_conv_shape *s = &o->shape;
  RM_TRY(rm_tensor_new_channels_last((size_t[]){s->n, s->k, s->oh, s->ow}, &y, err));
  rm_conv_finish finish = {
      .bias = o->bias ? rm_tensor_f32(o->bias) : NULL, .add = o->add ? rm_tensor_f32(o->add) : NULL, .relu = relu};
  rm_status status = RM_OK;
  rm_conv_pixels x = pixels_of(o->x);
  const rm_conv_method *method = y->numel ? choose(s) : NULL;
  if (method && note && rm_conv_gives_statistics(method, s)) status = forward_noted(o, method, finish.bias, y, err);
  else if (method) status = method->forward(s, &x, rm_tensor_f32(o->weight), &finish, rm_tensor_f32(y), err);
  return rm_tensor_give(status, y, out);
}

static rm_status record(const operands *o, rm_tensor *const inputs[3], rm_tensor *y, rm_error *err) {
  if (!rm_tape_wants(3, inputs)) return RM_OK;
  /* What the gradient of neither needs is not kept. */
  bool keep_x = inputs[1]->requires_grad, keep_w = inputs[0]->requires_grad;
  rm_tensor *saved[SAVED] = {[SAVED_X] = keep_x ? o->x : NULL, [SAVED_WEIGHT] = keep_w ? o->weight : NULL};
  return rm_tape_record(y,
                        &(rm_record){.name = "conv2d",
                                     .backward = backward,
                                     .ninputs = 3,
                                     .inputs = inputs,
                                     .nsaved = SAVED,
                                     .saved = saved,
                                     .reads_source = true,
                                     .payload = &o->shape,
                                     .payload_bytes = sizeof o->shape},
                        err);
}

rm_status rm_conv2d(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, const rm_conv_options *options, rm_tensor **out,
                    rm_error *err) {
  operands o = {0};
  rm_tensor *y = NULL;
  if (!rm_conv2d_is_plain(x, options)) return rm_conv2d_bordered(x, weight, bias, options, out, err);
  RM_TRY(check(x, weight, bias, options, &o.shape, err));
  rm_status status = take(x, weight, bias, NULL, &o, err);
  if (status == RM_OK) status = forward(&o, false, true, &y, err);
  if (status == RM_OK) status = record(&o, (rm_tensor *[]){x, weight, bias}, y, err);
  drop(&o);
  return rm_tensor_give(status, y, out);
}

bool rm_conv2d_normalizes(const rm_tensor *x, const rm_tensor *weight, const rm_tensor *bias,
                          const rm_conv_options *options) {
  rm_conv_shape s;
  rm_error err; /* left to the convolution itself */
  if (!rm_conv2d_is_plain(x, options) || check(x, weight, bias, options, &s, &err) != RM_OK) return false;
  return x->numel > 0 && choose(&s)->normalizes;
}

/* --- without gradients ------------------------------------------------------------ */
rm_status rm_conv2d_shape(const rm_tensor *x, const rm_tensor *weight, const rm_tensor *bias,
                          const rm_conv_options *options, size_t shape[4], rm_error *err) {
  rm_conv_shape s;
  RM_TRY(check(x, weight, bias, options, &s, err));
  shape[0] = s.n, shape[1] = s.k, shape[2] = s.oh, shape[3] = s.ow;
  return RM_OK;
}

rm_status rm_conv2d_fused(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, const rm_conv_options *options,
                          rm_tensor *add, bool relu, rm_tensor **out, rm_error *err) {
  operands o = {0};
  RM_TRY(check(x, weight, bias, options, &o.shape, err));
  rm_status status = take(x, weight, bias, add, &o, err);
  if (status == RM_OK) status = forward(&o, relu, false, out, err);
  drop(&o);
  return status;
}
