/* Programs, paths and listings, from C. */
#include "support.h"
#include "leaks.h"

#include <stdlib.h>
#include <unistd.h>
#include "io/atomic_file.h"
#include "parallel/interrupt.h"
#include "parallel/processors.h"
#include "sys/listing.h"
#include "sys/path.h"
#include "sys/process.h"
#include "sys/self.h"

/* More than a pipe holds goes in and comes back, so neither side may wait for the other. */
static void a_program_reads_and_writes(void **state) {
  (void)state;
  enum { LENGTH = 300000 };
  char *text = malloc(LENGTH);
  assert_non_null(text);
  assert_non_null(text);
  for (size_t i = 0; i < LENGTH; i++) text[i] = (char)('a' + i % 26);
  rm_process p;
  OK(rm_process_start(&p, (char *[]){"cat", NULL}, (rm_plumbing){.feed = true, .capture = true}, &test_err));
  OK(rm_process_exchange(&p, "cat", text, LENGTH, 0, &test_err));
  assert_int_equal(p.status, 0);
  assert_int_equal(p.output.count, LENGTH);
  assert_memory_equal(p.output.bytes, text, LENGTH);
  assert_int_equal(p.errors.count, 0);
  rm_process_free(&p);
  rm_process_free(&p); /* again is harmless */
  free(text);
}

static void a_program_that_ends_otherwise(void **state) {
  (void)state;
  rm_process p;
  OK(rm_process_start(&p, (char *[]){"sh", "-c", "kill -TERM $$", NULL}, (rm_plumbing){0}, &test_err));
  OK(rm_process_wait(&p, 0, &test_err));
  assert_int_equal(p.status, 128 + 15);
  rm_process_free(&p);
  assert_int_equal(rm_process_start(&p, (char *[]){"no-such-program", NULL}, (rm_plumbing){0}, &test_err), RM_ERR_IO);
  assert_string_equal(test_err.message, "cannot start no-such-program: No such file or directory");
  OK(rm_process_start(&p, (char *[]){"true", NULL}, (rm_plumbing){.feed = true}, &test_err));
  while (rm_process_running(&p)) rm_self_sleep(0.001);
  assert_int_equal(rm_process_write(&p, "text", 4, 0, &test_err), RM_ERR_IO);
  assert_string_equal(test_err.message, "it no longer reads");
  rm_process_free(&p);
}

static void an_interrupt_ends_the_wait(void **state) {
  (void)state;
  rm_process p;
  OK(rm_process_start(&p, (char *[]){"sleep", "60", NULL}, (rm_plumbing){0}, &test_err));
  rm_interrupt_request();
  assert_int_equal(rm_process_exchange(&p, "sleep", NULL, 0, 0, &test_err), RM_ERR_INTERRUPTED);
  rm_interrupt_clear();
  OK(rm_process_wait(&p, 0, &test_err));
  assert_int_equal(p.status, 128 + 15); /* it was asked to end */
  rm_process_free(&p);
}

static void what_takes_too_long_is_ended(void **state) {
  (void)state;
  rm_process p;
  OK(rm_process_start(&p, (char *[]){"sh", "-c", "trap '' TERM; sleep 60", NULL}, (rm_plumbing){.capture = true},
                      &test_err));
  assert_int_equal(rm_process_exchange(&p, "sh", NULL, 0, 0.2, &test_err), RM_ERR_STATE);
  assert_string_equal(test_err.message, "sh did not end within 0.2 seconds, and was stopped");
  assert_false(rm_process_running(&p));
  assert_int_equal(p.status, 128 + 9); /* it did not obey SIGTERM */
  rm_process_free(&p);
  static char text[1 << 20]; /* more than a pipe holds */
  OK(rm_process_start(&p, (char *[]){"sleep", "60", NULL}, (rm_plumbing){.feed = true}, &test_err));
  assert_int_equal(rm_process_write(&p, text, sizeof text, 0.1, &test_err), RM_ERR_IO);
  assert_string_equal(test_err.message, "it takes too long");
  assert_int_equal(rm_process_wait(&p, 0.1, &test_err), RM_ERR_IO);
  rm_process_stop_for_certain(&p);
  assert_false(rm_process_running(&p));
  rm_process_free(&p);
}

