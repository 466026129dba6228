/* threads_test.c -- every range once, nested and from several threads at a time. */
#include "support.h"
#include "leaks.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include "parallel/interrupt.h"
#include "parallel/scratch.h"

enum { N = 1000 };
typedef struct {
  atomic_int visits[N];
} tally;

static void visit(void *ctx, size_t begin, size_t end) {
  tally *t = ctx;
  for (size_t i = begin; i < end; i++) atomic_fetch_add(&t->visits[i], 1);
}

static void check_visits(const tally *t, size_t n, int times) {
  for (size_t i = 0; i < N; i++) assert_int_equal(t->visits[i], i < n ? times : 0);
}

static void every_element_once(void **state) {
  (void)state;
  rm_error err;
  static const size_t threads[] = {1, 2, 3, 7, 2, 1}, sizes[] = {0, 1, 2, 3, 17, N};
  for (size_t k = 0; k < 6; k++) {
    assert_int_equal(rm_set_num_threads(threads[k], &err), RM_OK);
    for (size_t j = 0; j < 6; j++) {
      tally t = {0};
      for (int i = 0; i < 20; i++) rm_parallel(sizes[j], 1, visit, &t);
      check_visits(&t, sizes[j], 20);
    }
  }
  assert_int_equal(rm_set_num_threads(0, &err), RM_ERR_VALUE);
}

static void nested(void *ctx, size_t begin, size_t end) {
  for (size_t i = begin; i < end; i++) rm_parallel(N, 1, visit, ctx);
}

static void a_job_inside_a_job_runs_in_its_thread(void **state) {
  (void)state;
  rm_error err;
  tally t = {0};
  rm_set_num_threads(3, &err);
  rm_parallel(6, 1, nested, &t);
  check_visits(&t, N, 6);
}

static void *caller(void *arg) {
  for (int i = 0; i < 200; i++) rm_parallel(N, 1, visit, arg);
  return NULL;
}

static void callers_do_not_disturb_each_other(void **state) {
  (void)state;
  rm_error err;
  tally t[3] = {0};
  pthread_t threads[3];
  rm_set_num_threads(3, &err);
  for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, caller, &t[i]);
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < 3; i++) check_visits(&t[i], N, 200);
}

static atomic_int arrived;

/* Stays until the other thread has come, so that none does the work of both. */
static void note_scratch(void *ctx, size_t begin, size_t end) {
  void **blocks = ctx;
  char *block = rm_scratch(1, 1000);
  memset(block, (int)rm_thread_index(), 1000);
  blocks[rm_thread_index()] = block;
  atomic_fetch_add(&arrived, (int)(end - begin));
  while (atomic_load(&arrived) < 2) sched_yield();
}

static void scratch_belongs_to_a_thread(void **state) {
  (void)state;
  rm_error err;
  void *blocks[2] = {NULL};
  rm_set_num_threads(2, &err);
  assert_int_equal(rm_scratch_reserve(1, 1000, &err), RM_OK);
  rm_parallel(2, 1, note_scratch, blocks);
  assert_non_null(blocks[0]);
  assert_non_null(blocks[1]);
  assert_ptr_not_equal(blocks[0], blocks[1]);
  assert_ptr_equal(rm_scratch(1, 10), blocks[0]); /* kept, and large enough */
  assert_int_equal((uintptr_t)blocks[0] % 64, 0);
}

static void the_interrupt_flag(void **state) {
  (void)state;
  assert_false(rm_interrupted());
  rm_interrupt_request();
  assert_true(rm_interrupted());
  rm_interrupt_clear();
  assert_false(rm_interrupted());
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_element_once),
                                     cmocka_unit_test(a_job_inside_a_job_runs_in_its_thread),
                                     cmocka_unit_test(callers_do_not_disturb_each_other),
                                     cmocka_unit_test(scratch_belongs_to_a_thread),
                                     cmocka_unit_test(the_interrupt_flag),
                                     cmocka_unit_test(nothing_is_left)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
