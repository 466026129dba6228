/* norm_test.c -- batch norm in every combination against loops in double, under every instruction
 * set; the same bits with one thread and two; nothing lost when memory runs out. */
#include "core/copy.h"
#include "leaks.h"
#include "ops/conv/conv.h"
#include "ops/norm/known.h"
#include "ops/norm/norm.h"
#include "support.h"

typedef struct {
  size_t ndim, shape[4];
  float mean;
} size;
static const size sizes[] = {
    {4, {4, 16, 8, 8}, 0.5f}, {4, {3, 17, 5, 7}, 0.5f}, {4, {2, 3, 1, 2}, 0.5f},   {4, {1, 1, 9, 9}, -2},
    {2, {33, 10}, 0.5f},      {2, {7, 13}, 0.5f},       {4, {2, 5, 20, 13}, 1000}, {4, {2, 70, 5, 3}, 0.1f},
    {3, {5, 7, 11}, 0.5f},    {3, {40, 3, 9}, 2},       {2, {21, 2500}, 0.5f},     {4, {9, 64, 33, 17}, 3},
};
enum { SIZES = sizeof sizes / sizeof *sizes };

typedef struct {
  bool training, affine, running, add, relu;
} mode;

typedef struct {
  rm_tensor *x, *weight, *bias, *running_mean, *running_var, *add, *dy, *y;
} problem;

static problem make(const size *s, mode m) {
  rm_rng rng = rm_rng_new(5, 0);
  size_t c = s->shape[1];
  problem p = {0};
  p.x = test_normal(&rng, s->ndim, s->shape, s->mean, 2);
  p.dy = test_normal(&rng, s->ndim, s->shape, 0, 1);
  if (m.affine) p.weight = test_normal(&rng, 1, &c, 1, 0.5f), p.bias = test_normal(&rng, 1, &c, 0, 0.5f);
  if (m.running) {
    p.running_mean = test_normal(&rng, 1, &c, s->mean, 0.5f);
    OK(rm_tensor_new(RM_FLOAT32, 1, &c, &p.running_var, &test_err));
    OK(rm_rng_fill_uniform(&rng, p.running_var, 1, 4, &test_err));
  }
  if (m.add) p.add = test_normal(&rng, s->ndim, s->shape, 0, 1);
  rm_tensor *leaves[] = {p.x, p.weight, p.bias, p.add};
  for (size_t i = 0; i < 4; i++)
    if (leaves[i]) OK(rm_tensor_set_requires_grad(leaves[i], true, &test_err));
  return p;
}

static void drop(problem *p) {
  rm_tensor *all[] = {p->x, p->weight, p->bias, p->running_mean, p->running_var, p->add, p->dy, p->y};
  for (size_t i = 0; i < 8; i++) rm_tensor_release(all[i]);
}

static void run(problem *p, mode m) {
  rm_batch_norm_options o = {m.training, 0.1, 1e-5};
  OK(rm_batch_norm(p->x, p->weight, p->bias, p->running_mean, p->running_var, &o, p->add, m.relu, &p->y, &test_err));
  OK(rm_backward(p->y, p->dy, false, &test_err));
}

/* --- the naive twin ------------------------------------------------------------------------- */

typedef struct {
  double *y, *dx, *dadd, *dweight, *dbias, *running_mean, *running_var;
} expected;

static double *doubles(size_t n) {
  double *p = test_calloc(n, sizeof *p);
  assert_non_null(p);
  return p;
}

/* Channel of a row-major position. */
static size_t channel(const rm_tensor *t, size_t i) {
  size_t inner = 1;
  for (size_t d = 2; d < t->ndim; d++) inner *= t->shape[d];
  return i / inner % t->shape[1];
}

