/* optim_test.c -- the fused steps against a loop in double, for every instruction set and 1 and
 * 2 threads: odd sizes, several tensors, some without a gradient, layouts of all kinds. */
#include "support.h"
#include "leaks.h"

#include "core/copy.h"
#include "ops/optim/optim.h"

enum { TENSORS = 6, STEPS = 4 };
/* One is larger than a thread's share, one shorter than a vector; number 4 gets no gradient. */
static const size_t sizes[TENSORS] = {1, 7, 40001, 1024, 33, 2047};
enum { WITHOUT = 4 };

typedef struct {
  rm_tensor *params[TENSORS], *state[RM_OPTIM_STATES][TENSORS];
  double *p[TENSORS], *s[RM_OPTIM_STATES][TENSORS]; /* the twin's */
  uint64_t steps[TENSORS];
} problem;

static double *doubles(const rm_tensor *t) {
  double *x = test_malloc(t->numel * sizeof *x);
  for (size_t i = 0; i < t->numel; i++) x[i] = rm_tensor_f32(t)[i];
  return x;
}

static void setup(problem *q, rm_rng *rng) {
  for (size_t i = 0; i < TENSORS; i++) {
    OK(rm_tensor_new(RM_FLOAT32, 1, &sizes[i], &q->params[i], &test_err));
    OK(rm_rng_fill_normal(rng, q->params[i], 0, 1, &test_err));
    OK(rm_tensor_set_requires_grad(q->params[i], true, &test_err));
    q->p[i] = doubles(q->params[i]);
    q->steps[i] = 0;
    for (size_t k = 0; k < RM_OPTIM_STATES; k++) {
      OK(rm_tensor_zeros(RM_FLOAT32, 1, &sizes[i], &q->state[k][i], &test_err));
      q->s[k][i] = doubles(q->state[k][i]);
    }
  }
}

static void teardown(problem *q) {
  for (size_t i = 0; i < TENSORS; i++) {
    rm_tensor_release(q->params[i]);
    test_free(q->p[i]);
    for (size_t k = 0; k < RM_OPTIM_STATES; k++) {
      rm_tensor_release(q->state[k][i]);
      test_free(q->s[k][i]);
    }
  }
}

static void new_gradients(problem *q, rm_rng *rng) {
  for (size_t i = 0; i < TENSORS; i++) {
    if (i == WITHOUT) continue;
    rm_tensor *g;
    OK(rm_tensor_new(RM_FLOAT32, 1, &sizes[i], &g, &test_err));
    OK(rm_rng_fill_normal(rng, g, 0, 1, &test_err));
    OK(rm_tensor_set_grad(q->params[i], g, &test_err));
    rm_tensor_release(g);
    q->steps[i]++;
  }
}

static rm_optim_set set_of(problem *q) {
  return (rm_optim_set){TENSORS, q->params, {q->state[0], q->state[1], q->state[2]}, q->steps};
}

static void agree(const problem *q) {
  for (size_t i = 0; i < TENSORS; i++)
    for (size_t j = 0; j < sizes[i]; j++) {
      double a = rm_tensor_f32(q->params[i])[j], b = q->p[i][j];
      if (!(fabs(a - b) <= 1e-5 * (1 + fabs(b))))
        fail_msg("%s: tensor %zu element %zu: %g, expected %g", rm_kernel_table()->isa, i, j, a, b);
    }
}

/* --- the twins -------------------------------------------------------------------------- */

typedef union {
  rm_sgd_options sgd;
  rm_adam_options adam;
  rm_rmsprop_options rmsprop;
} options;

typedef struct {
  const char *name;
  rm_status (*step)(const rm_optim_set *, const options *);
  void (*twin)(const options *, double t, double g, double *p, double *a, double *b, double *c);
  options o;
} method;

static rm_status step_sgd(const rm_optim_set *s, const options *o) { return rm_sgd_step(s, &o->sgd, &test_err); }
static rm_status step_adam(const rm_optim_set *s, const options *o) { return rm_adam_step(s, &o->adam, &test_err); }
static rm_status step_rms(const rm_optim_set *s, const options *o) {
  return rm_rmsprop_step(s, &o->rmsprop, &test_err);
}

static void twin_sgd(const options *all, double t, double g, double *p, double *v, double *b, double *c) {
  const rm_sgd_options *o = &all->sgd;
  (void)b, (void)c;
  g += o->weight_decay * *p;
  if (o->momentum != 0) {
    *v = t == 1 ? g : o->momentum * *v + (1 - o->dampening) * g;
    g = o->nesterov ? g + o->momentum * *v : *v;
  }
  *p -= o->lr * g;
}

