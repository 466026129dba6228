/* expression.c -- see expression.h. */
#include "lazy/expression.h"

#include <string.h>
#include "core/tape.h"
#include "measure/profile.h"
#include "memory/alloc.h"
#include "ops/norm/norm.h"
#include "ops/norm/promise.h"
#include "parallel/interrupt.h"

/* --- owning ------------------------------------------------------------------------------------ */

rm_status rm_expression_new(const char *op, rm_expression **out, rm_error *err) {
  rm_expression *e = rm_alloc(sizeof *e);
  if (!e) return rm_fail(err, RM_ERR_MEMORY, "%s: out of memory", op);
  memset(e, 0, sizeof *e);
  e->refs = 1;
  e->recording = rm_grad_enabled();
  *out = e;
  return RM_OK;
}

void rm_expression_set_shape(rm_expression *e, size_t ndim, const size_t shape[]) {
  e->ndim = ndim;
  memcpy(e->shape, shape, ndim * sizeof *shape);
}

static void give_up_inputs(rm_expression *e) {
  for (size_t i = 0; i < INPUTS; i++) rm_reader_remove(&e->inputs[i].reader);
  rm_tensor_release(e->columns);
  e->columns = NULL;
}

void rm_expression_release(rm_expression *e) {
  if (!e || --e->refs > 0) return;
  give_up_inputs(e);
  rm_tensor_release(e->result);
  rm_tensor_release(e->promise);
  rm_free(e, sizeof *e);
}

/* --- inputs ------------------------------------------------------------------------------------ */

static unsigned version(const rm_tensor *t) { return atomic_load(&t->storage->version); }

static rm_status settle_reader(rm_reader *reader, rm_error *err) {
  return rm_expression_settle(((rm_input *)reader)->expression, err);
}

void rm_expression_set(rm_expression *e, rm_input_kind kind, rm_tensor *t) {
  rm_input *in = &e->inputs[kind];
  if (!t) return;
  in->expression = e;
  in->version = version(t);
  in->reader.elements = kind != WEIGHT && kind != BIAS;
  in->reader.requirement = e->recording;
  in->reader.settle = settle_reader;
  rm_reader_add(&in->reader, t);
}

rm_tensor *rm_expression_input(const rm_expression *e, rm_input_kind kind) { return e->inputs[kind].reader.tensor; }

void rm_expression_take_over(rm_expression *e, const rm_expression *from) {
  for (rm_input_kind i = 0; i < INPUTS; i++) {
    rm_expression_set(e, i, rm_expression_input(from, i));
    e->inputs[i].version = from->inputs[i].version;
  }
  rm_expression_set_shape(e, from->ndim, from->shape);
  e->options = from->options;
  if (from->columns) e->columns = rm_tensor_retain(from->columns);
  e->of_batch = from->of_batch;
  e->relu = from->relu;
}

/* --- computing ------------------------------------------------------------------------------------ */

/* A write that settled nobody would otherwise give a wrong result. */
static rm_status check_unchanged(const rm_expression *e, rm_error *err) {
  for (rm_input_kind i = 0; i < INPUTS; i++) {
    const rm_input *in = &e->inputs[i];
    if (in->reader.tensor && in->reader.elements && version(in->reader.tensor) != in->version)
      return rm_fail(err, RM_ERR_STATE, "%s: its input was changed in place before the result was first looked at",
                     e->columns ? "batch_norm" : "conv2d");
  }
  return RM_OK;
}

/* What one computation looks at. It has references of its own: where memory runs out in the middle, a finalizer
 * of the program may look at the same expression, which then gives up its inputs. */
typedef struct {
  rm_tensor *in[INPUTS], *columns;
} held;

static held hold(const rm_expression *e) {
  held h = {.columns = e->columns ? rm_tensor_retain(e->columns) : NULL};
  for (rm_input_kind i = 0; i < INPUTS; i++)
    if (rm_expression_input(e, i)) h.in[i] = rm_tensor_retain(rm_expression_input(e, i));
  return h;
}

