/* refusals_test.c -- what the steps of a data pipeline and the layers' constructors do not take. The error says what was
 * expected; there is no result. The bindings ask much of this first, so it is asked here. */
#include <stdlib.h>
#include "support.h"
#include "leaks.h"
#include "data/augment.h"
#include "data/color.h"
#include "data/image.h"
#include "data/image_batch.h"
#include "data/png.h"
#include "data/prefetch.h"
#include "data/resize.h"
#include "data/rotate.h"
#include "data/transform.h"
#include "layers/layer.h"
#include "ops/views/views.h"

/* bytes (3, 4, 5), (2, 4, 5), (2, 3, 4, 5), (4, 5); floats (3, 4, 5), (2, 3, 4, 5); whole numbers (2), (3), (2, 2) */
static rm_tensor *image, *two, *batch, *flat, *floats, *float_batch, *labels, *three, *square, *turned, *no_images;
static rm_tensor *y, *z;

static rm_tensor *zeros(rm_dtype dtype, size_t ndim, const size_t shape[]) {
  rm_tensor *t;
  OK(rm_tensor_zeros(dtype, ndim, shape, &t, &test_err));
  return t;
}
#define SHAPE(...) \
  sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t), (const size_t[]) { __VA_ARGS__ }

static int make(void **state) {
  (void)state;
  image = zeros(RM_UINT8, SHAPE(3, 4, 5));
  two = zeros(RM_UINT8, SHAPE(2, 4, 5));
  batch = zeros(RM_UINT8, SHAPE(2, 3, 4, 5));
  no_images = zeros(RM_UINT8, SHAPE(0, 3, 4, 5));
  flat = zeros(RM_UINT8, SHAPE(4, 5));
  floats = zeros(RM_FLOAT32, SHAPE(3, 4, 5));
  float_batch = zeros(RM_FLOAT32, SHAPE(2, 3, 4, 5));
  labels = zeros(RM_INT64, SHAPE(2));
  three = zeros(RM_INT64, SHAPE(3));
  square = zeros(RM_INT64, SHAPE(2, 2));
  rm_tensor *wide = zeros(RM_UINT8, SHAPE(2, 3, 5, 4));
  OK(rm_transpose(wide, 2, 3, &turned, &test_err)); /* (2, 3, 4, 5), not contiguous */
  rm_tensor_release(wide);
  return 0;
}

static int drop(void **state) {
  (void)state;
  rm_tensor *all[] = {image, two, batch, flat, floats, float_batch, labels, three, square, turned, no_images};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) rm_tensor_release(all[i]);
  return 0;
}

static void refused(rm_status status, const char *text, int line) {
  if (status == RM_OK) fail_msg("line %d: nothing was refused", line);
  if (status == RM_ERR_MEMORY || !strstr(test_err.message, text) || strlen(text) < 6)
    fail_msg("line %d: expected \"%s\" in \"%s\"", line, text, test_err.message);
  assert_null(y);
  assert_null(z);
}
#define REFUSES(call, text) refused(call, text, __LINE__)

