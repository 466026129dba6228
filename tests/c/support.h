/* support.h -- what the suites share: random tensors, gradients, comparison, and
 * the loop over instruction sets and thread counts. Every suite begins by including it. */
#ifndef RM_TEST_SUPPORT_H
#define RM_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "memory/alloc.h"
#include "core/rng.h"
#include "core/tape.h"
#include "parallel/pool.h"
#include "kernels/kernels.h"
#include "isas.h"

static rm_error test_err;
#define OK(call) \
  do { \
    if ((call) != RM_OK) fail_msg("%s", test_err.message); \
  } while (0)

static inline rm_tensor *test_normal(rm_rng *rng, size_t ndim, const size_t *shape, float mean, float std) {
  rm_tensor *t;
  OK(rm_tensor_new(RM_FLOAT32, ndim, shape, &t, &test_err));
  OK(rm_rng_fill_normal(rng, t, mean, std, &test_err));
  return t;
}

static inline rm_tensor *test_floats(size_t n, const float values[]) {
  rm_tensor *t;
  OK(rm_tensor_new(RM_FLOAT32, 1, &n, &t, &test_err));
  memcpy(rm_tensor_f32(t), values, n * sizeof *values);
  return t;
}

/* Element of t at a row-major position, whatever its strides. */
static inline float test_at(const rm_tensor *t, size_t position) {
  ptrdiff_t at = 0;
  for (size_t d = t->ndim; d-- > 0; position /= t->shape[d]) at += (ptrdiff_t)(position % t->shape[d]) * t->strides[d];
  return rm_tensor_f32(t)[at];
}

/* All elements close to the expected ones, relative to the largest of these. */
static inline void test_close(const char *what, const rm_tensor *t, const double *expected, double tolerance) {
  double largest = 1e-6;
  for (size_t i = 0; i < t->numel; i++) largest = fmax(largest, fabs(expected[i]));
  for (size_t i = 0; i < t->numel; i++)
    if (!(fabs(test_at(t, i) - expected[i]) <= tolerance * largest))
      fail_msg("%s[%zu]: expected %.9g, got %.9g (largest %g, %s)", what, i, expected[i], test_at(t, i), largest,
               rm_kernel_table()->isa);
}

/* The same shape and bits. */
static inline void test_same(const char *what, const rm_tensor *a, const rm_tensor *b) {
  assert_true(rm_tensor_same_shape(a, b));
  for (size_t i = 0; i < a->numel; i++) {
    float x = test_at(a, i), y = test_at(b, i);
    if (memcmp(&x, &y, sizeof x) != 0) fail_msg("%s[%zu]: %.9g and %.9g", what, i, x, y);
  }
}

static inline void test_threads(size_t n) { OK(rm_set_num_threads(n, &test_err)); }

/* Runs body under every instruction set this processor has. */
static inline void test_each_isa(void (*body)(void)) {
  const char *was = rm_kernel_table()->isa;
  for (size_t i = 0; select_isa(i); i++) body();
  rm_kernel_select(was);
}

/* Calls attempt with the 1st, 2nd, ... allocation failing until it succeeds: every failure must be
 * RM_ERR_MEMORY and leave nothing behind. attempt releases what it made. */
static inline void test_failures(rm_status (*attempt)(void), bool cold) {
  for (long n = 0; n < 1000; n++) {
    if (cold) rm_threads_stop();
    size_t tensors = rm_tensor_live(), blocks = rm_alloc_statistics().live_blocks;
    rm_alloc_fail_after(n);
    rm_status status = attempt();
    rm_alloc_fail_after(-1);
    assert_int_equal(rm_tensor_live(), tensors);
    if (status == RM_OK) return;
    assert_int_equal(status, RM_ERR_MEMORY);
    if (cold) rm_threads_stop();
    assert_int_equal(rm_alloc_statistics().live_blocks, blocks);
  }
  fail_msg("never succeeded");
}

/* With the scratch memory that threads keep there from a first call without failures, and with none. */
static inline void test_allocation_failures(rm_status (*attempt)(void)) {
  OK(attempt());
  test_failures(attempt, false);
  test_failures(attempt, true);
}

#endif
