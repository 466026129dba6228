/* only.c -- a library for LD_PRELOAD: of a C suite the test functions that RESMOON_TEST_ONLY names (with * and ?) run, and
 * no others. cmocka has such a filter, but nothing outside a suite sets it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>

__attribute__((constructor)) static void choose(void) {
  void (*set_filter)(const char *) = (void (*)(const char *))dlsym(RTLD_DEFAULT, "cmocka_set_test_filter");
  const char *pattern = getenv("RESMOON_TEST_ONLY");
  if (set_filter && pattern) set_filter(pattern);
}
