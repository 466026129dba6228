/* pool_test.c -- pooling against loops in double over odd sizes, under every instruction set; ties;
 * one thread and two; dropout's mask. */
#include "core/copy.h"
#include "leaks.h"
#include "ops/pointwise/dropout.h"
#include "ops/pool/pool.h"
#include "support.h"

typedef enum { MAX, AVG, ADAPTIVE } kind;
typedef struct {
  size_t shape[4];
  rm_pool_options o;
} problem;

static const problem problems[] = {
    {{2, 3, 8, 8}, {{2, 2}, {2, 2}, {0, 0}, false, true, {1, 1}}},
    {{2, 16, 17, 13}, {{3, 3}, {2, 2}, {1, 1}, false, true, {1, 1}}},
    {{3, 6, 7, 9}, {{3, 3}, {1, 1}, {1, 1}, false, false, {1, 1}}},
    {{1, 67, 9, 11}, {{2, 2}, {2, 2}, {0, 0}, true, true, {1, 1}}},
    {{2, 130, 10, 8}, {{3, 3}, {2, 2}, {1, 1}, true, false, {1, 1}}},
    {{2, 3, 8, 7}, {{2, 2}, {3, 3}, {0, 0}, true, true, {1, 1}}},
    {{1, 5, 8, 10}, {{3, 2}, {2, 3}, {1, 1}, true, true, {1, 1}}},
    {{3, 4, 8, 8}, {{8, 8}, {8, 8}, {0, 0}, false, true, {1, 1}}},
    {{1, 1, 1, 1}, {{1, 1}, {1, 1}, {0, 0}, false, true, {1, 1}}},
    {{3, 6, 4, 10}, {{2, 2}, {2, 2}, {0, 0}, false, true, {1, 1}}},
    {{2, 16, 8, 8}, {{1, 1}, {2, 2}, {0, 0}, false, true, {1, 1}}},
    {{2, 3, 9, 8}, {{1, 1}, {2, 3}, {0, 0}, true, true, {1, 1}}},
    {{1, 5, 7, 6}, {{1, 1}, {4, 9}, {0, 0}, false, false, {1, 1}}},
    {{1, 32, 2, 4}, {{2, 2}, {2, 2}, {0, 0}, true, true, {1, 1}}},
    {{2, 21, 6, 2}, {{2, 2}, {2, 2}, {0, 0}, false, true, {1, 1}}},
    {{2, 8, 4, 6}, {{2, 2}, {2, 2}, {0, 0}, false, true, {1, 1}}}, /* half a vector */
    {{2, 9, 4, 4}, {{2, 2}, {2, 2}, {0, 0}, false, true, {1, 1}}},
    {{1, 1, 6, 22}, {{2, 2}, {2, 2}, {0, 0}, false, true, {1, 1}}},
};
enum { PROBLEMS = sizeof problems / sizeof *problems };

/* Of maxima alone. */
static const problem dilated[] = {
    {{2, 3, 9, 8}, {{2, 2}, {1, 1}, {0, 0}, false, true, {2, 2}}},
    {{2, 17, 9, 11}, {{3, 3}, {2, 2}, {1, 1}, false, true, {2, 3}}},
    {{1, 4, 9, 10}, {{3, 2}, {2, 1}, {1, 0}, true, true, {1, 3}}},
    {{3, 66, 8, 9}, {{3, 3}, {3, 2}, {1, 1}, true, true, {3, 1}}},
};
enum { DILATED = sizeof dilated / sizeof *dilated };

static bool ties; /* values drawn from {0, 1, 2}: many equal maxima */

static rm_tensor *input(const problem *p) {
  rm_rng rng = rm_rng_new(3, 0);
  rm_tensor *x = test_normal(&rng, 4, p->shape, 0, 1);
  if (ties)
    for (size_t i = 0; i < x->numel; i++) rm_tensor_f32(x)[i] = (float)rm_rng_below(&rng, 3);
  OK(rm_tensor_set_requires_grad(x, true, &test_err));
  return x;
}

