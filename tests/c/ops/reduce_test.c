/* reduce_test.c -- reductions and softmax against naive loops in double: every subset of the
 * dimensions of tensors in several layouts, odd sizes, every instruction set of this processor. */
#include "support.h"
#include "leaks.h"

#include "core/view.h"
#include "ops/norm/softmax.h"
#include "ops/reduce/reduce.h"

enum { ROW_MAJOR, CHANNELS_LAST, TURNED, HOLES, LAYOUTS };

static rm_tensor *arranged(rm_rng *rng, const size_t s[4], int how) {
  rm_tensor *t, *view;
  if (how == ROW_MAJOR) return test_normal(rng, 4, s, 0.3f, 1);
  if (how == CHANNELS_LAST) {
    OK(rm_tensor_new_channels_last(s, &t, &test_err));
    OK(rm_rng_fill_normal(rng, t, 0.3f, 1, &test_err));
    return t;
  }
  if (how == TURNED) {
    t = test_normal(rng, 4, (size_t[]){s[3], s[2], s[1], s[0]}, 0.3f, 1);
    OK(rm_tensor_view(t, 4, s, (ptrdiff_t[]){1, t->strides[2], t->strides[1], t->strides[0]}, 0, &view, &test_err));
  } else {
    t = test_normal(rng, 4, (size_t[]){s[0], s[1], 2 * s[2], 2 * s[3]}, 0.3f, 1);
    OK(rm_tensor_view(t, 4, s, (ptrdiff_t[]){t->strides[0], t->strides[1], 2 * t->strides[2], 2}, 1, &view, &test_err));
  }
  rm_tensor_release(t);
  return view;
}

static float at(const rm_tensor *t, const size_t index[]) {
  ptrdiff_t offset = 0;
  for (size_t d = 0; d < t->ndim; d++) offset += (ptrdiff_t)index[d] * t->strides[d];
  return rm_tensor_f32(t)[offset];
}

static int64_t integer_at(const rm_tensor *t, const size_t index[]) {
  ptrdiff_t offset = 0;
  for (size_t d = 0; d < t->ndim; d++) offset += (ptrdiff_t)index[d] * t->strides[d];
  return rm_tensor_i64(t)[offset];
}

/* The naive twin: everything about the elements that make one of the result. */
typedef struct {
  double sum, squares, min, max, absolute;
  int64_t argmin, argmax;
  size_t n;
} facts;

static facts gather(const rm_tensor *x, const bool over[4], const size_t kept[4]) {
  facts f = {.min = INFINITY, .max = -INFINITY};
  for (int pass = 0; pass < 2; pass++) { /* mean first, then deviations from it */
    size_t n = 0, i[4];
    for (i[0] = 0; i[0] < x->shape[0]; i[0]++)
      for (i[1] = 0; i[1] < x->shape[1]; i[1]++)
        for (i[2] = 0; i[2] < x->shape[2]; i[2]++)
          for (i[3] = 0; i[3] < x->shape[3]; i[3]++) {
            bool mine = true;
            for (size_t d = 0; d < 4; d++) mine = mine && (over[d] || i[d] == kept[d]);
            if (!mine) continue;
            double v = at(x, i);
            n++;
            if (pass == 1) {
              f.squares += (v - f.sum / (double)f.n) * (v - f.sum / (double)f.n);
              continue;
            }
            f.sum += v;
            f.absolute += fabs(v);
            if (v > f.max) f.max = v, f.argmax = (int64_t)n;
            if (v < f.min) f.min = v, f.argmin = (int64_t)n;
          }
    f.n = n;
  }
  return f;
}

static void near(const char *what, double actual, double expected, double room) {
  if (!(fabs(actual - expected) <= room)) fail_msg("%s: expected %.9g, got %.9g", what, expected, actual);
}

