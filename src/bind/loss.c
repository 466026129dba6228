/* loss.c -- cross entropy, negative log-likelihood, squared distance. */
#include <string.h>
#include "bind/bind.h"
#include "ops/loss.h"

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
  rm_status status = logits ? rm_cross_entropy(x, labels, weight, &o, y, &err)
                            : rm_nll_loss(x, labels, weight, &o, y, &err);
  if (status != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

static int tensor_cross_entropy(lua_State *L) { return class_loss(L, "cross_entropy", true); }

/* x:nll_loss(labels, {weight, ignore_index, reduction}) -> loss; x holds log-probabilities */
static int tensor_nll_loss(lua_State *L) { return class_loss(L, "nll_loss", false); }

/* x:mse_loss(target, {reduction}) -> loss */
static int tensor_mse_loss(lua_State *L) {
  static const char *const names[] = {"reduction", NULL};
  rm_tensor *x = bind_checktensor(L, 1), *target = bind_checktensor(L, 2);
  bind_checkoptions(L, 3, "mse_loss", names);
  rm_reduction reduction = check_reduction(L, 3, "mse_loss");
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (rm_mse_loss(x, target, reduction, y, &err) != RM_OK) return bind_raise(L, &err);
  return bind_pushed(L, y);
}

void bind_open_loss(lua_State *L) {
  static const luaL_Reg both[] = {{"cross_entropy", tensor_cross_entropy},
                                  {"nll_loss", tensor_nll_loss},
                                  {"mse_loss", tensor_mse_loss},
                                  {NULL, NULL}};
  bind_register(L, both, both);
}