static rm_tensor *run(kind k, const problem *p, rm_tensor *x, rm_tensor **indices) {
  rm_tensor *y = NULL;
  if (k == MAX) OK(rm_max_pool2d(x, &p->o, &y, indices, &test_err));
  if (k == AVG) OK(rm_avg_pool2d(x, &p->o, &y, &test_err));
  if (k == ADAPTIVE) OK(rm_adaptive_avg_pool2d(x, p->o.stride, &y, &test_err));
  return y;
}

/* Sums into dx what window (i, j) of plane `x` passes back for a gradient of g; returns its value. The
 * definitions, written once more: pixels outside the image are looked at and left out. */
static double naive_window(kind k, const problem *p, const float *x, size_t i, size_t j, double g, double *dx,
                           int64_t *index) {
  ptrdiff_t h = (ptrdiff_t)p->shape[2], w = (ptrdiff_t)p->shape[3], pad_h = 0, pad_w = 0, down = 1, across = 1;
  ptrdiff_t top, bottom, left, right;
  if (k == ADAPTIVE) {
    size_t *n = (size_t *)p->o.stride;
    top = (ptrdiff_t)floor((double)(i * p->shape[2]) / n[0]), left = (ptrdiff_t)floor((double)(j * p->shape[3]) / n[1]);
    bottom = (ptrdiff_t)ceil((double)((i + 1) * p->shape[2]) / n[0]);
    right = (ptrdiff_t)ceil((double)((j + 1) * p->shape[3]) / n[1]);
  } else {
    pad_h = (ptrdiff_t)p->o.padding[0], pad_w = (ptrdiff_t)p->o.padding[1];
    down = (ptrdiff_t)p->o.dilation[0], across = (ptrdiff_t)p->o.dilation[1];
    top = (ptrdiff_t)(i * p->o.stride[0]) - pad_h, bottom = top + down * (ptrdiff_t)p->o.kernel[0];
    left = (ptrdiff_t)(j * p->o.stride[1]) - pad_w, right = left + across * (ptrdiff_t)p->o.kernel[1];
  }
  double sum = 0, best = -INFINITY;
  ptrdiff_t inside = 0, padded = 0, at = 0;
  for (ptrdiff_t r = top; r < bottom; r += down)
    for (ptrdiff_t c = left; c < right; c += across) {
      padded += r < h + pad_h && c < w + pad_w;
      if (r < 0 || r >= h || c < 0 || c >= w) continue;
      inside++;
      sum += x[r * w + c];
      if (x[r * w + c] > best) best = x[r * w + c], at = r * w + c;
    }
  *index = at + 1;
  if (k == MAX) {
    dx[at] += g;
    return best;
  }
  double count = (double)(p->o.count_include_pad && k == AVG ? padded : inside);
  for (ptrdiff_t r = top; r < bottom; r++)
    for (ptrdiff_t c = left; c < right; c++)
      if (r >= 0 && r < h && c >= 0 && c < w) dx[r * w + c] += g / count;
  return sum / count;
}

static void compare(kind k, const problem *p) {
  rm_tensor *x = input(p), *indices = NULL, *y = run(k, p, x, k == MAX ? &indices : NULL);
  rm_rng rng = rm_rng_new(4, 0);
  rm_tensor *dy = test_normal(&rng, 4, y->shape, 0, 1);
  OK(rm_backward(y, dy, false, &test_err));
  size_t planes = p->shape[0] * p->shape[1], area = p->shape[2] * p->shape[3], out = y->shape[2] * y->shape[3];
  double *expected_y = test_calloc(y->numel, sizeof(double)), *dx = test_calloc(x->numel, sizeof(double));
  for (size_t q = 0; q < planes; q++)
    for (size_t o = 0; o < out; o++) {
      int64_t index;
      size_t at = q * out + o;
      expected_y[at] = naive_window(k, p, rm_tensor_f32(x) + q * area, o / y->shape[3], o % y->shape[3],
                                    test_at(dy, at), dx + q * area, &index);
      if (indices) assert_int_equal(rm_tensor_i64(indices)[at], index);
    }
  test_close("y", y, expected_y, 1e-6);
  test_close("dx", x->grad, dx, 1e-6);
  test_free(expected_y);
  test_free(dx);
  rm_tensor_release(indices);
  rm_tensor_release(dy);
  rm_tensor_release(y);
  rm_tensor_release(x);
}

