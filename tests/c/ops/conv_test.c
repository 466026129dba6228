/* conv_test.c -- every method against the naive loops: forward and the three gradients, odd
 * shapes, every instruction set this processor has, 1 and 2 threads. */
#include <stdlib.h>
#include "support.h"
#include "leaks.h"

#include "core/copy.h"
#include "core/view.h"
#include "ops/conv/conv.h"
#include "ops/norm/known.h"

typedef struct {
  size_t n, c, h, w, k, r, s;
  rm_conv_options o;
} shape;

#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* what is left out is 0: a plain border */
#define SAME(p) \
  { {1, 1}, {p, p}, {1, 1}, 1 }
static const shape shapes[] = {
    {2, 16, 8, 8, 16, 3, 3, SAME(1)},
    {3, 17, 9, 7, 18, 3, 3, SAME(1)},
    {1, 8, 4, 4, 8, 3, 3, SAME(0)},
    {2, 5, 6, 11, 3, 3, 3, SAME(2)},
    {7, 32, 5, 4, 33, 3, 3, SAME(1)},
    {1, 40, 13, 3, 24, 3, 3, SAME(1)},
    {2, 3, 12, 10, 16, 3, 3, SAME(1)},
    {1, 1, 1, 1, 1, 3, 3, SAME(1)},
    {5, 64, 8, 8, 64, 3, 3, SAME(1)},
    {2, 130, 6, 6, 70, 3, 3, SAME(1)},
    {60, 130, 5, 1, 128, 3, 3, SAME(1)},
    {3, 260, 2, 6, 264, 3, 3, SAME(1)}, /* threads share tiles */
    {1, 5, 4, 3, 2400, 3, 3, SAME(1)},
    {2, 16, 9, 9, 20, 1, 1, SAME(0)},
    {1, 260, 4, 5, 264, 1, 1, SAME(0)},
    {2, 33, 5, 6, 65, 1, 1, SAME(1)},
    {2, 16, 16, 16, 32, 3, 3, {{2, 2}, {1, 1}, {1, 1}, 1}},
    {3, 17, 15, 13, 6, 3, 3, {{2, 2}, {1, 1}, {1, 1}, 1}},
    {2, 16, 9, 11, 17, 1, 1, {{2, 2}, {0, 0}, {1, 1}, 1}},
    {1, 3, 33, 29, 16, 7, 7, {{2, 2}, {3, 3}, {1, 1}, 1}},
    {2, 4, 11, 12, 6, 5, 3, {{2, 3}, {1, 2}, {2, 1}, 1}},
    {2, 6, 14, 14, 16, 5, 5, SAME(0)},
    {3, 3, 12, 12, 6, 5, 5, SAME(0)},
    {2, 2, 7, 12, 3, 5, 5, SAME(2)},
    {1, 1, 9, 16, 3, 3, 7, SAME(3)},
    {2, 3, 9, 13, 5, 5, 5, {{2, 1}, {2, 2}, {1, 1}, 1}},
    {37, 24, 4, 4, 20, 3, 3, {{2, 2}, {1, 1}, {1, 1}, 1}},
    {21, 24, 2, 3, 40, 1, 1, SAME(0)},
    {3, 64, 13, 7, 128, 1, 1, SAME(0)},
    {1, 128, 17, 19, 64, 1, 1, SAME(0)},
    {1, 64, 1, 1, 64, 1, 1, SAME(0)},
    {1, 256, 1, 3, 2112, 1, 1, SAME(0)},
    {2, 320, 2, 3, 256, 1, 1, {{2, 1}, {0, 0}, {1, 1}, 1}},
    {2, 192, 24, 15, 64, 1, 1, {{2, 3}, {0, 0}, {1, 1}, 1}},
    {3, 32, 15, 9, 48, 3, 3, {{2, 2}, {1, 1}, {1, 1}, 1}},
    {1, 16, 1, 2, 16, 3, 3, {{2, 2}, {1, 1}, {1, 1}, 1}},
    {26, 64, 16, 17, 64, 3, 3, {{2, 2}, {1, 1}, {1, 1}, 1}},
    {2, 96, 8, 8, 528, 3, 3, {{2, 2}, {1, 1}, {1, 1}, 1}},
    {2, 16, 11, 9, 16, 3, 3, {{1, 1}, {2, 2}, {2, 2}, 1}},
    {2, 12, 8, 7, 18, 3, 3, {{1, 1}, {1, 1}, {1, 1}, 3}},
    {2, 16, 7, 7, 16, 3, 3, {{2, 2}, {1, 1}, {1, 1}, 16}},
    {19, 6, 14, 14, 16, 5, 5, SAME(0)}, /* large windows over small images: by position */
    {33, 5, 6, 5, 9, 5, 5, SAME(2)},
    {20, 4, 9, 8, 6, 7, 7, {{2, 3}, {3, 2}, {1, 1}, 1}},
    {17, 40, 2, 3, 40, 3, 5, SAME(4)},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

typedef struct {
  rm_tensor *y, *dx, *dw, *db;
} result;

/* The same random problem every time. */
static result compute(const shape *p, const char *method) {
  rm_rng rng = rm_rng_new(7, 1);
  rm_tensor *x = test_normal(&rng, 4, (size_t[]){p->n, p->c, p->h, p->w}, 0, 1);
  rm_tensor *w = test_normal(&rng, 4, (size_t[]){p->k, p->c / p->o.groups, p->r, p->s}, 0, 1);
  rm_tensor *b = test_normal(&rng, 1, &p->k, 0, 1);
  rm_tensor *y, *dy;
  OK(rm_tensor_set_requires_grad(x, true, &test_err));
  OK(rm_tensor_set_requires_grad(w, true, &test_err));
  OK(rm_tensor_set_requires_grad(b, true, &test_err));
  assert_true(rm_conv_force(method));
  OK(rm_conv2d(x, w, b, &p->o, &y, &test_err));
  assert_true(rm_tensor_is_channels_last(y));
  dy = test_normal(&rng, 4, y->shape, 0, 1);
  OK(rm_backward(y, dy, false, &test_err));
  rm_conv_force(NULL);
  result out = {NULL, rm_tensor_retain(x->grad), rm_tensor_retain(w->grad), rm_tensor_retain(b->grad)};
  OK(rm_tensor_detach(y, &out.y, &test_err));
  rm_tensor_release(x);
  rm_tensor_release(w);
  rm_tensor_release(b);
  rm_tensor_release(y);
  rm_tensor_release(dy);
  return out;
}

static void result_release(result r) {
  rm_tensor_release(r.y);
  rm_tensor_release(r.dx);
  rm_tensor_release(r.dw);
  rm_tensor_release(r.db);
}

/* The rule of the reference data: the largest error against the largest value. */
static double difference(rm_tensor *a, rm_tensor *b) {
  assert_true(rm_tensor_same_shape(a, b));
  rm_tensor *ca, *cb;
  OK(rm_tensor_contiguous(a, &ca, &test_err));
  OK(rm_tensor_contiguous(b, &cb, &test_err));
  double worst = 0, largest = 1e-6;
  for (size_t i = 0; i < a->numel; i++) {
    double d = fabs((double)rm_tensor_f32(ca)[i] - rm_tensor_f32(cb)[i]);
    if (!(d <= worst)) worst = d;
    if (fabs(rm_tensor_f32(cb)[i]) > largest) largest = fabs(rm_tensor_f32(cb)[i]);
  }
  rm_tensor_release(ca);
  rm_tensor_release(cb);
  return worst / largest;
}

static void expect_close(const char *what, const shape *p, const char *method, rm_tensor *a, rm_tensor *b) {
  double d = difference(a, b);
  if (!(d < 2e-5))
    fail_msg("%s of shape %d by %s (%s): off by %g", what, (int)(p - shapes), method ? method : "automatic choice",
             rm_kernel_table()->isa, d);
}

static void matches_naive(const char *method) {
  for (int i = 0; i < SHAPES; i++) {
    result naive = compute(&shapes[i], "naive");
    for (size_t k = 0; select_isa(k); k++) {
      result r = compute(&shapes[i], method);
      expect_close("output", &shapes[i], method, r.y, naive.y);
      expect_close("input gradient", &shapes[i], method, r.dx, naive.dx);
      expect_close("weight gradient", &shapes[i], method, r.dw, naive.dw);
      expect_close("bias gradient", &shapes[i], method, r.db, naive.db);
      result_release(r);
    }
    result_release(naive);
  }
}

/* --- statistics ------------------------------------------------------------------------------- */
/* Mean and sum of squared distances of the channels of so many rows, in double. */
static void expect_statistics(const shape *p, size_t rows, const float *v, const double *mean) {
  size_t k = p->k;
  const double *m2 = mean + k;
  for (size_t j = 0; j < k; j++) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < rows; i++) sum += v[i * k + j];
    for (size_t i = 0; i < rows; i++) squares += (v[i * k + j] - sum / rows) * (v[i * k + j] - sum / rows);
    if (!(fabs(mean[j] - sum / rows) <= 1e-5 * sqrt(squares / rows) && fabs(m2[j] - squares) <= 1e-5 * squares))
      fail_msg("statistics of shape %d, channel %zu (%s): mean %g is %g, squares %g are %g", (int)(p - shapes), j,
               rm_kernel_table()->isa, sum / rows, mean[j], squares, m2[j]);
  }
}