static void twin_adam(const options *all, double t, double g, double *p, double *m, double *s, double *c) {
  const rm_adam_options *o = &all->adam;
  (void)c;
  if (o->decoupled) *p *= 1 - o->lr * o->weight_decay;
  else g += o->weight_decay * *p;
  *m = o->beta1 * *m + (1 - o->beta1) * g;
  *s = o->beta2 * *s + (1 - o->beta2) * g * g;
  *p -= o->lr * (*m / (1 - pow(o->beta1, t))) / (sqrt(*s / (1 - pow(o->beta2, t))) + o->eps);
}

static void twin_rms(const options *all, double t, double g, double *p, double *s, double *v, double *a) {
  const rm_rmsprop_options *o = &all->rmsprop;
  (void)t;
  g += o->weight_decay * *p;
  *s = o->alpha * *s + (1 - o->alpha) * g * g;
  double q = *s;
  if (o->centered) {
    *a = o->alpha * *a + (1 - o->alpha) * g;
    q -= *a * *a;
  }
  double u = g / (sqrt(q) + o->eps);
  if (o->momentum != 0) u = *v = o->momentum * *v + u;
  *p -= o->lr * u;
}

static const method methods[] = {
    {"sgd", step_sgd, twin_sgd, {.sgd = {.lr = 0.1}}},
    {"sgd momentum", step_sgd, twin_sgd, {.sgd = {.lr = 0.1, .momentum = 0.9, .dampening = 0.1, .weight_decay = 0.01}}},
    {"sgd nesterov", step_sgd, twin_sgd, {.sgd = {.lr = 0.1, .momentum = 0.9, .nesterov = true}}},
    {"adam",
     step_adam,
     twin_adam,
     {.adam = {.lr = 0.01, .beta1 = 0.9, .beta2 = 0.99, .eps = 1e-8, .weight_decay = 0.1}}},
    {"adamw", step_adam, twin_adam, {.adam = {0.01, 0.8, 0.95, 1e-6, 0.5, true}}},
    {"rmsprop", step_rms, twin_rms, {.rmsprop = {.lr = 0.01, .alpha = 0.9, .eps = 1e-8}}},
    {"rmsprop momentum", step_rms, twin_rms, {.rmsprop = {.lr = 0.01, .alpha = 0.9, .eps = 1e-8, .momentum = 0.9}}},
    {"rmsprop centered",
     step_rms,
     twin_rms,
     {.rmsprop = {.lr = 0.01, .alpha = 0.99, .eps = 0.01, .weight_decay = 0.01, .centered = true}}},
    {"rmsprop all",
     step_rms,
     twin_rms,
     {.rmsprop = {.lr = 0.01, .alpha = 0.9, .eps = 0.1, .momentum = 0.5, .centered = true}}},
};
enum { METHODS = sizeof methods / sizeof *methods };

static void run_twin(problem *q, const method *m) {
  for (size_t i = 0; i < TENSORS; i++) {
    if (i == WITHOUT) continue;
    const float *g = rm_tensor_f32(q->params[i]->grad);
    for (size_t j = 0; j < sizes[i]; j++)
      m->twin(&m->o, (double)q->steps[i], g[j], &q->p[i][j], &q->s[0][i][j], &q->s[1][i][j], &q->s[2][i][j]);
  }
}

static void train(problem *q, const method *m, bool with_twin) {
  rm_rng rng = rm_rng_new(3, 0);
  setup(q, &rng);
  for (int t = 0; t < STEPS; t++) {
    new_gradients(q, &rng);
    rm_optim_set set = set_of(q);
    OK(m->step(&set, &m->o));
    if (with_twin) run_twin(q, m);
  }
}

static void test_twins(void **context) {
  (void)context;
  for (size_t k = 0; select_isa(k); k++) {
    for (size_t i = 0; i < METHODS; i++) {
      problem q;
      train(&q, &methods[i], true);
      agree(&q);
      teardown(&q);
    }
  }
}

static void threads_change_no_bit(void **context) {
  (void)context;
  for (size_t i = 0; i < METHODS; i++) {
    problem one, two;
    OK(rm_set_num_threads(1, &test_err));
    train(&one, &methods[i], false);
    OK(rm_set_num_threads(2, &test_err));
    train(&two, &methods[i], false);
    for (size_t k = 0; k < TENSORS; k++)
      assert_memory_equal(rm_tensor_data(one.params[k]), rm_tensor_data(two.params[k]), sizes[k] * sizeof(float));
    teardown(&one);
    teardown(&two);
  }
}

static void test_skipped(void **context) {
  (void)context;
  problem q;
  train(&q, &methods[0], false);
  for (size_t j = 0; j < sizes[WITHOUT]; j++)
    assert_true(rm_tensor_f32(q.params[WITHOUT])[j] == (float)q.p[WITHOUT][j]);
  teardown(&q);
}