static void against_naive_here(void) {
  for (size_t i = 0; i < PROBLEMS; i++)
    for (kind k = MAX; k <= ADAPTIVE; k++) compare(k, &problems[i]);
  for (size_t i = 0; i < DILATED; i++) compare(MAX, &dilated[i]);
  ties = true;
  for (size_t i = 0; i < PROBLEMS; i++) compare(MAX, &problems[i]);
  for (size_t i = 0; i < DILATED; i++) compare(MAX, &dilated[i]);
  ties = false;
}
static void against_naive(void **state) {
  (void)state;
  test_each_isa(against_naive_here);
}

/* Extents by the formula of pool.h, ceil_mode's exception included. */
static void extents(void **state) {
  (void)state;
  static const size_t expected[PROBLEMS][2] = {{4, 4}, {9, 7}, {7, 9}, {5, 6}, {6, 5}, {3, 3}, {5, 4}, {1, 1}, {1, 1},
                                               {2, 5}, {4, 4}, {5, 3}, {2, 1}, {1, 2}, {3, 1}, {2, 3}, {2, 2}, {3, 11}};
  for (size_t i = 0; i < PROBLEMS; i++) {
    rm_tensor *x = input(&problems[i]), *y = run(MAX, &problems[i], x, NULL);
    assert_int_equal(y->shape[2], expected[i][0]);
    assert_int_equal(y->shape[3], expected[i][1]);
    rm_tensor_release(y);
    rm_tensor_release(x);
  }
}

static void same_bits_with_threads(void **state) {
  (void)state;
  static const problem big = {{5, 33, 40, 37}, {{3, 3}, {2, 2}, {1, 1}, false, true, {1, 1}}};
  for (kind k = MAX; k <= ADAPTIVE; k++) {
    rm_tensor *x[2], *y[2];
    for (size_t t = 0; t < 2; t++) {
      test_threads(t + 1);
      x[t] = input(&big);
      y[t] = run(k, &big, x[t], NULL);
      OK(rm_backward(y[t], y[t], false, &test_err));
    }
    test_same("y", y[0], y[1]);
    test_same("dx", x[0]->grad, x[1]->grad);
    for (size_t t = 0; t < 2; t++) rm_tensor_release(y[t]), rm_tensor_release(x[t]);
  }
}

static void refusals(void **state) {
  (void)state;
  problem p = problems[0];
  rm_tensor *x = input(&p), *y = NULL;
  p.o.kernel[0] = 11;
  assert_int_equal(rm_max_pool2d(x, &p.o, &y, NULL, &test_err), RM_ERR_SHAPE);
  assert_string_equal(test_err.message,
                      "max_pool2d: the window's height 11 exceeds the image's 8 + 2*0\n  x  (2, 3, 8, 8)");
  p = problems[0];
  p.o.padding[1] = 2;
  assert_int_equal(rm_avg_pool2d(x, &p.o, &y, &test_err), RM_ERR_VALUE);
  p.o.stride[0] = 0;
  assert_int_equal(rm_avg_pool2d(x, &p.o, &y, &test_err), RM_ERR_VALUE);
  assert_int_equal(rm_adaptive_avg_pool2d(x, (size_t[]){0, 1}, &y, &test_err), RM_ERR_VALUE);
  assert_null(y);
  rm_tensor_release(x);
}

/* --- dropout ---------------------------------------------------------------------------------- */