static void images(void **state) {
  (void)state;
  rm_box whole = {0, 0, 4, 5};
  REFUSES(rm_image_color(image, RM_COLOR_HUE, 0.6, &test_err), "adjust_hue: factor is 0.6, expected -0.5 to 0.5");
  REFUSES(rm_image_color(image, RM_COLOR_HUE, NAN, &test_err), "adjust_hue: factor is nan, expected -0.5 to 0.5");
  REFUSES(rm_image_color(image, RM_COLOR_CONTRAST, -1, &test_err),
          "adjust_contrast: factor is -1, expected a number from 0");
  REFUSES(rm_image_color(image, RM_COLOR_SATURATION, INFINITY, &test_err),
          "adjust_saturation: factor is inf, expected a number from 0");
  REFUSES(rm_image_gray(two, &test_err), "grayscale: image has 2 channels, expected 1 or 3");
  REFUSES(rm_image_resize(floats, whole, 2, 2, &y, &test_err),
          "resize: image is float32 (3, 4, 5), expected uint8 (C, H, W)");
  REFUSES(rm_image_resize(flat, whole, 2, 2, &y, &test_err), "resize: image is uint8 (4, 5), expected uint8 (C, H, W)");
  REFUSES(rm_image_resize(image, whole, 0, 2, &y, &test_err), "resize: size 0x2, expected sides from 1 to 65536");
  REFUSES(rm_image_resize(image, whole, 2, 0, &y, &test_err), "resize: size 2x0, expected sides from 1 to 65536");
  REFUSES(rm_image_resize(image, whole, 65537, 2, &y, &test_err),
          "resize: size 65537x2, expected sides from 1 to 65536");
  REFUSES(rm_image_resize(image, whole, 2, 65537, &y, &test_err),
          "resize: size 2x65537, expected sides from 1 to 65536");
  REFUSES(rm_image_resize(image, (rm_box){0, 0, 0, 5}, 2, 2, &y, &test_err),
          "resize: box of 0x5 at (0, 0) leaves the image (3, 4, 5)");
  REFUSES(rm_image_resize(image, (rm_box){0, 0, 4, 0}, 2, 2, &y, &test_err),
          "resize: box of 4x0 at (0, 0) leaves the image (3, 4, 5)");
  REFUSES(rm_image_resize(image, (rm_box){1, 0, 4, 5}, 2, 2, &y, &test_err),
          "resize: box of 4x5 at (1, 0) leaves the image (3, 4, 5)");
  REFUSES(rm_image_resize(image, (rm_box){0, 1, 4, 5}, 2, 2, &y, &test_err),
          "resize: box of 4x5 at (0, 1) leaves the image (3, 4, 5)");
  REFUSES(rm_image_flip(floats, &y, &test_err), "resize: image is float32 (3, 4, 5), expected uint8 (C, H, W)");
  REFUSES(rm_image_rotate(image, INFINITY, (rm_rotation){false, 0}, &y, &test_err),
          "rotate: inf degrees, expected a number");
  REFUSES(rm_image_rotate(image, 1, (rm_rotation){false, -1}, &y, &test_err), "rotate: fill is -1, expected 0 to 255");
  REFUSES(rm_image_rotate(image, 1, (rm_rotation){false, 256}, &y, &test_err),
          "rotate: fill is 256, expected 0 to 255");
  REFUSES(rm_image_rotate(image, 1, (rm_rotation){true, NAN}, &y, &test_err), "rotate: fill is nan, expected 0 to 255");
  REFUSES(rm_image_decode("x", (const uint8_t *)"GIF89a", 6, 3, true, &y, &test_err),
          "x: is a GIF image, expected a JPEG or PNG image: convert it to PNG or JPEG");
  REFUSES(rm_image_decode("x", (const uint8_t *)"GIF89a", 6, 2, true, &y, &test_err),
          "x: channels must be 1 or 3, got 2");
  REFUSES(rm_png_write("/nowhere/x.png", floats, &test_err),
          "write_png: /nowhere/x.png: image is float32, expected uint8");
  REFUSES(rm_png_write("/nowhere/x.png", flat, &test_err),
          "write_png: /nowhere/x.png: image is (4, 5), expected (1 or 3, H, W)");
  REFUSES(rm_png_write("/nowhere/x.png", two, &test_err),
          "write_png: /nowhere/x.png: image is (2, 4, 5), expected (1 or 3, H, W)");
  REFUSES(rm_png_write("/nowhere/x.png", image, &test_err),
          "write_png: cannot write /nowhere/x.png: No such file or directory");
}

