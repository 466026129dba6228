/* functions_test.c -- nothing is lost and nothing is changed where memory runs out, in the operators whose values
 * tests/lua/ops checks: sums along a dimension, medians, elements in other places, counts, masks and lists. */
#include "leaks.h"
#include "support.h"
#include "ops/index/counting.h"
#include "ops/index/lists.h"
#include "ops/index/median.h"
#include "ops/loss/loss.h"
#include "ops/pointwise/close.h"
#include "ops/pointwise/pointwise.h"
#include "ops/reduce/cumsum.h"
#include "ops/reduce/reduce.h"
#include "ops/views/rearrange.h"

static rm_tensor *x, *mask, *at;

static void make_inputs(void) {
  rm_rng rng = rm_rng_new(4, 0);
  size_t three = 3;
  x = test_normal(&rng, 2, (size_t[]){3, 4}, 0, 1);
  OK(rm_compare(RM_GT, rm_operand_tensor(x), rm_operand_number(0), &mask, &test_err));
  OK(rm_tensor_new(RM_INT64, 1, &three, &at, &test_err));
  for (int64_t i = 0; i < 3; i++) rm_tensor_i64(at)[i] = i % 2 + 1;
  OK(rm_tensor_set_requires_grad(x, true, &test_err));
}

static void drop_inputs(void) {
  rm_tensor_release(x);
  rm_tensor_release(mask);
  rm_tensor_release(at);
}

/* Gives y up; goes back through it first. */
static rm_status finish(rm_status status, rm_tensor *y) {
  rm_tensor *sum = NULL;
  if (status == RM_OK && y->requires_grad) {
    status = rm_sum(y, NULL, false, &sum, &test_err);
    if (status == RM_OK) status = rm_backward(sum, NULL, false, &test_err);
    rm_tensor_release(sum);
    OK(rm_tensor_set_grad(x, NULL, &test_err));
  }
  rm_tensor_release(y);
  return status;
}

/* One operator that puts its result into y. */
#define RUN(call) \
  do { \
    y = NULL; \
    rm_status run_status_ = (call); \
    RM_TRY(finish(run_status_, y)); \
  } while (0)

static rm_status along(void) {
  rm_tensor *y = NULL, *index = NULL;
  RUN(rm_cumsum(x, 0, &y, &test_err));
  RUN(rm_logsumexp(x, (bool[RM_MAX_DIMS]){true}, false, &y, &test_err));
  RUN(rm_median(x, &y, &test_err));
  y = NULL;
  rm_status status = rm_median_along(x, 1, false, &y, &index, &test_err);
  if (status == RM_OK) rm_tensor_release(index);
  return finish(status, y);
}

static rm_status rearranged(void) {
  rm_tensor *y = NULL;
  RUN(rm_flip(x, (bool[RM_MAX_DIMS]){true, true}, &y, &test_err));
  RUN(rm_roll(x, 1, -3, &y, &test_err));
  RUN(rm_tile(x, 3, (size_t[]){2, 1, 2}, &y, &test_err));
  RUN(rm_tile(x, 3, (size_t[]){1, 1, 1}, &y, &test_err));
  return RM_OK;
}

static rm_status counted(void) {
  rm_tensor *y = NULL, *where = NULL, *many = NULL;
  RUN(rm_one_hot(at, 0, &y, &test_err));
  RUN(rm_bincount(at, NULL, 5, &y, &test_err));
  RUN(rm_nonzero(mask, &y, &test_err));
  RUN(rm_isclose("isclose", x, x, 0, 0, true, &y, &test_err));
  RUN(rm_masked_fill(x, mask, rm_operand_number(2), &y, &test_err));
  y = NULL;
  rm_status status = rm_unique(x, &y, &where, &many, &test_err);
  if (status == RM_OK) {
    rm_tensor_release(where);
    rm_tensor_release(many);
  }
  return finish(status, y);
}

static rm_status listed(void) {
  rm_tensor *lists[RM_MAX_DIMS] = {mask}, *picked = NULL, *y = NULL;
  rm_index_plan plan;
  RM_TRY(rm_index_plan_of(x, lists, &plan, &picked, &test_err));
  rm_status status = rm_index_read(x, &plan, picked, &y, &test_err);
  status = finish(status, y);
  rm_tensor_release(picked);
  RM_TRY(status);
  lists[0] = NULL, lists[1] = at, picked = y = NULL;
  RM_TRY(rm_index_plan_of(x, lists, &plan, &picked, &test_err));
  status = rm_index_read(x, &plan, picked, &y, &test_err);
  status = finish(status, y);
  rm_tensor_release(picked);
  return status;
}

static rm_status losses(void) {
  rm_tensor *y = NULL;
  RUN(rm_l1_loss(x, x, RM_NONE, &y, &test_err));
  RUN(rm_smooth_l1_loss(x, x, 0.5, RM_SUM, &y, &test_err));
  RUN(rm_kl_div(x, x, true, RM_BATCHMEAN, &y, &test_err));
  RUN(rm_kl_div(x, x, false, RM_MEAN, &y, &test_err));
  return RM_OK;
}

static void memory_runs_out(void **state) {
  (void)state;
  make_inputs();
  test_allocation_failures(along);
  test_allocation_failures(rearranged);
  test_allocation_failures(counted);
  test_allocation_failures(listed);
  test_allocation_failures(losses);
  drop_inputs();
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(memory_runs_out), cmocka_unit_test(nothing_is_left)};
  return cmocka_run_group_tests_name("functions", tests, NULL, NULL);
}