static void dropout_masks_alike(void **state) {
  (void)state;
  rm_rng rng = rm_rng_new(1, 3), fresh = rm_rng_new(6, 0);
  rm_tensor *x = test_normal(&fresh, 4, (size_t[]){3, 5, 41, 43}, 5, 1), *y, *dy, *again;
  OK(rm_tensor_channels_last(x, &dy, &test_err)); /* another layout than x */
  OK(rm_tensor_set_requires_grad(x, true, &test_err));
  test_threads(2);
  OK(rm_dropout(x, 0.3, true, &rng, &y, &test_err));
  OK(rm_backward(y, dy, false, &test_err));
  test_same("the gradient of dy = x is masked as x was", y, x->grad);
  size_t zeros = 0;
  for (size_t i = 0; i < x->numel; i++) {
    zeros += test_at(y, i) == 0;
    if (test_at(y, i) != 0) assert_true(fabsf(test_at(y, i) - test_at(x, i) / 0.7f) < 1e-5f);
  }
  double share = (double)zeros / (double)x->numel, sigma = sqrt(0.3 * 0.7 / (double)x->numel);
  assert_true(fabs(share - 0.3) < 5 * sigma);
  assert_int_equal(rng.position, (x->numel + 3) / 4);
  rng = rm_rng_new(1, 3);
  test_threads(1);
  OK(rm_dropout(x, 0.3, true, &rng, &again, &test_err));
  test_same("one thread", y, again);
  rm_tensor *all[] = {x, y, dy, again};
  for (size_t i = 0; i < 4; i++) rm_tensor_release(all[i]);
}

static void dropout_at_its_limits(void **state) {
  (void)state;
  rm_rng rng = rm_rng_new(1, 3);
  rm_tensor *x = test_normal(&rng, 1, (size_t[]){101}, 0, 1), *y;
  uint64_t before = rng.position;
  OK(rm_dropout(x, 0.5, false, &rng, &y, &test_err));
  assert_ptr_equal(x, y);
  rm_tensor_release(y);
  assert_int_equal(rng.position, before);
  OK(rm_dropout(x, 1, true, &rng, &y, &test_err));
  for (size_t i = 0; i < 101; i++) assert_true(rm_tensor_f32(y)[i] == 0);
  rm_tensor_release(y);
  assert_int_equal(rm_dropout(x, 1.5, true, &rng, &y, &test_err), RM_ERR_VALUE);
  assert_string_equal(test_err.message, "dropout: p must be a probability, 0 to 1, got 1.5");
  rm_tensor_release(x);
}

/* --- memory ------------------------------------------------------------------------------------- */

static rm_tensor *shared;

static rm_status attempt(void) {
  rm_rng rng = rm_rng_new(1, 3);
  rm_tensor *y = NULL, *z = NULL, *indices = NULL;
  rm_status status = rm_max_pool2d(shared, &problems[1].o, &y, &indices, &test_err);
  if (status == RM_OK) status = rm_dropout(y, 0.5, true, &rng, &z, &test_err);
  if (status == RM_OK) status = rm_backward(z, z, false, &test_err);
  rm_tensor_release(indices);
  rm_tensor_release(y);
  rm_tensor_release(z);
  OK(rm_tensor_set_grad(shared, NULL, &test_err));
  return status;
}

static void memory_runs_out(void **state) {
  (void)state;
  shared = input(&problems[1]);
  test_allocation_failures(attempt);
  rm_tensor_release(shared);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(against_naive),          cmocka_unit_test(extents),
                                     cmocka_unit_test(same_bits_with_threads), cmocka_unit_test(refusals),
                                     cmocka_unit_test(dropout_masks_alike),    cmocka_unit_test(dropout_at_its_limits),
                                     cmocka_unit_test(memory_runs_out),        cmocka_unit_test(nothing_is_left)};
  return cmocka_run_group_tests_name("pooling and dropout", tests, NULL, NULL);
}
