/* collect_test.c -- what processes do together, in a world of two of which the other one echoes what this one sends
 * (tests/support/echo_transport.c): sums, in the foreground and the background, and each message that fails. */
#include <stdlib.h>
#include "dist/collect.h"
#include "leaks.h"
#include "support.h"

enum { SHORT = 6, LONG = 4000, MOST_CALLS = 40 };

static int join(void **state) {
  (void)state;
  setenv("PMI_SIZE", "2", 1);
  setenv("PMI_RANK", "0", 1);
  unsetenv("OMPI_COMM_WORLD_SIZE");
  return rm_world_join(&test_err) == RM_OK ? 0 : -1;
}

static void a_world_is_joined(void **state) {
  (void)state;
  assert_true(rm_world_joined());
  assert_int_equal(rm_world_size(), 2);
  assert_string_equal(rm_world_library(), "an echo");
  OK(rm_world_join(&test_err)); /* again: nothing */
  assert_false(rm_world_alone(true));
  assert_int_equal(rm_world_size(), 1);
  double one = 3;
  OK(rm_dist_all_reduce(&one, 1, RM_REDUCE_DOUBLE, RM_REDUCE_SUM, &test_err));
  assert_true(one == 3);
  assert_true(rm_world_alone(false));
}

/* Of the elements i and i + n/2, which the two would add up, each sees the own and the one that comes back. */
static void sums_and_maxima(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    size_t n = i ? LONG : SHORT, half = n / 2;
    static double x[LONG];
    static float y[LONG];
    static int64_t z[LONG];
    for (size_t k = 0; k < n; k++) x[k] = (double)k, y[k] = (float)k, z[k] = INT64_MAX;
    OK(rm_dist_all_reduce(x, n, RM_REDUCE_DOUBLE, RM_REDUCE_SUM, &test_err));
    OK(rm_dist_all_reduce(y, n, RM_REDUCE_FLOAT, RM_REDUCE_MAX, &test_err));
    OK(rm_dist_all_reduce(z, n, RM_REDUCE_INT64, RM_REDUCE_SUM, &test_err));
    for (size_t k = 0; k < n; k++) {
      assert_true(x[k] == (i ? (double)(2 * (k % half) + half) : 2.0 * (double)k));
      assert_true(y[k] == (i ? (float)(k % half + half) : (float)k));
      assert_true(z[k] == -2); /* it wraps */
    }
    for (size_t k = 0; k < n; k++) z[k] = k % 2 ? INT64_MIN : (int64_t)k;
    OK(rm_dist_all_reduce(z, n, RM_REDUCE_INT64, RM_REDUCE_MAX, &test_err));
    assert_true(z[1] == INT64_MIN && z[2] == (i ? (int64_t)half + 2 : 2));
  }
}

static void gathered_and_told(void **state) {
  (void)state;
  char all[8] = "";
  OK(rm_dist_all_gather("abc", 3, all, &test_err));
  assert_memory_equal(all, "abcabc", 6);
  OK(rm_dist_all_gather("", 0, all, &test_err));
  OK(rm_dist_barrier(&test_err));
  double seconds = -1;
  rm_world_delay(1e-3);
  OK(rm_dist_time(3, 100, &seconds, &test_err));
  rm_world_delay(0);
  assert_true(seconds >= 1e-3);
  assert_true(rm_dist_traffic_now().exchanges > 0);
}

/* In the background, two at once; message `nth` of them fails. Whether it does. */
static bool fails_at(int nth, bool *told) {
  static float a[LONG], b[LONG];
  char text[16];
  rm_reduction *first = NULL, *second = NULL;
  for (size_t k = 0; k < LONG; k++) a[k] = b[k] = 1;
  snprintf(text, sizeof text, "%d", nth);
  setenv("RESMOON_TEST_FAIL", text, 1);
  rm_status status = rm_reduction_start(a, LONG, RM_REDUCE_FLOAT, RM_REDUCE_SUM, &first, &test_err);
  if (status == RM_OK) status = rm_reduction_start(b, LONG, RM_REDUCE_FLOAT, RM_REDUCE_SUM, &second, &test_err);
  if (status == RM_OK) status = rm_reduction_wait(first, &test_err);
  if (status == RM_OK) status = rm_reduction_wait(second, &test_err);
  unsetenv("RESMOON_TEST_FAIL");
  if (status != RM_OK) {
    assert_int_equal(status, RM_ERR_IO);
    assert_non_null(strstr(test_err.message, "process 1 cannot be reached from process 0: failure 7 of a test"));
    /* Who goes on all the same is told, or comes to an end: what is left may have been whole. */
    if (rm_dist_progress(&test_err) != RM_OK) {
      *told = true;
      assert_string_equal(test_err.message, "dist: what an earlier call had begun failed in its middle");
    }
  } else {
    for (size_t k = 0; k < LONG; k++) assert_true(a[k] == 2 && b[k] == 2);
  }
  rm_reduction_free(first);
  rm_reduction_free(second);
  OK(rm_dist_barrier(&test_err));
  return status != RM_OK;
}

static void each_message_that_fails(void **state) {
  (void)state;
  int nth = 1;
  bool told = false;
  while (nth < MOST_CALLS && fails_at(nth, &told)) nth++;
  assert_in_range(nth, 10, MOST_CALLS - 1);
  assert_true(told);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_world_is_joined),       cmocka_unit_test(sums_and_maxima), cmocka_unit_test(gathered_and_told),
      cmocka_unit_test(each_message_that_fails), cmocka_unit_test(nothing_is_left),
  };
  return cmocka_run_group_tests(tests, join, NULL);
}
