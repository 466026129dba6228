/* collect_test.c -- what processes do together, in a world of two of which the other one echoes what this one sends
 * (tests/support/echo_transport.c): sums, in the foreground and the background, each message that fails, and what is given up while messages are on
 * their way. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "dist/collect.h"
#include "dist/exchange.h"
#include "leaks.h"
#include "parallel/interrupt.h"
#include "support.h"

enum { SHORT = 6, LONG = 4000, MESSAGES = 16 }; /* the calls on messages of two long sums */

static int join(void **state) {
  (void)state;
  setenv("PMI_SIZE", "2", 1);
  setenv("PMI_RANK", "0", 1);
  unsetenv("OMPI_COMM_WORLD_SIZE");
  return rm_world_join(&test_err) == RM_OK ? 0 : -1;
}

static void a_world_is_joined(void **state) {
  (void)state;
  assert_true(rm_world_joined());
  assert_int_equal(rm_world_size(), 2);
  assert_string_equal(rm_world_library(), "an echo");
  OK(rm_world_join(&test_err)); /* again: nothing */
  assert_false(rm_world_alone(true));
  assert_int_equal(rm_world_size(), 1);
  double one = 3;
  OK(rm_dist_all_reduce(&one, 1, RM_REDUCE_DOUBLE, RM_REDUCE_SUM, &test_err));
  assert_true(one == 3);
  rm_world_alone(false);
  int tag = rm_world_tag();
  rm_world_alone(true);
  OK(rm_dist_all_reduce(&one, 1, RM_REDUCE_DOUBLE, RM_REDUCE_SUM, &test_err));
  assert_int_equal(rm_world_tag(), tag + 1); /* what one does alone the others do not count */
  assert_true(rm_world_alone(false));
}

/* Of the elements i and i + n/2, which the two would add up, each sees the own and the one that comes back. */
static void sums_and_maxima(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    size_t n = i ? LONG : SHORT, half = n / 2;
    static double x[LONG];
    static float y[LONG];
    static int64_t z[LONG];
    for (size_t k = 0; k < n; k++) x[k] = (double)k, y[k] = (float)k, z[k] = INT64_MAX;
    OK(rm_dist_all_reduce(x, n, RM_REDUCE_DOUBLE, RM_REDUCE_SUM, &test_err));
    OK(rm_dist_all_reduce(y, n, RM_REDUCE_FLOAT, RM_REDUCE_MAX, &test_err));
    OK(rm_dist_all_reduce(z, n, RM_REDUCE_INT64, RM_REDUCE_SUM, &test_err));
    for (size_t k = 0; k < n; k++) {
      assert_true(x[k] == (i ? (double)(2 * (k % half) + half) : 2.0 * (double)k));
      assert_true(y[k] == (i ? (float)(k % half + half) : (float)k));
      assert_true(z[k] == -2); /* it wraps */
    }
    for (size_t k = 0; k < n; k++) z[k] = k % 2 ? INT64_MIN : (int64_t)k;
    OK(rm_dist_all_reduce(z, n, RM_REDUCE_INT64, RM_REDUCE_MAX, &test_err));
    assert_true(z[1] == INT64_MIN && z[2] == (i ? (int64_t)half + 2 : 2));
  }
}

static void gathered_and_told(void **state) {
  (void)state;
  char all[8] = "";
  OK(rm_dist_all_gather("abc", 3, all, &test_err));
  assert_memory_equal(all, "abcabc", 6);
  OK(rm_dist_all_gather("", 0, all, &test_err));
  OK(rm_dist_barrier(&test_err));
  double seconds = -1;
  rm_world_delay(1e-3);
  OK(rm_dist_time(3, 100, &seconds, &test_err));
  rm_world_delay(0);
  assert_true(seconds >= 1e-3);
  /* Sizes whose product with the number of messages would be another. */
  assert_int_equal(rm_dist_time(1, SIZE_MAX / 2 + 1, &seconds, &test_err), RM_ERR_MEMORY);
  assert_int_equal(rm_dist_time(1, SIZE_MAX, &seconds, &test_err), RM_ERR_MEMORY);
  assert_int_equal(rm_dist_time(65, 8, &seconds, &test_err), RM_ERR_VALUE);
  assert_true(rm_dist_traffic_now().exchanges > 0);
}

