/* iterate_test.c -- random shapes and strides, each element found by its own formula. */
#include "support.h"
#include "leaks.h"

#include "core/iterate.h"
#include "core/view.h"

/* A tensor of `shape` whose dimensions lie in memory in a random order, with gaps where `gaps`. */
static rm_tensor *scattered(rm_rng *rng, rm_dtype dtype, size_t ndim, const size_t shape[], bool gaps) {
  size_t order[RM_MAX_DIMS], inner[RM_MAX_DIMS];
  ptrdiff_t strides[RM_MAX_DIMS], step = 1;
  rm_tensor *base, *t;
  for (size_t d = 0; d < ndim; d++) order[d] = d;
  for (size_t d = ndim; d > 1; d--) {
    size_t j = (size_t)rm_rng_below(rng, d), swap = order[d - 1];
    order[d - 1] = order[j];
    order[j] = swap;
  }
  for (size_t d = 0; d < ndim; d++) {
    inner[d] = shape[order[d]] + (gaps ? (size_t)rm_rng_below(rng, 3) : 0);
    strides[order[d]] = step;
    step *= (ptrdiff_t)(inner[d] ? inner[d] : 1);
  }
  size_t all = (size_t)step;
  OK(rm_tensor_zeros(dtype, 1, &all, &base, &test_err));
  OK(rm_tensor_view(base, ndim, shape, strides, 0, &t, &test_err));
  rm_tensor_release(base);
  return t;
}

static ptrdiff_t offset_of(const rm_tensor *t, const rm_tensor *out, const size_t at[]) {
  ptrdiff_t offset = 0;
  size_t missing = out->ndim - t->ndim;
  for (size_t d = 0; d < t->ndim; d++)
    if (t->shape[d] > 1) offset += (ptrdiff_t)at[d + missing] * t->strides[d];
  return offset;
}

static bool next_position(const rm_tensor *t, size_t at[]) {
  for (size_t d = t->ndim; d-- > 0;) {
    if (++at[d] < t->shape[d]) return true;
    at[d] = 0;
  }
  return false;
}

/* y = a + 3 b: visits every element once, or the sum is wrong. */
static void add_run(void *ctx, size_t n, char *const data[], const ptrdiff_t strides[]) {
  (void)ctx;
  for (size_t i = 0; i < n; i++) {
    ptrdiff_t k = (ptrdiff_t)i;
    ((float *)data[0])[k * strides[0]] += (float)((int64_t *)data[1])[k * strides[1]] +
                                          3 * (float)((uint8_t *)data[2])[k * strides[2]];
  }
}

static void one_random_case(rm_rng *rng, bool threads) {
  size_t ndim = (size_t)rm_rng_below(rng, 5), shape[RM_MAX_DIMS], bshape[RM_MAX_DIMS], at[RM_MAX_DIMS] = {0};
  size_t largest = threads ? 24 : 6;
  for (size_t d = 0; d < ndim; d++) {
    shape[d] = 1 + (size_t)rm_rng_below(rng, largest);
    bshape[d] = rm_rng_below(rng, 3) ? shape[d] : 1;
  }
  size_t lead = ndim ? (size_t)rm_rng_below(rng, ndim + 1) : 0; /* b has fewer dimensions */
  rm_tensor *y = scattered(rng, RM_FLOAT32, ndim, shape, rm_rng_below(rng, 2));
  rm_tensor *a = scattered(rng, RM_INT64, ndim, shape, rm_rng_below(rng, 2));
  rm_tensor *b = scattered(rng, RM_UINT8, ndim - lead, bshape + lead, rm_rng_below(rng, 2));
  for (size_t i = 0; i < a->storage->bytes / 8; i++) ((int64_t *)a->storage->data)[i] = (int64_t)rm_rng_below(rng, 100);
  for (size_t i = 0; i < b->storage->bytes; i++) ((uint8_t *)b->storage->data)[i] = (uint8_t)rm_rng_below(rng, 100);
  rm_iter it;
  rm_iter_init(&it, 3, (const rm_tensor *const[]){y, a, b});
  if (threads) rm_iter_run(&it, add_run, NULL);
  else rm_iter_run_serial(&it, add_run, NULL);
  if (y->numel) do {
      float expected = (float)rm_tensor_i64(a)[offset_of(a, y, at)] + 3 * (float)rm_tensor_u8(b)[offset_of(b, y, at)];
      assert_true(rm_tensor_f32(y)[offset_of(y, y, at)] == expected);
    } while (next_position(y, at));
  rm_tensor_release(y);
  rm_tensor_release(a);
  rm_tensor_release(b);
}

static void random_strides(void **state) {
  (void)state;
  rm_rng rng = rm_rng_new(11, 0);
  for (int i = 0; i < 300; i++) one_random_case(&rng, false);
  OK(rm_set_num_threads(2, &test_err));
  for (int i = 0; i < 30; i++) one_random_case(&rng, true);
}

static void same_layouts_are_one_run(void **state) {
  (void)state;
  size_t shape[4] = {2, 3, 5, 7};
  rm_tensor *x, *y;
  OK(rm_tensor_new_channels_last(shape, &x, &test_err));
  OK(rm_tensor_new_like(x, RM_FLOAT32, &y, &test_err));
  rm_iter it;
  rm_iter_init(&it, 2, (const rm_tensor *const[]){y, x});
  assert_int_equal(it.ndim, 1);
  assert_int_equal(it.shape[0], 210);
  rm_tensor_release(x);
  rm_tensor_release(y);
}

static void broadcast_over_channels_is_a_run_per_pixel(void **state) {
  (void)state;
  size_t shape[4] = {2, 3, 5, 7}, channels[3] = {3, 1, 1};
  rm_tensor *x, *c;
  OK(rm_tensor_new_channels_last(shape, &x, &test_err));
  OK(rm_tensor_new(RM_FLOAT32, 3, channels, &c, &test_err));
  rm_iter it;
  rm_iter_init(&it, 2, (const rm_tensor *const[]){x, c});
  assert_int_equal(it.ndim, 2);
  assert_int_equal(it.shape[0], 3);
  assert_int_equal(it.strides[1][0], 1);
  assert_int_equal(it.strides[1][1], 0);
  rm_tensor_release(x);
  rm_tensor_release(c);
}

static void count_run(void *ctx, size_t n, char *const data[], const ptrdiff_t strides[]) {
  (void)data;
  (void)strides;
  *(size_t *)ctx += n;
}

static void scalars_and_empty_tensors(void **state) {
  (void)state;
  rm_tensor *scalar, *empty;
  size_t shape[2] = {3, 0}, visited = 0;
  rm_iter it;
  OK(rm_tensor_scalar(1, &scalar, &test_err));
  OK(rm_tensor_new(RM_FLOAT32, 2, shape, &empty, &test_err));
  rm_iter_init(&it, 1, (const rm_tensor *const[]){scalar});
  rm_iter_run(&it, count_run, &visited);
  assert_int_equal(visited, 1);
  rm_iter_init(&it, 1, (const rm_tensor *const[]){empty});
  rm_iter_run(&it, count_run, &visited);
  rm_iter_run_serial(&it, count_run, &visited);
  assert_int_equal(visited, 1);
  rm_tensor_release(scalar);
  rm_tensor_release(empty);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(random_strides), cmocka_unit_test(same_layouts_are_one_run),
                                     cmocka_unit_test(broadcast_over_channels_is_a_run_per_pixel),
                                     cmocka_unit_test(scalars_and_empty_tensors), cmocka_unit_test(nothing_is_left)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
