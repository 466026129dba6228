/* promise_test.c -- relu of a batch norm that a convolution works out while it reads: the values and gradients of the
 * same network whose activation is looked at first, to the last bit, and no activation in memory. */
#include "leaks.h"
#include "support.h"
#include "lazy/look.h"
#include "core/copy.h"
#include "core/hook.h"
#include "core/view.h"
#include "lazy/expression.h"
#include "lazy/fuse.h"

/* y = conv(relu(bn(x))): x (n, c, h, w), k output channels, 3x3. */
typedef struct {
  size_t n, c, h, w, k, stride, padding;
} shape;

static const rm_batch_norm_options of_batch = {.training = true, .momentum = 0.1, .eps = 1e-5};

typedef struct {
  shape s;
  rm_conv_options options;
  rm_tensor *x, *weight, *bias, *kernel;
} network;

static network make(const shape *s) {
  rm_rng rng = rm_rng_new(11, 0);
  network m = {
      .s = *s,
      .options = {
          .stride = {s->stride, s->stride}, .padding = {s->padding, s->padding}, .dilation = {1, 1}, .groups = 1}};
  m.x = test_normal(&rng, 4, (size_t[]){s->n, s->c, s->h, s->w}, 0.3f, 2);
  m.weight = test_normal(&rng, 1, &s->c, 1, 0.3f);
  m.bias = test_normal(&rng, 1, &s->c, 0, 0.5f);
  m.kernel = test_normal(&rng, 4, (size_t[]){s->k, s->c, 3, 3}, 0, 0.1f);
  rm_tensor *rows; /* as a convolution leaves them */
  OK(rm_tensor_channels_last(m.x, &rows, &test_err));
  rm_tensor_release(m.x);
  m.x = rows;
  rm_tensor *const leaves[] = {m.x, m.weight, m.bias, m.kernel};
  for (int i = 0; i < 4; i++) OK(rm_tensor_set_requires_grad(leaves[i], true, &test_err));
  return m;
}

static void free_network(network *m) {
  rm_tensor_release(m->x);
  rm_tensor_release(m->weight);
  rm_tensor_release(m->bias);
  rm_tensor_release(m->kernel);
}

static rm_status activate(const network *m, rm_value *a, rm_error *err) {
  rm_value x = {.tensor = m->x}, normal = {0};
  RM_TRY(rm_value_batch_norm(&x, m->weight, m->bias, NULL, NULL, &of_batch, &normal, err));
  rm_status status = rm_value_relu(&normal, a, err);
  rm_value_release(&normal);
  return status;
}

static rm_status convolve(const network *m, rm_value *a, rm_tensor **y, rm_error *err) {
  rm_value v = {0};
  rm_tensor *t;
  RM_TRY(rm_value_conv2d(a, m->kernel, NULL, &m->options, &v, err));
  rm_status status = rm_value_tensor(&v, &t, err);
  if (status == RM_OK) *y = rm_tensor_retain(t);
  rm_value_release(&v);
  return status;
}

static bool promised(const rm_value *a) { return a->expression && a->expression->promise; }

/* --- the same bits --------------------------------------------------------------------------------- */

typedef enum { NEVER, FIRST, AFTERWARDS, TWICE, AFTER_BACKWARD } look;
enum { OUTPUT, ACTIVATION, DX, DWEIGHT, DBIAS, DKERNEL, RESULTS };

/* With TWICE, two convolutions read the activation, one of them by way of the tensor. */
static void run(const shape *s, look when, bool reads, rm_tensor *out[RESULTS]) {
  network m = make(s);
  rm_value a = {0};
  rm_tensor *y = NULL, *more = NULL;
  OK(activate(&m, &a, &test_err));
  assert_true(rm_value_waits(&a));
  if (when == FIRST) see(&a);
  OK(convolve(&m, &a, &y, &test_err));
  assert_int_equal(promised(&a), when != FIRST && reads);
  if (when == AFTERWARDS || when == TWICE) see(&a);
  if (when == TWICE) {
    OK(convolve(&m, &a, &more, &test_err));
    test_same("of the tensor", y, more);
    rm_tensor_release(more);
  }
  OK(rm_backward(y, y, when == TWICE, &test_err));
  if (when == TWICE) { /* the graph was kept */
    rm_tensor *const leaves[] = {m.x, m.weight, m.bias, m.kernel};
    for (int i = 0; i < 4; i++) OK(rm_tensor_set_grad(leaves[i], NULL, &test_err));
    OK(rm_backward(y, y, false, &test_err));
  }
  rm_tensor *const results[RESULTS] = {y, see(&a), m.x->grad, m.weight->grad, m.bias->grad, m.kernel->grad};
  for (int i = 0; i < RESULTS; i++) OK(rm_tensor_detach(results[i], &out[i], &test_err));
  rm_value_release(&a);
  rm_tensor_release(y);
  free_network(&m);
}

