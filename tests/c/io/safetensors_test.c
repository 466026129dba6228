/* safetensors_test.c -- what is written reads back; what lies is refused before it costs memory. */
#include "support.h"
#include "leaks.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/view.h"
#include "io/safetensors.h"

static char folder[] = "/tmp/resmoon-safetensors-XXXXXX";
static char path[200];

static int set_up(void **state) {
  (void)state;
  if (!mkdtemp(folder)) return -1;
  snprintf(path, sizeof path, "%s/t.safetensors", folder);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  unlink(path);
  return rmdir(folder); /* fails if a temporary file was left behind */
}

/* A file with this header length, header and data. */
static void write_raw(uint64_t length, const void *header, size_t header_bytes, const void *data, size_t data_bytes) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  fwrite(&length, sizeof length, 1, f);
  fwrite(header, 1, header_bytes, f);
  fwrite(data, 1, data_bytes, f);
  assert_int_equal(fclose(f), 0);
}

static void write_file(const char *header, size_t data_bytes) {
  char data[64] = {0};
  assert_true(data_bytes <= sizeof data);
  write_raw(strlen(header), header, strlen(header), data, data_bytes);
}

/* Refused, with `expected` in the message, and nothing allocated for tensors on the way. */
static void refuse(const char *expected) {
  rm_safetensors *file = NULL;
  rm_error err;
  rm_alloc_fail_after(0); /* would be RM_ERR_MEMORY */
  rm_status status = rm_safetensors_load(path, &file, &err);
  rm_alloc_fail_after(-1);
  assert_int_equal(status, RM_ERR_FORMAT);
  assert_null(file);
  if (!strstr(err.message, expected)) fail_msg("expected \"%s\" in \"%s\"", expected, err.message);
}

static void hostile_headers(void **state) {
  (void)state;
  static const struct {
    const char *header;
    size_t data;
    const char *message;
  } cases[] = {
      {"", 0, "begin with {"},
      {"[]", 0, "begin with {"},
      {" {}", 0, "begin with {"},
      {"{", 0, "load: header"},
      {"{}x", 0, "load: header"},
      {"{\"a\":1}", 0, "expected an object"},
      {"{\"\xff\":{}}", 0, "load: header"},
      {"{\"a\\u0000b\":{}}", 0, "load: header"},
      {"{}", 4, "belong to no tensor"},
      {"{\"__metadata__\":{\"a\":1}}", 0, "only text"},
      {"{\"__metadata__\":{\"a\":{\"b\":{\"c\":{\"d\":1}}}}}", 0, "nested"},
      {"{\"__metadata__\":[[[[[[]]]]]]}", 0, "nested"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "exactly dtype"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}", 4, "exactly dtype"},
      {"{\"a\":{\"dtype\":1,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "exactly dtype"},
      {"{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4, "unknown dtype"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, "no sizes"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}", 4, "no sizes"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[\"1\"],\"data_offsets\":[0,4]}}", 4, "no sizes"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4, "8 dimensions"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,4]}}", 4, "overflows"},
      {"{\"a\":{\"dtype\":\"F64\",\"shape\":[4611686018427387904],\"data_offsets\":[0,4]}}", 4, "overflows"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,4]}}", 4, "load: header"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4, "ask for 8 bytes"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1000000000000],\"data_offsets\":[0,4000000000000]}}", 4, "past the end"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4, "no range"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}", 4, "no range"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4, "no range"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "leave a gap"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 8, "belong to no tensor"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
       "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
       4, "overlap"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
       "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
       8, "duplicate"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    write_file(cases[i].header, cases[i].data);
    refuse(cases[i].message);
  }
}

static void hostile_lengths(void **state) {
  (void)state;
  write_raw(0, "", 0, "", 0);
  refuse("begin with {");
  write_raw(UINT64_MAX, "{}", 2, "", 0);
  refuse("100,000,000");
  write_raw(99999999, "{}", 2, "", 0);
  refuse("past the end");
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  fputs("short", f);
  fclose(f);
  refuse("shorter than 8 bytes");
}

