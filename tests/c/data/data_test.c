/* data_test.c -- files that lie, memory that runs out, and the worker that prepares batches. */
#include "support.h"
#include "leaks.h"
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include "core/view.h"
#include "data/cifar.h"
#include "data/csv.h"
#include "data/idx.h"
#include "data/image.h"
#include "data/image_batch.h"
#include "data/png.h"
#include "data/prefetch.h"
#include "data/resize.h"
#include "data/shapes10.h"
#include "io/files.h"
#include "folder.h"

/* Two labels and their images, as the two formats have them. */
static const uint8_t idx[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6};

static void mutated_headers_never_crash(void **state) {
  (void)state;
  rm_rng rng = rm_rng_new(1, 0);
  size_t live = rm_tensor_live(), blocks = rm_alloc_statistics().live_blocks, refused = 0;
  for (int round = 0; round < 2000; round++) {
    uint8_t bytes[sizeof idx];
    memcpy(bytes, idx, sizeof idx);
    for (uint64_t k = rm_rng_below(&rng, 4) + 1; k > 0; k--) bytes[rm_rng_below(&rng, 16)] = (uint8_t)rm_rng_u64(&rng);
    write_file(bytes, sizeof bytes - rm_rng_below(&rng, 3));
    rm_tensor *t = NULL;
    rm_error err;
    rm_status status = rm_idx_load(path, &t, &err);
    if (status == RM_OK) rm_tensor_release(t);
    else assert_null(t);
    assert_true(status == RM_OK || status == RM_ERR_FORMAT);
    refused += status != RM_OK;
  }
  assert_true(refused > 1500);
  assert_int_equal(rm_tensor_live(), live);
  assert_int_equal(rm_alloc_statistics().live_blocks, blocks);
}

/* Few bytes that unpack to very many stop at the limit, having cost no more memory than that. */
static void a_gzip_bomb_meets_the_limit(void **state) {
  (void)state;
  gzFile f = gzopen(path, "wb9");
  assert_non_null(f);
  static const char zeros[1 << 16];
  for (int i = 0; i < 512; i++) assert_int_equal(gzwrite(f, zeros, sizeof zeros), sizeof zeros);
  assert_int_equal(gzclose(f), Z_OK);
  rm_bytes bytes = {0};
  assert_int_equal(rm_file_read(path, 1 << 20, NULL, NULL, &bytes, &test_err), RM_ERR_FORMAT);
  assert_null(bytes.data);
  assert_non_null(strstr(test_err.message, "more than the expected limit of 1048576 bytes"));
  assert_int_equal(rm_file_read(path, 32 << 20, NULL, NULL, &bytes, &test_err), RM_OK);
  assert_int_equal(bytes.size, 32 << 20);
  rm_bytes_free(&bytes);
}

/* Every reader looks at the first bytes of a packed file before it unpacks the rest. */
static void readers_unpack_no_more_than_the_header_promises(void **state) {
  (void)state;
  static const char text[] = "<html><body>";
  static char fill[1 << 16];
  static const struct {
    const void *head;
    size_t bytes;
    const char *idx, *cifar, *csv, *image;
  } files[] = {
      {idx, sizeof idx, "more than the expected size of 22 bytes", "more than the expected size of 6146 bytes",
       "is not a table", "neither a JPEG nor a PNG"},
      {text, sizeof text - 1, "web page", "web page", "web page", "web page"},
  };
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    gzFile f = gzopen(path, "wb9");
    assert_non_null(f);
    assert_int_equal(gzwrite(f, files[i].head, (unsigned)files[i].bytes), files[i].bytes);
    memset(fill, i == 0 ? 0 : ' ', sizeof fill);
    for (int k = 0; k < 1024; k++) assert_int_equal(gzwrite(f, fill, sizeof fill), sizeof fill);
    assert_int_equal(gzclose(f), Z_OK);
    rm_alloc_stats before = rm_alloc_statistics();
    rm_tensor *x, *y;
    assert_int_equal(rm_idx_load(path, &x, &test_err), RM_ERR_FORMAT);
    assert_non_null(strstr(test_err.message, files[i].idx));
    assert_int_equal(rm_cifar_load(&(rm_cifar_format){1, 10, 2}, 1, &(const char *){path}, &x, &y, &test_err),
                     RM_ERR_FORMAT);
    assert_non_null(strstr(test_err.message, files[i].cifar));
    assert_int_equal(rm_csv_load(path, &x, &y, &test_err), RM_ERR_FORMAT);
    assert_non_null(strstr(test_err.message, files[i].csv));
    assert_int_equal(rm_image_load(path, 3, true, &x, &test_err), RM_ERR_FORMAT);
    assert_non_null(strstr(test_err.message, files[i].image));
    rm_alloc_stats after = rm_alloc_statistics();
    assert_true(after.peak_bytes <=
                (before.peak_bytes > before.live_bytes + 65536 ? before.peak_bytes : before.live_bytes + 65536));
  }
}