static void batches(void **state) {
  (void)state;
  double mean[3] = {0}, std[3] = {1, 1, 1}, flat_std[3] = {1, 0, 1}, not [3] = {0, 0, NAN};
  size_t first = 0;
  rm_augment augment = {0};
  rm_rng rng = rm_rng_new(1, 0);
  rm_transform nothing = {0};
  REFUSES(rm_normalize_table(3, mean, flat_std, &y, &test_err),
          "normalize: channel 2 has mean 0 and std 0, expected a finite mean and std > 0");
  REFUSES(rm_normalize_table(3, not, std, &y, &test_err),
          "normalize: channel 3 has mean nan and std 1, expected a finite mean and std > 0");
  REFUSES(rm_normalize_table(3, mean, not, &y, &test_err),
          "normalize: channel 1 has mean 0 and std 0, expected a finite mean and std > 0");
  rm_tensor *table, *one;
  OK(rm_normalize_table(3, mean, std, &table, &test_err));
  OK(rm_normalize_table(1, mean, std, &one, &test_err));
  REFUSES(rm_augment_batch(float_batch, table, &augment, &rng, 0, 1, &first, false, &y, &test_err),
          "batch: images are float32 (2, 3, 4, 5), expected contiguous uint8 (N, C, H, W)");
  REFUSES(rm_augment_batch(image, table, &augment, &rng, 0, 1, &first, false, &y, &test_err),
          "batch: images are uint8 (3, 4, 5), expected contiguous uint8 (N, C, H, W)");
  REFUSES(rm_augment_batch(turned, table, &augment, &rng, 0, 1, &first, false, &y, &test_err),
          "batch: images are uint8 (2, 3, 4, 5), expected contiguous uint8 (N, C, H, W)");
  REFUSES(rm_augment_batch(batch, one, &augment, &rng, 0, 1, &first, false, &y, &test_err),
          "normalize: 1 means, but images are (2, 3, 4, 5)");
  REFUSES(rm_image_statistics(float_batch, mean, std, &test_err),
          "statistics: images are float32 (2, 3, 4, 5), expected contiguous uint8 (N, C, H, W), not empty");
  REFUSES(rm_image_statistics(image, mean, std, &test_err),
          "statistics: images are uint8 (3, 4, 5), expected contiguous uint8 (N, C, H, W), not empty");
  REFUSES(rm_image_statistics(turned, mean, std, &test_err),
          "statistics: images are uint8 (2, 3, 4, 5), expected contiguous uint8 (N, C, H, W), not empty");
  REFUSES(rm_image_statistics(no_images, mean, std, &test_err),
          "statistics: images are uint8 (0, 3, 4, 5), expected contiguous uint8 (N, C, H, W), not empty");
  REFUSES(rm_images_transform(float_batch, &nothing, NULL, &y, &test_err),
          "transform: images are float32 (2, 3, 4, 5), expected contiguous uint8 (N, C, H, W)");
  REFUSES(rm_images_transform(image, &nothing, NULL, &y, &test_err),
          "transform: images are uint8 (3, 4, 5), expected contiguous uint8 (N, C, H, W)");
  REFUSES(rm_images_transform(turned, &nothing, NULL, &y, &test_err),
          "transform: images are uint8 (2, 3, 4, 5), expected contiguous uint8 (N, C, H, W)");
  REFUSES(rm_images_transform(no_images, &nothing, NULL, &y, &test_err), "batch: there are no images");
  rm_epoch_plan good = {.images = batch, .labels = labels, .order = labels, .table = table, .batch = 1}, p;
  rm_prefetch *epoch = NULL;
#define PLAN(field, value, text) \
  p = good, p.field = value; \
  REFUSES(rm_prefetch_start(&p, 1, &epoch, &test_err), text); \
  assert_null(epoch)
  PLAN(images, float_batch, "loader: images are float32 (2, 3, 4, 5), expected contiguous uint8 (N, C, H, W)");
  PLAN(images, image, "loader: images are uint8 (3, 4, 5), expected contiguous uint8 (N, C, H, W)");
  PLAN(images, turned, "loader: images are uint8 (2, 3, 4, 5), expected contiguous uint8 (N, C, H, W)");
  PLAN(labels, batch, "loader: labels are uint8 (2, 3, 4, 5), expected contiguous int64 (2), one for each image");
  PLAN(labels, square, "loader: labels are int64 (2, 2), expected contiguous int64 (2), one for each image");
  PLAN(labels, three, "loader: labels are int64 (3), expected contiguous int64 (2), one for each image");
  PLAN(order, batch, "loader: order is uint8 (2, 3, 4, 5), expected contiguous int64 (n)");
  PLAN(order, square, "loader: order is int64 (2, 2), expected contiguous int64 (n)");
  PLAN(order, labels, "loader: order[1] is 0, expected 1 to 2"); /* they are 0 */
  rm_tensor_i64(labels)[0] = rm_tensor_i64(labels)[1] = 3;
  PLAN(order, labels, "loader: order[1] is 3, expected 1 to 2");
  rm_tensor_i64(labels)[0] = rm_tensor_i64(labels)[1] = 1;
  PLAN(batch, 0, "loader: batch_size must be at least 1, got 0");
  rm_tensor_i64(labels)[0] = rm_tensor_i64(labels)[1] = 0;
  rm_tensor_release(table);
  rm_tensor_release(one);
}

