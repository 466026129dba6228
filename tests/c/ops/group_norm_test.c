/* group_norm_test.c -- group, layer and instance norm against loops in double, under every instruction set; the same
 * bits with one thread and two; nothing lost when memory runs out. */
#include "core/copy.h"
#include "leaks.h"
#include "ops/norm/group_norm.h"
#include "support.h"

typedef enum { GROUPS, LAYER, INSTANCE } kind;
typedef struct {
  kind kind;
  size_t groups; /* LAYER: dimensions that are normalized */
  size_t ndim, shape[5];
  float mean;
} size;
static const size sizes[] = {
    {GROUPS, 2, 4, {3, 6, 5, 7}, 0.5f},   {GROUPS, 1, 4, {4, 5, 9, 3}, 2},      {GROUPS, 3, 2, {5, 12}, 0.5f},
    {GROUPS, 2, 4, {1, 12, 1, 1}, 0.5f},  {GROUPS, 2, 3, {70, 4, 6}, 0.5f},     {GROUPS, 5, 5, {2, 15, 2, 3, 2}, 0.5f},
    {GROUPS, 4, 4, {2, 8, 20, 13}, 1000}, {GROUPS, 1, 4, {2, 3, 40, 33}, 1000}, {LAYER, 1, 3, {3, 4, 33}, 0.5f},
    {LAYER, 3, 4, {70, 2, 3, 5}, -1},     {LAYER, 2, 2, {7, 9}, 0.5f},          {LAYER, 1, 1, {19}, 0.5f},
    {INSTANCE, 0, 4, {3, 5, 7, 4}, 0.5f}, {INSTANCE, 0, 3, {2, 17, 11}, 3},     {GROUPS, 8, 4, {9, 64, 33, 17}, 3},
    {LAYER, 1, 2, {130, 2500}, 0.5f},
};
enum { SIZES = sizeof sizes / sizeof *sizes, SLOW = 2 };

typedef struct {
  rm_tensor *x, *weight, *bias, *dy, *y, *running_mean, *running_var;
} problem;

static problem make(const size *s, bool affine) {
  rm_rng rng = rm_rng_new(5, 0);
  size_t from = s->kind == LAYER ? s->ndim - s->groups : 1, n = s->kind == LAYER ? s->groups : 1;
  problem p = {.x = test_normal(&rng, s->ndim, s->shape, s->mean, 2), .dy = test_normal(&rng, s->ndim, s->shape, 0, 1)};
  OK(rm_tensor_set_requires_grad(p.x, true, &test_err));
  if (affine) {
    p.weight = test_normal(&rng, n, s->shape + from, 1, 0.5f);
    p.bias = test_normal(&rng, n, s->shape + from, 0, 0.5f);
    OK(rm_tensor_set_requires_grad(p.weight, true, &test_err));
    OK(rm_tensor_set_requires_grad(p.bias, true, &test_err));
  }
  if (s->kind == INSTANCE) {
    p.running_mean = test_normal(&rng, 1, s->shape + 1, 0, 1);
    OK(rm_tensor_new(RM_FLOAT32, 1, s->shape + 1, &p.running_var, &test_err));
    OK(rm_rng_fill_uniform(&rng, p.running_var, 1, 4, &test_err));
  }
  return p;
}

static void drop(problem *p) {
  rm_tensor *all[] = {p->x, p->weight, p->bias, p->dy, p->y, p->running_mean, p->running_var};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) rm_tensor_release(all[i]);
}

static rm_status forward(const size *s, problem *p) {
  rm_batch_norm_options o = {true, 0.1, 1e-5};
  if (s->kind == GROUPS) return rm_group_norm(p->x, s->groups, p->weight, p->bias, 1e-5, &p->y, &test_err);
  if (s->kind == LAYER)
    return rm_layer_norm(p->x, s->groups, s->shape + s->ndim - s->groups, p->weight, p->bias, 1e-5, &p->y, &test_err);
  return rm_instance_norm(p->x, p->weight, p->bias, p->running_mean, p->running_var, &o, &p->y, &test_err);
}

static void run(const size *s, problem *p) {
  OK(forward(s, p));
  OK(rm_backward(p->y, p->dy, false, &test_err));
}

/* --- the naive twin ----------------------------------------------------------------------------- */

/* x row-major is `sets` sets of n numbers, whatever it is; number i of a set belongs to weight w. */
typedef struct {
  size_t sets, n;
} cut;

static cut cut_of(const size *s) {
  size_t numel = 1, sets = 1;
  for (size_t d = 0; d < s->ndim; d++) numel *= s->shape[d];
  if (s->kind == LAYER)
    for (size_t d = 0; d + s->groups < s->ndim; d++) sets *= s->shape[d];
  else sets = s->shape[0] * (s->kind == GROUPS ? s->groups : s->shape[1]);
  return (cut){sets, numel / sets};
}

static size_t weight_of(const size *s, size_t i) {
  size_t inner = 1;
  if (s->kind == LAYER) return i % cut_of(s).n;
  for (size_t d = 2; d < s->ndim; d++) inner *= s->shape[d];
  return i / inner % s->shape[1];
}

static double *doubles(size_t n) {
  double *p = test_calloc(n, sizeof *p);
  assert_non_null(p);
  return p;
}