static void naive_channel(const problem *p, mode m, size_t c, expected *e) {
  size_t n = p->x->numel, rows = n / p->x->shape[1];
  double mean = 0, var = 0;
  for (size_t i = 0; i < n; i++)
    if (channel(p->x, i) == c) mean += test_at(p->x, i) / (double)rows;
  for (size_t i = 0; i < n; i++)
    if (channel(p->x, i) == c) var += pow(test_at(p->x, i) - mean, 2) / (double)rows;
  bool of_batch = m.training || !m.running;
  if (m.running) {
    double old_mean = test_at(p->running_mean, c), old_var = test_at(p->running_var, c);
    double unbiased = var * (double)rows / (double)(rows - 1);
    e->running_mean[c] = m.training ? 0.9 * old_mean + 0.1 * mean : old_mean;
    e->running_var[c] = m.training ? 0.9 * old_var + 0.1 * unbiased : old_var;
    if (!of_batch) mean = old_mean, var = old_var;
  }
  double inv = 1 / sqrt(var + 1e-5), w = m.affine ? test_at(p->weight, c) : 1, sum = 0, dot = 0;
  for (size_t i = 0; i < n; i++) {
    if (channel(p->x, i) != c) continue;
    double hat = (test_at(p->x, i) - mean) * inv;
    double v = hat * w + (m.affine ? test_at(p->bias, c) : 0) + (m.add ? test_at(p->add, i) : 0);
    e->y[i] = m.relu && v < 0 ? 0 : v;
    e->dadd[i] = m.relu && v <= 0 ? 0 : test_at(p->dy, i);
    sum += e->dadd[i];
    dot += e->dadd[i] * hat;
  }
  e->dweight[c] = dot;
  e->dbias[c] = sum;
  for (size_t i = 0; i < n; i++) {
    if (channel(p->x, i) != c) continue;
    double hat = (test_at(p->x, i) - mean) * inv;
    e->dx[i] = w * inv * (e->dadd[i] - (of_batch ? (sum + hat * dot) / (double)rows : 0));
  }
}

static void compare(const size *s, mode m) {
  problem p = make(s, m);
  size_t n = p.x->numel, channels = s->shape[1];
  expected e = {doubles(n),        doubles(n),        doubles(n),       doubles(channels),
                doubles(channels), doubles(channels), doubles(channels)};
  for (size_t c = 0; c < channels; c++) naive_channel(&p, m, c, &e);
  run(&p, m);
  double tolerance = s->mean > 100 ? 1e-3 : 2e-5; /* x itself has few digits behind a mean of 1000 */
  test_close("y", p.y, e.y, tolerance);
  test_close("dx", p.x->grad, e.dx, 2 * tolerance);
  if (m.affine) test_close("dweight", p.weight->grad, e.dweight, tolerance);
  if (m.affine) test_close("dbias", p.bias->grad, e.dbias, tolerance);
  if (m.add) test_close("dadd", p.add->grad, e.dadd, tolerance);
  if (m.running) test_close("running_mean", p.running_mean, e.running_mean, 1e-6);
  if (m.running) test_close("running_var", p.running_var, e.running_var, 1e-4);
  double *all[] = {e.y, e.dx, e.dadd, e.dweight, e.dbias, e.running_mean, e.running_var};
  for (size_t i = 0; i < 7; i++) test_free(all[i]);
  drop(&p);
}

static mode mode_of(size_t bits) { return (mode){bits & 1, bits & 2, bits & 4, bits & 8, bits & 16}; }

static void against_naive_here(void) {
  for (size_t i = 0; i + 2 < SIZES; i++)
    for (size_t bits = 0; bits < 32; bits++) compare(&sizes[i], mode_of(bits));
}
static void against_naive(void **state) {
  (void)state;
  test_each_isa(against_naive_here);
}

static void threads_here(void) {
  for (size_t i = 0; i < SIZES; i++)
    for (size_t bits = 5; bits < 32; bits += 2) {
      mode m = mode_of(bits);
      problem one = make(&sizes[i], m), two = make(&sizes[i], m);
      test_threads(1);
      run(&one, m);
      test_threads(2);
      run(&two, m);
      test_same("y", one.y, two.y);
      test_same("dx", one.x->grad, two.x->grad);
      if (m.affine) test_same("dweight", one.weight->grad, two.weight->grad);
      if (m.add) test_same("dadd", one.add->grad, two.add->grad);
      if (m.running) test_same("running_var", one.running_var, two.running_var);
      drop(&one);
      drop(&two);
    }
}
static void same_bits_with_threads(void **state) {
  (void)state;
  test_each_isa(threads_here);
}