static void check_subset(rm_tensor *x, const bool over[4]) {
  enum { SUM, MEAN, VAR, NORM, MAX, MIN, RESULTS };
  rm_tensor *y[RESULTS], *largest, *smallest;
  OK(rm_sum(x, over, true, &y[SUM], &test_err));
  OK(rm_mean(x, over, true, &y[MEAN], &test_err));
  OK(rm_var(x, over, false, true, &y[VAR], &test_err));
  OK(rm_norm(x, 2, over, true, &y[NORM], &test_err));
  OK(rm_extreme(x, true, over, true, &y[MAX], &largest, &test_err));
  OK(rm_extreme(x, false, over, true, &y[MIN], &smallest, &test_err));
  for (size_t d = 0; d < 4; d++) assert_int_equal(y[SUM]->shape[d], over[d] ? 1 : x->shape[d]);
  for (size_t k = 0; k < y[SUM]->numel; k++) {
    size_t index[4], rest = k;
    for (size_t d = 4; d-- > 0;) index[d] = rest % y[SUM]->shape[d], rest /= y[SUM]->shape[d];
    facts f = gather(x, over, index);
    double n = (double)f.n;
    near("sum", at(y[SUM], index), f.sum, 5e-7 * f.absolute);
    near("mean", at(y[MEAN], index), f.sum / n, 5e-7 * f.absolute / n);
    near("var", at(y[VAR], index), f.squares / n, 2e-6 * (f.squares / n) + 1e-12);
    near("norm", at(y[NORM], index), sqrt(f.squares + f.sum * f.sum / n), 1e-6 * sqrt(f.squares + f.sum * f.sum / n));
    near("max", at(y[MAX], index), f.max, 0);
    near("min", at(y[MIN], index), f.min, 0);
    assert_int_equal(integer_at(largest, index), f.argmax);
    assert_int_equal(integer_at(smallest, index), f.argmin);
  }
  for (size_t i = 0; i < RESULTS; i++) rm_tensor_release(y[i]);
  rm_tensor_release(largest);
  rm_tensor_release(smallest);
}

static void every_subset_in_every_layout(void **state) {
  (void)state;
  static const size_t shapes[][4] = {{3, 5, 4, 7}, {2, 19, 3, 1}, {1, 1, 9, 40}, {4, 1, 1, 6}, {2, 3, 17, 11}};
  rm_rng rng = rm_rng_new(2, 0);
  for (size_t s = 0; select_isa(s); s++) {
    for (size_t z = 0; z < sizeof shapes / sizeof *shapes; z++)
      for (int how = 0; how < LAYOUTS; how++) {
        rm_tensor *x = arranged(&rng, shapes[z], how);
        for (unsigned set = 0; set < 16; set++) check_subset(x, (bool[4]){set & 1, set & 2, set & 4, set & 8});
        rm_tensor_release(x);
      }
  }
}

/* Long rows and columns: more than one block, piece and panel. */
static void long_ones(void **state) {
  (void)state;
  static const size_t shapes[][4] = {{1, 1, 1, 70001}, {2, 1, 1, 40003},  {3, 70, 1, 2},
                                     {1, 5001, 1, 3},  {1, 130, 1, 1500}, {2, 200, 1, 300}};
  rm_rng rng = rm_rng_new(3, 0);
  for (size_t s = 0; select_isa(s); s++) {
    for (size_t z = 0; z < sizeof shapes / sizeof *shapes; z++) {
      rm_tensor *x = test_normal(&rng, 4, shapes[z], 0.3f, 1);
      if (shapes[z][3] > 10000) {
        check_subset(x, (bool[4]){false, true, true, true});
        check_subset(x, (bool[4]){true, true, true, true});
      } else { /* against the sums of the columns one by one */
        rm_tensor *y;
        OK(rm_sum(x, (bool[4]){true, true, false, false}, false, &y, &test_err));
        for (size_t j = 0; j < shapes[z][3]; j++) {
          double sum = 0, absolute = 0;
          for (size_t i = j; i < x->numel; i += shapes[z][3]) {
            sum += rm_tensor_f32(x)[i];
            absolute += fabs(rm_tensor_f32(x)[i]);
          }
          near("column", rm_tensor_f32(y)[j], sum, 5e-7 * absolute);
        }
        rm_tensor_release(y);
      }
      rm_tensor_release(x);
    }
  }
}

