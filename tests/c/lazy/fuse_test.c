/* fuse_test.c -- values: a residual block with everything joined gives what it gives step by step, and what
 * is put off is done before anything it depends on changes. */
#include "leaks.h"
#include "parallel/interrupt.h"
#include "support.h"
#include "lazy/look.h"
#include "core/copy.h"
#include "core/reader.h"
#include "core/view.h"
#include "layers/layer.h"
#include "lazy/expression.h"
#include "lazy/fuse.h"
#include "ops/optim/optim.h"

/* conv1-bn1-relu-conv2-bn2 (+ shortcut) - relu, 8 channels. */
enum { CONV1, BN1, CONV2, BN2, LAYERS, CHANNELS = 8 };
static rm_layer *block[LAYERS];
static rm_rng rng;
static const size_t image_shape[4] = {2, CHANNELS, 9, 7};

static void make_block(void) {
  const rm_conv_options options = {.stride = {1, 1}, .padding = {1, 1}, .dilation = {1, 1}, .groups = 1};
  const rm_batch_norm_config config = {1e-5, 0.1, true, true};
  rng = rm_rng_new(7, 0);
  for (int i = CONV1; i < LAYERS; i += 2) {
    OK(rm_conv2d_layer(CHANNELS, CHANNELS, (size_t[]){3, 3}, &options, false, &rng, &block[i], &test_err));
    OK(rm_batch_norm_layer(CHANNELS, 2, &config, &block[i + 1], &test_err));
    for (int s = 0; s < 2; s++)
      OK(rm_rng_fill_uniform(&rng, block[i + 1]->parameters[s].tensor, 0.5f, 1.5f, &test_err));
    OK(rm_rng_fill_uniform(&rng, block[i + 1]->buffers[1].tensor, 0.5f, 1.5f, &test_err));
  }
}

static void free_block(void) {
  for (int i = 0; i < LAYERS; i++) rm_layer_free(block[i]);
}

static void set_training(bool training) {
  for (int i = 0; i < LAYERS; i++) block[i]->training = training;
}

/* *v = layer(*v); looked at, if `apart`. */
static rm_status through(rm_layer *layer, rm_value *v, bool apart) {
  rm_value y = {0};
  rm_tensor *t;
  RM_TRY(rm_layer_forward(layer, v, &rng, &y, &test_err));
  rm_value_release(v);
  *v = y;
  return apart ? rm_value_tensor(v, &t, &test_err) : RM_OK;
}

static rm_status rectify(rm_value *v) {
  rm_value y = {0};
  RM_TRY(rm_value_relu(v, &y, &test_err));
  rm_value_release(v);
  *v = y;
  return RM_OK;
}

static rm_status add_shortcut(rm_value *v, rm_tensor *x, bool apart) {
  rm_value y = {0}, shortcut = {.tensor = x};
  rm_tensor *t;
  RM_TRY(rm_value_add(v, &shortcut, &y, &test_err));
  rm_value_release(v);
  *v = y;
  return apart ? rm_value_tensor(v, &t, &test_err) : RM_OK;
}

/* The block's output; `apart`: every step is looked at, so that none is joined to the next. */
static rm_status run(rm_tensor *x, bool shortcut, bool apart, rm_value *v) {
  *v = (rm_value){.tensor = rm_tensor_retain(x)};
  RM_TRY(through(block[CONV1], v, apart));
  RM_TRY(through(block[BN1], v, apart));
  RM_TRY(rectify(v));
  RM_TRY(through(block[CONV2], v, apart));
  RM_TRY(through(block[BN2], v, apart));
  if (shortcut) RM_TRY(add_shortcut(v, x, apart));
  return rectify(v);
}

/* --- the block ----------------------------------------------------------------------------------- */

enum { STEPS = 3 };

