/* layers_test.c -- layers without Lua: made, called and freed when memory runs out; slots. */
#include "leaks.h"
#include "support.h"
#include "layers/layer.h"

static rm_rng rng;
static rm_tensor *image; /* (2, 4, 6, 6) */

/* Makes a layer, calls it on the image, walks back, and frees everything. */
typedef rm_status (*maker)(rm_layer **layer);
static maker make;

static rm_status make_conv(rm_layer **layer) {
  rm_conv_options o = {.stride = {1, 1}, .padding = {1, 1}, .dilation = {1, 1}, .groups = 1};
  return rm_conv2d_layer(4, 8, (size_t[]){3, 3}, &o, true, &rng, layer, &test_err);
}
static rm_status make_batch_norm(rm_layer **layer) {
  rm_batch_norm_config c = {1e-5, NAN, true, true};
  return rm_batch_norm_layer(4, 2, &c, layer, &test_err);
}
static rm_status make_pool(rm_layer **layer) {
  rm_pool_options o = {.kernel = {2, 2}, .stride = {2, 2}};
  return rm_max_pool_layer(&o, layer, &test_err);
}
static rm_status make_dropout(rm_layer **layer) { return rm_dropout_layer(0.5, layer, &test_err); }
static rm_status make_maxout(rm_layer **layer) { return rm_maxout_layer(2, layer, &test_err); }
static rm_status make_flatten(rm_layer **layer) { return rm_flatten_layer(2, -1, layer, &test_err); }

static rm_status attempt(void) {
  rm_layer *layer = NULL;
  rm_value x = {.tensor = image}, y = {0};
  rm_tensor *t;
  rm_status status = make(&layer);
  if (status == RM_OK) status = rm_layer_forward(layer, &x, &rng, &y, &test_err);
  if (status == RM_OK) status = rm_value_tensor(&y, &t, &test_err);
  if (status == RM_OK) status = rm_backward(t, t, false, &test_err);
  rm_value_release(&y);
  rm_layer_free(layer);
  OK(rm_tensor_set_grad(image, NULL, &test_err));
  return status;
}

static void memory_runs_out(void **state) {
  (void)state;
  static const maker makers[] = {make_conv, make_batch_norm, make_pool, make_dropout, make_maxout, make_flatten};
  rng = rm_rng_new(1, 0);
  image = test_normal(&rng, 4, (size_t[]){2, 4, 6, 6}, 0, 1);
  OK(rm_tensor_set_requires_grad(image, true, &test_err));
  for (size_t i = 0; i < sizeof makers / sizeof *makers; i++) {
    make = makers[i];
    test_allocation_failures(attempt);
  }
  rm_tensor_release(image);
}

static void slots(void **state) {
  (void)state;
  rm_layer *layer;
  rng = rm_rng_new(1, 0);
  OK(make_batch_norm(&layer));
  assert_int_equal(layer->nparameters, 2);
  assert_int_equal(layer->nbuffers, 3);
  assert_ptr_equal(rm_layer_slot(layer, "running_var"), &layer->buffers[1]);
  assert_null(rm_layer_slot(layer, "nothing"));
  rm_tensor *other = test_normal(&rng, 1, (size_t[]){4}, 0, 1), *wrong = test_normal(&rng, 1, (size_t[]){5}, 0, 1);
  OK(rm_layer_replace(layer, rm_layer_slot(layer, "weight"), other, &test_err));
  assert_ptr_equal(layer->parameters[0].tensor, other);
  assert_true(other->requires_grad);
  assert_int_equal(rm_layer_replace(layer, rm_layer_slot(layer, "bias"), wrong, &test_err), RM_ERR_SHAPE);
  assert_string_equal(test_err.message, "BatchNorm2d.bias: got float32 (5), expected float32 (4)");
  rm_tensor_release(other);
  rm_tensor_release(wrong);
  rm_layer_free(layer);
}

/* A copy has the settings, the mode and the very tensors, and outlives what it is of. */
static void copies(void **state) {
  (void)state;
  rm_layer *layer = NULL, *copy = NULL;
  char a[RM_LAYER_TEXT], b[RM_LAYER_TEXT];
  OK(make_batch_norm(&layer));
  layer->training = false;
  OK(rm_layer_copy(layer, &copy, &test_err));
  assert_string_equal(rm_layer_text(copy, a), rm_layer_text(layer, b));
  assert_false(copy->training);
  rm_tensor *weight = layer->parameters[0].tensor;
  assert_ptr_equal(copy->parameters[0].tensor, weight);
  assert_ptr_equal(copy->buffers[2].tensor, layer->buffers[2].tensor);
  rm_layer_free(layer);
  assert_float_equal(((const float *)rm_tensor_data(weight))[0], 1, 0);
  rm_layer_free(copy);
}

static rm_status copy_once(void) {
  rm_layer *layer = NULL, *copy = NULL;
  rm_status status = make_conv(&layer);
  if (status == RM_OK) status = rm_layer_copy(layer, &copy, &test_err);
  rm_layer_free(copy);
  rm_layer_free(layer);
  return status;
}

static void copying_runs_out_of_memory(void **state) {
  (void)state;
  rng = rm_rng_new(1, 0);
  test_allocation_failures(copy_once);
}

/* Texts are cut, never overrun. */
static void long_texts(void **state) {
  (void)state;
  char text[12] = "";
  rm_text_add(text, sizeof text, "%s", "Conv2d(");
  rm_text_pair(text, sizeof text, "kernel_size", (size_t[]){3, 4});
  assert_string_equal(text, "Conv2d(, ke");
  rm_text_add(text, sizeof text, "more");
  assert_string_equal(text, "Conv2d(, ke");
}

static void nothing_left(void **state) {
  (void)state;
  assert_int_equal(rm_tensor_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(memory_runs_out), cmocka_unit_test(slots),
                                     cmocka_unit_test(copies),          cmocka_unit_test(copying_runs_out_of_memory),
                                     cmocka_unit_test(long_texts),      cmocka_unit_test(nothing_left),
                                     cmocka_unit_test(nothing_is_left)};
  return cmocka_run_group_tests_name("layers", tests, NULL, NULL);
}