/* --- what fails ---------------------------------------------------------------------------- */

/* A world that broke stays so, so whatever breaks one is done in a process of its own: it returns what was wrong, or NULL. */
typedef const char *(*deed)(int);
#define EXPECT(what) \
  if (!(what)) return #what

static pid_t begin(deed f, int argument) {
  fflush(NULL);
  pid_t child = fork();
  if (child != 0) return child;
  const char *wrong = f(argument);
  if (!wrong && rm_alloc_statistics().live_blocks != 0) wrong = "a block is left";
  if (wrong) fprintf(stderr, "collect_test, %d: expected %s (the error: %s)\n", argument, wrong, test_err.message);
  exit(wrong ? 100 : 0);
}

static void expect_end(pid_t child) {
  int status = -1;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static bool broken(rm_status status) {
  return status == RM_ERR_STATE && strstr(test_err.message, "failed or was given up in its middle");
}

/* In the background, two at once; message `nth` of them fails. */
static const char *one_message_fails(int nth) {
  char text[16];
  rm_reduction *both[2] = {NULL, NULL};
  snprintf(text, sizeof text, "%d", nth);
  setenv("RESMOON_TEST_FAIL", text, 1);
  rm_status status = RM_OK;
  for (int i = 0; i < 2 && status == RM_OK; i++) {
    EXPECT(rm_reduction_new(LONG, RM_REDUCE_FLOAT, RM_REDUCE_SUM, &both[i], &test_err) == RM_OK);
    float *data = rm_reduction_data(both[i]);
    for (size_t k = 0; k < LONG; k++) data[k] = 1;
    status = rm_reduction_start(both[i], &test_err);
  }
  for (int i = 0; i < 2 && status == RM_OK; i++) status = rm_reduction_wait(both[i], &test_err);
  unsetenv("RESMOON_TEST_FAIL");
  if (nth > MESSAGES) {
    for (int i = 0; i < 2; i++) rm_reduction_free(both[i]);
    EXPECT(status == RM_OK);
    return NULL;
  }
  EXPECT(status == RM_ERR_IO);
  EXPECT(strstr(test_err.message, "process 1 cannot be reached from process 0: failure 7 of a test"));
  /* Whoever goes on all the same is told. */
  rm_reduction *more = NULL;
  EXPECT(broken(rm_dist_progress(&test_err)));
  EXPECT(rm_reduction_new(1, RM_REDUCE_FLOAT, RM_REDUCE_SUM, &more, &test_err) == RM_OK);
  EXPECT(broken(rm_reduction_start(more, &test_err)));
  for (int i = 0; i < 2; i++) rm_reduction_free(both[i]);
  rm_reduction_free(more);
  rm_exchange_given_up();
  EXPECT(broken(rm_dist_barrier(&test_err)));
  return NULL;
}

static void each_message_that_fails(void **state) {
  (void)state;
  for (int nth = 1; nth <= MESSAGES + 1; nth++) expect_end(begin(one_message_fails, nth));
}

enum { SUM, SMALL_SUM, GATHER, TELL, BE_TOLD, MEET, MEASURE, BACKGROUND, FORGET, INTERRUPT, WAYS };

static rm_status attempt(int way, float *x) {
  rm_reduction *q = NULL;
  double seconds;
  rm_status status = RM_OK;
  switch (way) {
    case SUM: return rm_dist_all_reduce(x, LONG, RM_REDUCE_FLOAT, RM_REDUCE_SUM, &test_err);
    case SMALL_SUM: return rm_dist_all_reduce(x, SHORT, RM_REDUCE_FLOAT, RM_REDUCE_MAX, &test_err);
    case GATHER: return rm_dist_all_gather(x, LONG * sizeof *x / 2, x, &test_err);
    case TELL: return rm_dist_broadcast(x, LONG * sizeof *x, 0, &test_err);
    case BE_TOLD: return rm_dist_broadcast(x, LONG * sizeof *x, 1, &test_err);
    case MEET: return rm_dist_barrier(&test_err);
    case MEASURE: return rm_dist_time(3, 100, &seconds, &test_err);
    case INTERRUPT: return rm_dist_all_reduce(x, LONG, RM_REDUCE_FLOAT, RM_REDUCE_SUM, &test_err);
  }
  status = rm_reduction_new(LONG, RM_REDUCE_FLOAT, RM_REDUCE_SUM, &q, &test_err);
  if (status == RM_OK) memset(rm_reduction_data(q), 0, LONG * sizeof *x);
  if (status == RM_OK) status = rm_reduction_start(q, &test_err);
  if (status == RM_OK && way == BACKGROUND) status = rm_reduction_wait(q, &test_err);
  rm_reduction_free(q);
  return status;
}

/* A call is given up while its messages are on their way; they come when the caller's memory is somebody else's. */
static const char *one_is_given_up(int way) {
  float *x = malloc(LONG * sizeof *x);
  EXPECT(x != NULL);
  for (size_t k = 0; k < LONG; k++) x[k] = (float)k;
  setenv("RESMOON_TEST_LATE", "1", 1);
  setenv("RESMOON_DIST_TIMEOUT", "0.5", 1);
  if (way == INTERRUPT) rm_interrupt_request();
  rm_status status = attempt(way, x);
  rm_interrupt_clear();
  EXPECT(status == (way == FORGET ? RM_OK : way == INTERRUPT ? RM_ERR_INTERRUPTED : RM_ERR_IO));
  EXPECT(way == FORGET || strstr(test_err.message, way == INTERRUPT ? "interrupted while waiting for process 1"
                                                                    : "process 1 has not answered process 0"));
  for (size_t k = 0; k < LONG; k++) EXPECT(x[k] == (float)k);
  EXPECT(rm_exchange_given_up() >= 1);
  EXPECT(broken(attempt(way == FORGET ? BACKGROUND : way, x)));
  unsetenv("RESMOON_TEST_LATE");
  EXPECT(broken(rm_dist_barrier(&test_err)));
  EXPECT(rm_exchange_given_up() == 0);
  for (size_t k = 0; k < LONG; k++) EXPECT(x[k] == (float)k);
  free(x);
  return NULL;
}

static void what_is_given_up_keeps_its_memory(void **state) {
  (void)state;
  pid_t children[WAYS];
  for (int way = 0; way < WAYS; way++) children[way] = begin(one_is_given_up, way);
  for (int way = 0; way < WAYS; way++) expect_end(children[way]);
}

/* What fails before anything was sent can be done again: the processes are still at the same place. */
static void no_memory_breaks_nothing(void **state) {
  (void)state;
  static float x[LONG];
  for (int way = 0; way < WAYS; way++) {
    if (way == FORGET) continue;
    for (long n = 0;; n++) {
      int tag = rm_world_tag();
      rm_alloc_fail_after(n);
      rm_status status = attempt(way, x);
      rm_alloc_fail_after(-1);
      assert_int_equal(rm_alloc_statistics().live_blocks, 0);
      if (status == RM_OK) break;
      assert_int_equal(status, RM_ERR_MEMORY);
      assert_int_equal(rm_world_tag(), tag + 1);
      assert_in_range(n, 0, 20);
    }
    OK(rm_dist_barrier(&test_err));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_world_is_joined),
      cmocka_unit_test(sums_and_maxima),
      cmocka_unit_test(gathered_and_told),
      cmocka_unit_test(each_message_that_fails),
      cmocka_unit_test(what_is_given_up_keeps_its_memory),
      cmocka_unit_test(no_memory_breaks_nothing),
      cmocka_unit_test(nothing_is_left),
  };
  return cmocka_run_group_tests(tests, join, NULL);
}
