/* status_test.c -- messages, and the advice that goes with them. */
#include "support.h"

static void a_failure_has_no_advice_of_an_earlier_one(void **state) {
  (void)state;
  rm_error err;
  assert_int_equal(rm_advise(&err, RM_ADVICE_TO_FLOAT, "weight", rm_fail(&err, RM_ERR_TYPE, "f: %d", 3)), RM_ERR_TYPE);
  assert_string_equal(err.message, "f: 3");
  assert_int_equal(err.advice, RM_ADVICE_TO_FLOAT);
  assert_string_equal(err.about, "weight");
  assert_int_equal(rm_fail(&err, RM_ERR_VALUE, "g"), RM_ERR_VALUE);
  assert_int_equal(err.advice, RM_ADVICE_NONE);
  assert_string_equal(err.about, "");
  assert_int_equal(rm_advise(NULL, RM_ADVICE_CLONE, "x", rm_fail(NULL, RM_ERR_IO, "h")), RM_ERR_IO);
}

static void long_texts_are_cut(void **state) {
  (void)state;
  rm_error err;
  char text[3000];
  memset(text, 'a', sizeof text);
  text[sizeof text - 1] = '\0';
  rm_advise(&err, RM_ADVICE_TO_FLOAT, text, rm_fail(&err, RM_ERR_TYPE, "%s", text));
  assert_int_equal(strlen(err.message), sizeof err.message - 1);
  assert_int_equal(strlen(err.about), sizeof err.about - 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_failure_has_no_advice_of_an_earlier_one),
                                     cmocka_unit_test(long_texts_are_cut)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