/* What came with y, if its method takes moments. */
static size_t statistics_match(const shape *p, const char *method, double offset) {
  rm_rng rng = rm_rng_new(7, 2);
  rm_tensor *x = test_normal(&rng, 4, (size_t[]){p->n, p->c, p->h, p->w}, 0, 1), *y;
  rm_tensor *w = test_normal(&rng, 4, (size_t[]){p->k, p->c / p->o.groups, p->r, p->s}, 0, 0.1);
  rm_tensor *b = test_normal(&rng, 1, &p->k, (float)offset, 1);
  double *before = malloc(16 * p->k * sizeof *before);
  assert_non_null(before);
  size_t taken = 0;
  assert_true(rm_conv_force(method));
  for (size_t threads = 1; threads <= 3; threads++) {
    OK(rm_set_num_threads(threads, &test_err));
    OK(rm_conv2d(x, w, b, &p->o, &y, &test_err));
    size_t groups = rm_known_groups(p->n), all = 2 * groups * p->k, rows = y->numel / p->k / groups;
    const double *moments = rm_known_moments(y, groups);
    if (moments && threads == 1) {
      for (size_t g = 0; g < groups; g++)
        expect_statistics(p, rows, rm_tensor_f32(y) + g * rows * p->k, moments + 2 * g * p->k);
      memcpy(before, moments, all * sizeof *moments);
      taken = 1;
    }
    if (moments) assert_memory_equal(moments, before, all * sizeof *moments);
    rm_tensor_mark_written(y);
    assert_null(rm_known_moments(y, groups));
    rm_tensor_release(y);
  }
  OK(rm_set_num_threads(2, &test_err));
  rm_conv_force(NULL);
  rm_tensor_release(x);
  rm_tensor_release(w);
  rm_tensor_release(b);
  free(before);
  return taken;
}

