/* formats_test.c -- files of other programs that lie: tables, pickled images, headers of pictures; and folders. */
#include "support.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "data/cifar.h"
#include "data/cifar_python.h"
#include "data/png.h"
#include "data/csv.h"
#include "data/entries.h"
#include "data/probe.h"
#include "io/filekind.h"
#include "folder.h"

static rm_status load_csv(void) {
  rm_tensor *x, *y;
  RM_TRY(rm_csv_load(path, &x, &y, &test_err));
  rm_tensor_release(x);
  rm_tensor_release(y);
  return RM_OK;
}

static const char table[] = "label,pixel0,pixel1,pixel2,pixel3\n3,0,17,255,9\n0,1,2,3,4\n";

static void a_table_becomes_images(void **state) {
  (void)state;
  rm_tensor *x, *y;
  write_file(table, sizeof table - 2); /* without the last end of line */
  OK(rm_csv_load(path, &x, &y, &test_err));
  static const uint8_t pixels[] = {0, 17, 255, 9, 1, 2, 3, 4};
  assert_int_equal(x->numel, 8);
  assert_int_equal(x->shape[2], 2);
  assert_memory_equal(rm_tensor_u8(x), pixels, 8);
  assert_int_equal(rm_tensor_i64(y)[0], 3);
  assert_int_equal(rm_tensor_i64(y)[1], 0);
  rm_tensor_release(x);
  rm_tensor_release(y);
}

static void mutated_tables_never_crash(void **state) {
  (void)state;
  rm_rng rng = rm_rng_new(2, 0);
  static const char loved[] = "0123456789,\n\r\"-. x\0\xff";
  size_t blocks = rm_alloc_statistics().live_blocks, refused = 0;
  for (int round = 0; round < 3000; round++) {
    char bytes[sizeof table];
    memcpy(bytes, table, sizeof table);
    for (uint64_t k = rm_rng_below(&rng, 4) + 1; k > 0; k--)
      bytes[rm_rng_below(&rng, sizeof table - 1)] = loved[rm_rng_below(&rng, sizeof loved - 1)];
    write_file(bytes, sizeof table - 1 - rm_rng_below(&rng, 30));
    rm_status status = load_csv();
    assert_true(status == RM_OK || status == RM_ERR_FORMAT);
    refused += status != RM_OK;
  }
  assert_true(refused > 1000);
  assert_int_equal(rm_alloc_statistics().live_blocks, blocks);
}

/* A pickle of one image, label 7: the official form. */
static size_t cifar_pickle(uint8_t *to) {
  static const char head[] =
      "\x80\x02}(U\6labels](K\7eU\4datacnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0tU\1btR"
      "(K\1(K\1M\0\14tcnumpy\ndtype\n(U\2u1K\0K\1tR(K\3U\1|NNNtb\x89T\0\14\0\0";
  size_t n = sizeof head - 1;
  memcpy(to, head, n);
  for (size_t i = 0; i < 3072; i++) to[n++] = (uint8_t)i;
  memcpy(to + n, "tbu.", 4);
  return n + 4;
}

/* Two images, laid out column by column as Fortran does, and their labels as an array: `type` is its type, as "i2". */
static size_t fortran_pickle(uint8_t *to, const char *type, const char *order, const uint8_t *labels, size_t bytes) {
  static const char array[] = "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0tU\1btR";
  size_t n = (size_t)sprintf((char *)to, "\x80\2}(U\6labels");
  memcpy(to + n, array, sizeof array - 1), n += sizeof array - 1;
  memcpy(to + n, "(K\1(K\2tcnumpy\ndtype\n(U\2", 23), n += 23;
  memcpy(to + n, type, 2), n += 2;
  memcpy(to + n, "K\0K\1tR(K\3U\1", 11), n += 11;
  to[n++] = (uint8_t)*order;
  memcpy(to + n, "NNNtb\x89U", 7), n += 7;
  to[n++] = (uint8_t)bytes;
  memcpy(to + n, labels, bytes), n += bytes;
  memcpy(to + n, "tbU\4data", 8), n += 8;
  memcpy(to + n, array, sizeof array - 1), n += sizeof array - 1;
  static const char rest[] = "(K\1(K\2M\0\14tcnumpy\ndtype\n(U\2u1K\0K\1tR(K\3U\1|NNNtb\x88T\0\30\0\0";
  memcpy(to + n, rest, sizeof rest - 1), n += sizeof rest - 1;
  for (size_t i = 0; i < 6144; i++) to[n++] = (uint8_t)(i % 2 ? 200 : i / 2);
  memcpy(to + n, "tbu.", 4);
  return n + 4;
}