/* A network's activations are channels-last; a row-major x gives the same bits. */
static void any_layout(void **state) {
  (void)state;
  mode m = {true, true, true, true, true};
  problem a = make(&sizes[1], m), b = make(&sizes[1], m);
  rm_tensor *last;
  OK(rm_tensor_channels_last(b.x, &last, &test_err));
  rm_tensor_release(b.x);
  b.x = last;
  OK(rm_tensor_set_requires_grad(b.x, true, &test_err));
  run(&a, m);
  run(&b, m);
  assert_true(rm_tensor_is_channels_last(a.y));
  test_same("y", a.y, b.y);
  test_same("dx", a.x->grad, b.x->grad);
  drop(&a);
  drop(&b);
}

/* --- 16 MiB and more are written past the caches ------------------------------------------------ */

enum { TIMES = 4 };

/* t, row-major, so many times along the first dimension. */
static rm_tensor *repeated(rm_tensor *t) {
  size_t shape[4] = {TIMES * t->shape[0], t->shape[1], t->shape[2], t->shape[3]};
  rm_tensor *more;
  OK(rm_tensor_new(RM_FLOAT32, 4, shape, &more, &test_err));
  for (size_t i = 0; i < TIMES; i++)
    memcpy(rm_tensor_f32(more) + i * t->numel, rm_tensor_f32(t), t->numel * sizeof(float));
  rm_tensor_release(t);
  return more;
}

/* Both are channels-last. */
static void same_repeated(const char *what, const rm_tensor *one, const rm_tensor *more) {
  for (size_t i = 0; i < TIMES; i++)
    if (memcmp(rm_tensor_f32(more) + i * one->numel, rm_tensor_f32(one), one->numel * sizeof(float)) != 0)
      fail_msg("%s: part %zu differs", what, i);
}

static void large_results_here(void) {
  const size s = {4, {2, 32, 128, 128}, 0.5f};
  for (size_t bits = 6; bits < 32; bits += 8) { /* affine, running statistics; with and without add and relu */
    mode m = mode_of(bits);
    problem one = make(&s, m), more = make(&s, m);
    more.x = repeated(more.x);
    more.dy = repeated(more.dy);
    if (m.add) more.add = repeated(more.add);
    OK(rm_tensor_set_requires_grad(more.x, true, &test_err));
    if (m.add) OK(rm_tensor_set_requires_grad(more.add, true, &test_err));
    run(&one, m);
    run(&more, m);
    same_repeated("y", one.y, more.y);
    rm_tensor *a, *b;
    OK(rm_tensor_channels_last(one.x->grad, &a, &test_err));
    OK(rm_tensor_channels_last(more.x->grad, &b, &test_err));
    same_repeated("dx", a, b);
    rm_tensor_release(a);
    rm_tensor_release(b);
    drop(&one);
    drop(&more);
  }
}
static void large_results(void **state) {
  (void)state;
  test_each_isa(large_results_here);
}

static void refusals(void **state) {
  (void)state;
  mode m = {true, true, true, false, false};
  problem p = make(&sizes[0], m), q = make(&sizes[1], m);
  rm_batch_norm_options o = {true, 0.1, 1e-5};
  rm_tensor *y = NULL;
  assert_int_equal(rm_batch_norm(p.x, q.weight, NULL, NULL, NULL, &o, NULL, false, &y, &test_err), RM_ERR_SHAPE);
  assert_string_equal(test_err.message, "batch_norm: x has 16 channels, weight is (17)\n  x  (4, 16, 8, 8)");
  assert_int_equal(rm_batch_norm(p.x, NULL, NULL, p.running_mean, NULL, &o, NULL, false, &y, &test_err), RM_ERR_VALUE);
  assert_int_equal(rm_batch_norm(p.x, NULL, NULL, NULL, NULL, &o, q.x, false, &y, &test_err), RM_ERR_SHAPE);
  rm_tensor *single;
  OK(rm_tensor_zeros(RM_FLOAT32, 2, (size_t[]){1, 3}, &single, &test_err));
  assert_int_equal(rm_batch_norm(single, NULL, NULL, NULL, NULL, &o, NULL, false, &y, &test_err), RM_ERR_SHAPE);
  assert_string_equal(test_err.message, "batch_norm: training needs more than one value per channel, x is (1, 3)");
  assert_null(y);
  rm_tensor_release(single);
  drop(&p);
  drop(&q);
}