/* Also where the mean is large against the deviation: the outputs are as exact as floats at 10,000 are. */
static void statistics_are_those_of_the_output(void **state) {
  (void)state;
  static const char *const methods[] = {"winograd", "strided", "strassen"};
  size_t taken = 0;
  for (size_t isa = 0; select_isa(isa); isa++)
    for (size_t m = 0; m < sizeof methods / sizeof *methods; m++)
      for (int i = 0; i < SHAPES; i++)
        for (int far = 0; far < 2; far++) taken += statistics_match(&shapes[i], methods[m], far ? 10000 : 0);
  assert_true(taken > 30);
}

/* Large outputs go past the caches: the same numbers and moments all the same. */
static void large_outputs_are_the_same(void **state) {
  (void)state;
  enum { FLOATS = 24 * RM_WINO_TILE, OUT = 2 * 8 * 8 * 16, MOMENTS = 8 * 3 * 16 };
  const rm_wino_images g = {8, 8, 16, 16, 2, 2, 0, 24};
  const rm_conv_finish finish = {0};
  static float moments[2][MOMENTS];
  float *m = rm_alloc(FLOATS * sizeof *m), *y = rm_alloc(2 * OUT * sizeof *y);
  for (size_t i = 0; i < FLOATS; i++) m[i] = (float)(i * 37 % 101) - 50;
  for (size_t k = 0; select_isa(k); k++) {
    memset(y, 0xff, 2 * OUT * sizeof *y);
    rm_kernel_table()->wino_output(&g, m, &finish, false, 0, 8, y);
    rm_kernel_table()->wino_output(&g, m, &finish, true, 0, 8, y + OUT);
    assert_memory_equal(y, y + OUT, OUT * sizeof *y);
    assert_true(y[OUT - 1] == y[OUT - 1]); /* written */
    for (int stream = 0; stream < 2; stream++) {
      memset(y + OUT, 0xff, OUT * sizeof *y);
      rm_kernel_table()->wino_output(&g, m, &(rm_conv_finish){.moments = moments[stream]}, stream, 0, 8, y + OUT);
      assert_memory_equal(y, y + OUT, OUT * sizeof *y);
    }
    assert_memory_equal(moments[0], moments[1], sizeof moments[0]);
    assert_true(moments[0][0] == y[0]); /* the first value of the first column */
  }
  rm_free(m, FLOATS * sizeof *m);
  rm_free(y, 2 * OUT * sizeof *y);
}

