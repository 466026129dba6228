/* loss.c -- cross entropy, negative log-likelihood, squared distance. */
#include <string.h>
#include "bind/bind.h"
#include "parallel/interrupt.h"
#include "ops/loss/loss.h"

/* The option `reduction` at arg: "mean" unless given. */
static rm_reduction check_reduction(lua_State *L, int arg, const char *op) {
  static const char *const names[] = {"mean", "sum", "none"};
  const char *given = bind_optstring(L, arg, "reduction", "mean");
  for (int i = 0; i < 3; i++)
    if (strcmp(given, names[i]) == 0) return (rm_reduction)i;
  bind_error(L, "%s: unknown reduction \"%s\", expected mean, sum or none", op, given);
  return RM_MEAN;
}

enum { IGNORED = -100 }; /* PyTorch's default: a label that counts for nothing */

/* x:cross_entropy(labels, {weight, label_smoothing, ignore_index, reduction}) -> loss */
static int class_loss(lua_State *L, const char *op, bool logits) {
  static const char *const names[] = {"weight", "ignore_index", "reduction", "label_smoothing", NULL};
  static const char *const nll_names[] = {"weight", "ignore_index", "reduction", NULL};
  lua_settop(L, 3);
  rm_tensor *x = bind_checktensor(L, 1), *labels = bind_checktensor(L, 2);
  bind_checkoptions(L, 3, op, logits ? names : nll_names);
  rm_loss_options o = {.reduction = check_reduction(L, 3, op),
                       .ignore_index = (int64_t)bind_optnumber(L, 3, "ignore_index", IGNORED),
                       .label_smoothing = bind_optnumber(L, 3, "label_smoothing", 0)};
  if (lua_istable(L, 3)) lua_getfield(L, 3, "weight");
  else lua_pushnil(L);
  rm_tensor *weight = bind_opttensor(L, 4);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  rm_status status = logits ? RM_BREAKABLE(rm_cross_entropy(x, labels, weight, &o, y, &err), &err)
                            : RM_BREAKABLE(rm_nll_loss(x, labels, weight, &o, y, &err), &err);
  if (status != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* Cross-entropy of scores (logits) against class labels: the mean of -log softmax(x)[label].
 * Call: x:cross_entropy(labels, {weight = nil, label_smoothing = 0, ignore_index = -100, reduction = "mean"}) -> loss
 * Shapes: x (N, K) or (N, K, ...), labels int64 (N) or (N, ...), from 1 to K; loss (), with reduction "none" as labels.
 * Options: weight           tensor (K), how much each class counts
 *  label_smoothing  in [0, 1): this share of the target is spread over all classes
 *  ignore_index     a label that counts for nothing
 *  reduction        "mean", "sum" or "none"
 * Errors: a label outside 1..K; shapes that do not fit; an unknown option.
 * Source: label smoothing: Szegedy et al. 2016, arXiv:1512.00567, section 7.
 * Example:
 *   > logits = rm.tensor {{2, 0, 0}, {0, 2, 0}}
 *   > logits:cross_entropy(rm.tensor({1, 2}, "int64"))
 *   0.2395  float32 () */
static int tensor_cross_entropy(lua_State *L) { return class_loss(L, "cross_entropy", true); }

/* Negative log-likelihood: the mean of -x[label], where x holds log-probabilities.
 * Call: x:nll_loss(labels, {weight = nil, ignore_index = -100, reduction = "mean"}) -> loss
 * Shapes: x (N, K) or (N, K, ...), labels int64 from 1 to K; loss (), with reduction "none" as labels.
 * Errors: a label outside 1..K; shapes that do not fit; an unknown option.
 * Example:
 *   > x = rm.tensor {{2, 0, 0}, {0, 2, 0}}:log_softmax(2)
 *   > x:nll_loss(rm.tensor({1, 2}, "int64"))
 *   0.2395  float32 () */
static int tensor_nll_loss(lua_State *L) { return class_loss(L, "nll_loss", false); }

/* The mean of the squared differences.
 * Call: x:mse_loss(target, {reduction = "mean"}) -> loss
 * Shapes: x and target equal; loss (), with reduction "none" as x.
 * Errors: shapes that differ; a reduction other than "mean", "sum" or "none".
 * Example:
 *   > rm.tensor {1, 2}:mse_loss(rm.tensor {1, 4})
 *   2.  float32 () */
static int tensor_mse_loss(lua_State *L) {
  static const char *const names[] = {"reduction", NULL};
  rm_tensor *x = bind_checktensor(L, 1), *target = bind_checktensor(L, 2);
  bind_checkoptions(L, 3, "mse_loss", names);
  rm_reduction reduction = check_reduction(L, 3, "mse_loss");
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_mse_loss(x, target, reduction, y, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

void bind_open_loss(lua_State *L) {
  static const luaL_Reg both[] = {{"cross_entropy", tensor_cross_entropy},
                                  {"nll_loss", tensor_nll_loss},
                                  {"mse_loss", tensor_mse_loss},
                                  {NULL, NULL}};
  bind_register(L, both, both);
}