/* What training for some steps leaves: all parameters and buffers, and the last output and gradient of x. */
enum { KEPT = 2 * LAYERS + 4 };
static void train(bool shortcut, bool apart, rm_tensor *kept[KEPT]) {
  make_block();
  rm_tensor *x = test_normal(&rng, 4, image_shape, 0, 1);
  OK(rm_tensor_set_requires_grad(x, true, &test_err));
  size_t n = 0;
  for (int step = 0; step < STEPS; step++) {
    rm_value y = {0};
    OK(run(x, shortcut, apart, &y));
    OK(rm_tensor_set_grad(x, NULL, &test_err));
    OK(rm_backward(see(&y), see(&y), false, &test_err));
    if (step == STEPS - 1) OK(rm_tensor_detach(see(&y), &kept[n++], &test_err));
    rm_value_release(&y);
    for (int i = 0; i < LAYERS; i++)
      for (size_t p = 0; p < block[i]->nparameters; p++) {
        rm_tensor *w = block[i]->parameters[p].tensor;
        bool was = rm_grad_set(false);
        OK(rm_tensor_check_writable("step", w, &test_err));
        OK(rm_add_scaled(RM_ADD, w, rm_operand_tensor(w->grad), -0.01, &test_err));
        OK(rm_tensor_set_grad(w, NULL, &test_err));
        rm_grad_set(was);
      }
  }
  kept[n++] = rm_tensor_retain(x->grad);
  for (int i = 0; i < LAYERS; i++) {
    for (size_t p = 0; p < block[i]->nparameters; p++) kept[n++] = rm_tensor_retain(block[i]->parameters[p].tensor);
    for (size_t b = 0; b < 2 && b < block[i]->nbuffers; b++) kept[n++] = rm_tensor_retain(block[i]->buffers[b].tensor);
  }
  assert_int_equal(n, KEPT);
  assert_int_equal(*rm_tensor_i64(block[BN2]->buffers[2].tensor), STEPS);
  rm_tensor_release(x);
  free_block();
}

/* All close, relative to the largest element: joined, the same sums are rounded at other places. */
static void assert_close(const char *what, const rm_tensor *a, const rm_tensor *b, double tolerance) {
  double expected[4096];
  assert_true(b->numel <= sizeof expected / sizeof *expected);
  assert_true(rm_tensor_same_shape(a, b));
  for (size_t i = 0; i < b->numel; i++) expected[i] = test_at(b, i);
  test_close(what, a, expected, tolerance);
}

static void trained(bool shortcut) {
  rm_tensor *joined[KEPT], *apart[KEPT];
  train(shortcut, false, joined);
  train(shortcut, true, apart);
  for (int i = 0; i < KEPT; i++) {
    char what[32];
    snprintf(what, sizeof what, "result %d", i);
    assert_close(what, joined[i], apart[i], 2e-5);
    rm_tensor_release(joined[i]);
    rm_tensor_release(apart[i]);
  }
}
static void training(void) { trained(true), trained(false); }
static void training_is_the_same(void **state) { (void)state, test_each_isa(training); }

static void inferred(bool shortcut, bool recording) {
  make_block();
  set_training(false);
  bool was = rm_grad_set(recording);
  rm_tensor *x = test_normal(&rng, 4, image_shape, 0, 1);
  rm_value joined = {0}, apart = {0};
  OK(run(x, shortcut, false, &joined));
  OK(run(x, shortcut, true, &apart));
  assert_close("output", see(&joined), see(&apart), 2e-5);
  assert_int_equal(see(&joined)->requires_grad, recording); /* of the weights */
  rm_value_release(&joined);
  rm_value_release(&apart);
  rm_tensor_release(x);
  free_block();
  rm_grad_set(was);
}
static void inference(void) {
  for (int i = 0; i < 4; i++) inferred(i & 1, i & 2);
}
static void inference_is_the_same(void **state) { (void)state, test_each_isa(inference); }

/* Without gradients a block is two convolutions, and two activations are made. */
static void inference_makes_two_activations(void **state) {
  (void)state;
  make_block();
  set_training(false);
  bool was = rm_grad_set(false);
  rm_tensor *x = test_normal(&rng, 4, image_shape, 0, 1);
  rm_value v = {.tensor = rm_tensor_retain(x)};
  size_t live = rm_tensor_live();
  OK(through(block[CONV1], &v, false));
  OK(through(block[BN1], &v, false));
  assert_true(rm_value_waits(&v));
  assert_int_equal(rm_tensor_live(), live + 1); /* four numbers per channel */
  OK(rectify(&v));
  assert_false(rm_value_waits(&v));
  assert_int_equal(rm_tensor_live(), live + 1); /* the activation; they are gone */
  OK(through(block[CONV2], &v, false));
  OK(through(block[BN2], &v, false));
  OK(add_shortcut(&v, x, false));
  assert_true(rm_value_waits(&v));
  OK(rectify(&v));
  assert_false(rm_value_waits(&v));
  assert_int_equal(rm_tensor_live(), live + 1);
  rm_value_release(&v);
  rm_tensor_release(x);
  free_block();
  rm_grad_set(was);
}

