/* tensor_test.c -- ownership, conversion, copies between layouts, overlapping writes. */
#include "support.h"
#include "leaks.h"

#include "core/copy.h"
#include "core/view.h"

/* AddressSanitizer, too, shall say no with NULL. */
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }

static void storage_lives_as_long_as_a_view(void **state) {
  (void)state;
  rm_tensor *x = test_floats(4, (float[]){1, 2, 3, 4}), *view, *again;
  OK(rm_tensor_view(x, 1, (size_t[]){2}, (ptrdiff_t[]){2}, 1, &view, &test_err));
  assert_ptr_equal(rm_tensor_retain(view), view);
  rm_tensor_release(x);
  OK(rm_tensor_detach(view, &again, &test_err));
  rm_tensor_release(view);
  rm_tensor_release(view);
  assert_true(rm_tensor_f32(again)[0] == 2 && rm_tensor_f32(again)[2] == 4);
  rm_tensor_release(again);
  rm_tensor_release(NULL);
}

static void conversion_truncates_and_saturates(void **state) {
  (void)state;
  rm_tensor *x = test_floats(8, (float[]){-1.9f, 2.9f, 255.5f, 300, NAN, INFINITY, -INFINITY, 1e30f}), *bytes, *longs,
            *back;
  static const uint8_t b[8] = {0, 2, 255, 255, 0, 255, 0, 255};
  static const int64_t l[8] = {-1, 2, 255, 300, 0, INT64_MAX, INT64_MIN, INT64_MAX};
  OK(rm_tensor_new_like(x, RM_UINT8, &bytes, &test_err));
  OK(rm_tensor_new_like(x, RM_INT64, &longs, &test_err));
  OK(rm_tensor_copy(bytes, x, &test_err));
  OK(rm_tensor_copy(longs, x, &test_err));
  assert_memory_equal(rm_tensor_u8(bytes), b, sizeof b);
  assert_memory_equal(rm_tensor_i64(longs), l, sizeof l);
  OK(rm_tensor_copy(bytes, longs, &test_err));
  assert_memory_equal(rm_tensor_u8(bytes), b, sizeof b);
  OK(rm_tensor_new_like(x, RM_FLOAT32, &back, &test_err));
  OK(rm_tensor_copy(back, longs, &test_err));
  assert_true(rm_tensor_f32(back)[0] == -1 && rm_tensor_f32(back)[5] == 0x1p63f);
  rm_tensor *all[] = {x, bytes, longs, back};
  for (size_t i = 0; i < 4; i++) rm_tensor_release(all[i]);
}

static void layouts_are_copied_by_position(void **state) {
  (void)state;
  size_t shape[4] = {2, 3, 2, 2}, other[4] = {2, 3, 2, 1};
  rm_tensor *rows, *images, *back, *wrong;
  OK(rm_tensor_new(RM_FLOAT32, 4, shape, &rows, &test_err));
  for (size_t i = 0; i < rows->numel; i++) rm_tensor_f32(rows)[i] = (float)i;
  OK(rm_tensor_channels_last(rows, &images, &test_err));
  assert_true(rm_tensor_is_channels_last(images));
  /* n = 1, c = 2, h = 0, w = 1 is element 21 by rows, and 17 by pixels. */
  assert_true(rm_tensor_f32(images)[17] == 21);
  OK(rm_tensor_contiguous(images, &back, &test_err));
  assert_memory_equal(rm_tensor_f32(back), rm_tensor_f32(rows), rows->numel * sizeof(float));
  OK(rm_tensor_new(RM_FLOAT32, 4, other, &wrong, &test_err));
  assert_int_equal(rm_tensor_copy(wrong, rows, &test_err), RM_ERR_SHAPE);
  assert_non_null(strstr(test_err.message, "(2, 3, 2, 2)"));
  rm_tensor *same;
  OK(rm_tensor_channels_last(images, &same, &test_err)); /* already so: itself */
  assert_ptr_equal(same, images);
  rm_tensor *all[] = {rows, images, back, wrong, same};
  for (size_t i = 0; i < 5; i++) rm_tensor_release(all[i]);
}

