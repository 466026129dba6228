/* tape_test.c -- the walk back: sums at joints, order, what fails, and what is freed. */
#include "support.h"
#include "leaks.h"

#include "core/view.h"
#include "ops/views/views.h"

static rm_tensor *leaf(size_t n, const float values[]) {
  rm_tensor *t = test_floats(n, values);
  OK(rm_tensor_set_requires_grad(t, true, &test_err));
  return t;
}

/* --- an operator of our own: y = a * b, of one dimension and one extent ------------ */

static rm_status product(const rm_tensor *a, const rm_tensor *b, rm_tensor **y) {
  RM_TRY(rm_tensor_new(RM_FLOAT32, a->ndim, a->shape, y, &test_err));
  for (ptrdiff_t i = 0; i < (ptrdiff_t)a->numel; i++)
    rm_tensor_f32(*y)[i] = rm_tensor_f32(a)[i * a->strides[0]] * rm_tensor_f32(b)[i * b->strides[0]];
  return RM_OK;
}

static rm_status mul_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *e) {
  (void)e;
  for (size_t i = 0; i < 2; i++)
    if (rm_node_needs(node, i)) RM_TRY(product(dy, rm_node_saved(node, 1 - i), &dx[i]));
  return RM_OK;
}

static rm_status mul(rm_tensor *a, rm_tensor *b, rm_tensor **y) {
  rm_tensor *inputs[2] = {a, b}, *fresh;
  RM_TRY(product(a, b, &fresh));
  if (rm_tape_wants(2, inputs)) {
    rm_status status = rm_tape_record(
        fresh,
        &(rm_record){
            .name = "mul", .backward = mul_backward, .ninputs = 2, .inputs = inputs, .nsaved = 2, .saved = inputs},
        &test_err);
    if (status != RM_OK) {
      rm_tensor_release(fresh);
      return status;
    }
  }
  *y = fresh;
  return RM_OK;
}

static rm_tensor *times(rm_tensor *a, rm_tensor *b) {
  rm_tensor *y = NULL;
  OK(mul(a, b, &y));
  return y;
}

static void expect(const rm_tensor *t, size_t n, const float values[]) {
  assert_non_null(t);
  assert_int_equal(t->numel, n);
  assert_memory_equal(rm_tensor_f32(t), values, n * sizeof *values);
}

/* --- cases ----------------------------------------------------------------------------- */

static void gradients_meet_and_accumulate(void **state) {
  (void)state;
  rm_tensor *x = leaf(2, (float[]){2, 3}), *one = test_floats(2, (float[]){1, 1});
  for (int pass = 1; pass <= 2; pass++) {
    rm_tensor *square = times(x, x), *cube = times(square, x); /* d x^3 = 3 x^2 */
    OK(rm_backward(cube, one, false, &test_err));
    expect(x->grad, 2, (float[]){12 * (float)pass, 27 * (float)pass});
    rm_tensor_release(square);
    rm_tensor_release(cube);
  }
  OK(rm_tensor_set_grad(x, NULL, &test_err));
  assert_null(x->grad);
  rm_tensor_release(x);
  rm_tensor_release(one);
}

static void backward_twice_needs_retain(void **state) {
  (void)state;
  rm_tensor *x = leaf(1, (float[]){3}), *y = times(x, x);
  OK(rm_backward(y, NULL, true, &test_err));
  OK(rm_backward(y, NULL, false, &test_err));
  expect(x->grad, 1, (float[]){12});
  assert_int_equal(rm_backward(y, NULL, false, &test_err), RM_ERR_STATE);
  assert_non_null(strstr(test_err.message, "mul was already differentiated"));
  expect(x->grad, 1, (float[]){12});
  rm_tensor_release(x);
  rm_tensor_release(y);
}

static void a_changed_tensor_is_refused(void **state) {
  (void)state;
  rm_tensor *x = leaf(2, (float[]){2, 3}), *k = test_floats(2, (float[]){5, 7}), *y = times(x, k), *view;
  OK(rm_tensor_view(k, 1, (size_t[]){1}, (ptrdiff_t[]){1}, 1, &view, &test_err));
  rm_tensor_f32(view)[0] = 0;
  rm_tensor_mark_written(view); /* through another view of the same storage */
  assert_int_equal(rm_backward(y, k, false, &test_err), RM_ERR_STATE);
  assert_non_null(strstr(test_err.message, "changed in place"));
  assert_null(x->grad);
  rm_tensor *all[] = {x, k, y, view};
  for (size_t i = 0; i < 4; i++) rm_tensor_release(all[i]);
}