/* In training the block is recorded as four operators. */
static void training_records_joined_operators(void **state) {
  (void)state;
  make_block();
  rm_tensor *x = test_normal(&rng, 4, image_shape, 0, 1);
  rm_value v = {0};
  OK(run(x, true, false, &v));
  const rm_node *node = see(&v)->node;
  static const char *const names[] = {"batch_norm", "conv2d", "batch_norm", "conv2d"};
  for (size_t i = 0; i < 4; i++, node = rm_node_input(node, 0)) assert_string_equal(rm_node_name(node), names[i]);
  assert_null(node);
  rm_value_release(&v);
  rm_tensor_release(x);
  free_block();
}

/* --- what happens in between --------------------------------------------------------------------------- */

/* bn(x) + shortcut in training, or bn(conv(x)) + shortcut without gradients: waits. */
typedef struct {
  rm_tensor *x, *shortcut, *expected;
  rm_value sum;
} waiting;

static waiting make_waiting(bool recording) {
  make_block();
  bool was = rm_grad_set(recording);
  if (!recording) set_training(false);
  waiting w = {.x = test_normal(&rng, 4, image_shape, 0, 1), .shortcut = test_normal(&rng, 4, image_shape, 0, 1)};
  for (int apart = 1; apart >= 0; apart--) {
    rm_value v = {.tensor = rm_tensor_retain(w.x)};
    if (!recording) OK(through(block[CONV1], &v, apart));
    OK(through(block[BN1], &v, apart));
    OK(add_shortcut(&v, w.shortcut, apart));
    if (apart) OK(rm_tensor_clone(see(&v), &w.expected, &test_err));
    else w.sum = rm_value_retain(&v);
    rm_value_release(&v);
  }
  assert_true(rm_value_waits(&w.sum));
  rm_grad_set(was);
  return w;
}

static void free_waiting(waiting *w) {
  rm_value_release(&w->sum);
  rm_tensor_release(w->x);
  rm_tensor_release(w->shortcut);
  rm_tensor_release(w->expected);
  free_block();
}

static void writes_are_waited_for(void **state) {
  (void)state;
  for (int recording = 0; recording < 2; recording++)
    for (int which = 0; which < 6; which++) {
      waiting w = make_waiting(recording);
      rm_tensor *view = NULL;
      OK(rm_tensor_view(w.x, 1, (size_t[]){5}, (ptrdiff_t[]){1}, 3, &view, &test_err));
      rm_tensor *const written[] = {w.x,
                                    w.shortcut,
                                    view,
                                    block[CONV1]->parameters[0].tensor,
                                    block[BN1]->parameters[0].tensor,
                                    block[BN1]->buffers[0].tensor};
      fill(written[which], 3);
      bool read = which < 3 || (which == 3 && !recording); /* the rest is in the columns already */
      assert_int_equal(w.sum.expression->result != NULL, read);
      assert_close("sum", see(&w.sum), w.expected, 2e-5);
      rm_tensor_release(view);
      free_waiting(&w);
    }
}

/* The batch norm's own running statistics are x: they move, and what reads them is computed first. */
static void moving_statistics_are_waited_for(void **state) {
  (void)state;
  make_block();
  rm_tensor *mean = NULL, *rows = NULL, *expected, *batch = test_normal(&rng, 4, image_shape, 1, 1);
  for (int i = 0; i < 2; i++) { /* (C) as a matrix (2, C/2) */
    rm_tensor_release(rows);
    OK(rm_tensor_view(block[BN1]->buffers[i].tensor, 2, (size_t[]){2, CHANNELS / 2}, (ptrdiff_t[]){CHANNELS / 2, 1}, 0,
                      &rows, &test_err));
    rm_value x = {.tensor = rows}, early = {0}, late = {0}, images = {.tensor = batch}, ignored = {0};
    const rm_batch_norm_options options = {.training = true, .eps = 1e-5};
    OK(rm_value_batch_norm(&x, NULL, NULL, NULL, NULL, &options, &early, &test_err));
    OK(rm_tensor_clone(see(&early), &expected, &test_err));
    OK(rm_value_batch_norm(&x, NULL, NULL, NULL, NULL, &options, &late, &test_err));
    OK(rm_layer_forward(block[BN1], &images, &rng, &ignored, &test_err));
    test_same("of the old statistics", see(&late), expected);
    rm_value_release(&early), rm_value_release(&late), rm_value_release(&ignored);
    rm_tensor_release(expected);
  }
  rm_tensor_release(rows);
  rm_tensor_release(mean);
  rm_tensor_release(batch);
  free_block();
}