/* --- memory that runs out --------------------------------------------------------- */

static rm_status load_idx(void) {
  rm_tensor *t;
  RM_TRY(rm_idx_load_images(path, &t, &test_err));
  rm_tensor_release(t);
  return RM_OK;
}

static rm_status load_cifar(void) {
  const rm_cifar_format format = {1, 10, 0};
  const char *paths[2] = {path, path};
  rm_tensor *x, *y;
  RM_TRY(rm_cifar_load(&format, 2, paths, &x, &y, &test_err));
  rm_tensor_release(x);
  rm_tensor_release(y);
  return RM_OK;
}

static rm_status load_image(void) {
  rm_tensor *t;
  RM_TRY(rm_image_load(path, 3, false, &t, &test_err));
  rm_tensor *small;
  rm_status status = rm_image_resize(t, rm_box_whole(t), 5, 9, &small, &test_err);
  rm_tensor_release(t);
  if (status != RM_OK) return status;
  status = rm_png_write(path, small, &test_err);
  rm_tensor_release(small);
  return status;
}

/* Every step once, on both ways in. */
static rm_status load_batch(void) {
  static const rm_step steps[] = {
      {.kind = RM_STEP_RESIZE, .height = 12, .width = 15},
      {.kind = RM_STEP_SHORTER, .height = 10},
      {.kind = RM_STEP_PAD, .height = 1, .width = 2},
      {.kind = RM_STEP_RANDOM_RESIZED_CROP, .height = 9, .width = 9, .scale = {0.1, 1}, .ratio = {0.75, 1.25}},
      {.kind = RM_STEP_FLIP, .p = 1},
      {.kind = RM_STEP_COLOR, .color = RM_COLOR_HUE, .factors = {[RM_COLOR_HUE] = {0.25, 0.25}}},
      {.kind = RM_STEP_COLOR_JITTER, .factors = {{0.5, 1.5}, {0.5, 1.5}, {0.5, 1.5}, {-0.5, 0.5}}},
      {.kind = RM_STEP_RANDOM_GRAYSCALE, .p = 0.5},
      {.kind = RM_STEP_GRAYSCALE},
      {.kind = RM_STEP_ROTATE, .degrees = {30, 30}},
      {.kind = RM_STEP_RANDOM_ROTATION, .degrees = {-90, 90}, .rotation = {.bilinear = true, .fill = 9}},
      {.kind = RM_STEP_RANDOM_ERASING, .p = 1, .scale = {0.02, 0.3}, .ratio = {0.3, 3.3}, .value = -1},
      {.kind = RM_STEP_COVER, .height = 8, .width = 6},
      {.kind = RM_STEP_CENTER_CROP, .height = 6, .width = 6},
      {.kind = RM_STEP_TEN_CROP, .height = 4, .width = 4},
  };
  const rm_transform transform = {sizeof steps / sizeof *steps, steps}, part = {2, steps + 2};
  const char *paths[5] = {path, path, path, path, path};
  rm_rng rngs[5];
  rm_rng *const each[5] = {&rngs[0], &rngs[1], &rngs[2], &rngs[3], &rngs[4]};
  for (size_t i = 0; i < 5; i++) rngs[i] = rm_rng_new(i, 0);
  rm_tensor *crops, *images, *made;
  RM_TRY(rm_images_load(5, paths, 3, false, &transform, each, &crops, &test_err));
  const size_t shape[4] = {5, 3, 4, 4};
  rm_status status = rm_tensor_new(RM_UINT8, 4, shape, &images, &test_err);
  if (status == RM_OK) {
    memcpy(rm_tensor_u8(images), rm_tensor_u8(crops), images->numel);
    status = rm_images_transform(images, &part, each, &made, &test_err);
    if (status == RM_OK) rm_tensor_release(made);
    rm_tensor_release(images);
  }
  rm_tensor_release(crops);
  return status;
}

