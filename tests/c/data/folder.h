/* folder.h -- a folder of the suite's own with one file in it, for readers of files. */
#ifndef RM_TEST_DATA_FOLDER_H
#define RM_TEST_DATA_FOLDER_H

#include "support.h"
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/resmoon-data-XXXXXX";
static char path[200];

static int set_up(void **state) {
  (void)state;
  if (!mkdtemp(folder)) return -1;
  snprintf(path, sizeof path, "%s/file", folder);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  unlink(path);
  rm_threads_stop();
  return rmdir(folder);
}

static void write_file(const void *bytes, size_t size) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, size, f), size);
  assert_int_equal(fclose(f), 0);
}

#endif
