/* conv_positions_test.c -- convolutions by position: large batches, whose pixels are computed position by position
 * without the padding, against the same images one by one, which are computed in padded bands: bit for bit. */
#include "support.h"
#include "isas.h"
#include "leaks.h"

#include <stdlib.h>
#include <string.h>
#include "core/copy.h"
#include "ops/conv/conv.h"
#include "ops/conv/direct_positions.h"
#include "ops/views/views.h"

enum { IMAGES = 37 };

#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* what is left out is 0: a plain border */
typedef struct {
  size_t c, h, w, k, r, s;
  rm_conv_options o;
} shape;

static const shape shapes[] = {
    {6, 14, 14, 16, 5, 5, {{1, 1}, {0, 0}, {1, 1}, 1}}, {16, 7, 7, 40, 5, 5, {{1, 1}, {2, 2}, {1, 1}, 1}},
    {5, 9, 8, 7, 7, 7, {{2, 2}, {3, 3}, {1, 1}, 1}},    {3, 4, 5, 6, 3, 5, {{3, 1}, {2, 4}, {1, 1}, 1}},
    {33, 3, 2, 17, 3, 3, {{1, 1}, {1, 1}, {1, 1}, 1}},  {8, 6, 6, 8, 3, 3, {{1, 1}, {2, 2}, {2, 2}, 1}},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* y and dx of images first .. first+count-1, channels-last. */
static void compute(const shape *p, rm_tensor *x, rm_tensor *w, rm_tensor *dy, size_t first, size_t count, float *y,
                    float *dx) {
  rm_tensor *some, *gradient, *out, *result;
  OK(rm_narrow(x, 0, first, count, &some, &test_err));
  OK(rm_narrow(dy, 0, first, count, &gradient, &test_err));
  OK(rm_tensor_clone(some, &out, &test_err));
  rm_tensor_release(some);
  some = out;
  OK(rm_tensor_set_requires_grad(some, true, &test_err));
  OK(rm_conv2d(some, w, NULL, &p->o, &out, &test_err));
  OK(rm_backward(out, gradient, false, &test_err));
  memcpy(y, rm_tensor_f32(out), out->numel * sizeof(float));
  OK(rm_tensor_channels_last(some->grad, &result, &test_err));
  memcpy(dx, rm_tensor_f32(result), result->numel * sizeof(float));
  rm_tensor_release(result);
  rm_tensor_release(out);
  rm_tensor_release(some);
  rm_tensor_release(gradient);
}

static void bits_are_those_of_bands(void **state) {
  (void)state;
  assert_true(rm_conv_force("direct"));
  for (size_t isa = 0; select_isa(isa); isa++)
    for (size_t i = 0; i < SHAPES; i++) {
      const shape *p = &shapes[i];
      rm_rng rng = rm_rng_new(3, i);
      size_t y_shape[4], nx = p->c * p->h * p->w;
      rm_tensor *x = test_normal(&rng, 4, (size_t[]){IMAGES, p->c, p->h, p->w}, 0, 1);
      rm_tensor *w = test_normal(&rng, 4, (size_t[]){p->k, p->c, p->r, p->s}, 0, 1);
      OK(rm_conv2d_shape(x, w, NULL, &p->o, y_shape, &test_err));
      rm_tensor *dy = test_normal(&rng, 4, y_shape, 0, 1);
      size_t ny = dy->numel / IMAGES;
      float *y = malloc(IMAGES * ny * sizeof(float)), *dx = malloc(IMAGES * nx * sizeof(float));
      float *one_y = malloc(ny * sizeof(float)), *one_dx = malloc(nx * sizeof(float));
      assert_true(y && dx && one_y && one_dx);
      compute(p, x, w, dy, 0, IMAGES, y, dx);
      for (size_t n = 0; n < IMAGES; n++) {
        compute(p, x, w, dy, n, 1, one_y, one_dx);
        assert_memory_equal(y + n * ny, one_y, ny * sizeof(float));
        assert_memory_equal(dx + n * nx, one_dx, nx * sizeof(float));
      }
      free(y), free(dx), free(one_y), free(one_dx);
      rm_tensor_release(x);
      rm_tensor_release(w);
      rm_tensor_release(dy);
    }
  rm_conv_force(NULL);
}

/* Only where padding is much of what would be read, and for enough images. */
static void chosen_by_shape(void **state) {
  (void)state;
  static rm_direct d;
  rm_conv_shape s = {.n = IMAGES,
                     .c = 6,
                     .h = 14,
                     .w = 14,
                     .k = 16,
                     .r = 5,
                     .s = 5,
                     .stride_h = 1,
                     .stride_w = 1,
                     .dil_h = 1,
                     .dil_w = 1,
                     .groups = 1,
                     .cg = 6,
                     .kg = 16,
                     .oh = 10,
                     .ow = 10};
  rm_direct_gradient(&s, &d);
  assert_true(rm_direct_by_position(&d));
  rm_direct_forward(&s, true, false, &d);
  assert_false(rm_direct_by_position(&d));
  s.n = 2;
  rm_direct_gradient(&s, &d);
  assert_false(rm_direct_by_position(&d));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bits_are_those_of_bands),
      cmocka_unit_test(chosen_by_shape),
      cmocka_unit_test(nothing_is_left),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