/* --- norms -------------------------------------------------------------------------------- */

static void test_clip(void **context) {
  (void)context;
  problem q;
  rm_rng rng = rm_rng_new(5, 0);
  setup(&q, &rng);
  for (int infinite = 0; infinite < 2; infinite++) {
    new_gradients(&q, &rng);
    double expected = 0, norm, again;
    for (size_t i = 0; i < TENSORS; i++)
      for (size_t j = 0; i != WITHOUT && j < sizes[i]; j++) {
        double g = rm_tensor_f32(q.params[i]->grad)[j];
        expected = infinite ? fmax(expected, fabs(g)) : expected + g * g;
      }
    if (!infinite) expected = sqrt(expected);
    OK(rm_clip_grad_norm(TENSORS, q.params, 1.5, infinite, &norm, &test_err));
    assert_true(fabs(norm - expected) <= 1e-6 * expected);
    OK(rm_clip_grad_norm(TENSORS, q.params, 100, infinite, &again, &test_err));
    assert_true(fabs(again - 1.5) < 1e-5);
  }
  rm_tensor_f32(q.params[2]->grad)[40000] = NAN;
  double norm, first = rm_tensor_f32(q.params[0]->grad)[0];
  OK(rm_clip_grad_norm(TENSORS, q.params, 1e-3, true, &norm, &test_err));
  assert_true(isnan(norm));
  assert_true(rm_tensor_f32(q.params[0]->grad)[0] == (float)first);
  teardown(&q);
}

static void test_max_norm(void **context) {
  (void)context;
  const size_t shape[] = {5, 3, 3, 7}, row = 63;
  rm_rng rng = rm_rng_new(6, 0);
  rm_tensor *w, *last;
  OK(rm_tensor_new(RM_FLOAT32, 4, shape, &w, &test_err));
  OK(rm_rng_fill_normal(&rng, w, 0, 1, &test_err));
  for (size_t j = 0; j < row; j++) rm_tensor_f32(w)[2 * row + j] = 1e-3f; /* a short row */
  OK(rm_tensor_new_channels_last(shape, &last, &test_err));
  OK(rm_tensor_copy(last, w, &test_err));
  OK(rm_max_norm(w, 3, &test_err));
  OK(rm_max_norm(last, 3, &test_err));
  for (size_t i = 0; i < 5; i++) {
    double norm = 0;
    for (size_t j = 0; j < row; j++) {
      double x = rm_tensor_f32(w)[i * row + j];
      norm += x * x;
    }
    assert_true(fabs(sqrt(norm) - (i == 2 ? 1e-3 * sqrt(63) : 3)) < 1e-5);
  }
  rm_tensor *back;
  OK(rm_tensor_contiguous(last, &back, &test_err));
  assert_memory_equal(rm_tensor_data(back), rm_tensor_data(w), w->numel * sizeof(float));
  assert_int_equal(rm_max_norm(w, 0, &test_err), RM_ERR_VALUE);
  assert_non_null(strstr(test_err.message, "c must be positive"));
  rm_tensor_release(back);
  rm_tensor_release(last);
  rm_tensor_release(w);
}

static void test_errors(void **context) {
  (void)context;
  problem q;
  rm_rng rng = rm_rng_new(8, 0);
  setup(&q, &rng);
  new_gradients(&q, &rng);
  rm_optim_set set = set_of(&q);
  set.state[0] = NULL;
  rm_sgd_options o = {.lr = 0.1, .momentum = 0.9};
  assert_int_equal(rm_sgd_step(&set, &o, &test_err), RM_ERR_SHAPE);
  assert_non_null(strstr(test_err.message, "missing"));
  set.state[0] = &q.params[1]; /* shifted by one: the shapes do not fit */
  assert_int_equal(rm_sgd_step(&set, &o, &test_err), RM_ERR_SHAPE);
  set = set_of(&q);
  for (long n = 0;; n++) { /* every allocation may fail; nothing may leak */
    rm_alloc_fail_after(n);
    rm_status status = rm_sgd_step(&set, &o, &test_err);
    rm_alloc_fail_after(-1);
    if (status == RM_OK) break;
    assert_int_equal(status, RM_ERR_MEMORY);
  }
  teardown(&q);
  assert_int_equal(rm_tensor_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_twins),      cmocka_unit_test(threads_change_no_bit), cmocka_unit_test(test_skipped),
      cmocka_unit_test(test_clip),       cmocka_unit_test(test_max_norm),         cmocka_unit_test(test_errors),
      cmocka_unit_test(nothing_is_left),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