static const char *const names[RESULTS] = {"y", "activation", "dx", "dweight", "dbias", "dkernel"};

static void compare(const shape *s, bool reads) {
  rm_tensor *expected[RESULTS], *got[RESULTS];
  run(s, FIRST, reads, expected);
  const look others[] = {NEVER, AFTERWARDS, TWICE, AFTER_BACKWARD};
  for (int i = 0; i < 4; i++) {
    run(s, others[i], reads, got);
    for (int r = 0; r < RESULTS; r++) {
      test_same(names[r], got[r], expected[r]);
      rm_tensor_release(got[r]);
    }
  }
  for (int r = 0; r < RESULTS; r++) rm_tensor_release(expected[r]);
}

/* Each way of winograd.c and winograd_weights.c, images that end within a tile, channels within a block. */
static const shape winograd[] = {{3, 16, 32, 32, 16, 1, 1},  {2, 20, 9, 7, 24, 1, 1},  {2, 16, 13, 30, 16, 1, 0},
                                 {2, 16, 6, 11, 16, 1, 2},   {16, 64, 8, 8, 64, 1, 1}, {5, 128, 16, 16, 128, 1, 1},
                                 {12, 256, 4, 4, 256, 1, 1}, {2, 16, 1, 1, 16, 1, 1},  {1, 64, 60, 61, 32, 1, 1}};
static const shape strided[] = {
    {3, 16, 32, 32, 32, 2, 1}, {2, 32, 17, 30, 48, 2, 1}, {8, 64, 8, 8, 128, 2, 1}, {1, 16, 56, 60, 16, 2, 1}};

static void by_winograd(void) {
  for (size_t i = 0; i < sizeof winograd / sizeof *winograd; i++) compare(&winograd[i], true);
}
static void by_strided(void) {
  for (size_t i = 0; i < sizeof strided / sizeof *strided; i++) compare(&strided[i], true);
}

static void forced(const char *method, void (*body)(void)) {
  assert_true(rm_conv_force(method));
  for (size_t threads = 1; threads <= 3; threads++) {
    test_threads(threads);
    test_each_isa(body);
  }
  test_threads(1);
  rm_conv_force(NULL);
}
static void winograd_reads_it(void **state) { (void)state, forced("winograd", by_winograd); }
static void strided_reads_it(void **state) { (void)state, forced("strided", by_strided); }

/* The other methods want all of it. */
static void others_have_it_computed(void **state) {
  (void)state;
  static const char *const methods[] = {"direct", "im2col", "naive"};
  for (size_t i = 0; i < 3; i++) {
    assert_true(rm_conv_force(methods[i]));
    compare(&(shape){2, 16, 7, 9, 16, 1, 1}, false);
  }
  rm_conv_force(NULL);
}

/* Backward is not bound to the method of forward. */
static void methods_change_in_between(void **state) {
  (void)state;
  const shape s = {2, 16, 12, 12, 16, 1, 1};
  rm_tensor *y = NULL;
  double expected[16 * 16 * 9];
  for (int pass = 0; pass < 2; pass++) {
    network m = make(&s);
    rm_value a = {0};
    OK(activate(&m, &a, &test_err));
    if (pass == 0) see(&a);
    assert_true(rm_conv_force("winograd"));
    OK(convolve(&m, &a, &y, &test_err));
    assert_int_equal(promised(&a), pass == 1);
    assert_true(rm_conv_force("im2col"));
    OK(rm_backward(y, y, false, &test_err));
    assert_string_equal(rm_conv_used(), "im2col");
    for (size_t i = 0; i < m.kernel->numel; i++) {
      if (pass == 0) expected[i] = test_at(m.kernel->grad, i);
      else assert_true(test_at(m.kernel->grad, i) == (float)expected[i]);
    }
    rm_conv_force(NULL);
    rm_value_release(&a);
    rm_tensor_release(y);
    free_network(&m);
  }
}

/* --- what it is for ---------------------------------------------------------------------------------- */