static void nan_wins(void **state) {
  (void)state;
  rm_rng rng = rm_rng_new(4, 0);
  for (size_t s = 0; select_isa(s); s++) {
    for (size_t n = 3; n < 400; n += 57) {
      rm_tensor *x = test_normal(&rng, 2, (size_t[]){n, 5}, 0.3f, 1), *value, *index;
      for (size_t dim = 0; dim < 2; dim++) {
        size_t first = dim == 0 ? n / 2 : 3;
        rm_tensor_f32(x)[dim == 0 ? first * 5 + 2 : 2 * 5 + first] = NAN;
        for (int largest = 0; largest < 2; largest++) {
          OK(rm_extreme(x, largest, (bool[2]){dim == 0, dim == 1}, false, &value, &index, &test_err));
          assert_true(isnan(rm_tensor_f32(value)[2]));
          assert_int_equal(rm_tensor_i64(index)[2], first + 1);
          rm_tensor_release(value);
          rm_tensor_release(index);
        }
        rm_tensor_f32(x)[dim == 0 ? first * 5 + 2 : 2 * 5 + first] = 0;
      }
      rm_tensor_release(x);
    }
  }
}

static void equal_values_take_the_first(void **state) {
  (void)state;
  for (size_t s = 0; select_isa(s); s++) {
    for (size_t n = 2; n < 400; n += 99) {
      rm_tensor *x, *index;
      OK(rm_tensor_zeros(RM_FLOAT32, 1, &n, &x, &test_err));
      for (size_t i = 1; i < n; i++) rm_tensor_f32(x)[i] = 1;
      OK(rm_extreme(x, true, NULL, false, NULL, &index, &test_err));
      assert_int_equal(*rm_tensor_i64(index), 2);
      rm_tensor_release(x);
      rm_tensor_release(index);
    }
  }
}

/* --- softmax -------------------------------------------------------------------------------------- */
/* Forward and gradient along one line of x, in double. */
static void softmax_line(bool log_form, size_t n, const double *x, const double *dy, double *y, double *dx) {
  double max = -INFINITY, sum = 0, dot = 0;
  for (size_t i = 0; i < n; i++) max = fmax(max, x[i]);
  for (size_t i = 0; i < n; i++) sum += exp(x[i] - max);
  for (size_t i = 0; i < n; i++) y[i] = log_form ? x[i] - max - log(sum) : exp(x[i] - max) / sum;
  for (size_t i = 0; i < n; i++) dot += log_form ? dy[i] : y[i] * dy[i];
  for (size_t i = 0; i < n; i++) dx[i] = log_form ? dy[i] - exp(y[i]) * dot : y[i] * (dy[i] - dot);
}

static void check_softmax(rm_tensor *x, rm_tensor *dy, size_t dim, bool log_form) {
  rm_tensor *y;
  OK(rm_tensor_set_requires_grad(x, true, &test_err));
  OK((log_form ? rm_log_softmax : rm_softmax)(x, dim, &y, &test_err));
  OK(rm_backward(y, dy, false, &test_err));
  double in[200], gradient[200], out[200], back[200];
  size_t n = x->shape[dim];
  for (size_t k = 0; k < x->numel / n; k++) {
    size_t index[4], rest = k;
    for (size_t d = 4; d-- > 0;)
      if (d == dim) index[d] = 0;
      else index[d] = rest % x->shape[d], rest /= x->shape[d];
    for (size_t i = 0; i < n; i++) index[dim] = i, in[i] = at(x, index), gradient[i] = at(dy, index);
    softmax_line(log_form, n, in, gradient, out, back);
    for (size_t i = 0; i < n; i++) {
      index[dim] = i;
      near("softmax", at(y, index), out[i], 1e-6 * fmax(fabs(out[i]), log_form ? 1 : 0));
      near("softmax gradient", at(x->grad, index), back[i], 3e-6 * fmax(1, fabs(back[i])));
    }
  }
  rm_tensor_release(y);
  OK(rm_tensor_set_grad(x, NULL, &test_err));
}

static void softmax_matches(void **state) {
  (void)state;
  static const size_t shapes[][4] = {{3, 5, 4, 7}, {2, 10, 1, 1}, {1, 70, 9, 3}, {2, 3, 67, 150}};
  rm_rng rng = rm_rng_new(6, 0);
  for (size_t s = 0; select_isa(s); s++) {
    for (size_t z = 0; z < sizeof shapes / sizeof *shapes; z++)
      for (int how = 0; how < LAYOUTS; how++)
        for (size_t dim = 0; dim < 4; dim++) {
          rm_tensor *x = arranged(&rng, shapes[z], how), *dy = arranged(&rng, shapes[z], (how + dim) % LAYOUTS);
          check_softmax(x, dy, dim, false);
          check_softmax(x, dy, dim, true);
          rm_tensor_release(x);
          rm_tensor_release(dy);
        }
  }
}