static void columns_and_arrays_of_labels_are_read(void **state) {
  (void)state;
  static const struct {
    const char *type, *order;
    uint8_t labels[16];
    size_t bytes;
  } cases[] = {{"u1", "|", {7, 3}, 2},
               {"i1", "|", {7, 3}, 2},
               {"i2", "<", {7, 0, 3, 0}, 4},
               {"i2", ">", {0, 7, 0, 3}, 4},
               {"i4", ">", {0, 0, 0, 7, 0, 0, 0, 3}, 8},
               {"i8", "<", {7, 0, 0, 0, 0, 0, 0, 0, 3}, 16}};
  uint8_t bytes[7000];
  const char *paths[1] = {path};
  rm_tensor *x, *y;
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    write_file(bytes, fortran_pickle(bytes, cases[k].type, cases[k].order, cases[k].labels, cases[k].bytes));
    OK(rm_cifar_python_load("labels", 10, 2, 1, paths, &x, &y, &test_err));
    assert_int_equal(rm_tensor_i64(y)[0], 8); /* they count from 1 here */
    assert_int_equal(rm_tensor_i64(y)[1], 4);
    for (size_t i = 0; i < 3072; i++) {
      assert_int_equal(rm_tensor_u8(x)[i], (uint8_t)i);
      assert_int_equal(rm_tensor_u8(x)[3072 + i], 200);
    }
    rm_tensor_release(x);
    rm_tensor_release(y);
  }
  write_file(bytes, fortran_pickle(bytes, "i1", "|", (const uint8_t *)"\7\xff", 2));
  assert_int_equal(rm_cifar_python_load("labels", 10, 2, 1, paths, &x, &y, &test_err), RM_ERR_FORMAT);
  assert_non_null(strstr(test_err.message, "-1"));
  write_file(bytes, fortran_pickle(bytes, "i1", "|", (const uint8_t *)"\7\12", 2));
  assert_int_equal(rm_cifar_python_load("labels", 10, 2, 1, paths, &x, &y, &test_err), RM_ERR_FORMAT);
  assert_non_null(strstr(test_err.message, "10"));
  write_file(bytes, fortran_pickle(bytes, "u1", "|", (const uint8_t *)"\7\3", 2));
  assert_int_equal(rm_cifar_python_load("labels", 10, 3, 1, paths, &x, &y, &test_err), RM_ERR_FORMAT);
  assert_non_null(strstr(test_err.message, "holds 2 images, expected 3"));
}

static rm_status load_python(void) {
  const char *paths[2] = {path, path};
  rm_tensor *x, *y;
  RM_TRY(rm_cifar_python_load("labels", 10, 0, 2, paths, &x, &y, &test_err));
  rm_tensor_release(x);
  rm_tensor_release(y);
  return RM_OK;
}

static void mutated_images_in_pickles_never_crash(void **state) {
  (void)state;
  rm_rng rng = rm_rng_new(3, 0);
  uint8_t good[4000], bytes[4000];
  size_t size = cifar_pickle(good), blocks = rm_alloc_statistics().live_blocks, refused = 0;
  write_file(good, size);
  OK(load_python());
  for (int round = 0; round < 3000; round++) {
    memcpy(bytes, good, size);
    for (uint64_t k = rm_rng_below(&rng, 3) + 1; k > 0; k--) bytes[rm_rng_below(&rng, 150)] = (uint8_t)rm_rng_u64(&rng);
    write_file(bytes, size - rm_rng_below(&rng, 2) * rm_rng_below(&rng, size));
    rm_status status = load_python();
    assert_true(status == RM_OK || status == RM_ERR_FORMAT);
    refused += status != RM_OK;
  }
  assert_true(refused > 1500);
  assert_int_equal(rm_alloc_statistics().live_blocks, blocks);
}

static rm_status list(void) {
  rm_entries entries;
  RM_TRY(rm_entries_read(folder, &entries, &test_err));
  assert_int_equal(entries.count, 1);
  assert_string_equal(entries.entries[0].name, "file");
  rm_entries_free(&entries);
  return RM_OK;
}

static void failing_allocations_leak_nothing(void **state) {
  (void)state;
  rm_status (*const jobs[])(void) = {load_csv, load_python, list};
  uint8_t good[4000];
  size_t size = cifar_pickle(good);
  for (size_t k = 0; k < sizeof jobs / sizeof *jobs; k++) {
    if (k == 0) write_file(table, sizeof table - 1);
    else write_file(good, size);
    size_t blocks = rm_alloc_statistics().live_blocks;
    long n = 0;
    rm_status status;
    do {
      rm_alloc_fail_after(n++);
      status = jobs[k]();
      rm_alloc_fail_after(-1);
      assert_true(n < 1000); /* where there is no memory at all it would go on for good */
      assert_true(status == RM_OK || status == RM_ERR_MEMORY);
      assert_int_equal(rm_alloc_statistics().live_blocks, blocks);
    } while (status != RM_OK);
    assert_true(n > 1);
  }
}

static rm_image_info probed(const void *bytes, size_t size) {
  const char *paths[1] = {path};
  rm_image_info info;
  write_file(bytes, size);
  rm_images_probe(1, paths, &info);
  return info;
}

