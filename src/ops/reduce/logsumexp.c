/* logsumexp.c -- log of a sum of exponentials, with the largest taken out so that nothing overflows. */
#include <math.h>
#include <string.h>
#include "core/tape.h"
#include "ops/check.h"
#include "ops/pointwise/pointwise.h"
#include "ops/reduce/plan.h"
#include "ops/reduce/reduce.h"
#include "ops/views/views.h"

typedef struct {
  bool over[RM_MAX_DIMS];
} payload;

static rm_operand of(rm_tensor *t) { return rm_operand_tensor(t); }

/* dx = e^(x - y) dy; NaN where y is infinite, as in PyTorch. Saved: x, y. */
static rm_status backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  const payload *p = rm_node_payload(node);
  enum { VALUE, GRADIENT, BELOW, SHARE, HELD };
  rm_tensor *t[HELD] = {0}, *x = rm_node_saved(node, 0);
  rm_status s = rm_reduced_view(rm_node_saved(node, 1), x->ndim, p->over, &t[VALUE], err);
  if (s == RM_OK) s = rm_reduced_view(dy, x->ndim, p->over, &t[GRADIENT], err);
  if (s == RM_OK) s = rm_sub(x, t[VALUE], &t[BELOW], err);
  if (s == RM_OK) s = rm_exp(t[BELOW], &t[SHARE], err);
  if (s == RM_OK) s = rm_mul(t[SHARE], t[GRADIENT], &dx[0], err);
  for (size_t i = 0; i < HELD; i++) rm_tensor_release(t[i]);
  return s;
}

/* With the reduced dimensions kept. */
static rm_status forward(rm_tensor *x, const bool over[], rm_tensor **y, rm_error *err) {
  enum { LARGEST, SIZE, INFINITE, BASE, BELOW, POWER, SUM, LOG, HELD };
  rm_tensor *t[HELD] = {0};
  rm_status s = RM_OK;
  if (x->numel == 0) { /* of nothing: log 0 */
    s = rm_sum(x, over, true, &t[SUM], err);
    if (s == RM_OK) s = rm_log(t[SUM], y, err);
  } else {
    s = rm_extreme(x, true, over, true, &t[LARGEST], NULL, err);
    if (s == RM_OK) s = rm_unary(RM_ABS, t[LARGEST], NULL, &t[SIZE], err);
    if (s == RM_OK) s = rm_compare(RM_EQ, of(t[SIZE]), rm_operand_number(INFINITY), &t[INFINITE], err);
    if (s == RM_OK) s = rm_where(t[INFINITE], rm_operand_number(0), of(t[LARGEST]), &t[BASE], err);
    if (s == RM_OK) s = rm_sub(x, t[BASE], &t[BELOW], err);
    if (s == RM_OK) s = rm_exp(t[BELOW], &t[POWER], err);
    if (s == RM_OK) s = rm_sum(t[POWER], over, true, &t[SUM], err);
    if (s == RM_OK) s = rm_log(t[SUM], &t[LOG], err);
    if (s == RM_OK) s = rm_add(t[LOG], t[BASE], y, err);
  }
  for (size_t i = 0; i < HELD; i++) rm_tensor_release(t[i]);
  return s;
}

rm_status rm_logsumexp(rm_tensor *x, const bool over[], bool keepdim, rm_tensor **out, rm_error *err) {
  RM_TRY(rm_check_float("logsumexp", "x", x, err));
  payload p;
  for (size_t d = 0; d < RM_MAX_DIMS; d++) p.over[d] = !over || over[d];
  rm_tensor *kept = NULL, *y = NULL;
  bool was = rm_grad_set(false);
  rm_status status = forward(x, p.over, &kept, err);
  if (status == RM_OK && keepdim) y = rm_tensor_retain(kept);
  else if (status == RM_OK) status = rm_squeeze(kept, p.over, &y, err);
  rm_grad_set(was);
  rm_tensor_release(kept);
  if (status == RM_OK && rm_tape_wants(1, &x))
    status = rm_tape_record(y,
                            &(rm_record){.name = "logsumexp",
                                         .backward = backward,
                                         .ninputs = 1,
                                         .inputs = &x,
                                         .nsaved = 2,
                                         .saved = (rm_tensor *[]){x, y},
                                         .payload = &p,
                                         .payload_bytes = sizeof p},
                            err);
  return rm_tensor_give(status, y, out);
}
