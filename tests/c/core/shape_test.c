/* shape_test.c -- sizes that overflow, layouts, broadcasting, and how shapes are written. */
#include "support.h"

static void numel_counts_and_refuses_overflow(void **state) {
  (void)state;
  size_t n = 99;
  assert_int_equal(rm_shape_numel(0, NULL, &n, &test_err), RM_OK);
  assert_int_equal(n, 1);
  assert_int_equal(rm_shape_numel(3, (size_t[]){2, 3, 4}, &n, &test_err), RM_OK);
  assert_int_equal(n, 24);
  assert_int_equal(rm_shape_numel(3, (size_t[]){2, 0, 4}, &n, &test_err), RM_OK);
  assert_int_equal(n, 0);
  size_t big = (size_t)1 << 40;
  assert_int_equal(rm_shape_numel(2, (size_t[]){big, big}, &n, &test_err), RM_ERR_VALUE);
  assert_non_null(strstr(test_err.message, "(1099511627776, 1099511627776)"));
  /* Empty, but its strides would overflow. */
  assert_int_equal(rm_shape_numel(3, (size_t[]){big, 0, big}, &n, &test_err), RM_ERR_VALUE);
  assert_int_equal(rm_shape_numel(2, (size_t[]){SIZE_MAX, 2}, &n, NULL), RM_ERR_VALUE);
}

static void strides_tell_layouts_apart(void **state) {
  (void)state;
  size_t shape[4] = {2, 3, 4, 5};
  ptrdiff_t rows[4], images[4];
  rm_strides_contiguous(4, shape, rows);
  rm_strides_channels_last(shape, images);
  assert_memory_equal(rows, ((ptrdiff_t[]){60, 20, 5, 1}), sizeof rows);
  assert_memory_equal(images, ((ptrdiff_t[]){60, 1, 15, 3}), sizeof images);
  assert_true(rm_strides_are_contiguous(4, shape, rows));
  assert_false(rm_strides_are_contiguous(4, shape, images));
  assert_true(rm_strides_are_channels_last(4, shape, images));
  assert_false(rm_strides_are_channels_last(4, shape, rows));
  assert_false(rm_strides_are_channels_last(3, shape, rows));
  assert_true(rm_strides_are_dense(4, shape, rows));
  assert_true(rm_strides_are_dense(4, shape, images));
  rows[0] = 61; /* a gap after each image */
  assert_false(rm_strides_are_dense(4, shape, rows));
  ptrdiff_t spread[2] = {0, 1}; /* expanded: elements share memory */
  assert_false(rm_strides_are_dense(2, (size_t[]){4, 3}, spread));
}

static void extents_of_one_have_no_stride(void **state) {
  (void)state;
  size_t shape[4] = {2, 3, 1, 1};
  ptrdiff_t strides[4] = {3, 1, 77, -5};
  assert_true(rm_strides_are_contiguous(4, shape, strides));
  assert_true(rm_strides_are_channels_last(4, shape, strides));
  assert_true(rm_strides_are_dense(4, shape, strides));
}

static void broadcasting(void **state) {
  (void)state;
  size_t ndim, shape[RM_MAX_DIMS];
  assert_int_equal(rm_shape_broadcast("add", 3, (size_t[]){4, 1, 3}, 2, (size_t[]){5, 1}, &ndim, shape, &test_err),
                   RM_OK);
  assert_int_equal(ndim, 3);
  assert_memory_equal(shape, ((size_t[]){4, 5, 3}), 3 * sizeof *shape);
  assert_int_equal(rm_shape_broadcast("add", 0, NULL, 2, (size_t[]){0, 2}, &ndim, shape, &test_err), RM_OK);
  assert_memory_equal(shape, ((size_t[]){0, 2}), 2 * sizeof *shape);
  assert_int_equal(rm_shape_broadcast("add", 2, (size_t[]){2, 3}, 1, (size_t[]){2}, &ndim, shape, &test_err),
                   RM_ERR_SHAPE);
  assert_string_equal(test_err.message, "add: shapes (2, 3) and (2) do not broadcast: 3 against 2, 1 from the end");
}

static void text(void **state) {
  (void)state;
  char buf[RM_SHAPE_TEXT];
  assert_string_equal(rm_shape_text(0, NULL, buf), "()");
  assert_string_equal(rm_shape_text(3, (size_t[]){128, 0, 7}, buf), "(128, 0, 7)");
  size_t long_shape[RM_MAX_DIMS];
  for (size_t d = 0; d < RM_MAX_DIMS; d++) long_shape[d] = SIZE_MAX;
  assert_true(strlen(rm_shape_text(RM_MAX_DIMS, long_shape, buf)) < RM_SHAPE_TEXT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numel_counts_and_refuses_overflow), cmocka_unit_test(strides_tell_layouts_apart),
      cmocka_unit_test(extents_of_one_have_no_stride), cmocka_unit_test(broadcasting), cmocka_unit_test(text)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
