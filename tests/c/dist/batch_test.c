/* batch_test.c -- how a batch lies on processes: in a world of two, of which this one is process 1 and the other one
 * echoes what it sends (tests/support/echo_transport.c). Naive twins count groups and add up trees. */
#include <stdlib.h>
#include "dist/batch.h"
#include "dist/world.h"
#include "leaks.h"
#include "ops/norm/known.h"
#include "support.h"

static int join(void **state) {
  (void)state;
  setenv("PMI_SIZE", "2", 1);
  setenv("PMI_RANK", "1", 1);
  setenv("RESMOON_TEST_RANK", "1", 1);
  unsetenv("OMPI_COMM_WORLD_SIZE");
  return rm_world_join(&test_err) == RM_OK && rm_world_rank() == 1 ? 0 : -1;
}

/* The largest of 8, 4, 2, 1 that divides n, of which each of `processes` has its part, one at least. */
static size_t naive_groups(size_t n, size_t processes) {
  size_t groups = 8;
  while (groups > 1 && (n == 0 || n * processes % groups != 0)) groups /= 2;
  return groups >= processes ? groups / processes : 1;
}

static void sharing_is_switched(void **state) {
  (void)state;
  assert_false(rm_batch_shared());
  assert_false(rm_batch_share(true));
  assert_true(rm_batch_shared() && rm_batch_shares_norm());
  assert_true(rm_batch_share_norm(false));
  assert_false(rm_batch_shares_norm());
  assert_false(rm_batch_share_norm(true));
  assert_true(rm_batch_share(false));
  assert_false(rm_batch_shared() || rm_batch_shares_norm());
  /* A process that is a world of its own shares with nobody. */
  rm_world_alone(true);
  assert_false(rm_batch_share(true));
  assert_false(rm_batch_shared());
  rm_world_alone(false);
}

static void groups_divide_the_images(void **state) {
  (void)state;
  for (size_t n = 0; n <= 70; n++) {
    assert_int_equal(rm_batch_whole(n), n);
    assert_int_equal(rm_batch_groups(n), naive_groups(n, 1));
    rm_batch_share(true);
    assert_int_equal(rm_batch_whole(n), 2 * n);
    assert_int_equal(rm_batch_groups(n), naive_groups(n, 2));
    assert_int_equal(rm_batch_groups_alone(n), naive_groups(n, 1));
    assert_true(n == 0 || n % rm_batch_groups(n) == 0);
    /* What a convolution knows of channels is cut as batch norm needs it: by the whole batch, or by the part. */
    assert_int_equal(rm_known_groups(n), naive_groups(n, 2));
    assert_int_equal(rm_known_undivided(n), naive_groups(2 * n, 1) == 1);
    rm_batch_share_norm(false);
    assert_int_equal(rm_known_groups(n), naive_groups(n, 1));
    assert_int_equal(rm_known_undivided(n), naive_groups(n, 1) == 1);
    rm_batch_share_norm(true);
    rm_batch_share(false);
  }
}

static float tree(size_t groups, size_t stride, const float *x) {
  if (groups == 1) return *x;
  return tree(groups / 2, stride, x) + tree(groups / 2, stride, x + groups / 2 * stride);
}

/* Numbers that show in which order they were added up. */
static void fill(size_t n, float *x) {
  static const float values[] = {1e8f, 1, -1e8f, 3, 7, -3e7f, 0.5f, 3e7f, 11, -2};
  for (size_t i = 0; i < n; i++) x[i] = values[i * 7 % 10] * (float)(1 + i % 3);
}

static void groups_are_added_up_in_a_tree(void **state) {
  (void)state;
  enum { N = 5, STRIDE = 7, MOST = 8 };
  for (size_t groups = 1; groups <= MOST; groups *= 2) {
    float x[MOST * STRIDE], was[MOST * STRIDE];
    double sums[MOST * N];
    fill(MOST * STRIDE, x);
    memcpy(was, x, sizeof x);
    rm_batch_add_up(N, groups, STRIDE, x);
    for (size_t i = 0; i < N; i++) assert_true(x[i] == tree(groups, STRIDE, was + i));
    for (size_t i = N; i < STRIDE; i++) assert_true(x[i] == was[i]); /* what lies between is nobody's */
    for (int shared = 0; shared < 2; shared++) {
      for (size_t i = 0; i < groups * N; i++) sums[i] = (double)i;
      rm_batch_share(shared);
      OK(rm_batch_join(N, groups, sums, &test_err));
      rm_batch_share(false);
      for (size_t i = 0; i < N; i++) { /* i + (i + N) + ..., and as much again from the other process */
        double one = (double)(groups * i + N * (groups * (groups - 1) / 2));
        assert_true(sums[i] == (shared ? 2 * one : one));
      }
    }
  }
}

static void what_all_have_counts_once(void **state) {
  (void)state;
  float x[3] = {1, -2, NAN}, mean = 5;
  rm_batch_count_once(3, x);
  OK(rm_batch_mean(&mean, &test_err));
  assert_true(x[0] == 1 && x[1] == -2 && isnan(x[2]) && mean == 5);
  rm_batch_share(true);
  rm_batch_count_once(3, x); /* process 0 has it */
  for (int i = 0; i < 3; i++) assert_true(x[i] == 0 && signbit(x[i]));
  OK(rm_batch_mean(&mean, &test_err)); /* (5 + 5) / 2 */
  assert_true(mean == 5);
  rm_batch_share(false);
}

static void parts_are_gathered(void **state) {
  (void)state;
  const float x[3] = {1, 2, 3};
  for (int shared = 0; shared < 2; shared++) {
    float *all = NULL;
    rm_batch_share(shared);
    rm_alloc_fail_after(0);
    assert_int_equal(rm_batch_gather(3, x, &all, &test_err), RM_ERR_MEMORY);
    rm_alloc_fail_after(-1);
    assert_null(all);
    rm_batch_share(false);
  }
  float *all = NULL;
  rm_batch_share(true);
  OK(rm_batch_gather(3, x, &all, &test_err));
  for (size_t i = 0; i < 6; i++) assert_true(all[i] == x[i % 3]);
  rm_batch_free(3, all);
  rm_batch_share(false);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sharing_is_switched),
      cmocka_unit_test(groups_divide_the_images),
      cmocka_unit_test(groups_are_added_up_in_a_tree),
      cmocka_unit_test(what_all_have_counts_once),
      cmocka_unit_test(parts_are_gathered),
      cmocka_unit_test(nothing_is_left),
  };
  return cmocka_run_group_tests(tests, join, NULL);
}
