/* unary.c -- elementwise operators on one tensor: functions and activations.
 *
 * Each is a row in a table: its kernels and what its gradient is computed from. Adding one
 * is a name in pointwise.h, two kernels, and a row here. */
#include <string.h>
#include "core/tape.h"
#include "kernels/kernels.h"
#include "ops/pointwise/pointwise.h"

/* What backward reads besides dy: nothing, the input, or the output. */
typedef enum { KEEP_NOTHING, KEEP_X, KEEP_Y } keep;

enum { MAX_PARAMS = 2 };

/* Kernels are named by their place in the table of kernels, since that is chosen at run time.
 * forward(n, x, params..., y) and backward(n, kept, dy, params..., dx). */
typedef struct {
  const char *name;
  size_t nparams, forward, backward;
  keep   keep;
} rule;

#define K(name) offsetof(rm_kernels, name)
static const rule rules[RM_UNARY_COUNT] = {
    [RM_NEG]        = {"neg", 0, K(neg_forward), K(neg_backward), KEEP_NOTHING},
    [RM_ABS]        = {"abs", 0, K(abs_forward), K(abs_backward), KEEP_X},
    [RM_SIGN]       = {"sign", 0, K(sign_forward), K(zero_backward), KEEP_NOTHING},
    [RM_SQUARE]     = {"square", 0, K(square_forward), K(square_backward), KEEP_X},
    [RM_SQRT]       = {"sqrt", 0, K(sqrt_forward), K(sqrt_backward), KEEP_Y},
    [RM_RECIPROCAL] = {"reciprocal", 0, K(reciprocal_forward), K(reciprocal_backward), KEEP_Y},
    [RM_EXP]        = {"exp", 0, K(exp_forward), K(mul), KEEP_Y},
    [RM_LOG]        = {"log", 0, K(log_forward), K(log_backward), KEEP_X},
    [RM_FLOOR]      = {"floor", 0, K(floor_forward), K(zero_backward), KEEP_NOTHING},
    [RM_CEIL]       = {"ceil", 0, K(ceil_forward), K(zero_backward), KEEP_NOTHING},
    [RM_ROUND]      = {"round", 0, K(round_forward), K(zero_backward), KEEP_NOTHING},
    [RM_POW_NUMBER] = {"pow", 1, K(pow), K(pow_backward), KEEP_X},
    [RM_CLAMP]      = {"clamp", 2, K(clamp_forward), K(clamp_backward), KEEP_X},
    [RM_RELU]       = {"relu", 0, K(relu_forward), K(relu_backward), KEEP_Y},
    [RM_LEAKY_RELU] = {"leaky_relu", 1, K(leaky_relu_forward), K(leaky_relu_backward), KEEP_X},
    [RM_ELU]        = {"elu", 1, K(elu_forward), K(elu_backward), KEEP_X},
    [RM_SIGMOID]    = {"sigmoid", 0, K(sigmoid_forward), K(sigmoid_backward), KEEP_Y},
    [RM_TANH]       = {"tanh", 0, K(tanh_forward), K(tanh_backward), KEEP_Y},
    [RM_SILU]       = {"silu", 0, K(silu_forward), K(silu_backward), KEEP_X},
    [RM_GELU]       = {"gelu", 0, K(gelu_forward), K(gelu_backward), KEEP_X},
    [RM_GELU_TANH]  = {"gelu", 0, K(gelu_tanh_forward), K(gelu_tanh_backward), KEEP_X},
};
#undef K

typedef struct {
  rm_unary_op op;
  double params[MAX_PARAMS];
} unary_payload;

/* out = the kernel at `place`, applied to n tensors and then the rule's numbers. */
static void apply(const rule *r, size_t place, size_t n, rm_tensor *const tensors[],
                  const double params[], rm_tensor *out) {
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
  rm_record rec = {.name = r->name, .backward = unary_backward, .ninputs = 1, .inputs = &x,
                   .nsaved = 1, .saved = saved, .payload = &payload, .payload_bytes = sizeof payload};
  return rm_tape_record(y, &rec, err);
}

static rm_status check_float(const rule *r, const rm_tensor *x, rm_error *err) {
  if (x->dtype == RM_FLOAT32) return RM_OK;
  return rm_fail(err, RM_ERR_TYPE, "%s: x is %s, expected float32 (use x:float())", r->name,
                 rm_dtype_name(x->dtype));
}

/* Powers that have a kernel of their own: x^2, sqrt x, 1/x. */
static rm_unary_op plainer(rm_unary_op op, const double params[]) {
  if (op != RM_POW_NUMBER) return op;
  return params[0] == 2 ? RM_SQUARE : params[0] == 0.5 ? RM_SQRT : params[0] == -1 ? RM_RECIPROCAL : op;
}

rm_status rm_unary(rm_unary_op op, rm_tensor *x, const double params[], rm_tensor **out, rm_error *err) {
  RM_TRY(check_float(&rules[op], x, err));
  op = plainer(op, params);
  const rule *r = &rules[op];
  rm_tensor *y = NULL;
  RM_TRY(rm_tensor_new_like(x, RM_FLOAT32, &y, err));
  apply(r, r->forward, 1, &x, params, y);
  rm_status status = rm_tape_wants(1, &x) ? record(op, params, x, y, err) : RM_OK;
  if (status == RM_OK) *out = y;
  else rm_tensor_release(y);
  return status;
}

rm_status rm_unary_inplace(rm_unary_op op, rm_tensor *x, const double params[], rm_error *err) {
  const rule *r = &rules[plainer(op, params)];
  RM_TRY(check_float(r, x, err));
  apply(r, r->forward, 1, &x, params, x);
  rm_tensor_mark_written(x);
  return RM_OK;
}

rm_status rm_relu(rm_tensor *x, rm_tensor **y, rm_error *err) { return rm_unary(RM_RELU, x, NULL, y, err); }
rm_status rm_exp(rm_tensor *x, rm_tensor **y, rm_error *err) { return rm_unary(RM_EXP, x, NULL, y, err); }
rm_status rm_log(rm_tensor *x, rm_tensor **y, rm_error *err) { return rm_unary(RM_LOG, x, NULL, y, err); }
rm_status rm_sqrt(rm_tensor *x, rm_tensor **y, rm_error *err) { return rm_unary(RM_SQRT, x, NULL, y, err); }