static void failing_allocations_leak_nothing(void **state) {
  (void)state;
  write_file(idx, sizeof idx);
  test_allocation_failures(load_idx);
  uint8_t record[3073] = {7};
  write_file(record, sizeof record);
  test_allocation_failures(load_cifar);
  const size_t shape[3] = {3, 16, 20};
  rm_tensor *image;
  OK(rm_tensor_new(RM_UINT8, 3, shape, &image, &test_err));
  memset(rm_tensor_u8(image), 7, image->numel);
  OK(rm_png_write(path, image, &test_err));
  rm_tensor_release(image);
  test_allocation_failures(load_batch);
}

static rm_tensor *one_image(void) {
  rm_tensor *x, *y, *image;
  OK(rm_shapes10(1, 1, 0, &x, &y, &test_err));
  OK(rm_tensor_view(x, 3, x->shape + 1, x->strides + 1, 0, &image, &test_err));
  rm_tensor_release(x);
  rm_tensor_release(y);
  return image;
}

static void an_image_needs_memory_too(void **state) {
  (void)state;
  rm_tensor *image = one_image();
  OK(rm_png_write(path, image, &test_err));
  rm_tensor_release(image);
  assert_int_equal(load_image(), RM_OK);
  for (long n = 0; n < 30; n++) { /* the file shrinks when it works: write it anew */
    image = one_image();
    OK(rm_png_write(path, image, &test_err));
    rm_tensor_release(image);
    size_t tensors = rm_tensor_live();
    rm_alloc_fail_after(n);
    rm_status status = load_image();
    rm_alloc_fail_after(-1);
    assert_true(status == RM_OK || status == RM_ERR_MEMORY);
    assert_int_equal(rm_tensor_live(), tensors);
  }
}

/* --- the worker ------------------------------------------------------------------- */

static rm_epoch_plan plan_of(size_t n, size_t batch) {
  rm_epoch_plan plan = {.batch = batch, .augment = {4, true}, .rng = rm_rng_new(3, 9)};
  double mean[3] = {0.4, 0.5, 0.6}, std[3] = {0.2, 0.3, 0.25};
  rm_rng rng = rm_rng_new(5, 0);
  OK(rm_shapes10(n, 1, 0, &plan.images, &plan.labels, &test_err));
  OK(rm_rng_permutation(&rng, n, &plan.order, &test_err));
  OK(rm_normalize_table(3, mean, std, &plan.table, &test_err));
  return plan;
}

static void plan_release(rm_epoch_plan *plan) {
  rm_tensor_release(plan->images);
  rm_tensor_release(plan->labels);
  rm_tensor_release(plan->order);
  rm_tensor_release(plan->table);
}