/* What is random needs a generator; ten crops are the last step. */
static void transforms(void **state) {
  (void)state;
  static const rm_step_kind random[] = {RM_STEP_FLIP,
                                        RM_STEP_RANDOM_RESIZED_CROP,
                                        RM_STEP_COLOR_JITTER,
                                        RM_STEP_RANDOM_GRAYSCALE,
                                        RM_STEP_RANDOM_ROTATION,
                                        RM_STEP_RANDOM_ERASING};
  for (size_t i = 0; i < sizeof random / sizeof *random; i++) {
    rm_step step = {.kind = random[i], .height = 2, .width = 2, .scale = {1, 1}, .ratio = {1, 1}};
    REFUSES(rm_transform_apply(&(rm_transform){1, &step}, image, NULL, &y, &test_err),
            "transform: what is random needs a generator");
  }
  rm_step ten[] = {{.kind = RM_STEP_TEN_CROP, .height = 2, .width = 2}, {.kind = RM_STEP_GRAYSCALE}};
  REFUSES(rm_transform_apply(&(rm_transform){2, ten}, image, NULL, &y, &test_err),
          "ten_crop: must be the last step of a transform");
  rm_step crop = {.kind = RM_STEP_CENTER_CROP, .height = 5, .width = 2};
  REFUSES(rm_transform_apply(&(rm_transform){1, &crop}, image, NULL, &y, &test_err),
          "center_crop: image is 4x5, expected at least 5x2");
  crop.height = 2, crop.width = 6;
  REFUSES(rm_transform_apply(&(rm_transform){1, &crop}, image, NULL, &y, &test_err),
          "center_crop: image is 4x5, expected at least 2x6");
}

