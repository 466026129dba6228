/* loss.c -- what training minimizes: cross entropies, distances, divergence. */
#include <string.h>
#include "bind/bind.h"
#include "parallel/interrupt.h"
#include "ops/loss/loss.h"

/* The option `reduction` at arg: "mean" unless given. The last, "batchmean", is for kl_div. */
static rm_reduction check_reduction(lua_State *L, int arg, const char *op, bool batchmean) {
  static const char *const names[] = {"mean", "sum", "none", "batchmean"};
  const char *given = bind_optstring(L, arg, "reduction", "mean");
  for (int i = 0; i < 3 + batchmean; i++)
    if (strcmp(given, names[i]) == 0) return (rm_reduction)i;
  bind_error(L, "%s: unknown reduction \"%s\", expected %s", op, given,
             batchmean ? "batchmean, mean, sum or none" : "mean, sum or none");
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
  rm_loss_options o = {.reduction = check_reduction(L, 3, op, false),
                       .ignore_index = bind_optinteger(L, 3, "ignore_index", IGNORED),
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

/* Cross-entropy of scores (logits) against class labels: the mean of -log softmax(x)[label]. In place of labels there
 * may be a distribution over the classes for each row (soft targets, as mixup makes them): the mean of the sums of
 * -target * log softmax(x).
 * Call: x:cross_entropy(labels, {weight = nil, label_smoothing = 0, ignore_index = -100, reduction = "mean"}) -> loss
 * Call: x:cross_entropy(probabilities, {weight = nil, label_smoothing = 0, reduction = "mean"}) -> loss
 * Shapes: x (N, K) or (N, K, ...), labels int64 (N) or (N, ...), from 1 to K; loss (), with reduction "none" as labels.
 *  Probabilities are float32, of x's shape, and may carry a gradient; weight then counts in the sums, and the mean
 *  divides by the number of rows.
 * Options: weight           tensor (K), how much each class counts
 *  label_smoothing  0 to 1: this share of the target is spread over all classes
 *  ignore_index     a label that counts for nothing
 *  reduction        "mean", "sum" or "none"
 * Errors: a label outside 1..K; shapes that do not fit; an unknown option; ignore_index with probabilities.
 * Source: label smoothing: Szegedy et al. 2016, arXiv:1512.00567, section 7; soft targets: Hinton et al. 2015,
 *  arXiv:1503.02531.
 * Example:
 *   > logits = rm.tensor {{2, 0, 0}, {0, 2, 0}}
 *   > logits:cross_entropy(rm.tensor({1, 2}, "int64"))
 *   0.2395  float32 ()
 *   > logits:cross_entropy(rm.tensor {{0.5, 0.5, 0}, {0, 1, 0}})
 *   0.7395  float32 () */
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
  rm_reduction reduction = check_reduction(L, 3, "mse_loss", false);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_mse_loss(x, target, reduction, y, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

/* x and target, then the option `reduction` and those of the loss itself. */
typedef rm_status (*pair_loss)(lua_State *L, rm_tensor *x, rm_tensor *target, rm_reduction reduction, rm_tensor **y,
                               rm_error *err);

static int pair(lua_State *L, const char *op, const char *const names[], pair_loss loss) {
  lua_settop(L, 3);
  rm_tensor *x = bind_checktensor(L, 1), *target = bind_checktensor(L, 2);
  bind_checkoptions(L, 3, op, names);
  rm_reduction reduction = check_reduction(L, 3, op, false);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (loss(L, x, target, reduction, y, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

static rm_status l1(lua_State *L, rm_tensor *x, rm_tensor *target, rm_reduction how, rm_tensor **y, rm_error *err) {
  (void)L;
  return RM_BREAKABLE(rm_l1_loss(x, target, how, y, err), err);
}

/* The mean of the absolute differences.
 * Call: x:l1_loss(target, {reduction = "mean"}) -> loss
 * Shapes: x and target equal; loss (), with reduction "none" as x. Where they are equal the gradient is 0.
 * Errors: shapes that differ; a reduction other than "mean", "sum" or "none".
 * Example:
 *   > rm.tensor {1, 2}:l1_loss(rm.tensor {1, 4})
 *   1.  float32 () */
static int tensor_l1_loss(lua_State *L) {
  static const char *const names[] = {"reduction", NULL};
  return pair(L, "l1_loss", names, l1);
}

static rm_status smooth(lua_State *L, rm_tensor *x, rm_tensor *target, rm_reduction how, rm_tensor **y, rm_error *err) {
  double beta = bind_optnumber(L, 3, "beta", 1);
  return RM_BREAKABLE(rm_smooth_l1_loss(x, target, beta, how, y, err), err);
}

/* The mean of the differences, squared where they are small: with d = |x - target|, d^2 / (2 beta) below beta and
 * d - beta / 2 from there on. beta 0 is the l1 loss.
 * Call: x:smooth_l1_loss(target, {beta = 1, reduction = "mean"}) -> loss
 * Shapes: x and target equal; loss (), with reduction "none" as x.
 * Errors: shapes that differ; a negative beta; a reduction other than "mean", "sum" or "none".
 * Source: Girshick 2015, arXiv:1504.08083, equation 3.
 * Example:
 *   > rm.tensor {0.5, 3}:smooth_l1_loss(rm.tensor {0, 0}, {reduction = "none"})
 *   [0.1250, 2.5000]  float32 (2) */
static int tensor_smooth_l1_loss(lua_State *L) {
  static const char *const names[] = {"beta", "reduction", NULL};
  return pair(L, "smooth_l1_loss", names, smooth);
}

static rm_status bce(lua_State *L, rm_tensor *x, rm_tensor *target, rm_reduction how, rm_tensor **y, rm_error *err) {
  rm_tensor *weights[2] = {NULL, NULL};
  static const char *const fields[] = {"weight", "pos_weight"};
  for (int i = 0; i < 2 && lua_istable(L, 3); i++) {
    lua_getfield(L, 3, fields[i]);
    weights[i] = bind_opttensor(L, -1); /* the table keeps it */
    lua_pop(L, 1);
  }
  return RM_BREAKABLE(rm_bce_with_logits(x, target, weights[0], weights[1], how, y, err), err);
}

/* Binary cross-entropy of scores (logits): each element is a question of yes or no, answered yes with the probability
 * sigmoid(x). The mean of -(pos_weight * target * log sigmoid(x) + (1 - target) * log(1 - sigmoid(x))) * weight.
 * Call: x:binary_cross_entropy_with_logits(target, {weight = nil, pos_weight = nil, reduction = "mean"}) -> loss
 * Shapes: x and target equal, target in [0, 1]; loss (), with reduction "none" as x.
 * Options: weight  tensor that broadcasts to x: how much each element counts
 *  pos_weight  tensor that broadcasts to x, (K) for K questions: how much a yes counts
 *  reduction   "mean", "sum" or "none"
 * Errors: shapes that differ or do not broadcast; types other than float32; an unknown option.
 * Example:
 *   > x = rm.tensor {2, -1}
 *   > x:binary_cross_entropy_with_logits(rm.tensor {1, 0}, {reduction = "none"})
 *   [0.1269, 0.3133]  float32 (2) */
static int tensor_bce_with_logits(lua_State *L) {
  static const char *const names[] = {"weight", "pos_weight", "reduction", NULL};
  return pair(L, "binary_cross_entropy_with_logits", names, bce);
}

/* Kullback-Leibler divergence of the distributions x from the distributions target: sums of
 * target * (log target - x), where x holds log-probabilities.
 * Call: x:kl_div(target, {reduction = "mean", log_target = false}) -> loss
 * Shapes: x and target equal; loss (), with reduction "none" as x. Where the target is 0 the loss is 0.
 * Options: reduction  "batchmean" divides by the first extent, which is the divergence of a batch; "mean" by the number
 *  of elements; "sum" or "none"
 *  log_target  true: target holds logarithms, too
 * Errors: shapes that differ; types other than float32; another reduction.
 * Source: Kullback and Leibler 1951, "On information and sufficiency".
 * Example:
 *   > x = rm.tensor {{0.25, 0.75}}:log()
 *   > x:kl_div(rm.tensor {{0.5, 0.5}}, {reduction = "batchmean"})
 *   0.1438  float32 () */
static int tensor_kl_div(lua_State *L) {
  static const char *const names[] = {"reduction", "log_target", NULL};
  lua_settop(L, 3);
  rm_tensor *x = bind_checktensor(L, 1), *target = bind_checktensor(L, 2);
  bind_checkoptions(L, 3, "kl_div", names);
  rm_reduction how = check_reduction(L, 3, "kl_div", true);
  bool log_target = bind_optbool(L, 3, "log_target", false);
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (RM_BREAKABLE(rm_kl_div(x, target, log_target, how, y, &err), &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

void bind_open_loss(lua_State *L) {
  static const luaL_Reg both[] = {{"cross_entropy", tensor_cross_entropy},
                                  {"nll_loss", tensor_nll_loss},
                                  {"mse_loss", tensor_mse_loss},
                                  {"l1_loss", tensor_l1_loss},
                                  {"smooth_l1_loss", tensor_smooth_l1_loss},
                                  {"binary_cross_entropy_with_logits", tensor_bce_with_logits},
                                  {"kl_div", tensor_kl_div},
                                  {NULL, NULL}};
  bind_register(L, both, both);
}
