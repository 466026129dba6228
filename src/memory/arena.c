/* arena.c -- see arena.h.
 *
 * The free runs are few (a network's step frees its blocks in the order in which they lie), so a
 * sorted array is searched from end to end. The shortest run that is long enough is taken, so that a small block does
 * not break up a long one (the gradients of weights come while activations go: taken anywhere, they would leave holes
 * that no activation fits, a fifth of what a ResNet-50 needs). Growth goes downwards, as the system's own mappings do,
 * and among equals the highest run is taken: what is free gathers at the edge, where it can grow. Even so a third of what
 * a ResNet-50 holds in backward was free, in runs too short for a gradient; those are put together. */
#define _GNU_SOURCE
#include "memory/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const size_t GRANULE = (size_t)64 << 10;
static const size_t HUGE_PAGE = (size_t)2 << 20;
static const size_t LEAST_MAPPING = (size_t)16 << 20;

static size_t up(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

size_t rm_arena_round(size_t bytes) { return up(bytes, GRANULE); }

/* --- free runs ------------------------------------------------------------------------ */

/* Runs and blocks together grow only by a block taken or a mapping made, for which room is made
 * beforehand. So giving a block back, which turns it into a run, cannot fail. */
static bool reserve_runs(rm_arena *a) {
  size_t most = a->blocks + a->nfree + 1;
  if (most <= a->capacity) return true;
  rm_run *more = realloc(a->free, 2 * most * sizeof *more);
  if (!more) return false;
  a->free = more;
  a->capacity = 2 * most;
  return true;
}

/* How many runs lie below `at`. */
static size_t runs_below(const rm_arena *a, const char *at) {
  size_t low = 0, high = a->nfree;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (a->free[middle].at < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

static void remove_run(rm_arena *a, size_t i) {
  a->nfree--;
  memmove(&a->free[i], &a->free[i + 1], (a->nfree - i) * sizeof *a->free);
}

static void add_run(rm_arena *a, char *at, size_t bytes) {
  a->free_bytes += bytes;
  size_t i = runs_below(a, at);
  bool below = i > 0 && a->free[i - 1].at + a->free[i - 1].bytes == at;
  bool above = i < a->nfree && at + bytes == a->free[i].at;
  if (below) {
    a->free[i - 1].bytes += bytes;
    if (!above) return;
    a->free[i - 1].bytes += a->free[i].bytes;
    remove_run(a, i);
  } else if (above) {
    a->free[i].at = at;
    a->free[i].bytes += bytes;
  } else {
    memmove(&a->free[i + 1], &a->free[i], (a->nfree - i) * sizeof *a->free);
    a->free[i] = (rm_run){at, bytes};
    a->nfree++;
  }
}

void *rm_arena_take(rm_arena *a, size_t bytes) {
  if (!reserve_runs(a)) return NULL;
  bytes = rm_arena_round(bytes);
  rm_run *run = NULL;
  for (size_t i = a->nfree; i-- > 0;)
    if (a->free[i].bytes >= bytes && (!run || a->free[i].bytes < run->bytes)) run = &a->free[i];
  if (!run) return NULL;
  run->bytes -= bytes;
  a->free_bytes -= bytes;
  char *block = run->at + run->bytes;
  if (run->bytes == 0) remove_run(a, (size_t)(run - a->free));
  a->blocks++;
  return block;
}

void rm_arena_give(rm_arena *a, void *block, size_t bytes) {
  a->blocks--;
  add_run(a, block, rm_arena_round(bytes));
}

/* --- mappings --------------------------------------------------------------------------- */

static char *map_at(char *wish, size_t bytes) {
  char *memory = mmap(wish, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

/* A mapping of whole huge pages that begins at one: below the last, or else more is mapped, and
 * cut off. */
static char *map_huge(char *edge, size_t bytes) {
  char *wish = edge ? edge - bytes : NULL, *memory = edge ? map_at(wish, bytes) : NULL;
  if (memory && memory == wish) return memory;
  if (memory) munmap(memory, bytes);
  memory = map_at(NULL, bytes + HUGE_PAGE);
  if (!memory) return NULL;
  char *block = (char *)up((uintptr_t)memory, HUGE_PAGE);
  size_t before = (size_t)(block - memory), after = HUGE_PAGE - before;
  if (before) munmap(memory, before);
  if (after) munmap(block + bytes, after);
  return block;
}

/* What is free at the edge already. */
static size_t free_at_edge(const rm_arena *a) {
  return a->nfree > 0 && a->free[0].at == a->edge ? a->free[0].bytes : 0;
}

static bool map_more(rm_arena *a, size_t bytes) {
  if (bytes > SIZE_MAX / 4 || !reserve_runs(a)) return false;
  bytes = up(bytes < LEAST_MAPPING ? LEAST_MAPPING : bytes, HUGE_PAGE);
  char *memory = map_huge(a->edge, bytes);
  if (!memory) return false;
  madvise(memory, bytes, MADV_HUGEPAGE);
  if (!a->edge || memory < a->edge) a->edge = memory;
  add_run(a, memory, bytes);
  return true;
}

void *rm_arena_grow(rm_arena *a, size_t bytes) {
  size_t most = rm_arena_round(bytes), there = free_at_edge(a);
  if (there < most && map_more(a, most - there)) {
    void *block = rm_arena_take(a, bytes); /* the mapping may lie elsewhere, and be too short */
    if (block) return block;
  }
  return map_more(a, most) ? rm_arena_take(a, bytes) : NULL;
}

/* --- gathering ----------------------------------------------------------------------------- */

/* Run i loses `bytes` from `at` on, which leaves up to two runs. */
static void cut_out(rm_arena *a, size_t i, char *at, size_t bytes) {
  rm_run run = a->free[i];
  remove_run(a, i);
  a->free_bytes -= run.bytes;
  size_t before = (size_t)(at - run.at), after = run.bytes - before - bytes;
  if (before) add_run(a, run.at, before);
  if (after) add_run(a, at + bytes, after);
}

/* Pages at `from` become those at `to`, one by one: what was mapped at different times the system only moves apart.
 * Returns how many bytes were moved. */
static size_t move_pages(char *from, char *to, size_t bytes) {
  size_t moved = 0;
  while (moved < bytes &&
         mremap(from + moved, HUGE_PAGE, HUGE_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to + moved) != MAP_FAILED)
    moved += HUGE_PAGE;
  return moved;
}

/* The run with the most huge pages, and where they begin. */
static size_t longest_run(const rm_arena *a, char **at, size_t *bytes) {
  size_t longest = 0;
  *bytes = 0;
  for (size_t i = 0; i < a->nfree; i++) {
    char *first = (char *)up((uintptr_t)a->free[i].at, HUGE_PAGE), *end = a->free[i].at + a->free[i].bytes;
    if (first >= end || (size_t)(end - first) / HUGE_PAGE * HUGE_PAGE <= *bytes) continue;
    longest = i;
    *at = first;
    *bytes = (size_t)(end - first) / HUGE_PAGE * HUGE_PAGE;
  }
  return longest;
}

void *rm_arena_gather(rm_arena *a, size_t bytes) {
  if (bytes > SIZE_MAX / 4) return NULL;
  size_t most = up(bytes, HUGE_PAGE), found = 0;
  char *to = map_huge(NULL, most);
  if (!to) return NULL;
  madvise(to, most, MADV_HUGEPAGE);
  while (found < most && reserve_runs(a)) {
    char *from;
    size_t piece, run = longest_run(a, &from, &piece);
    if (piece == 0) break;
    if (piece > most - found) piece = most - found;
    cut_out(a, run, from, piece);
    size_t moved = move_pages(from, to + found, piece);
    found += moved;
    if (moved == piece) continue;
    munmap(from + moved, piece - moved);
    munmap(to, found); /* the page behind may be anybody's by now */
    if (most - found > HUGE_PAGE) munmap(to + found + HUGE_PAGE, most - found - HUGE_PAGE);
    return NULL;
  }
  if (found == 0 || !reserve_runs(a)) {
    munmap(to, most);
    return NULL;
  }
  add_run(a, to, most);
  return rm_arena_take(a, bytes);
}

void rm_arena_trim(rm_arena *a) {
  for (size_t i = 0; i < a->nfree; i++) munmap(a->free[i].at, a->free[i].bytes);
  a->nfree = a->free_bytes = 0;
}
