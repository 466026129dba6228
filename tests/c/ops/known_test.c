/* known_test.c -- statistics that hang on a tensor's storage: they hold for these elements, this cut and this shape, and
 * for nothing else. */
#include "leaks.h"
#include "ops/norm/known.h"
#include "ops/views/views.h"
#include "support.h"

enum { N = 4, C = 3, H = 2, W = 5, GROUPS = 2 };

static rm_tensor *fresh(double **moments) {
  rm_tensor *t;
  OK(rm_tensor_new_channels_last((const size_t[]){N, C, H, W}, &t, &test_err));
  OK(rm_known_new(t, GROUPS, moments, &test_err));
  for (size_t i = 0; i < (size_t)GROUPS * 2 * C; i++) (*moments)[i] = (double)i;
  return t;
}

static void they_hold_until_something_is_written(void **state) {
  (void)state;
  double *moments;
  rm_tensor *t = fresh(&moments);
  assert_ptr_equal(rm_known_moments(t, GROUPS), moments);
  assert_null(rm_known_moments(t, 1));
  assert_null(rm_known_moments(t, 2 * GROUPS));
  rm_tensor_mark_written(t);
  assert_null(rm_known_moments(t, GROUPS));
  OK(rm_known_new(t, 1, &moments, &test_err)); /* anew: what was known before is gone */
  assert_ptr_equal(rm_known_moments(t, 1), moments);
  rm_tensor_release(t);
}

static void a_tensor_of_nothing_known(void **state) {
  (void)state;
  rm_tensor *t;
  OK(rm_tensor_new_channels_last((const size_t[]){N, C, H, W}, &t, &test_err));
  assert_null(rm_known_moments(t, 1));
  rm_tensor_release(t);
}

/* A part of the elements, or the same in another order, has other statistics. */
static void they_are_not_those_of_a_view(void **state) {
  (void)state;
  double *moments;
  rm_tensor *t = fresh(&moments), *part, *flat;
  OK(rm_narrow(t, 0, 0, N / 2, &part, &test_err));
  OK(rm_transpose(t, 2, 3, &flat, &test_err));
  assert_null(rm_known_moments(part, GROUPS));
  assert_null(rm_known_moments(flat, GROUPS));
  assert_ptr_equal(rm_known_moments(t, GROUPS), moments);
  rm_tensor_release(part);
  rm_tensor_release(flat);
  rm_tensor_release(t);
}

static void no_memory_leaves_what_was_known(void **state) {
  (void)state;
  double *moments, *more = NULL;
  rm_tensor *t = fresh(&moments);
  rm_alloc_fail_after(0);
  assert_int_equal(rm_known_new(t, GROUPS, &more, &test_err), RM_ERR_MEMORY);
  rm_alloc_fail_after(-1);
  assert_null(more);
  assert_ptr_equal(rm_known_moments(t, GROUPS), moments);
  rm_tensor_release(t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(they_hold_until_something_is_written),
      cmocka_unit_test(a_tensor_of_nothing_known),
      cmocka_unit_test(they_are_not_those_of_a_view),
      cmocka_unit_test(no_memory_leaves_what_was_known),
      cmocka_unit_test(nothing_is_left),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