static void folders_are_made_listed_and_removed(void **state) {
  (void)state;
  char root[] = "/tmp/resmoon-sys-XXXXXX", path[200], other[200];
  OK(rm_path_make_new_folder(root, &test_err));
  snprintf(path, sizeof path, "%s/b/c/", root);
  OK(rm_path_make_folder(path, &test_err));
  OK(rm_path_make_folder(path, &test_err)); /* it is there */
  assert_true(rm_path_is_folder(path));
  snprintf(path, sizeof path, "%s/\xc3\xa4", root); /* behind every letter of ASCII */
  OK(rm_atomic_replace("test", path, "12345", 5, &test_err));
  rm_path_state seen;
  OK(rm_path_look(path, &seen, &test_err));
  assert_string_equal(seen.type, "file");
  assert_int_equal(seen.size, 5);
  assert_true(seen.modified > 1.6e9);
  snprintf(other, sizeof other, "%s/Z", root);
  OK(rm_path_rename(path, other, &test_err));
  OK(rm_atomic_replace("test", path, "", 0, &test_err));

  rm_listing names = {0};
  OK(rm_listing_read(root, &names, &test_err));
  assert_int_equal(names.n, 3);
  assert_string_equal(names.names[0], "Z");
  assert_string_equal(names.names[1], "b");
  assert_string_equal(names.names[2], "\xc3\xa4");
  rm_listing_free(&names);
  rm_listing_free(&names);

  snprintf(path, sizeof path, "%s/Z/below", root); /* a file is no place for a folder */
  assert_int_equal(rm_path_make_folder(path, &test_err), RM_ERR_IO);
  assert_non_null(strstr(test_err.message, "/Z: File exists"));
  assert_int_equal(rm_listing_read(other, &names, &test_err), RM_ERR_IO);
  assert_int_equal(names.n, 0);
  assert_int_equal(rm_path_remove(root, &test_err), RM_ERR_IO); /* not empty */

  static const char *const made[] = {"/Z", "/\xc3\xa4", "/b/c", "/b", ""};
  for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
    snprintf(path, sizeof path, "%s%s", root, made[i]);
    OK(rm_path_remove(path, &test_err));
  }
  assert_false(rm_path_exists(root));
}

static void programs_are_found_by_name(void **state) {
  (void)state;
  char path[300], was[2000];
  snprintf(was, sizeof was, "%s", getenv("PATH") ? getenv("PATH") : "");
  setenv("PATH", "/nowhere::/bin", 1);
  assert_true(rm_self_which("sh", path, sizeof path));
  assert_string_equal(path, "/bin/sh");
  assert_true(rm_self_which("/bin/sh", path, sizeof path));
  assert_false(rm_self_which("/bin", path, sizeof path)); /* a folder is no program */
  assert_false(rm_self_which("no-such-program", path, sizeof path));
  assert_false(rm_self_which("sh", path, 4));
  unsetenv("PATH");
  assert_false(rm_self_which("sh", path, sizeof path));
  setenv("PATH", was, 1);
}

static void the_process_knows_itself(void **state) {
  (void)state;
  assert_true(rm_processors() >= 1);
  assert_true(rm_self_memory() > 0);
  assert_true(rm_self_peak_memory() >= rm_self_memory() / 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_program_reads_and_writes),
                                     cmocka_unit_test(a_program_that_ends_otherwise),
                                     cmocka_unit_test(an_interrupt_ends_the_wait),
                                     cmocka_unit_test(what_takes_too_long_is_ended),
                                     cmocka_unit_test(folders_are_made_listed_and_removed),
                                     cmocka_unit_test(programs_are_found_by_name),
                                     cmocka_unit_test(the_process_knows_itself),
                                     cmocka_unit_test(nothing_is_left)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