static void compare(const size *s, bool affine) {
  problem p = make(s, affine);
  cut k = cut_of(s);
  size_t n = p.x->numel, weights = s->kind == LAYER ? k.n : s->shape[1];
  double *y = doubles(n), *dx = doubles(n), *dweight = doubles(weights), *dbias = doubles(weights);
  double *running_mean = doubles(weights), *running_var = doubles(weights);
  for (size_t j = 0; j < weights && s->kind == INSTANCE; j++) {
    running_mean[j] = 0.9 * test_at(p.running_mean, j);
    running_var[j] = 0.9 * test_at(p.running_var, j);
  }
  for (size_t set = 0; set < k.sets; set++) {
    double mean = 0, var = 0, sum = 0, dot = 0;
    for (size_t i = set * k.n; i < (set + 1) * k.n; i++) mean += test_at(p.x, i) / (double)k.n;
    for (size_t i = set * k.n; i < (set + 1) * k.n; i++) var += pow(test_at(p.x, i) - mean, 2) / (double)k.n;
    double inv = 1 / sqrt(var + 1e-5);
    if (s->kind == INSTANCE) {
      running_mean[set % weights] += 0.1 * mean / (double)s->shape[0];
      running_var[set % weights] += 0.1 * var * (double)k.n / (double)(k.n - 1) / (double)s->shape[0];
    }
    for (size_t i = set * k.n; i < (set + 1) * k.n; i++) {
      size_t j = weight_of(s, i);
      double hat = (test_at(p.x, i) - mean) * inv, g = test_at(p.dy, i), w = affine ? test_at(p.weight, j) : 1;
      y[i] = hat * w + (affine ? test_at(p.bias, j) : 0);
      dweight[j] += g * hat;
      dbias[j] += g;
      sum += g * w;
      dot += g * w * hat;
    }
    for (size_t i = set * k.n; i < (set + 1) * k.n; i++) {
      double hat = (test_at(p.x, i) - mean) * inv, w = affine ? test_at(p.weight, weight_of(s, i)) : 1;
      dx[i] = inv * (w * test_at(p.dy, i) - (sum + hat * dot) / (double)k.n);
    }
  }
  run(s, &p);
  double tolerance = s->mean > 100 ? 1e-3 : 2e-5; /* x itself has few digits behind a mean of 1000 */
  test_close("y", p.y, y, tolerance);
  test_close("dx", p.x->grad, dx, 2 * tolerance);
  if (affine) test_close("dweight", p.weight->grad, dweight, tolerance);
  if (affine) test_close("dbias", p.bias->grad, dbias, tolerance);
  if (s->kind == INSTANCE) test_close("running_mean", p.running_mean, running_mean, 1e-6);
  if (s->kind == INSTANCE) test_close("running_var", p.running_var, running_var, 1e-5);
  double *all[] = {y, dx, dweight, dbias, running_mean, running_var};
  for (size_t i = 0; i < 6; i++) test_free(all[i]);
  drop(&p);
}

static void against_naive_here(void) {
  for (size_t i = 0; i + SLOW < SIZES; i++) {
    compare(&sizes[i], false);
    compare(&sizes[i], true);
  }
}
static void against_naive(void **state) {
  (void)state;
  test_each_isa(against_naive_here);
}

static void threads_here(void) {
  for (size_t i = 0; i < SIZES; i++) {
    problem one = make(&sizes[i], true), two = make(&sizes[i], true);
    test_threads(1);
    run(&sizes[i], &one);
    test_threads(2);
    run(&sizes[i], &two);
    test_same("y", one.y, two.y);
    test_same("dx", one.x->grad, two.x->grad);
    test_same("dweight", one.weight->grad, two.weight->grad);
    test_same("dbias", one.bias->grad, two.bias->grad);
    if (one.running_var) test_same("running_var", one.running_var, two.running_var);
    drop(&one);
    drop(&two);
  }
}
static void same_bits_with_threads(void **state) {
  (void)state;
  test_each_isa(threads_here);
}

/* A row-major x and one whose channels are innermost give the same bits, and so does each example alone. */
static void any_layout_any_batch(void **state) {
  (void)state;
  problem a = make(&sizes[0], true), b = make(&sizes[0], true), c = make(&sizes[0], true);
  rm_tensor *last, *first;
  OK(rm_tensor_channels_last(b.x, &last, &test_err));
  rm_tensor_release(b.x);
  b.x = last;
  OK(forward(&sizes[0], &a));
  OK(forward(&sizes[0], &b));
  assert_true(rm_tensor_is_channels_last(a.y));
  test_same("y", a.y, b.y);
  OK(rm_tensor_new(RM_FLOAT32, 4, (size_t[]){1, 6, 5, 7}, &first, &test_err));
  memcpy(rm_tensor_f32(first), rm_tensor_f32(c.x), first->numel * sizeof(float));
  rm_tensor_release(c.x);
  c.x = first;
  OK(forward(&sizes[0], &c));
  assert_memory_equal(rm_tensor_f32(c.y), rm_tensor_f32(a.y), first->numel * sizeof(float));
  drop(&a);
  drop(&b);
  drop(&c);
}

static const size *shared_size; /* inputs of the attempts below */
static problem shared;

static rm_status attempt(void) {
  rm_status status = forward(shared_size, &shared);
  if (status == RM_OK) status = rm_backward(shared.y, shared.dy, false, &test_err);
  rm_tensor_release(shared.y);
  shared.y = NULL;
  rm_tensor *leaves[] = {shared.x, shared.weight, shared.bias};
  for (size_t i = 0; i < 3; i++) OK(rm_tensor_set_grad(leaves[i], NULL, &test_err));
  return status;
}

static void memory_runs_out(void **state) {
  (void)state;
  static const size_t some[] = {0, 4, 9, 12};
  for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
    shared_size = &sizes[some[i]];
    shared = make(shared_size, true);
    test_allocation_failures(attempt);
    drop(&shared);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(against_naive), cmocka_unit_test(same_bits_with_threads),
                                     cmocka_unit_test(any_layout_any_batch), cmocka_unit_test(memory_runs_out),
                                     cmocka_unit_test(nothing_is_left)};
  return cmocka_run_group_tests_name("group norm", tests, NULL, NULL);
}