/* Whole convolutions whose outputs are so large, and for the first the input gradient. The last has more pixels than a
 * sum of Strassen's weight gradient goes over. */
static void large_convolutions_match(void **state) {
  (void)state;
  static const struct {
    shape p;
    const char *method;
  } large[] = {{{1, 64, 182, 182, 64, 1, 1, SAME(0)}, "strassen"},
               {{2, 3, 258, 258, 16, 3, 3, SAME(1)}, "direct"},
               {{1, 64, 157, 158, 256, 1, 1, SAME(0)}, "strassen"}};
  for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
    const shape *p = &large[i].p;
    result naive = compute(p, "naive");
    for (size_t k = 0; select_isa(k); k++) {
      result r = compute(p, large[i].method);
      if (!(difference(r.y, naive.y) < 2e-5)) fail_msg("output by %s (%s)", large[i].method, rm_kernel_table()->isa);
      if (!(difference(r.dx, naive.dx) < 2e-5))
        fail_msg("gradient by %s (%s)", large[i].method, rm_kernel_table()->isa);
      if (!(difference(r.dw, naive.dw) < 2e-5))
        fail_msg("weight gradient by %s (%s)", large[i].method, rm_kernel_table()->isa);
      result_release(r);
      statistics_match(p, large[i].method, 0);
    }
    result_release(naive);
  }
}

static void im2col_matches(void **state) {
  (void)state;
  matches_naive("im2col");
}
static void winograd_matches(void **state) {
  (void)state;
  matches_naive("winograd");
}
static void strided_matches(void **state) {
  (void)state;
  matches_naive("strided");
}
static void direct_matches(void **state) {
  (void)state;
  matches_naive("direct");
}
static void strassen_matches(void **state) {
  (void)state;
  matches_naive("strassen");
}
static void automatic_matches(void **state) {
  (void)state;
  matches_naive(NULL);
}

static bool same_bits(rm_tensor *a, rm_tensor *b) {
  return memcmp(rm_tensor_f32(a), rm_tensor_f32(b), a->numel * sizeof(float)) == 0;
}

static void threads_keep_the_bits(void **state) {
  (void)state;
  static const char *const methods[] = {"winograd", "strided", "strassen", "direct", "im2col", NULL};
  for (size_t m = 0; m < sizeof methods / sizeof *methods; m++)
    for (int i = 0; i < SHAPES; i++) {
      OK(rm_set_num_threads(1, &test_err));
      result one = compute(&shapes[i], methods[m]);
      OK(rm_set_num_threads(2, &test_err));
      result two = compute(&shapes[i], methods[m]);
      assert_true(same_bits(one.y, two.y) && same_bits(one.dx, two.dx));
      assert_true(same_bits(one.dw, two.dw) && same_bits(one.db, two.db));
      result_release(one);
      result_release(two);
    }
}

