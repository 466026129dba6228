/* loss_test.c -- the losses against their definitions in double, the same bits with one thread and
 * two, nothing lost when memory runs out. References and gradients: tests/lua/ops/loss_test.lua. */
#include "leaks.h"
#include "support.h"
#include "isas.h"
#include "ops/loss/loss.h"
#include "ops/reduce/reduce.h"

enum { ROWS = 301, CLASSES = 37 };

static rm_tensor *logits, *labels, *weight;

static void make_inputs(void) {
  rm_rng rng = rm_rng_new(8, 0);
  size_t rows = ROWS, classes = CLASSES;
  logits = test_normal(&rng, 2, (size_t[]){ROWS, CLASSES}, 0, 3);
  weight = test_normal(&rng, 1, &classes, 3, 0.5f);
  OK(rm_tensor_new(RM_INT64, 1, &rows, &labels, &test_err));
  for (size_t r = 0; r < ROWS; r++)
    rm_tensor_i64(labels)[r] = r % 7 == 3 ? -100 : (int64_t)rm_rng_below(&rng, CLASSES) + 1;
  OK(rm_tensor_set_requires_grad(logits, true, &test_err));
}

static void drop_inputs(void) {
  rm_tensor_release(logits);
  rm_tensor_release(labels);
  rm_tensor_release(weight);
}

/* The definition: target distribution q, loss = -sum w[c] q[c] log p[c]. */
static double naive_row(size_t r, double smoothing) {
  double sum = 0, loss = 0;
  for (size_t c = 0; c < CLASSES; c++) sum += exp(test_at(logits, r * CLASSES + c));
  for (size_t c = 0; c < CLASSES; c++) {
    double q = smoothing / CLASSES + ((int64_t)c + 1 == rm_tensor_i64(labels)[r] ? 1 - smoothing : 0);
    loss -= test_at(weight, c) * q * (test_at(logits, r * CLASSES + c) - log(sum));
  }
  return loss;
}

static void against_definition(void **state) {
  (void)state;
  make_inputs();
  static const double smoothings[] = {0, 0.1, 1};
  for (size_t s = 0; s < 3; s++) {
    double each[ROWS] = {0}, sum = 0, counted = 0;
    for (size_t r = 0; r < ROWS; r++) {
      int64_t label = rm_tensor_i64(labels)[r];
      if (label == -100) continue;
      each[r] = naive_row(r, smoothings[s]);
      sum += each[r];
      counted += test_at(weight, (size_t)label - 1);
    }
    double mean = sum / counted;
    const double *expected[] = {[RM_MEAN] = &mean, [RM_SUM] = &sum, [RM_NONE] = each};
    for (rm_reduction how = RM_MEAN; how <= RM_NONE; how++) {
      rm_loss_options o = {how, -100, smoothings[s]};
      rm_tensor *y;
      OK(rm_cross_entropy(logits, labels, weight, &o, &y, &test_err));
      test_close("loss", y, expected[how], 1e-6);
      rm_tensor_release(y);
    }
  }
  drop_inputs();
}

static void same_bits_with_threads(void **state) {
  (void)state;
  rm_tensor *y[2], *grad[2], *mse[2];
  for (size_t t = 0; t < 2; t++) {
    test_threads(t + 1);
    make_inputs();
    rm_loss_options o = {RM_MEAN, -100, 0.1};
    OK(rm_cross_entropy(logits, labels, weight, &o, &y[t], &test_err));
    OK(rm_backward(y[t], NULL, false, &test_err));
    grad[t] = rm_tensor_retain(logits->grad);
    rm_rng rng = rm_rng_new(2, 0);
    rm_tensor *a = test_normal(&rng, 1, (size_t[]){100003}, 0, 1), *b = test_normal(&rng, 1, (size_t[]){100003}, 0, 1);
    OK(rm_mse_loss(a, b, RM_MEAN, &mse[t], &test_err));
    rm_tensor_release(a);
    rm_tensor_release(b);
    drop_inputs();
  }
  test_same("loss", y[0], y[1]);
  test_same("gradient", grad[0], grad[1]);
  test_same("mse", mse[0], mse[1]);
  for (size_t t = 0; t < 2; t++) {
    rm_tensor_release(y[t]);
    rm_tensor_release(grad[t]);
    rm_tensor_release(mse[t]);
  }
}

/* Of sure rows and unsure ones, and of their gradients. */
static void same_bits_with_every_set(void **state) {
  (void)state;
  rm_tensor *first = NULL, *grad = NULL;
  for (size_t s = 0; select_isa(s); s++) {
    make_inputs();
    for (size_t c = 0; c < CLASSES; c++) rm_tensor_f32(logits)[c] = c == 3 ? 20 : -0.1f * (float)c;
    rm_tensor_i64(labels)[0] = 4;
    rm_loss_options o = {RM_NONE, -100, 0};
    rm_tensor *y = NULL, *sum = NULL;
    OK(rm_cross_entropy(logits, labels, NULL, &o, &y, &test_err));
    OK(rm_sum(y, NULL, false, &sum, &test_err));
    OK(rm_backward(sum, NULL, false, &test_err));
    double rest = 0; /* a loss of 1e-8 keeps its digits */
    for (size_t c = 0; c < CLASSES; c++) rest += c == 3 ? 0 : exp((double)rm_tensor_f32(logits)[c] - 20);
    assert_true(fabs(rm_tensor_f32(y)[0] - log1p(rest)) < 1e-6 * rest);
    if (s == 0) {
      first = rm_tensor_retain(y);
      grad = rm_tensor_retain(logits->grad);
    }
    test_same("loss", y, first);
    test_same("gradient", logits->grad, grad);
    rm_tensor_release(y);
    rm_tensor_release(sum);
    drop_inputs();
  }
  rm_tensor_release(first);
  rm_tensor_release(grad);
}

static rm_status attempt(void) {
  rm_loss_options o = {RM_MEAN, -100, 0.1};
  rm_tensor *y = NULL, *z = NULL;
  rm_status status = rm_cross_entropy(logits, labels, weight, &o, &y, &test_err);
  if (status == RM_OK) status = rm_backward(y, NULL, false, &test_err);
  if (status == RM_OK) status = rm_mse_loss(logits, logits, RM_SUM, &z, &test_err);
  if (status == RM_OK) status = rm_backward(z, NULL, false, &test_err);
  rm_tensor_release(y);
  rm_tensor_release(z);
  y = z = NULL;
  if (status == RM_OK) status = rm_cross_entropy(logits, logits, weight, &o, &y, &test_err);
  if (status == RM_OK) status = rm_backward(y, NULL, false, &test_err);
  if (status == RM_OK) status = rm_bce_with_logits(logits, logits, weight, weight, RM_MEAN, &z, &test_err);
  if (status == RM_OK) status = rm_backward(z, NULL, false, &test_err);
  rm_tensor_release(y);
  rm_tensor_release(z);
  OK(rm_tensor_set_grad(logits, NULL, &test_err));
  return status;
}

static void memory_runs_out(void **state) {
  (void)state;
  make_inputs();
  test_allocation_failures(attempt);
  drop_inputs();
  assert_int_equal(rm_tensor_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(against_definition), cmocka_unit_test(same_bits_with_threads),
                                     cmocka_unit_test(same_bits_with_every_set), cmocka_unit_test(memory_runs_out),
                                     cmocka_unit_test(nothing_is_left)};
  return cmocka_run_group_tests_name("losses", tests, NULL, NULL);
}
