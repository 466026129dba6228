/* unary.c -- elementwise operators on one tensor: functions and activations.
 *
 * Each is a row in a table: its kernels and what its gradient is computed from. The rows are in
 * kernels/unary_list.h. */
#include <string.h>
#include "core/copy.h"
#include "core/tape.h"
#include "kernels/kernels.h"
#include "ops/check.h"
#include "ops/pointwise/pointwise.h"

/* What backward reads besides dy: nothing, the input, or the output. */
typedef enum { KEEP_NOTHING, KEEP_X, KEEP_Y } keep;

enum { MAX_PARAMS = 2 };

/* Kernels are named by their place in the table of kernels, since that is chosen at run time.
 * forward(n, x, params..., y) and backward(n, kept, dy, params..., dx). */
typedef struct {
  const char *name;
  size_t nparams, forward, backward;
  keep keep;
} rule;

#define K(name) offsetof(rm_kernels, name)
#define RM_UNARY(op, kernel, name, numbers, keep) \
  [RM_##op] = {name, numbers, K(kernel##_forward), K(kernel##_backward), KEEP_##keep},
#define RM_UNARY_FLAT(op, kernel, name) [RM_##op] = {name, 0, K(kernel##_forward), K(zero_backward), KEEP_NOTHING},
static const rule rules[RM_UNARY_COUNT] = {
#include "kernels/unary_list.h"
    [RM_POW_NUMBER] = {"pow", 1, K(pow), K(pow_backward), KEEP_X},
    [RM_DEVIATION] = {"std", 0, K(sqrt_forward), K(deviation_backward), KEEP_Y},
};
#undef RM_UNARY_FLAT
#undef RM_UNARY
#undef K

typedef struct {
  rm_unary_op op;
  double params[MAX_PARAMS];
} unary_payload;

/* out = the kernel at `place`, applied to n tensors and then the rule's numbers. */
static void apply(const rule *r, size_t place, size_t n, rm_tensor *const tensors[], const double params[],
                  rm_tensor *out) {
  static const rm_map_kind kinds[] = {0, RM_MAP_F_F, RM_MAP_FF_F, RM_MAP_FFF_F, RM_MAP_FFFF_F};
  rm_operand in[2 + MAX_PARAMS];
  for (size_t i = 0; i < n; i++) in[i] = rm_operand_tensor(tensors[i]);
  for (size_t i = 0; i < r->nparams; i++) in[n + i] = rm_operand_number(params[i]);
  rm_map_kernel kernel = {.kind = kinds[n + r->nparams]};
  memcpy(&kernel.fn, (const char *)rm_kernel_table() + place, sizeof kernel.fn);
  rm_map(&kernel, out, n + r->nparams, in);
}

static rm_status unary_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  const unary_payload *p = rm_node_payload(node);
  const rule *r = &rules[p->op];
  rm_tensor *kept = r->keep == KEEP_NOTHING ? dy : rm_node_saved(node, 0);
  RM_TRY(rm_tensor_new_like(kept, RM_FLOAT32, &dx[0], err));
  apply(r, r->backward, 2, (rm_tensor *[]){kept, dy}, p->params, dx[0]);
  return RM_OK;
}

static rm_status record(rm_unary_op op, const double params[], rm_tensor *x, rm_tensor *y, rm_error *err) {
  const rule *r = &rules[op];
  unary_payload payload = {.op = op};
  for (size_t i = 0; i < r->nparams; i++) payload.params[i] = params[i];
  rm_tensor *saved[] = {r->keep == KEEP_X ? x : r->keep == KEEP_Y ? y : NULL};
  rm_record rec = {.name = r->name,
                   .backward = unary_backward,
                   .ninputs = 1,
                   .inputs = &x,
                   .nsaved = 1,
                   .saved = saved,
                   .payload = &payload,
                   .payload_bytes = sizeof payload};
  return rm_tape_record(y, &rec, err);
}

/* Powers that have a kernel of their own: x^2, sqrt x, 1/x. */
static rm_unary_op plainer(rm_unary_op op, const double params[]) {
  if (op != RM_POW_NUMBER) return op;
  return params[0] == 2 ? RM_SQUARE : params[0] == 0.5 ? RM_SQRT : params[0] == -1 ? RM_RECIPROCAL : op;
}

const char *rm_unary_name(rm_unary_op op) { return rules[op].name; }

static rm_status check_dtype(rm_unary_op op, const rm_tensor *x, rm_error *err) {
  if (!rm_unary_takes_whole(op) || x->dtype == RM_INT64) return rm_check_float(rules[op].name, "x", x, err);
  if (x->dtype == RM_FLOAT32) return RM_OK;
  return rm_advise(
      err, RM_ADVICE_TO_FLOAT, "x",
      rm_fail(err, RM_ERR_TYPE, "%s: x is %s, expected float32 or int64", rules[op].name, rm_dtype_name(x->dtype)));
}

rm_status rm_unary(rm_unary_op op, rm_tensor *x, const double params[], rm_tensor **out, rm_error *err) {
  if (x->dtype == RM_INT64 && rm_unary_takes_whole(op)) return rm_unary_whole(op, x, params, out, err);
  RM_TRY(check_dtype(op, x, err));
  op = plainer(op, params);
  const rule *r = &rules[op];
  rm_tensor *y = NULL;
  RM_TRY(rm_tensor_new_like(x, RM_FLOAT32, &y, err));
  apply(r, r->forward, 1, &x, params, y);
  return rm_tensor_give(rm_tape_wants(1, &x) ? record(op, params, x, y, err) : RM_OK, y, out);
}

rm_status rm_unary_inplace(rm_unary_op op, rm_tensor *x, const double params[], rm_error *err) {
  if (x->dtype == RM_INT64 && rm_unary_takes_whole(op)) {
    rm_tensor *y = NULL;
    RM_TRY(rm_unary_whole(op, x, params, &y, err));
    rm_status status = rm_tensor_copy(x, y, err); /* of another storage: it does not fail */
    rm_tensor_release(y);
    return status;
  }
  const rule *r = &rules[plainer(op, params)];
  RM_TRY(check_dtype(op, x, err));
  apply(r, r->forward, 1, &x, params, x);
  rm_tensor_mark_written(x);
  return RM_OK;
}

rm_status rm_relu(rm_tensor *x, rm_tensor **y, rm_error *err) { return rm_unary(RM_RELU, x, NULL, y, err); }
rm_status rm_exp(rm_tensor *x, rm_tensor **y, rm_error *err) { return rm_unary(RM_EXP, x, NULL, y, err); }
rm_status rm_log(rm_tensor *x, rm_tensor **y, rm_error *err) { return rm_unary(RM_LOG, x, NULL, y, err); }
rm_status rm_sqrt(rm_tensor *x, rm_tensor **y, rm_error *err) { return rm_unary(RM_SQRT, x, NULL, y, err); }