/* The bytes that the activation and the convolution of it need, before and after somebody looks. */
static void measure(const network *m, size_t *bytes, size_t *looked_at) {
  rm_value a = {0};
  rm_tensor *y = NULL;
  size_t before = rm_alloc_statistics().live_bytes;
  OK(activate(m, &a, &test_err));
  OK(convolve(m, &a, &y, &test_err));
  *bytes = rm_alloc_statistics().live_bytes - before;
  see(&a);
  *looked_at = rm_alloc_statistics().live_bytes - before;
  rm_value_release(&a);
  rm_tensor_release(y);
}

static void it_is_not_in_memory(void **state) {
  (void)state;
  const shape s = {8, 16, 32, 32, 16, 1, 1};
  network m = make(&s);
  size_t one = m.x->storage->bytes, bytes, looked_at;
  measure(&m, &bytes, &looked_at); /* threads get their scratch memory */
  measure(&m, &bytes, &looked_at);
  assert_in_range(bytes, one, one + one / 8); /* y, and some small ones */
  assert_in_range(looked_at, 2 * one, 2 * one + one / 8);
  free_network(&m);
}

/* --- what stands in the way --------------------------------------------------------------------------- */

/* It is one operation on the tape, whoever looks at its output and how. */
static void it_is_recorded_once(void **state) {
  (void)state;
  const shape s = {2, 16, 8, 8, 16, 1, 1};
  network m = make(&s);
  rm_value a = {0};
  rm_tensor *y = NULL;
  OK(activate(&m, &a, &test_err));
  OK(convolve(&m, &a, &y, &test_err));
  const rm_node *node = rm_node_input(y->node, 0);
  assert_string_equal(rm_node_name(node), "batch_norm");
  assert_ptr_equal(see(&a)->node, node);
  assert_true(see(&a)->requires_grad);
  rm_value_release(&a);
  rm_tensor_release(y);
  free_network(&m);
}

typedef struct {
  rm_hook base;
  double sum;
} adder;
static rm_status add_up(rm_hook *hook, rm_tensor *dy, rm_tensor **instead, rm_error *err) {
  (void)instead, (void)err;
  for (size_t i = 0; i < dy->numel; i++) ((adder *)hook)->sum += test_at(dy, i);
  return RM_OK;
}
static void keep(rm_hook *hook) { (void)hook; }

/* A hook on the activation, which is looked at for that after it was read, sees its gradient. */
static void hooks_see_its_gradient(void **state) {
  (void)state;
  const shape s = {2, 16, 8, 8, 16, 1, 1};
  adder seen[2] = {{{.call = add_up, .release = keep}, 0}, {{.call = add_up, .release = keep}, 0}};
  for (int pass = 0; pass < 2; pass++) {
    network m = make(&s);
    rm_value a = {0};
    rm_tensor *y = NULL;
    OK(activate(&m, &a, &test_err));
    if (pass == 0) see(&a);
    OK(convolve(&m, &a, &y, &test_err));
    OK(rm_tensor_add_hook(see(&a), &seen[pass].base, &test_err));
    OK(rm_backward(y, y, false, &test_err));
    rm_value_release(&a);
    rm_tensor_release(y);
    free_network(&m);
  }
  assert_true(seen[0].sum != 0);
  assert_true(seen[0].sum == seen[1].sum);
}

/* A write into x: who waits is served first, and backward refuses. */
static void writes_are_noticed(void **state) {
  (void)state;
  const shape s = {2, 16, 8, 8, 16, 1, 1};
  network m = make(&s);
  rm_value a = {0}, b = {0};
  rm_tensor *y = NULL;
  OK(activate(&m, &a, &test_err));
  OK(activate(&m, &b, &test_err));
  see(&b);
  OK(convolve(&m, &a, &y, &test_err));
  fill(m.x, 3);
  assert_false(rm_value_waits(&a) && !a.expression->result);
  test_same("of the old x", see(&a), see(&b));
  assert_int_equal(rm_backward(y, y, false, &test_err), RM_ERR_STATE);
  assert_non_null(strstr(test_err.message, "in place"));
  assert_null(m.kernel->grad);
  rm_value_release(&a);
  rm_value_release(&b);
  rm_tensor_release(y);
  free_network(&m);
}

