/* leaks.h -- the last test of a suite: everything that was made is gone. */
#ifndef RM_TEST_LEAKS_H
#define RM_TEST_LEAKS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "memory/alloc.h"
#include "core/tensor.h"
#include "parallel/pool.h"

/* Scratch memory belongs to the threads, so they are stopped first. */
static void nothing_is_left(void **state) {
  (void)state;
  rm_threads_stop();
  assert_int_equal(rm_tensor_live(), 0);
  assert_int_equal(rm_alloc_statistics().live_blocks, 0);
}

#endif
