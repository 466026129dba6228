/* atomic_file_test.c -- a file is replaced as a whole or not at all, and nothing is left beside it. */
#include "support.h"
#include "leaks.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "io/atomic_file.h"
#include "io/leftovers.h"

static char folder[64];

static int set_up(void **state) {
  (void)state;
  strcpy(folder, "/tmp/resmoon-atomic-XXXXXX");
  return mkdtemp(folder) ? 0 : -1;
}

static const char *in_folder(const char *name) {
  static char path[4][300];
  static int turn;
  turn = (turn + 1) % 4;
  snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
  return path[turn];
}

static int tear_down(void **state) {
  (void)state;
  return rmdir(folder);
}

static void touch(const char *name) {
  int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_EXCL, 0644);
  assert_true(fd >= 0);
  close(fd);
}

static bool there(const char *name) { return access(in_folder(name), F_OK) == 0; }

/* The number of a process that is over. */
static long dead_process(void) {
  pid_t pid = fork();
  if (pid == 0) _exit(0);
  assert_int_equal(waitpid(pid, NULL, 0), pid);
  return (long)pid;
}

static void what_the_killed_left_is_removed(void **state) {
  (void)state;
  char left[100], dotted[100], ours[100], locked[100], plain[100], odd[100];
  long dead = dead_process();
  snprintf(left, sizeof left, ".last.safetensors.%ld.0.tmp", dead);
  snprintf(dotted, sizeof dotted, ".a.b.12.%ld.17.tmp", dead);
  snprintf(ours, sizeof ours, ".last.safetensors.%ld.999999.tmp", (long)getpid());
  snprintf(locked, sizeof locked, ".log.csv.%ld.3.tmp", dead);
  snprintf(plain, sizeof plain, "log.csv.%ld.0.tmp", dead); /* not hidden: not ours */
  snprintf(odd, sizeof odd, ".%ld.0.tmp", dead);            /* no name in it */
  const char *const all[] = {left, dotted, ours, locked, plain, odd, ".log.csv.0.0.tmp", ".log.csv.x.0.tmp", "keep"};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) touch(all[i]);
  int holder = open(in_folder(locked), O_RDONLY);
  assert_int_equal(flock(holder, LOCK_EX | LOCK_NB), 0);

  OK(rm_atomic_replace("test", in_folder("log.csv"), "1", 1, &test_err));
  assert_false(there(left));
  assert_false(there(dotted));
  for (size_t i = 2; i < sizeof all / sizeof *all; i++) assert_true(there(all[i]));

  close(holder);
  for (size_t i = 2; i < sizeof all / sizeof *all; i++) unlink(in_folder(all[i]));
  unlink(in_folder("log.csv"));
}

/* It is named as atomic_file.c names it, and locked while it is written. */
static void a_file_being_written_is_no_leftover(void **state) {
  (void)state;
  rm_atomic_file *file;
  OK(rm_atomic_open("test", in_folder("a"), &file, &test_err));
  OK(rm_atomic_write(file, "text", 4, &test_err));
  DIR *list = opendir(folder);
  assert_non_null(list);
  char name[300] = "";
  for (struct dirent *entry; (entry = readdir(list));)
    if (strstr(entry->d_name, ".tmp")) snprintf(name, sizeof name, "%s", entry->d_name);
  closedir(list);
  char expected[100];
  snprintf(expected, sizeof expected, ".a.%ld.", (long)getpid());
  assert_memory_equal(name, expected, strlen(expected));
  int fd = open(in_folder(name), O_RDONLY);
  assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
  OK(rm_atomic_commit(file, &test_err));
  assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
  close(fd);
  assert_false(there(name));
  unlink(in_folder("a"));
}

static void count_files(size_t expected) {
  size_t n = 0;
  DIR *list = opendir(folder);
  assert_non_null(list);
  for (struct dirent *entry; (entry = readdir(list));) n += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
  closedir(list);
  assert_int_equal(n, expected);
}

static void a_failed_rename_leaves_none(void **state) {
  (void)state;
  assert_int_equal(mkdir(in_folder("a"), 0777), 0); /* nothing takes the place of a folder */
  rm_status status = rm_atomic_replace("test", in_folder("a"), "text", 4, &test_err);
  assert_int_equal(status, RM_ERR_IO);
  assert_non_null(strstr(test_err.message, in_folder("a")));
  assert_non_null(strstr(test_err.message, "cannot replace"));
  count_files(1);
  rmdir(in_folder("a"));
}

static void names_that_are_too_long(void **state) {
  (void)state;
  char name[10];
  assert_false(rm_temporary_name("/a/folder/and/a/name", name, sizeof name));
  char room[100];
  assert_true(rm_temporary_name("name", room, sizeof room));
  assert_memory_equal(room, ".name.", 6);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(what_the_killed_left_is_removed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_file_being_written_is_no_leftover, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_failed_rename_leaves_none, set_up, tear_down),
      cmocka_unit_test(names_that_are_too_long),
      cmocka_unit_test(nothing_is_left),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