static void worker_and_demand_give_the_same_bits(void **state) {
  (void)state;
  rm_epoch_plan plan = plan_of(53, 8);
  for (size_t depth = 1; depth <= 40; depth += 13) {
    rm_prefetch *ahead, *demand;
    OK(rm_prefetch_start(&plan, depth, &ahead, &test_err));
    OK(rm_prefetch_start(&plan, 0, &demand, &test_err));
    size_t batches = 0;
    for (;;) {
      rm_tensor *x, *y, *x2, *y2;
      OK(rm_prefetch_next(ahead, &x, &y, &test_err));
      OK(rm_prefetch_next(demand, &x2, &y2, &test_err));
      assert_int_equal(x == NULL, x2 == NULL);
      if (!x) break;
      assert_true(rm_tensor_is_channels_last(x));
      test_same("x", x, x2);
      assert_memory_equal(rm_tensor_i64(y), rm_tensor_i64(y2), y->numel * sizeof(int64_t));
      rm_tensor_release(x);
      rm_tensor_release(y);
      rm_tensor_release(x2);
      rm_tensor_release(y2);
      batches++;
    }
    assert_int_equal(batches, 7);
    rm_prefetch_stop(ahead);
    rm_prefetch_stop(demand);
  }
  plan_release(&plan);
}

static void stopping_at_any_moment_releases_all(void **state) {
  (void)state;
  size_t live = rm_tensor_live();
  rm_epoch_plan plan = plan_of(40, 2);
  for (size_t taken = 0; taken < 60; taken++) {
    rm_prefetch *p;
    OK(rm_prefetch_start(&plan, 1 + taken % 5, &p, &test_err));
    for (size_t i = 0; i < taken % 22; i++) {
      rm_tensor *x, *y;
      OK(rm_prefetch_next(p, &x, &y, &test_err));
      rm_tensor_release(x);
      rm_tensor_release(y);
    }
    rm_prefetch_stop(p);
  }
  rm_prefetch_stop(NULL);
  plan_release(&plan);
  assert_int_equal(rm_tensor_live(), live);
}

/* The worker's failure comes out of next, again and again, and nothing is lost or stuck. */
static void a_failure_of_the_worker_is_handed_over(void **state) {
  (void)state;
  size_t live = rm_tensor_live();
  rm_epoch_plan plan = plan_of(64, 4);
  for (long n = 1; n < 12; n++) {
    rm_prefetch *p;
    OK(rm_prefetch_start(&plan, 2, &p, &test_err));
    rm_tensor *x, *y;
    rm_status status = RM_OK;
    rm_alloc_fail_after(n);
    for (int i = 0; i < 16 && status == RM_OK; i++) {
      status = rm_prefetch_next(p, &x, &y, &test_err);
      if (status == RM_OK) {
        rm_tensor_release(x);
        rm_tensor_release(y);
      }
    }
    assert_int_equal(status, RM_ERR_MEMORY);
    assert_int_equal(rm_prefetch_next(p, &x, &y, &test_err), RM_ERR_MEMORY);
    rm_alloc_fail_after(-1);
    rm_prefetch_stop(p);
  }
  plan_release(&plan);
  assert_int_equal(rm_tensor_live(), live);
}

static void a_plan_that_does_not_fit_is_refused(void **state) {
  (void)state;
  rm_epoch_plan plan = plan_of(10, 4);
  rm_prefetch *p;
  rm_tensor_i64(plan.order)[3] = 11;
  assert_int_equal(rm_prefetch_start(&plan, 2, &p, &test_err), RM_ERR_VALUE);
  assert_non_null(strstr(test_err.message, "order[4] is 11, expected 1 to 10"));
  rm_tensor_i64(plan.order)[3] = 1;
  plan.batch = 0;
  assert_int_equal(rm_prefetch_start(&plan, 2, &p, &test_err), RM_ERR_VALUE);
  plan_release(&plan);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(mutated_headers_never_crash),
      cmocka_unit_test(a_gzip_bomb_meets_the_limit),
      cmocka_unit_test(readers_unpack_no_more_than_the_header_promises),
      cmocka_unit_test(failing_allocations_leak_nothing),
      cmocka_unit_test(an_image_needs_memory_too),
      cmocka_unit_test(worker_and_demand_give_the_same_bits),
      cmocka_unit_test(stopping_at_any_moment_releases_all),
      cmocka_unit_test(a_failure_of_the_worker_is_handed_over),
      cmocka_unit_test(a_plan_that_does_not_fit_is_refused),
      cmocka_unit_test(nothing_is_left),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
