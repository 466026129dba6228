/* alloc_test.c -- large blocks that join and split, and what happens when memory runs out. */
#include "support.h"
#include "leaks.h"

#include <unistd.h>

enum { MIB = 1 << 20 };

/* AddressSanitizer, too, shall say no with NULL. */
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }

/* Under AddressSanitizer nothing is kept. */
static bool keeps_freed(void) {
  rm_free(rm_alloc(100), 100);
  return rm_alloc_statistics().cached_bytes > 0;
}

static size_t held(void) {
  rm_alloc_stats s = rm_alloc_statistics();
  return s.live_bytes + s.cached_bytes;
}

static void freed_neighbors_serve_larger_requests(void **state) {
  (void)state;
  if (!keeps_freed()) skip();
  void *parts[16];
  for (size_t i = 0; i < 16; i++) assert_non_null(parts[i] = rm_alloc(4 * MIB));
  size_t before = held();
  for (size_t i = 0; i < 16; i += 2) rm_free(parts[i], 4 * MIB);
  for (size_t i = 1; i < 16; i += 2) rm_free(parts[i], 4 * MIB);
  void *all = rm_alloc(64 * MIB);
  assert_non_null(all);
  assert_int_equal(held(), before);
  rm_free(all, 64 * MIB);
  for (size_t i = 0; i < 64; i++) assert_non_null(parts[i / 4] = rm_alloc(MIB)), rm_free(parts[i / 4], MIB);
  assert_int_equal(held(), before);
  rm_alloc_trim();
  assert_int_equal(rm_alloc_statistics().cached_bytes, 0);
}

/* Every other block is free: none of the runs serves a larger request, all together do. What is in use stays. */
static void scattered_runs_are_gathered(void **state) {
  (void)state;
  enum { PARTS = 64, LARGER = 48 * MIB };
  if (!keeps_freed()) skip();
  rm_alloc_trim();
  size_t live = rm_alloc_statistics().live_bytes, reached = rm_alloc_statistics().peak_bytes;
  unsigned char *parts[PARTS];
  for (size_t i = 0; i < PARTS; i++) {
    assert_non_null(parts[i] = rm_alloc(4 * MIB));
    memset(parts[i], (int)i, 4 * MIB);
  }
  for (size_t i = 0; i < PARTS; i += 2) rm_free(parts[i], 4 * MIB);
  for (int round = 0; round < 3; round++) {
    unsigned char *larger[2];
    for (size_t i = 0; i < 2; i++) {
      assert_non_null(larger[i] = rm_alloc(LARGER));
      memset(larger[i], 255, LARGER);
    }
    size_t most = reached > live + PARTS * 4 * MIB ? reached : live + PARTS * 4 * MIB;
    assert_true(held() <= most + most / 16 + 8 * MIB);
    for (size_t i = 0; i < 2; i++) assert_int_equal(larger[i][LARGER - 1], 255), rm_free(larger[i], LARGER);
  }
  for (size_t i = 1; i < PARTS; i += 2) {
    for (size_t k = 0; k < 4 * MIB; k += 4096) assert_int_equal(parts[i][k], i);
    rm_free(parts[i], 4 * MIB);
  }
  rm_alloc_trim();
  assert_int_equal(rm_alloc_statistics().cached_bytes, 0);
  assert_int_equal(rm_alloc_statistics().live_bytes, live);
}

typedef struct {
  unsigned char *at;
  size_t bytes;
  unsigned char mark;
} block;

static void check(const block *b) {
  assert_int_equal((uintptr_t)b->at % 64, 0);
  assert_int_equal(b->at[0], b->mark);
  assert_int_equal(b->at[b->bytes - 1], b->mark);
  assert_int_equal(b->at[b->bytes / 2], b->mark);
}

static void blocks_never_overlap(void **state) {
  (void)state;
  enum { BLOCKS = 200, ROUNDS = 20000 };
  static block blocks[BLOCKS];
  uint64_t seed = 1;
  size_t before = rm_alloc_statistics().live_blocks;
  for (size_t round = 0; round < ROUNDS; round++) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    block *b = &blocks[seed >> 40 & 127];
    if (b->at) {
      check(b);
      rm_free(b->at, b->bytes);
      b->at = NULL;
      if (seed >> 50 & 1) continue;
    }
    b->bytes = ((size_t)1 << (seed >> 32 & 7)) * (20000 + (seed >> 20 & 0xfff));
    b->mark = (unsigned char)round;
    assert_non_null(b->at = rm_alloc(b->bytes));
    b->at[0] = b->at[b->bytes / 2] = b->at[b->bytes - 1] = b->mark;
    if (round % 5000 == 0) rm_alloc_trim();
  }
  for (size_t i = 0; i < BLOCKS; i++) {
    if (blocks[i].at) check(&blocks[i]);
    rm_free(blocks[i].at, blocks[i].bytes);
  }
  assert_int_equal(rm_alloc_statistics().live_blocks, before);
}

static void impossible_sizes_are_refused(void **state) {
  (void)state;
  assert_null(rm_alloc(SIZE_MAX));
  assert_null(rm_alloc((size_t)1 << 62));
  assert_null(rm_alloc((size_t)1 << 50));
}

static int reclaims;
static void reclaim(void *ctx) {
  reclaims++;
  if (ctx) rm_alloc_fail_after(-1);
}

static void garbage_is_asked_for_once(void **state) {
  (void)state;
  rm_alloc_on_exhaustion(reclaim, NULL);
  rm_alloc_fail_after(0);
  assert_null(rm_alloc(100));
  assert_int_equal(reclaims, 1);
  rm_alloc_on_exhaustion(reclaim, &reclaims);
  assert_true(rm_alloc_set_reclaim(false));
  assert_null(rm_alloc(100));
  assert_int_equal(reclaims, 1);
  assert_false(rm_alloc_set_reclaim(true));
  void *p = rm_alloc(100); /* the hook makes memory possible again */
  assert_non_null(p);
  assert_int_equal(reclaims, 2);
  rm_free(p, 100);
  rm_alloc_on_exhaustion(NULL, NULL);
}

/* Bytes of the process that are in memory. */
static size_t resident(void) {
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
  fclose(file);
  return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Small blocks lie in the heap of malloc, which keeps what is freed below a block that is in use. */
static void trimmed_memory_is_the_systems(void **state) {
  (void)state;
  if (!keeps_freed()) skip();
  enum { BLOCKS = 400, BYTES = 200 << 10 };
  static char *blocks[BLOCKS];
  rm_alloc_trim();
  size_t before = resident();
  for (size_t i = 0; i < BLOCKS; i++) {
    assert_non_null(blocks[i] = rm_alloc(BYTES));
    memset(blocks[i], 1, BYTES);
  }
  assert_true(resident() >= before + BLOCKS * (size_t)BYTES / 10 * 9);
  for (size_t i = 0; i + 1 < BLOCKS; i++) rm_free(blocks[i], BYTES);
  rm_alloc_trim();
  assert_true(resident() <= before + BLOCKS * (size_t)BYTES / 10);
  rm_free(blocks[BLOCKS - 1], BYTES);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(freed_neighbors_serve_larger_requests),
                                     cmocka_unit_test(scattered_runs_are_gathered),
                                     cmocka_unit_test(blocks_never_overlap),
                                     cmocka_unit_test(impossible_sizes_are_refused),
                                     cmocka_unit_test(garbage_is_asked_for_once),
                                     cmocka_unit_test(trimmed_memory_is_the_systems),
                                     cmocka_unit_test(nothing_is_left)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
