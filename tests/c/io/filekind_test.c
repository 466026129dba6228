/* filekind_test.c -- what a file is, by its first bytes. */
#include "support.h"
#include "io/filekind.h"

static void kinds_are_told_by_content(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t size;
    const char *name;
  } cases[] = {
#define BYTES(text) text, sizeof text - 1
      {BYTES(""), "empty"},
      {BYTES("\xff\xd8\xff\xe0rest"), "jpeg"},
      {BYTES("\x89PNG\r\n\x1a\nrest"), "png"},
      {BYTES("GIF89a\1\0"), "gif"},
      {BYTES("RIFF\1\2\3\4WEBPVP8 "), "webp"},
      {BYTES("RIFF\1\2\3\4WAVEfmt "), "riff"},
      {BYTES("BM\x36\3\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x10"), "bmp"},
      {BYTES("BM is a text"), "text"},
      {BYTES("II*\0\1\0"), "tiff"},
      {BYTES("\0\0\0\x1c"
             "ftypavif"),
       "avif"},
      {BYTES("\1\2\3\4\5"), "unknown"},
      {BYTES("P6\n3 4\n255\n"), "netpbm"},
      {BYTES("<!DOCTYPE html>\n<title>404"), "html"},
      {BYTES("\n  <HTML><body>"), "html"},
      {BYTES("\xef\xbb\xbf<html>"), "html"},
      {BYTES("<?xml version='1.0'?>\n<svg width='3'>"), "svg"},
      {BYTES("<?xml?><annotation>"), "xml"},
      {BYTES("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a"), "lfs"},
      {BYTES("PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\0\0\0archive/data.pkl"), "torch"},
      {BYTES("PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\5\0\0\0x.npy"), "npz"},
      {BYTES("PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\5\0\0\0a.jpg"), "zip"},
      {BYTES("PK\3\4 archive/version"), "torch"},
      {BYTES("PK\3\4 archive/.data/serialization_id"), "torch"},
      {BYTES("PK\3\4 metadata.json{\"keras_version\""), "keras"},
      {BYTES("PK\3\4 metadata.json{}"), "zip"},
      {BYTES("PK\5\6\0\0"), "zip"},
      {BYTES("<head><title>404"), "html"},
      {BYTES("<div><body>404"), "html"},
      {BYTES("<?xml?><html>"), "html"},
      {BYTES("<svg width='3'>"), "svg"},
      {BYTES("<note>"), "text"},
      {BYTES("[1, 2]"), "json"},
      {BYTES("{"), "text"},
      {BYTES("BM\x36\3\0\0\0\0\0\0\x1a\0\0\0\x0c\0\0\0"), "bmp"},
      {BYTES("BM\x36\3\0\0\0\0\0\0\x1a\0\0\0\x0d\0\0\0"), "unknown"},
      {BYTES("BM\x36\3\0\0\0\0\0\0\x1a\0\0\0\xff\0\0\0"), "unknown"},
      {BYTES("P1 3 4 255"), "netpbm"},
      {BYTES("P3\r3 4 255"), "netpbm"},
      {BYTES("P7\n3 4 255"), "text"},
      {BYTES("P0\n3 4 255"), "text"},
      {BYTES("P6x3 4 255"), "text"},
      {BYTES("\0\0\7\3\0\0\0\1"), "unknown"},
      {BYTES("\0\0\17\3\0\0\0\1"), "unknown"},
      {BYTES("\0\0\10\0\0\0\0\1"), "unknown"},
      {BYTES("\0\0\10\5\0\0\0\1"), "unknown"},
      {BYTES("\x80\6}q\1."), "unknown"},
      {BYTES("\x80\1}q\1."), "unknown"},
      {BYTES("\x10\0\0\0\0\0\0\0{}               "), "safetensors"},
      {BYTES("\x10\0\0\0\0\0\0\0{a:{}}         "), "unknown"},
      {BYTES("\x10\0\0\0\0\0\0\1{\"a\":{}}      "), "unknown"},
      {BYTES("a \x7f"), "unknown"},
      {BYTES("a \x1b[0m"), "text"},
      {BYTES("\x93NUMPY\1\0"), "npy"},
      {BYTES("MATLAB 5.0 MAT-file"), "mat"},
      {BYTES("\x89HDF\r\n\x1a\n"), "hdf5"},
      {BYTES("PAR1\x15\4"), "parquet"},
      {BYTES("\x80\2}q\1."), "pickle"},
      {BYTES("\x80\2\x8a\nl\xfc\x9c\x46"), "torch"},
      {BYTES("\x1f\x8b\10\0"), "gzip"},
      {BYTES("{\"a\": 1}"), "json"},
      {BYTES("hello\n"), "text"},
      {BYTES("\x10\0\0\0\0\0\0\0{\"a\":{}}      "), "safetensors"},
      {BYTES("\0\0\10\3\0\0\0\1"), "idx"},
      {BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "zeros"},
#undef BYTES
  };
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    rm_file_kind kind = rm_kind_of_bytes(cases[k].bytes, cases[k].size, cases[k].size);
    if (strcmp(kind.name, cases[k].name) != 0) fail_msg("case %zu: %s, expected %s", k, kind.name, cases[k].name);
  }
  char tar[512] = "folder/";
  memcpy(tar + 257, "ustar", 5);
  assert_string_equal(rm_kind_of_bytes(tar, sizeof tar, sizeof tar).name, "tar");
}

static void a_reader_says_what_it_was_given(void **state) {
  (void)state;
  static const char page[] = "<!DOCTYPE html><html>", words[] = "hello", odd[] = "\1\2\3";
  assert_int_equal(rm_kind_refuse("f", page, sizeof page - 1, "an IDX file", "is short", &test_err), RM_ERR_FORMAT);
  assert_string_equal(test_err.message,
                      "f: is a web page (HTML), expected an IDX file: the download failed: fetch the file "
                      "again, in a browser if need be");
  assert_int_equal(rm_kind_refuse("f", words, 5, "an IDX file", "is short", &test_err), RM_ERR_FORMAT);
  assert_string_equal(test_err.message, "f: is short (it is a text file)");
  assert_int_equal(rm_kind_refuse("f", odd, 3, "an IDX file", "is short", &test_err), RM_ERR_FORMAT);
  assert_string_equal(test_err.message, "f: is short");
  assert_int_equal(rm_kind_refuse("f", "", 0, "an IDX file", "is short", &test_err), RM_ERR_FORMAT);
  assert_string_equal(test_err.message, "f: is empty (0 bytes), expected an IDX file: copy or download it again");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(kinds_are_told_by_content),
      cmocka_unit_test(a_reader_says_what_it_was_given),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