/* What follows relu is not joined in front of it. */
static void a_sum_comes_after_relu(void **state) {
  (void)state;
  const shape s = {2, 16, 8, 8, 16, 1, 1};
  network m = make(&s);
  rm_value a = {0}, sum = {0}, x = {.tensor = m.x}, again = {0};
  OK(activate(&m, &a, &test_err));
  OK(rm_value_add(&a, &x, &sum, &test_err));
  OK(rm_value_relu(&a, &again, &test_err));
  test_same("relu of relu", see(&again), see(&a));
  for (size_t i = 0; i < m.x->numel; i++) assert_true(test_at(see(&sum), i) == test_at(see(&a), i) + test_at(m.x, i));
  rm_value_release(&a);
  rm_value_release(&sum);
  rm_value_release(&again);
  free_network(&m);
}

/* Without gradients nothing is promised, and where nothing requires one, nothing is recorded. */
static void only_what_is_recorded(void **state) {
  (void)state;
  const shape s = {2, 16, 8, 8, 16, 1, 1};
  for (int recording = 0; recording < 2; recording++) {
    network m = make(&s);
    rm_tensor *const leaves[] = {m.x, m.weight, m.bias, m.kernel}, *y = NULL;
    for (int i = 0; i < 4; i++) OK(rm_tensor_set_requires_grad(leaves[i], false, &test_err));
    bool was = rm_grad_set(recording);
    rm_value a = {0};
    OK(activate(&m, &a, &test_err));
    assert_int_equal(rm_value_waits(&a), recording);
    OK(convolve(&m, &a, &y, &test_err));
    assert_false(promised(&a));
    rm_grad_set(was);
    rm_value_release(&a);
    rm_tensor_release(y);
    free_network(&m);
  }
}

/* A wrong convolution is refused as ever, and the activation is there. */
static void wrong_kernels_are_refused(void **state) {
  (void)state;
  const shape s = {2, 16, 8, 8, 16, 1, 1}, narrow = {2, 12, 8, 8, 16, 1, 1};
  network m = make(&s), other = make(&narrow);
  rm_value a = {0}, v = {0};
  OK(activate(&m, &a, &test_err));
  assert_int_equal(rm_value_conv2d(&a, other.kernel, NULL, &m.options, &v, &test_err), RM_ERR_SHAPE);
  assert_non_null(strstr(test_err.message, "x has 16 channels, weight expects 12"));
  assert_int_equal(see(&a)->shape[1], 16);
  rm_value_release(&a);
  free_network(&m);
  free_network(&other);
}

static network scarce;

static rm_status attempt(void) {
  const network *m = &scarce;
  rm_value a = {0};
  rm_tensor *y = NULL, *t;
  rm_status status = activate(m, &a, &test_err);
  if (status == RM_OK) status = convolve(m, &a, &y, &test_err);
  if (status == RM_OK) status = rm_backward(y, y, false, &test_err);
  if (status == RM_OK) status = rm_value_tensor(&a, &t, &test_err);
  rm_value_release(&a);
  rm_tensor_release(y);
  rm_tensor *const leaves[] = {m->x, m->weight, m->bias, m->kernel};
  for (int i = 0; i < 4; i++) OK(rm_tensor_set_grad(leaves[i], NULL, &test_err));
  return status;
}

static void memory_runs_out(void **state) {
  (void)state;
  static const shape shapes[] = {{2, 16, 8, 8, 16, 1, 1}, {2, 16, 16, 16, 16, 2, 1}};
  for (int i = 0; i < 2; i++) {
    assert_true(rm_conv_force(i == 0 ? "winograd" : "strided"));
    scarce = make(&shapes[i]);
    test_allocation_failures(attempt);
    free_network(&scarce);
  }
  rm_conv_force(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(winograd_reads_it),
                                     cmocka_unit_test(strided_reads_it),
                                     cmocka_unit_test(others_have_it_computed),
                                     cmocka_unit_test(methods_change_in_between),
                                     cmocka_unit_test(it_is_not_in_memory),
                                     cmocka_unit_test(it_is_recorded_once),
                                     cmocka_unit_test(hooks_see_its_gradient),
                                     cmocka_unit_test(writes_are_noticed),
                                     cmocka_unit_test(a_sum_comes_after_relu),
                                     cmocka_unit_test(only_what_is_recorded),
                                     cmocka_unit_test(wrong_kernels_are_refused),
                                     cmocka_unit_test(memory_runs_out),
                                     cmocka_unit_test(nothing_is_left)};
  return cmocka_run_group_tests_name("promise", tests, NULL, NULL);
}