/* --- threads, memory ------------------------------------------------------------------------------- */
static void threads_keep_the_bits(void **state) {
  (void)state;
  rm_rng rng = rm_rng_new(7, 0);
  static const size_t shape[4] = {8, 24, 33, 31};
  size_t before = rm_num_threads();
  for (int how = 0; how < LAYOUTS; how++) {
    rm_tensor *x = arranged(&rng, shape, how);
    for (unsigned set = 1; set < 16; set++) {
      bool over[4] = {set & 1, set & 2, set & 4, set & 8};
      rm_tensor *one[3], *two[3];
      for (size_t threads = 1; threads <= 2; threads++) {
        rm_tensor **y = threads == 1 ? one : two;
        OK(rm_set_num_threads(threads, &test_err));
        OK(rm_sum(x, over, false, &y[0], &test_err));
        OK(rm_var(x, over, true, false, &y[1], &test_err));
        OK(rm_softmax(x, set % 4, &y[2], &test_err));
      }
      for (size_t i = 0; i < 3; i++) {
        assert_memory_equal(rm_tensor_f32(one[i]), rm_tensor_f32(two[i]), (i < 2 ? one[i]->numel : 1) * sizeof(float));
        rm_tensor_release(one[i]);
        rm_tensor_release(two[i]);
      }
    }
    rm_tensor_release(x);
  }
  OK(rm_set_num_threads(before, &test_err));
}

/* Forward and backward of everything, with the n-th allocation failing. */
static rm_status everything(rm_tensor *x) {
  static const bool over[3] = {true, false, true};
  rm_tensor *y[6] = {0}, *dy = NULL;
  rm_status status = rm_sum(x, over, false, &y[0], &test_err);
  if (status == RM_OK) status = rm_var(x, over, true, false, &y[1], &test_err);
  if (status == RM_OK) status = rm_norm(x, 3, over, false, &y[2], &test_err);
  if (status == RM_OK) status = rm_extreme(x, true, over, false, &y[3], NULL, &test_err);
  if (status == RM_OK) status = rm_prod(x, over, false, &y[4], &test_err);
  if (status == RM_OK) status = rm_norm(x, 2, over, true, &y[5], &test_err);
  for (size_t i = 0; i < 6; i++) {
    if (status == RM_OK) status = rm_tensor_zeros(RM_FLOAT32, y[i]->ndim, y[i]->shape, &dy, &test_err);
    if (status == RM_OK) status = rm_backward(y[i], dy, false, &test_err);
    rm_tensor_release(dy);
    dy = NULL;
  }
  for (size_t i = 0; i < 6; i++) rm_tensor_release(y[i]);
  return status;
}

static void memory_may_run_out_anywhere(void **state) {
  (void)state;
  rm_rng rng = rm_rng_new(8, 0);
  rm_tensor *x = test_normal(&rng, 3, (size_t[]){3, 4, 5}, 0.3f, 1);
  OK(rm_tensor_set_requires_grad(x, true, &test_err));
  size_t live = rm_tensor_live();
  bool finished = false;
  for (long n = 0; n < 1000 && !finished; n++) {
    rm_alloc_fail_after(n);
    finished = everything(x) == RM_OK;
    rm_alloc_fail_after(-1);
    if (!finished) assert_int_equal(test_err.code, RM_ERR_MEMORY);
    OK(rm_tensor_set_grad(x, NULL, &test_err));
    assert_int_equal(rm_tensor_live(), live);
  }
  assert_true(finished);
  rm_tensor_release(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_subset_in_every_layout),
      cmocka_unit_test(long_ones),
      cmocka_unit_test(nan_wins),
      cmocka_unit_test(equal_values_take_the_first),
      cmocka_unit_test(softmax_matches),
      cmocka_unit_test(threads_keep_the_bits),
      cmocka_unit_test(memory_may_run_out_anywhere),
      cmocka_unit_test(nothing_is_left),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