/* A gradient that backward adds to. */
static void gradients_are_waited_for(void **state) {
  (void)state;
  rng = rm_rng_new(3, 0);
  rm_tensor *w = test_normal(&rng, 2, (size_t[]){6, 3}, 0, 1), *y, *expected;
  OK(rm_tensor_set_requires_grad(w, true, &test_err));
  const rm_batch_norm_options options = {.training = true, .eps = 1e-5};
  rm_value early = {0}, late = {0};
  for (int pass = 0; pass < 2; pass++) {
    if (pass == 1) {
      rm_value x = {.tensor = w->grad};
      OK(rm_value_batch_norm(&x, NULL, NULL, NULL, NULL, &options, &early, &test_err));
      OK(rm_tensor_clone(see(&early), &expected, &test_err));
      OK(rm_value_batch_norm(&x, NULL, NULL, NULL, NULL, &options, &late, &test_err));
    }
    OK(rm_exp(w, &y, &test_err));
    OK(rm_backward(y, y, false, &test_err));
    rm_tensor_release(y);
  }
  test_same("of the old gradient", see(&late), expected);
  rm_value_release(&early), rm_value_release(&late);
  rm_tensor_release(expected);
  rm_tensor_release(w);
}

/* What an optimizer writes: the parameter and its own state, which backward would otherwise take for unchanged. */
static void optimizer_steps_are_waited_for(void **state) {
  (void)state;
  rng = rm_rng_new(5, 0);
  rm_tensor *w = test_normal(&rng, 2, (size_t[]){6, 3}, 0, 1), *velocity = test_normal(&rng, 2, w->shape, 0, 1);
  OK(rm_tensor_set_requires_grad(w, true, &test_err));
  rm_tensor *gradient = test_normal(&rng, 2, w->shape, 0, 1), *product;
  OK(rm_tensor_set_grad(w, gradient, &test_err));
  OK(rm_mul(w, velocity, &product, &test_err)); /* saves the velocity */
  bool was = rm_grad_set(false);
  rm_tensor *const inputs[] = {w, velocity};
  rm_value early[2] = {{0}, {0}}, late[2] = {{0}, {0}};
  const rm_batch_norm_options options = {.training = true, .eps = 1e-5};
  for (int i = 0; i < 2; i++) {
    rm_value x = {.tensor = inputs[i]};
    OK(rm_value_batch_norm(&x, NULL, NULL, NULL, NULL, &options, &early[i], &test_err));
    see(&early[i]);
    OK(rm_value_batch_norm(&x, NULL, NULL, NULL, NULL, &options, &late[i], &test_err));
  }
  const rm_optim_set set = {1, &w, {&velocity}, (uint64_t[]){2}};
  OK(rm_sgd_step(&set, &(rm_sgd_options){.lr = 0.1, .momentum = 0.9}, &test_err));
  for (int i = 0; i < 2; i++) {
    test_same("of the old elements", see(&late[i]), see(&early[i]));
    rm_value_release(&early[i]), rm_value_release(&late[i]);
  }
  rm_grad_set(was);
  assert_int_equal(rm_backward(product, gradient, false, &test_err), RM_ERR_STATE);
  assert_non_null(strstr(test_err.message, "in place"));
  rm_tensor_release(product), rm_tensor_release(gradient);
  rm_tensor_release(w), rm_tensor_release(velocity);
}

/* A write that nobody was asked about is found out. */
static void stale_values_are_refused(void **state) {
  (void)state;
  waiting w = make_waiting(false);
  rm_tensor *t = NULL;
  rm_tensor_mark_written(w.x);
  assert_int_equal(rm_value_tensor(&w.sum, &t, &test_err), RM_ERR_STATE);
  assert_non_null(strstr(test_err.message, "changed in place"));
  assert_true(rm_value_waits(&w.sum));
  free_waiting(&w);
}