static void overlapping_copy_reads_before_it_writes(void **state) {
  (void)state;
  rm_tensor *x = test_floats(6, (float[]){1, 2, 3, 4, 5, 6}), *low, *high;
  OK(rm_tensor_view(x, 1, (size_t[]){5}, (ptrdiff_t[]){1}, 0, &low, &test_err));
  OK(rm_tensor_view(x, 1, (size_t[]){5}, (ptrdiff_t[]){1}, 1, &high, &test_err));
  unsigned version = atomic_load(&x->storage->version);
  OK(rm_tensor_copy(high, low, &test_err));
  assert_memory_equal(rm_tensor_f32(x), ((float[]){1, 1, 2, 3, 4, 5}), 6 * sizeof(float));
  assert_int_not_equal(atomic_load(&x->storage->version), version);
  rm_tensor_release(x);
  rm_tensor_release(low);
  rm_tensor_release(high);
}

static void too_many_dimensions_and_too_much_memory(void **state) {
  (void)state;
  size_t nine[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1}, huge = (size_t)1 << 50;
  rm_tensor *t = NULL;
  assert_int_equal(rm_tensor_new(RM_FLOAT32, 9, nine, &t, &test_err), RM_ERR_SHAPE);
  assert_int_equal(rm_tensor_new(RM_FLOAT32, 1, &huge, &t, &test_err), RM_ERR_MEMORY);
  assert_non_null(strstr(test_err.message, "(1125899906842624)"));
  assert_null(t);
}

/* Every function under an allocator whose n-th call fails, for all n. */
static rm_status everything(void) {
  size_t shape[4] = {2, 3, 2, 2};
  rm_tensor *x = NULL, *made[6] = {NULL};
  rm_status status = rm_tensor_new(RM_FLOAT32, 4, shape, &x, &test_err);
  if (status == RM_OK) {
    memset(rm_tensor_f32(x), 0, x->numel * sizeof(float));
    status = rm_tensor_channels_last(x, &made[0], &test_err);
  }
  if (status == RM_OK) status = rm_tensor_contiguous(made[0], &made[1], &test_err);
  if (status == RM_OK) status = rm_tensor_clone(x, &made[2], &test_err);
  if (status == RM_OK) status = rm_tensor_detach(x, &made[3], &test_err);
  if (status == RM_OK) status = rm_tensor_copy(made[3], x, &test_err); /* overlaps: clones */
  if (status == RM_OK) status = rm_tensor_as_layout(x, made[0], &made[4], &test_err);
  if (status == RM_OK) status = rm_tensor_scalar(1, &made[5], &test_err);
  for (size_t i = 0; i < 6; i++) rm_tensor_release(made[i]);
  rm_tensor_release(x);
  return status;
}

static void failing_allocations_leave_nothing(void **state) {
  (void)state;
  rm_status status = RM_ERR_MEMORY;
  long n = 0;
  for (; status != RM_OK && n < 100; n++) {
    rm_alloc_fail_after(n);
    status = everything();
    rm_alloc_fail_after(-1);
    assert_true(status == RM_OK || status == RM_ERR_MEMORY);
    assert_int_equal(rm_tensor_live(), 0);
    assert_int_equal(rm_alloc_statistics().live_blocks, 0);
  }
  assert_int_equal(status, RM_OK);
  assert_true(n > 10);
}

/* One element as a scalar: a view without dimensions, shape or strides. */
static void a_view_without_dimensions_is_a_scalar(void **state) {
  (void)state;
  rm_tensor *x, *y;
  OK(rm_tensor_zeros(RM_FLOAT32, 1, (size_t[]){3}, &x, &test_err));
  rm_tensor_f32(x)[2] = 1.5f;
  OK(rm_tensor_view(x, 0, NULL, NULL, 2, &y, &test_err));
  assert_int_equal(y->ndim, 0);
  assert_int_equal(y->numel, 1);
  assert_true(*rm_tensor_f32(y) == 1.5f);
  rm_tensor_release(x);
  rm_tensor_release(y);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(storage_lives_as_long_as_a_view),
                                     cmocka_unit_test(conversion_truncates_and_saturates),
                                     cmocka_unit_test(layouts_are_copied_by_position),
                                     cmocka_unit_test(overlapping_copy_reads_before_it_writes),
                                     cmocka_unit_test(too_many_dimensions_and_too_much_memory),
                                     cmocka_unit_test(a_view_without_dimensions_is_a_scalar),
                                     cmocka_unit_test(failing_allocations_leave_nothing),
                                     cmocka_unit_test(nothing_is_left)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