static void headers_of_pictures_tell_their_sizes(void **state) {
  (void)state;
  static const uint8_t png[] = "\x89PNG\r\n\x1a\n\0\0\0\15IHDR\0\0\1\2\0\0\0\7\20\0\0\0\0";
  rm_image_info info = probed(png, sizeof png - 1);
  assert_true(info.is_image);
  assert_int_equal(info.width, 258);
  assert_int_equal(info.height, 7);
  assert_int_equal(info.bits, 16);
  assert_int_equal(info.channels, 1);
  /* a comment, padding, a Huffman table, then the frame: 300 x 20, three channels */
  static const uint8_t jpeg[] = "\xff\xd8\xff\xfe\0\6text\xff\xff\xc4\0\4ab\xff\xc2\0\21\10\0\24\1\x2c\3";
  info = probed(jpeg, sizeof jpeg - 1);
  assert_true(info.is_image);
  assert_int_equal(info.width, 300);
  assert_int_equal(info.height, 20);
  assert_int_equal(info.channels, 3);
  /* Bytes between the segments, which libjpeg skips with a warning: longer than a piece that is read at once. */
  static uint8_t spaced[2000];
  memset(spaced, 0, sizeof spaced);
  memcpy(spaced, jpeg, 10);
  memcpy(spaced + sizeof spaced - (sizeof jpeg - 11), jpeg + 10, sizeof jpeg - 11);
  info = probed(spaced, sizeof spaced);
  assert_true(info.is_image);
  assert_int_equal(info.width, 300);
  info = probed(jpeg, 20);
  assert_false(info.is_image);
  assert_string_equal(info.kind.name, "jpeg");
  /* a segment that says it is shorter than its own length, before the frame */
  static const uint8_t nothing[] = "\xff\xd8\xff\xe1\0\0\xff\xc2\0\21\10\0\24\1\x2c\3";
  info = probed(nothing, sizeof nothing - 1);
  assert_true(info.is_image);
  assert_int_equal(info.width, 300);
  static const uint8_t loop[] = "\xff\xd8\xff\xfe\0\0\xff\xfe\0\1"; /* a segment shorter than its own length */
  assert_false(probed(loop, sizeof loop - 1).is_image);
  unlink(path);
  const char *paths[1] = {path};
  rm_images_probe(1, paths, &info);
  assert_int_equal(info.reason, 2); /* ENOENT */
  write_file("x", 1);
}

/* libpng asks for what a chunk claims to hold, here 64 KiB: the file is refused as one that is cut short, and more than
 * file and picture have bytes is not asked for. */
static void a_png_cannot_ask_for_more_than_it_has(void **state) {
  (void)state;
  static const uint8_t png[] =
      "\x89PNG\r\n\x1a\n\0\0\0\15IHDR\0\0\0\4\0\0\0\3\10\2\0\0\0\x3b\x96\x39\x91\0\1\0\0"
      "eXIfMM\0*";
  rm_tensor *image;
  int orientation;
  assert_int_equal(rm_png_decode("a.png", png, sizeof png - 1, 3, &image, &orientation, &test_err), RM_ERR_FORMAT);
  assert_string_equal(test_err.message, "a.png: corrupt PNG: the file ends early");
}

static void formats_of_cifar_that_cannot_be_are_refused(void **state) {
  (void)state;
  static const rm_cifar_format formats[] = {{0, 10, 0}, {SIZE_MAX, 10, 0}, {1, 0, 0}, {1, 257, 0}, {1, 10, SIZE_MAX}};
  rm_tensor *x, *y;
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    assert_int_equal(rm_cifar_load(&formats[i], 1, &(const char *){path}, &x, &y, &test_err), RM_ERR_VALUE);
}

/* A file that never ends its segments, one byte each, ends all the same. */
static void a_jpeg_of_many_segments_ends(void **state) {
  (void)state;
  static uint8_t bytes[1 << 20];
  memset(bytes, 0xff, sizeof bytes);
  bytes[1] = 0xd8;
  assert_false(probed(bytes, sizeof bytes).is_image);
  for (size_t i = 2; i + 4 <= sizeof bytes; i += 4) memcpy(bytes + i, "\xff\xfe\0\2", 4);
  assert_false(probed(bytes, sizeof bytes).is_image);
}

static void a_pipe_does_not_hang(void **state) {
  (void)state;
  unlink(path);
  assert_int_equal(mkfifo(path, 0600), 0);
  rm_file_kind kind;
  assert_int_equal(rm_kind_of_file(path, &kind, &test_err), RM_ERR_IO);
  const char *paths[1] = {path};
  rm_image_info info;
  rm_images_probe(1, paths, &info);
  assert_false(info.is_image);
  assert_int_equal(load_csv(), RM_ERR_IO);
  unlink(path);
  write_file("x", 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_table_becomes_images),
      cmocka_unit_test(mutated_tables_never_crash),
      cmocka_unit_test(columns_and_arrays_of_labels_are_read),
      cmocka_unit_test(mutated_images_in_pickles_never_crash),
      cmocka_unit_test(failing_allocations_leak_nothing),
      cmocka_unit_test(headers_of_pictures_tell_their_sizes),
      cmocka_unit_test(a_png_cannot_ask_for_more_than_it_has),
      cmocka_unit_test(formats_of_cifar_that_cannot_be_are_refused),
      cmocka_unit_test(a_jpeg_of_many_segments_ends),
      cmocka_unit_test(a_pipe_does_not_hang),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