static void requirements_do_not_reach_back(void **state) {
  (void)state;
  waiting w = make_waiting(true);
  OK(rm_tensor_set_requires_grad(block[BN1]->parameters[0].tensor, false, &test_err));
  OK(rm_tensor_set_requires_grad(block[BN1]->parameters[1].tensor, false, &test_err));
  assert_true(see(&w.sum)->requires_grad);
  free_waiting(&w);
  w = make_waiting(false);
  OK(rm_tensor_set_requires_grad(w.x, true, &test_err));
  assert_false(see(&w.sum)->requires_grad);
  free_waiting(&w);
}

/* As if each operator had run at its place. */
static void recording_switched_in_between(void **state) {
  (void)state;
  for (int recording = 0; recording < 2; recording++) {
    waiting w = make_waiting(recording);
    rm_value y = {0};
    bool was = rm_grad_set(!recording);
    OK(rm_value_relu(&w.sum, &y, &test_err));
    assert_false(rm_value_waits(&w.sum)); /* not joined */
    assert_int_equal(see(&w.sum)->requires_grad, recording);
    assert_false(see(&y)->requires_grad);
    rm_grad_set(was);
    for (size_t i = 0; i < w.expected->numel; i++)
      assert_true(fabsf(test_at(see(&y), i) - fmaxf(0, test_at(w.expected, i))) <= 2e-4f);
    rm_value_release(&y);
    free_waiting(&w);
  }
}

static void used_twice(void **state) {
  (void)state;
  waiting w = make_waiting(false);
  bool was = rm_grad_set(false);
  rm_value y = {0}, same = rm_value_retain(&w.sum), twice = {0};
  OK(rm_value_relu(&w.sum, &y, &test_err)); /* joined */
  assert_true(rm_value_waits(&w.sum));
  OK(rm_value_add(&w.sum, &same, &twice, &test_err));
  assert_ptr_equal(see(&w.sum), see(&same)); /* computed once */
  for (size_t i = 0; i < w.expected->numel; i++) assert_true(test_at(see(&twice), i) == 2 * test_at(see(&same), i));
  rm_value_release(&y), rm_value_release(&same), rm_value_release(&twice);
  rm_grad_set(was);
  free_waiting(&w);
}

/* --- never looked at ------------------------------------------------------------------------------------ */

static void never_looked_at(void **state) {
  (void)state;
  waiting w = make_waiting(false);
  size_t blocks = rm_alloc_statistics().live_blocks;
  bool was = rm_grad_set(false);
  const rm_value unseen = w.sum;
  for (int i = 0; i < 3; i++) {
    rm_value x = {.tensor = rm_tensor_retain(w.x)};
    OK(through(block[CONV1], &x, false));
    OK(through(block[BN1], &x, false));
    assert_true(rm_value_waits(&x));
    rm_value_release(&x);
  }
  assert_int_equal(rm_alloc_statistics().live_blocks, blocks);
  assert_true(rm_value_waits(&unseen)); /* nobody has computed it */
  size_t readers = 0;
  for (const rm_reader *r = w.x->storage->readers; r; r = r->next) readers++;
  assert_int_equal(readers, 1);
  rm_grad_set(was);
  free_waiting(&w);
}

/* --- errors ----------------------------------------------------------------------------------------------- */

static void refused_at_the_call(void **state) {
  (void)state;
  make_block();
  rm_tensor *wide = test_normal(&rng, 4, (size_t[]){1, CHANNELS + 1, 5, 5}, 0, 1);
  rm_tensor *single = test_normal(&rng, 4, (size_t[]){1, CHANNELS, 1, 1}, 0, 1), *mean;
  OK(rm_tensor_clone(block[BN1]->buffers[0].tensor, &mean, &test_err));
  rm_value y = {0}, x = {.tensor = wide}, one = {.tensor = single};
  for (int recording = 0; recording < 2; recording++) {
    bool was = rm_grad_set(recording);
    assert_int_equal(rm_layer_forward(block[CONV1], &x, &rng, &y, &test_err), RM_ERR_SHAPE);
    assert_int_equal(rm_layer_forward(block[BN1], &x, &rng, &y, &test_err), RM_ERR_SHAPE);
    assert_int_equal(rm_layer_forward(block[BN1], &one, &rng, &y, &test_err), RM_ERR_SHAPE);
    assert_false(y.tensor || y.expression);
    rm_grad_set(was);
  }
  assert_int_equal(*rm_tensor_i64(block[BN1]->buffers[2].tensor), 0); /* none of them is counted */
  test_same("running mean", block[BN1]->buffers[0].tensor, mean);
  rm_tensor_release(wide), rm_tensor_release(single), rm_tensor_release(mean);
  free_block();
}

