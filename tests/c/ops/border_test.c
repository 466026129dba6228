/* border_test.c -- borders that are not zeros, "same" padding and one image alone: the same bits as the plain operator
 * behind a pad or a view, under every instruction set; nothing lost when memory runs out. */
#include "leaks.h"
#include "ops/conv/conv.h"
#include "ops/pool/pool.h"
#include "ops/views/join.h"
#include "ops/views/views.h"
#include "support.h"

typedef struct {
  rm_tensor *x, *weight, *bias;
} problem;

static problem make(bool alone) {
  rm_rng rng = rm_rng_new(3, 0);
  size_t k = 5;
  problem p = {.x = test_normal(&rng, alone ? 3 : 4, (size_t[]){2, 3, 9, 8} + alone, 0, 1)};
  p.weight = test_normal(&rng, 4, (size_t[]){5, 3, 4, 3}, 0, 1);
  p.bias = test_normal(&rng, 1, &k, 0, 1);
  rm_tensor *leaves[] = {p.x, p.weight, p.bias};
  for (size_t i = 0; i < 3; i++) OK(rm_tensor_set_requires_grad(leaves[i], true, &test_err));
  return p;
}

static void drop(problem *p) {
  rm_tensor_release(p->x);
  rm_tensor_release(p->weight);
  rm_tensor_release(p->bias);
}

static const rm_conv_options plain = {.stride = {1, 1}, .padding = {1, 2}, .dilation = {1, 1}, .groups = 1};

/* Convolution `o` of p, and its gradients for a dy of ones. */
static void run(problem *p, rm_tensor *x, const rm_conv_options *o, rm_tensor **y) {
  rm_tensor *sum = NULL;
  OK(rm_conv2d(x, p->weight, p->bias, o, y, &test_err));
  OK(rm_tensor_new_like(*y, RM_FLOAT32, &sum, &test_err));
  for (size_t i = 0; i < sum->numel; i++) rm_tensor_f32(sum)[i] = 1;
  OK(rm_backward(*y, sum, false, &test_err));
  rm_tensor_release(sum);
}

static void as_padded_here(void) {
  size_t before[4] = {0, 0, 1, 2}, even[4] = {0, 0, 1, 1}, odd[4] = {0, 0, 2, 1};
  for (rm_border border = RM_BORDER_ZEROS; border < RM_BORDERS; border++)
    for (int same = 0; same < 2; same++) {
      problem a = make(false), b = make(false);
      rm_conv_options o = plain, none = plain;
      rm_tensor *padded = NULL, *ya = NULL, *yb = NULL;
      o.border = border;
      o.same = same;
      none.padding[0] = none.padding[1] = 0;
      OK(rm_pad_border(b.x, same ? even : before, same ? odd : before, border, &padded, &test_err));
      run(&a, a.x, &o, &ya);
      run(&b, padded, &none, &yb);
      assert_int_equal(ya->shape[2], same ? 9 : 8);
      if (border != RM_BORDER_ZEROS) { /* zeros are left out of the sums, not added: other bits */
        test_same("y", ya, yb);
        test_same("dx", a.x->grad, b.x->grad);
        test_same("dweight", a.weight->grad, b.weight->grad);
      }
      rm_tensor_release(padded);
      rm_tensor_release(ya);
      rm_tensor_release(yb);
      drop(&a);
      drop(&b);
    }
}
static void as_padded(void **state) {
  (void)state;
  test_each_isa(as_padded_here);
}

static problem shared;
static rm_conv_options options;

static rm_status convolve(void) {
  rm_tensor *y = NULL, *dy = NULL;
  rm_status status = rm_conv2d(shared.x, shared.weight, shared.bias, &options, &y, &test_err);
  if (status == RM_OK) status = rm_tensor_new_like(y, RM_FLOAT32, &dy, &test_err);
  if (status == RM_OK) {
    memset(rm_tensor_f32(dy), 0, dy->numel * sizeof(float));
    status = rm_backward(y, dy, false, &test_err);
  }
  rm_tensor_release(y);
  rm_tensor_release(dy);
  rm_tensor *leaves[] = {shared.x, shared.weight, shared.bias};
  for (size_t i = 0; i < 3; i++) OK(rm_tensor_set_grad(leaves[i], NULL, &test_err));
  return status;
}

static rm_status pool(void) {
  const rm_pool_options o = {.kernel = {3, 2}, .stride = {1, 2}, .padding = {1, 1}, .dilation = {2, 1}};
  rm_tensor *y = NULL, *at = NULL;
  rm_status status = rm_max_pool2d(shared.x, &o, &y, &at, &test_err);
  if (status == RM_OK) assert_true(y->ndim == 3 && at->ndim == 3);
  else assert_true(!y && !at);
  rm_tensor_release(y);
  rm_tensor_release(at);
  return status;
}

static void memory_runs_out(void **state) {
  (void)state;
  options = plain;
  for (int alone = 0; alone < 2; alone++)
    for (rm_border border = alone ? RM_BORDER_ZEROS : RM_BORDER_REFLECT; border < RM_BORDER_CIRCULAR; border++) {
      options.border = border;
      options.same = border == RM_BORDER_REFLECT;
      shared = make(alone);
      test_allocation_failures(convolve);
      if (alone) test_allocation_failures(pool);
      drop(&shared);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(as_padded), cmocka_unit_test(memory_runs_out),
                                     cmocka_unit_test(nothing_is_left)};
  return cmocka_run_group_tests_name("borders", tests, NULL, NULL);
}