static void what_backward_asks_for(void **state) {
  (void)state;
  rm_tensor *x = leaf(2, (float[]){2, 3}), *y = times(x, x), *k = test_floats(1, (float[]){1});
  assert_int_equal(rm_backward(y, NULL, false, &test_err), RM_ERR_SHAPE);
  assert_non_null(strstr(test_err.message, "(2)"));
  assert_int_equal(rm_backward(y, k, false, &test_err), RM_ERR_SHAPE);
  assert_int_equal(rm_backward(k, NULL, false, &test_err), RM_ERR_STATE);
  rm_tensor *bytes;
  OK(rm_tensor_new(RM_UINT8, 0, NULL, &bytes, &test_err));
  assert_int_equal(rm_tensor_set_requires_grad(bytes, true, &test_err), RM_ERR_TYPE);
  assert_int_equal(rm_tensor_set_requires_grad(y, false, &test_err), RM_ERR_STATE);
  assert_int_equal(rm_tensor_check_writable("add_", x, &test_err), RM_ERR_STATE);
  bool was = rm_grad_set(false);
  OK(rm_tensor_check_writable("add_", x, &test_err));
  rm_tensor *z = times(x, x);
  assert_false(z->requires_grad);
  rm_grad_set(was);
  rm_tensor *all[] = {x, y, k, bytes, z};
  for (size_t i = 0; i < 5; i++) rm_tensor_release(all[i]);
}

static void a_deep_graph_is_freed_without_recursion(void **state) {
  (void)state;
  rm_tensor *x = leaf(1, (float[]){1}), *one = test_floats(1, (float[]){1}), *y = rm_tensor_retain(x);
  for (int i = 0; i < 200000; i++) {
    rm_tensor *next = times(y, one);
    rm_tensor_release(y);
    y = next;
  }
  rm_tensor *kept = rm_tensor_retain(y);
  OK(rm_backward(y, NULL, false, &test_err));
  expect(x->grad, 1, (float[]){1});
  rm_tensor *all[] = {x, one, y, kept};
  for (size_t i = 0; i < 4; i++) rm_tensor_release(all[i]);
  assert_int_equal(rm_tensor_live(), 0);
}

static void a_gradient_owns_its_memory(void **state) {
  (void)state;
  rm_tensor *x = leaf(3, (float[]){1, 2, 3}), *y = NULL, *dy = test_floats(3, (float[]){4, 5, 6});
  OK(rm_clone(x, &y, &test_err)); /* hands dy itself back */
  OK(rm_backward(y, dy, false, &test_err));
  rm_tensor_f32(dy)[0] = 99;
  expect(x->grad, 3, (float[]){4, 5, 6});
  rm_tensor_release(x);
  rm_tensor_release(y);
  rm_tensor_release(dy);
}

/* Slices, an expansion, a reshape and products, forth and back. */
static rm_status network(rm_tensor *x, rm_tensor *dy) {
  rm_tensor *made[7] = {NULL};
  static const int64_t table[2] = {2, 3}, row[1] = {-1};
  rm_status status = rm_reshape(x, 2, table, &made[0], &test_err);
  if (status == RM_OK) status = rm_transpose(made[0], 0, 1, &made[1], &test_err);
  if (status == RM_OK) status = rm_reshape(made[1], 1, row, &made[2], &test_err); /* copies */
  if (status == RM_OK) status = mul(made[2], x, &made[3]);
  if (status == RM_OK) status = rm_narrow(made[3], 0, 1, 4, &made[4], &test_err);
  if (status == RM_OK) status = rm_clone(made[4], &made[5], &test_err);
  if (status == RM_OK) status = mul(made[5], made[4], &made[6]);
  if (status == RM_OK) status = rm_backward(made[6], dy, false, &test_err);
  for (size_t i = 0; i < 7; i++) rm_tensor_release(made[i]);
  return status;
}

static void failing_allocations_leave_gradients_alone(void **state) {
  (void)state;
  rm_tensor *x = leaf(6, (float[]){1, 2, 3, 4, 5, 6}), *dy = test_floats(4, (float[]){1, 1, 1, 1});
  size_t tensors = rm_tensor_live(), blocks = rm_alloc_statistics().live_blocks;
  rm_status status = RM_ERR_MEMORY;
  long n = 0;
  for (; status != RM_OK && n < 1000; n++) {
    rm_alloc_fail_after(n);
    status = network(x, dy);
    rm_alloc_fail_after(-1);
    if (status == RM_OK) break;
    assert_int_equal(status, RM_ERR_MEMORY);
    assert_null(x->grad);
    assert_true(rm_grad_enabled());
    assert_int_equal(rm_tensor_live(), tensors);
    assert_int_equal(rm_alloc_statistics().live_blocks, blocks);
  }
  assert_int_equal(status, RM_OK);
  assert_true(n > 20);
  assert_non_null(x->grad);
  rm_tensor_release(x);
  rm_tensor_release(dy);
  assert_int_equal(rm_tensor_live(), 0);
  assert_int_equal(rm_alloc_statistics().live_blocks, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(gradients_meet_and_accumulate),
                                     cmocka_unit_test(backward_twice_needs_retain),
                                     cmocka_unit_test(a_changed_tensor_is_refused),
                                     cmocka_unit_test(what_backward_asks_for),
                                     cmocka_unit_test(a_deep_graph_is_freed_without_recursion),
                                     cmocka_unit_test(a_gradient_owns_its_memory),
                                     cmocka_unit_test(failing_allocations_leave_gradients_alone),
                                     cmocka_unit_test(nothing_is_left)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