static void other_kinds_of_files(void **state) {
  (void)state;
  rm_safetensors *file = NULL;
  rm_error err;
  assert_int_equal(rm_safetensors_load(folder, &file, &err), RM_ERR_FORMAT);
  assert_int_equal(rm_safetensors_load("/nonexistent/file", &file, &err), RM_ERR_IO);
  unlink(path);
  assert_int_equal(mkfifo(path, 0600), 0);
  assert_int_equal(rm_safetensors_load(path, &file, &err), RM_ERR_FORMAT);
  unlink(path);
}

/* Two tensors, one of them a transposed view, an empty one, and metadata. */
static rm_safetensors *example(void) {
  rm_safetensors *file;
  rm_tensor *a, *t, *b, *e;
  assert_int_equal(rm_safetensors_new(&file, NULL), RM_OK);
  assert_int_equal(rm_tensor_new(RM_FLOAT32, 2, (size_t[]){2, 3}, &a, NULL), RM_OK);
  for (int i = 0; i < 6; i++) rm_tensor_f32(a)[i] = (float)i;
  assert_int_equal(rm_tensor_view(a, 2, (size_t[]){3, 2}, (ptrdiff_t[]){1, 3}, 0, &t, NULL), RM_OK);
  assert_int_equal(rm_tensor_new(RM_INT64, 0, NULL, &b, NULL), RM_OK);
  *rm_tensor_i64(b) = INT64_MIN;
  assert_int_equal(rm_tensor_new(RM_UINT8, 2, (size_t[]){0, 4}, &e, NULL), RM_OK);
  assert_int_equal(rm_safetensors_add(file, "z.weight", t, NULL), RM_OK);
  assert_int_equal(rm_safetensors_add(file, "empty", e, NULL), RM_OK);
  assert_int_equal(rm_safetensors_add(file, "a", b, NULL), RM_OK);
  assert_int_equal(rm_safetensors_add_meta(file, "epoch", "3", NULL), RM_OK);
  rm_tensor_release(a);
  rm_tensor_release(t);
  rm_tensor_release(b);
  rm_tensor_release(e);
  return file;
}

static void round_trip(void **state) {
  (void)state;
  rm_error err;
  rm_safetensors *out = example(), *in;
  assert_int_equal(rm_safetensors_save(out, path, &err), RM_OK);
  assert_int_equal(rm_safetensors_load(path, &in, &err), RM_OK);
  assert_int_equal(in->count, 3);
  assert_string_equal(in->entries[0].name, "z.weight");
  assert_string_equal(in->entries[1].name, "empty");
  assert_string_equal(in->entries[2].name, "a");
  const float *w = rm_tensor_f32(in->entries[0].tensor), expected[] = {0, 3, 1, 4, 2, 5};
  assert_memory_equal(w, expected, sizeof expected);
  assert_int_equal(in->entries[1].tensor->shape[1], 4);
  assert_int_equal(in->entries[2].tensor->ndim, 0);
  assert_true(*rm_tensor_i64(in->entries[2].tensor) == INT64_MIN);
  assert_string_equal(in->meta[0].key, "epoch");
  assert_string_equal(in->meta[0].value, "3");
  rm_safetensors_free(in);
  rm_safetensors_free(out);
  assert_int_equal(rm_tensor_live(), 0);
}

static void names_are_checked_before_the_file_is_touched(void **state) {
  (void)state;
  rm_error err;
  rm_safetensors *file = example();
  assert_int_equal(rm_safetensors_save(file, path, &err), RM_OK);
  assert_int_equal(rm_safetensors_add(file, "a", file->entries[0].tensor, NULL), RM_OK);
  assert_int_equal(rm_safetensors_save(file, path, &err), RM_ERR_VALUE);
  rm_safetensors_free(file);
  assert_int_equal(rm_safetensors_load(path, &file, &err), RM_OK); /* the old one is there */
  assert_int_equal(file->count, 3);
  rm_safetensors_free(file);
}