/* Memory runs out at every allocation of the block in turn. */
static rm_tensor *attempt_x;
static bool attempt_shortcut, attempt_recording;
static rm_status attempt(void) {
  rm_value y = {0};
  rm_tensor *t;
  bool was = rm_grad_set(attempt_recording);
  rm_status status = run(attempt_x, attempt_shortcut, false, &y);
  if (status == RM_OK && attempt_recording) status = rm_value_tensor(&y, &t, &test_err);
  if (status == RM_OK && attempt_recording) status = rm_backward(t, t, false, &test_err);
  rm_grad_set(was);
  rm_value_release(&y);
  for (int i = 0; i < LAYERS; i++)
    for (size_t p = 0; p < block[i]->nparameters; p++)
      OK(rm_tensor_set_grad(block[i]->parameters[p].tensor, NULL, &test_err));
  return status;
}

static void memory_runs_out(void **state) {
  (void)state;
  make_block();
  attempt_x = test_normal(&rng, 4, image_shape, 0, 1);
  for (int i = 0; i < 4; i++) {
    attempt_shortcut = i & 1;
    attempt_recording = i & 2;
    set_training(attempt_recording);
    test_allocation_failures(attempt);
  }
  rm_tensor_release(attempt_x);
  free_block();
}

/* A look that fails can be repeated, and so can a write that is refused because of it. */
static void a_failed_look_is_repeated(void **state) {
  (void)state;
  waiting w = make_waiting(false);
  rm_tensor *t = NULL;
  rm_alloc_fail_after(0);
  assert_int_equal(rm_value_tensor(&w.sum, &t, &test_err), RM_ERR_MEMORY);
  assert_int_equal(rm_tensor_check_writable("fill", w.x, &test_err), RM_ERR_MEMORY);
  rm_alloc_fail_after(-1);
  assert_true(rm_value_waits(&w.sum));
  fill(w.x, 1);
  assert_close("sum", see(&w.sum), w.expected, 2e-5);
  free_waiting(&w);
}

/* Ctrl-C in the middle of a look leaves no half result. */
static void an_interrupted_look_is_repeated(void **state) {
  (void)state;
  waiting w = make_waiting(false);
  rm_tensor *t = NULL;
  rm_interrupt_request();
  assert_int_equal(RM_BREAKABLE(rm_value_tensor(&w.sum, &t, &test_err), &test_err), RM_ERR_INTERRUPTED);
  rm_interrupt_clear();
  assert_true(rm_value_waits(&w.sum));
  assert_close("sum", see(&w.sum), w.expected, 2e-5);
  free_waiting(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(training_is_the_same),
                                     cmocka_unit_test(inference_is_the_same),
                                     cmocka_unit_test(inference_makes_two_activations),
                                     cmocka_unit_test(training_records_joined_operators),
                                     cmocka_unit_test(writes_are_waited_for),
                                     cmocka_unit_test(moving_statistics_are_waited_for),
                                     cmocka_unit_test(gradients_are_waited_for),
                                     cmocka_unit_test(optimizer_steps_are_waited_for),
                                     cmocka_unit_test(stale_values_are_refused),
                                     cmocka_unit_test(requirements_do_not_reach_back),
                                     cmocka_unit_test(recording_switched_in_between),
                                     cmocka_unit_test(used_twice),
                                     cmocka_unit_test(never_looked_at),
                                     cmocka_unit_test(refused_at_the_call),
                                     cmocka_unit_test(memory_runs_out),
                                     cmocka_unit_test(a_failed_look_is_repeated),
                                     cmocka_unit_test(an_interrupted_look_is_repeated),
                                     cmocka_unit_test(nothing_is_left)};
  return cmocka_run_group_tests_name("fuse", tests, NULL, NULL);
}