static problem shared; /* inputs of the attempts below */

static rm_status attempt(void) {
  rm_batch_norm_options o = {true, 0.1, 1e-5};
  rm_tensor *y = NULL;
  rm_status status = rm_batch_norm(shared.x, shared.weight, shared.bias, shared.running_mean, shared.running_var, &o,
                                   shared.add, true, &y, &test_err);
  if (status == RM_OK) status = rm_backward(y, shared.dy, false, &test_err);
  rm_tensor_release(y);
  rm_tensor *leaves[] = {shared.x, shared.weight, shared.bias, shared.add};
  for (size_t i = 0; i < 4; i++) OK(rm_tensor_set_grad(leaves[i], NULL, &test_err));
  return status;
}

static void memory_runs_out(void **state) {
  (void)state;
  for (size_t i = 0; i < 2; i++) { /* what relu let pass is kept as bits, and as the output */
    shared = make(&sizes[i], (mode){true, true, true, true, true});
    test_allocation_failures(attempt);
    drop(&shared);
  }
}

/* --- statistics that came with x ------------------------------------------------------------- */
/* Of a convolution whose outputs have a mean of 10,000 and a deviation of about 1, against doubles; and those of the pass
 * that is made where they did not come with x. */
static void convolved(void) {
  const rm_conv_options how = {.stride = {1, 1}, .padding = {1, 1}, .dilation = {1, 1}, .groups = 1};
  const rm_batch_norm_options options = {.training = true, .momentum = 0.1, .eps = 1e-5};
  enum { N = 8, C = 16, SIZE = 16, ROWS = N * SIZE * SIZE };
  rm_rng rng = rm_rng_new(11, 0);
  rm_tensor *x = test_normal(&rng, 4, (size_t[]){N, C, SIZE, SIZE}, 0, 1), *y, *normal[2];
  rm_tensor *w = test_normal(&rng, 4, (size_t[]){C, C, 3, 3}, 0, 1.0f / 12),
            *b = test_normal(&rng, 1, &(size_t){C}, 10000, 1);
  OK(rm_conv2d(x, w, b, &how, &y, &test_err));
  assert_non_null(rm_known_moments(y, rm_known_groups(N)));
  OK(rm_batch_norm(y, NULL, NULL, NULL, NULL, &options, NULL, false, &normal[0], &test_err));
  rm_tensor_mark_written(y);
  OK(rm_batch_norm(y, NULL, NULL, NULL, NULL, &options, NULL, false, &normal[1], &test_err));
  const float *v = rm_tensor_f32(y);
  for (size_t j = 0; j < C; j++) {
    double mean = 0, squares = 0;
    for (size_t i = 0; i < ROWS; i++) mean += v[i * C + j] / ROWS;
    for (size_t i = 0; i < ROWS; i++) squares += (v[i * C + j] - mean) * (v[i * C + j] - mean);
    for (size_t i = 0; i < ROWS; i++)
      for (int k = 0; k < 2; k++) {
        double wanted = (v[i * C + j] - mean) / sqrt(squares / ROWS + 1e-5), got = rm_tensor_f32(normal[k])[i * C + j];
        if (!(fabs(wanted - got) < 1e-3)) fail_msg("%s: %g, not %g (%d)", rm_kernel_table()->isa, got, wanted, k);
      }
  }
  rm_tensor *const all[] = {x, w, b, y, normal[0], normal[1]};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) rm_tensor_release(all[i]);
}
static void statistics_may_come_with_x(void **state) { (void)state, test_each_isa(convolved); }

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(against_naive),
                                     cmocka_unit_test(same_bits_with_threads),
                                     cmocka_unit_test(any_layout),
                                     cmocka_unit_test(refusals),
                                     cmocka_unit_test(memory_runs_out),
                                     cmocka_unit_test(large_results),
                                     cmocka_unit_test(statistics_may_come_with_x),
                                     cmocka_unit_test(nothing_is_left)};
  return cmocka_run_group_tests_name("batch norm", tests, NULL, NULL);
}