static void converts_foreign_types(void **state) {
  (void)state;
  const char *header =
      "{\"h\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[0,8]},"
      "\"b\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[8,10]},"
      "\"i\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[10,12]},"
      "\"w\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[12,16]},"
      "\"d\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[16,24]}}";
  const uint16_t halves[] = {0x3c00, 0xc000, 0x0001, 0x7c00, 0x3fc0}; /* 1, -2, 2^-24, inf; 1.5 */
  char data[24];
  memcpy(data, halves, 10);
  memcpy(data + 10, (int8_t[]){-3, 7}, 2);
  memcpy(data + 12, (int32_t[]){-100000}, 4);
  memcpy(data + 16, (double[]){0.1}, 8);
  write_raw(strlen(header), header, strlen(header), data, sizeof data);
  rm_safetensors *file;
  rm_error err;
  assert_int_equal(rm_safetensors_load(path, &file, &err), RM_OK);
  const float *h = rm_tensor_f32(file->entries[0].tensor);
  assert_true(h[0] == 1 && h[1] == -2 && h[2] == 0x1p-24f && h[3] == __builtin_inff());
  assert_true(*rm_tensor_f32(file->entries[1].tensor) == 1.5f);
  assert_true(rm_tensor_i64(file->entries[2].tensor)[0] == -3);
  assert_true(*rm_tensor_i64(file->entries[3].tensor) == -100000);
  assert_true(*rm_tensor_f32(file->entries[4].tensor) == 0.1f);
  rm_safetensors_free(file);
}

/* Any change to a good file gives an error or another good file, never a crash or a leak
 * (which the sanitizers of MODE=asan would see). */
static void mutations(void **state) {
  (void)state;
  rm_error err;
  rm_safetensors *file = example();
  assert_int_equal(rm_safetensors_save(file, path, &err), RM_OK);
  rm_safetensors_free(file);
  char good[1000];
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  size_t size = fread(good, 1, sizeof good, f);
  fclose(f);
  assert_true(size > 100 && size < sizeof good);
  rm_rng rng = rm_rng_new(1, 99);
  int refused = 0;
  for (int i = 0; i < 2000; i++) {
    char bytes[1000];
    memcpy(bytes, good, size);
    size_t length = rm_rng_below(&rng, 4) == 0 ? rm_rng_below(&rng, size) : size;
    for (uint64_t k = rm_rng_below(&rng, 4); k > 0; k--)
      bytes[rm_rng_below(&rng, size)] = (char)rm_rng_below(&rng, 256);
    f = fopen(path, "wb");
    assert_non_null(f);
    fwrite(bytes, 1, length, f);
    fclose(f);
    if (rm_safetensors_load(path, &file, &err) == RM_OK) rm_safetensors_free(file);
    else refused++;
  }
  assert_true(refused > 1000);
  assert_int_equal(rm_tensor_live(), 0);
}

static void a_failed_save_leaves_the_old_file(void **state) {
  (void)state;
  rm_error err;
  rm_safetensors *file = example();
  assert_int_equal(rm_safetensors_save(file, path, &err), RM_OK);
  /* every allocation that saving makes fails once */
  for (long n = 0; n < 3; n++) {
    rm_alloc_fail_after(n);
    rm_status status = rm_safetensors_save(file, path, &err);
    rm_alloc_fail_after(-1);
    rm_safetensors *old;
    assert_int_equal(rm_safetensors_load(path, &old, NULL), RM_OK);
    rm_safetensors_free(old);
    if (status == RM_OK) break;
  }
  rm_safetensors_free(file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hostile_headers),
      cmocka_unit_test(hostile_lengths),
      cmocka_unit_test(other_kinds_of_files),
      cmocka_unit_test(round_trip),
      cmocka_unit_test(names_are_checked_before_the_file_is_touched),
      cmocka_unit_test(converts_foreign_types),
      cmocka_unit_test(mutations),
      cmocka_unit_test(a_failed_save_leaves_the_old_file),
      cmocka_unit_test(nothing_is_left),
  };
  return cmocka_run_group_tests_name("safetensors", tests, set_up, tear_down);
}