/* With every n-th allocation and all after it failing: an error or a result, never a crash or a leak. */
static void survives_without_memory(const char *method, const shape *p) {
  rm_rng rng = rm_rng_new(9, 1);
  rm_tensor *x = test_normal(&rng, 4, (size_t[]){p->n, p->c, p->h, p->w}, 0, 1);
  rm_tensor *w = test_normal(&rng, 4, (size_t[]){p->k, p->c, p->r, p->s}, 0, 1);
  OK(rm_tensor_set_requires_grad(x, true, &test_err));
  OK(rm_tensor_set_requires_grad(w, true, &test_err));
  assert_true(rm_conv_force(method));
  bool done = false;
  for (long n = 0; !done; n++) {
    assert_in_range(n, 0, 1000); /* it does not end where all memory has run out */
    size_t live = rm_tensor_live();
    rm_tensor *y = NULL, *dy = NULL;
    size_t h = p->h / p->o.stride[0], width = p->w / p->o.stride[1];
    OK(rm_tensor_zeros(RM_FLOAT32, 4, (size_t[]){p->n, p->k, h, width}, &dy, &test_err));
    rm_alloc_fail_after(n);
    rm_status status = rm_conv2d(x, w, NULL, &p->o, &y, &test_err);
    if (status == RM_OK) status = rm_backward(y, dy, false, &test_err);
    rm_alloc_fail_after(-1);
    assert_true(status == RM_OK || status == RM_ERR_MEMORY);
    done = status == RM_OK;
    rm_tensor_release(y);
    rm_tensor_release(dy);
    OK(rm_tensor_set_grad(x, NULL, &test_err));
    OK(rm_tensor_set_grad(w, NULL, &test_err));
    assert_int_equal(rm_tensor_live(), live);
  }
  rm_conv_force(NULL);
  rm_tensor_release(x);
  rm_tensor_release(w);
}

static void memory_may_run_out(void **state) {
  (void)state;
  static const char *const methods[] = {"winograd", "direct", "im2col"};
  for (int m = 0; m < 3; m++) survives_without_memory(methods[m], &(shape){2, 16, 8, 8, 20, 3, 3, SAME(1)});
  survives_without_memory("strided", &(shape){2, 16, 8, 8, 16, 3, 3, {{2, 2}, {1, 1}, {1, 1}, 1}});
  survives_without_memory("strassen", &(shape){2, 64, 3, 3, 64, 1, 1, SAME(0)});
}

static void expect_refusal(const shape *p, const char *text) {
  rm_tensor *x, *w, *y = NULL;
  OK(rm_tensor_zeros(RM_FLOAT32, 4, (size_t[]){p->n, p->c, p->h, p->w}, &x, &test_err));
  OK(rm_tensor_zeros(RM_FLOAT32, 4, (size_t[]){p->k, 4, p->r, p->s}, &w, &test_err));
  assert_int_not_equal(rm_conv2d(x, w, NULL, &p->o, &y, &test_err), RM_OK);
  if (!strstr(test_err.message, text)) fail_msg("expected \"%s\" in \"%s\"", text, test_err.message);
  rm_tensor_release(x);
  rm_tensor_release(w);
}

static void wrong_shapes_are_named(void **state) {
  (void)state;
  expect_refusal(&(shape){1, 3, 8, 8, 2, 3, 3, SAME(1)}, "conv2d: x has 3 channels, weight expects 4");
  expect_refusal(&(shape){1, 8, 8, 8, 3, 3, 3, {{1, 1}, {1, 1}, {1, 1}, 2}},
                 "3 output channels cannot be split into 2 groups");
  expect_refusal(&(shape){1, 4, 2, 8, 2, 3, 3, SAME(0)}, "the kernel covers 3 x 3 pixels, the padded x has only 2 x 8");
  expect_refusal(&(shape){1, 4, 8, 8, 2, 3, 3, {{0, 1}, {1, 1}, {1, 1}, 1}}, "stride must be at least 1, got 0");
}

static void an_empty_batch_is_fine(void **state) {
  (void)state;
  result r = compute(&(shape){0, 4, 8, 8, 3, 3, 3, SAME(1)}, NULL);
  assert_int_equal(r.y->numel, 0);
  for (size_t i = 0; i < r.dw->numel; i++) assert_true(rm_tensor_f32(r.dw)[i] == 0);
  result_release(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(im2col_matches),
      cmocka_unit_test(automatic_matches),
      cmocka_unit_test(strassen_matches),
      cmocka_unit_test(winograd_matches),
      cmocka_unit_test(strided_matches),
      cmocka_unit_test(direct_matches),
      cmocka_unit_test(threads_keep_the_bits),
      cmocka_unit_test(wrong_shapes_are_named),
      cmocka_unit_test(large_outputs_are_the_same),
      cmocka_unit_test(large_convolutions_match),
      cmocka_unit_test(an_empty_batch_is_fine),
      cmocka_unit_test(memory_may_run_out),
      cmocka_unit_test(statistics_are_those_of_the_output),
      cmocka_unit_test(nothing_is_left),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
