/* rng_test.c -- the generator against published answers, and what is drawn from it. */
#include "support.h"
#include "leaks.h"

#include <stdlib.h>
#include "core/copy.h"
#include "core/view.h"

/* Known answers for Philox4x32-10 that come with its authors' Random123 library. The
 * counter is (position, stream), the key the seed. */
static void known_answers(void **state) {
  (void)state;
  static const struct {
    uint64_t position, stream, seed;
    uint32_t answer[4];
  } cases[] = {
      {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {~0ull, ~0ull, ~0ull, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {0x85a308d3243f6a88, 0x0370734413198a2e, 0x299f31d0a4093822, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}};
  for (size_t i = 0; i < 3; i++) {
    rm_rng rng = rm_rng_new(cases[i].seed, cases[i].stream);
    uint32_t out[4];
    rm_rng_block(&rng, cases[i].position, out);
    assert_memory_equal(out, cases[i].answer, sizeof out);
  }
}

static rm_tensor *filled(uint64_t seed, const size_t shape[2], bool transposed) {
  rm_tensor *t, *view = NULL;
  rm_error err;
  rm_rng rng = rm_rng_new(seed, 1);
  assert_int_equal(rm_tensor_zeros(RM_FLOAT32, 2, shape, &t, &err), RM_OK);
  if (transposed) { /* the same elements in other memory */
    size_t turned[2] = {shape[1], shape[0]};
    rm_tensor_release(t);
    assert_int_equal(rm_tensor_zeros(RM_FLOAT32, 2, turned, &view, &err), RM_OK);
    ptrdiff_t strides[2] = {1, (ptrdiff_t)shape[0]};
    assert_int_equal(rm_tensor_view(view, 2, shape, strides, 0, &t, &err), RM_OK);
    rm_tensor_release(view);
  }
  assert_int_equal(rm_rng_fill_normal(&rng, t, 2, 3, &err), RM_OK);
  assert_int_equal(rng.position, (shape[0] * shape[1] + 3) / 4);
  return t;
}

static void fills_do_not_depend_on_threads_or_layout(void **state) {
  (void)state;
  size_t shape[2] = {211, 97};
  rm_error err;
  size_t before = rm_num_threads();
  assert_int_equal(rm_set_num_threads(1, &err), RM_OK);
  rm_tensor *one = filled(7, shape, false);
  assert_int_equal(rm_set_num_threads(3, &err), RM_OK);
  rm_tensor *three = filled(7, shape, false), *turned = filled(7, shape, true), *rows;
  assert_memory_equal(rm_tensor_f32(one), rm_tensor_f32(three), one->numel * sizeof(float));
  assert_int_equal(rm_tensor_contiguous(turned, &rows, &err), RM_OK);
  assert_memory_equal(rm_tensor_f32(one), rm_tensor_f32(rows), one->numel * sizeof(float));
  rm_set_num_threads(before, &err);
  rm_tensor *all[] = {one, three, turned, rows};
  for (size_t i = 0; i < 4; i++) rm_tensor_release(all[i]);
  assert_int_equal(rm_tensor_live(), 0);
}

static void normals_have_mean_and_deviation(void **state) {
  (void)state;
  size_t shape[2] = {400, 500};
  rm_tensor *t = filled(3, shape, false);
  double sum = 0, squares = 0;
  for (size_t i = 0; i < t->numel; i++) {
    double z = (rm_tensor_f32(t)[i] - 2.0) / 3.0;
    sum += z;
    squares += z * z;
  }
  double n = (double)t->numel; /* five standard errors */
  assert_true(fabs(sum / n) < 5 / sqrt(n));
  assert_true(fabs(squares / n - 1) < 5 * sqrt(2 / n));
  rm_tensor_release(t);
}

static void uniforms_stay_in_range(void **state) {
  (void)state;
  size_t n = 100000;
  rm_tensor *t;
  rm_error err;
  rm_rng rng = rm_rng_new(5, 0);
  assert_int_equal(rm_tensor_new(RM_FLOAT32, 1, &n, &t, &err), RM_OK);
  assert_int_equal(rm_rng_fill_uniform(&rng, t, 1e6f, 1e6f + 0.25f, &err), RM_OK); /* rounding would reach the end */
  for (size_t i = 0; i < n; i++) assert_true(rm_tensor_f32(t)[i] >= 1e6f && rm_tensor_f32(t)[i] < 1e6f + 0.25f);
  assert_int_equal(rm_rng_fill_uniform(&rng, t, 1, 0, &err), RM_ERR_VALUE);
  assert_int_equal(rm_rng_fill_bernoulli(&rng, t, 0.25f, &err), RM_OK);
  double ones = 0;
  for (size_t i = 0; i < n; i++) ones += rm_tensor_f32(t)[i];
  assert_true(fabs(ones / (double)n - 0.25) < 5 * sqrt(0.25 * 0.75 / (double)n));
  rm_tensor_release(t);
}

static void permutations_hold_every_number_once(void **state) {
  (void)state;
  rm_tensor *p;
  rm_error err;
  rm_rng rng = rm_rng_new(5, 1);
  size_t n = 1000, moved = 0;
  bool seen[1001] = {false};
  assert_int_equal(rm_rng_permutation(&rng, n, &p, &err), RM_OK);
  for (size_t i = 0; i < n; i++) {
    int64_t v = rm_tensor_i64(p)[i];
    assert_true(v >= 1 && v <= 1000 && !seen[v]);
    seen[v] = true;
    moved += v != (int64_t)i + 1;
  }
  assert_true(moved > 900);
  rm_tensor_release(p);
}

static void below_is_unbiased(void **state) {
  (void)state;
  rm_rng rng = rm_rng_new(11, 2);
  size_t counts[7] = {0}, n = 70000;
  for (size_t i = 0; i < n; i++) counts[rm_rng_below(&rng, 7)]++;
  double chi = 0; /* 6 degrees of freedom: above 22.5 once in a thousand */
  for (size_t k = 0; k < 7; k++) chi += ((double)counts[k] - 10000) * ((double)counts[k] - 10000) / 10000;
  assert_true(chi < 22.5);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(known_answers),
                                     cmocka_unit_test(fills_do_not_depend_on_threads_or_layout),
                                     cmocka_unit_test(normals_have_mean_and_deviation),
                                     cmocka_unit_test(uniforms_stay_in_range),
                                     cmocka_unit_test(permutations_hold_every_number_once),
                                     cmocka_unit_test(below_is_unbiased),
                                     cmocka_unit_test(nothing_is_left)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