static void layers(void **state) {
  (void)state;
  rm_layer *layer = NULL;
  rm_rng rng = rm_rng_new(1, 0);
  size_t k[2] = {3, 3}, k0[2] = {3, 0}, none[2] = {0, 1};
  rm_conv_options o = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1}, still = o, apart = o, split = o, same = o,
                  wide = o;
  still.stride[1] = 0;
  apart.dilation[0] = 0;
  split.groups = 0;
  same.same = true, same.stride[0] = 2;
  wide.same = true, wide.stride[1] = 2;
  REFUSES(rm_conv2d_layer(0, 4, k, &o, true, &rng, &layer, &test_err),
          "Conv2d: channels must be at least 1, got 0 and 4");
  REFUSES(rm_conv2d_layer(4, 0, k, &o, true, &rng, &layer, &test_err),
          "Conv2d: channels must be at least 1, got 4 and 0");
  REFUSES(rm_conv2d_layer(4, 4, k0, &o, true, &rng, &layer, &test_err),
          "Conv2d: kernel, stride and dilation must be at least 1, got 0, 1, 1");
  REFUSES(rm_conv2d_layer(4, 4, k, &still, true, &rng, &layer, &test_err),
          "Conv2d: kernel, stride and dilation must be at least 1, got 3, 0, 1");
  REFUSES(rm_conv2d_layer(4, 4, k, &apart, true, &rng, &layer, &test_err),
          "Conv2d: kernel, stride and dilation must be at least 1, got 3, 1, 0");
  REFUSES(rm_conv2d_layer(4, 4, k, &split, true, &rng, &layer, &test_err),
          "Conv2d: 4 and 4 channels cannot be divided into 0 groups");
  split.groups = 3;
  REFUSES(rm_conv2d_layer(4, 3, k, &split, true, &rng, &layer, &test_err),
          "Conv2d: 4 and 3 channels cannot be divided into 3 groups");
  REFUSES(rm_conv2d_layer(3, 4, k, &split, true, &rng, &layer, &test_err),
          "Conv2d: 3 and 4 channels cannot be divided into 3 groups");
  REFUSES(rm_conv2d_layer(4, 4, k, &same, true, &rng, &layer, &test_err),
          "Conv2d: padding=\"same\" goes with stride 1 only, got 2 and 1");
  REFUSES(rm_conv2d_layer(4, 4, k, &wide, true, &rng, &layer, &test_err),
          "Conv2d: padding=\"same\" goes with stride 1 only, got 1 and 2");
  REFUSES(rm_linear_layer(0, 4, true, &rng, &layer, &test_err), "Linear: features must be at least 1, got 0 and 4");
  REFUSES(rm_linear_layer(4, 0, true, &rng, &layer, &test_err), "Linear: features must be at least 1, got 4 and 0");
  rm_batch_norm_config norm = {1e-5, 0.1, true, true}, negative = {-1, 0.1, true, true};
  REFUSES(rm_batch_norm_layer(0, 2, &norm, &layer, &test_err), "BatchNorm2d: channels must be at least 1, got 0");
  REFUSES(rm_batch_norm_layer(4, 2, &negative, &layer, &test_err), "BatchNorm2d: eps must not be negative, got -1");
  rm_pool_options pool = {.kernel = {2, 2}, .stride = {2, 0}};
  REFUSES(rm_max_pool_layer(&pool, &layer, &test_err),
          "MaxPool2d: sizes must be at least 1, got 2x2, but a stride of 0");
  pool.kernel[0] = 0;
  REFUSES(rm_avg_pool_layer(&pool, &layer, &test_err), "AvgPool2d: sizes must be at least 1, got 0x2");
  REFUSES(rm_adaptive_avg_pool_layer(none, &layer, &test_err), "AdaptiveAvgPool2d: sizes must be at least 1, got 0x1");
  REFUSES(rm_maxout_layer(0, &layer, &test_err), "Maxout: pieces must be at least 1, got 0");
  REFUSES(rm_dropout_layer(1.5, &layer, &test_err), "Dropout: p must be a probability, 0 to 1, got 1.5");
  REFUSES(rm_dropout_layer(NAN, &layer, &test_err), "Dropout: p must be a probability, 0 to 1, got nan");
  REFUSES(rm_flatten_layer(0, -1, &layer, &test_err), "Flatten: dimension 0: dimensions count from 1");
  REFUSES(rm_flatten_layer(2, 0, &layer, &test_err), "Flatten: dimension 0: dimensions count from 1");
  assert_null(layer);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(images), cmocka_unit_test(batches), cmocka_unit_test(transforms),
                                     cmocka_unit_test(layers)};
  int failed = cmocka_run_group_tests_name("refusals of data and layers", tests, make, drop);
  const struct CMUnitTest last[] = {cmocka_unit_test(nothing_is_left)};
  return failed + cmocka_run_group_tests_name("leaks", last, NULL, NULL);
}