static void let_go(held *h) {
  for (size_t i = 0; i < INPUTS; i++) rm_tensor_release(h->in[i]);
  rm_tensor_release(h->columns);
}

/* Nothing was joined to it: as where gradients are recorded, with what a batch norm of it wants to know. */
static rm_status convolve_alone(const rm_expression *e, const held *h, rm_tensor **y, rm_error *err) {
  bool was = rm_grad_set(e->recording);
  rm_status status = rm_conv2d(h->in[X], h->in[KERNEL], h->in[KERNEL_BIAS], &e->options, y, err);
  rm_grad_set(was);
  return status;
}

static rm_status convolve(const rm_expression *e, const held *h, bool relu, rm_tensor **y, rm_error *err) {
  if (!h->columns && !h->in[ADD] && !relu) return convolve_alone(e, h, y, err);
  rm_tensor *kernel = h->in[KERNEL], *bias = h->in[KERNEL_BIAS], *folded = NULL, *folded_bias = NULL;
  if (h->columns) {
    RM_TRY(rm_batch_norm_fold(h->columns, kernel, bias, &folded, &folded_bias, err));
    kernel = folded;
    bias = folded_bias;
  }
  rm_status status = rm_conv2d_fused(h->in[X], kernel, bias, &e->options, h->in[ADD], relu, y, err);
  rm_tensor_release(folded);
  rm_tensor_release(folded_bias);
  return status;
}

static rm_status normalize(const rm_expression *e, const held *h, bool relu, rm_tensor **y, rm_error *err) {
  bool was = rm_grad_set(e->recording && !e->promise);
  rm_status status = rm_batch_norm_apply(h->in[X], h->in[WEIGHT], h->in[BIAS], h->columns, e->of_batch, h->in[ADD],
                                         relu || e->relu, y, err);
  rm_grad_set(was);
  if (status == RM_OK && e->promise) rm_tape_keep_promise(e->promise, *y);
  return status;
}

rm_status rm_expression_compute(rm_expression *e, bool relu, rm_tensor **y, rm_error *err) {
  rm_tensor *fresh = NULL;
  RM_TRY(check_unchanged(e, err));
  held h = hold(e);
  e->refs++;
  rm_status status = (h.in[KERNEL] ? convolve : normalize)(e, &h, relu, &fresh, err);
  if (status == RM_OK && rm_broken()) status = rm_fail(err, RM_ERR_INTERRUPTED, "interrupted"); /* parts are missing */
  rm_expression_release(e);
  let_go(&h);
  return rm_tensor_give(status, fresh, y);
}

rm_status rm_expression_promise(rm_expression *e, rm_tensor **promise, rm_error *err) {
  *promise = NULL;
  if (e->result || !e->relu) return RM_OK;
  RM_TRY(check_unchanged(e, err));
  held h = hold(e);
  rm_tensor *fresh = NULL;
  e->refs++;
  bool was = rm_grad_set(e->recording);
  rm_status status = RM_OK;
  if (!e->promise)
    status = rm_batch_norm_promise(h.in[X], h.in[WEIGHT], h.in[BIAS], h.columns, e->of_batch, &fresh, err);
  rm_grad_set(was);
  let_go(&h);
  if (!e->promise && !e->result) e->promise = fresh;
  else rm_tensor_release(fresh);
  if (status == RM_OK && !e->result) *promise = e->promise;
  rm_expression_release(e);
  return status;
}

rm_status rm_expression_settle(rm_expression *e, rm_error *err) {
  rm_tensor *result = NULL;
  if (e->result) return RM_OK;
  const char *was = rm_profile_recorded(NULL);
  rm_scope scope = rm_profile_begin(); /* whoever looks has nothing to do with it */
  e->refs++;
  rm_status status = rm_expression_compute(e, false, &result, err);
  if (status == RM_OK && !e->result) e->result = result;
  else rm_tensor_release(result);
  rm_profile_end(scope, rm_expression_input(e, KERNEL) ? "conv2d" : "batch_norm", RM_PROFILE_CALL);
  rm_profile_recorded(was);
  if (status == RM_OK) give_up_inputs(e);
  rm_expression_release(e);
  return status;
}
