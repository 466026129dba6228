/* arena.h -- large blocks, cut from few large mappings and joined again.
 *
 * A freed block joins its free neighbors, so that what held one large activation serves two of
 * half its size later: forward, backward, evaluation and a smaller last batch all live in the
 * same pages. Blocks begin at multiples of 64 KiB; the mappings ask for huge pages.
 *
 * Where what is free would do, but no run is long enough, its pages are gathered: the system moves them to addresses that
 * follow each other, which costs less than clearing fresh ones. So what is held stays close to what is in use.
 *
 * Not locked: alloc.c, its only user, does that. */
#ifndef RM_MEMORY_ARENA_H
#define RM_MEMORY_ARENA_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
  char *at;
  size_t bytes;
} rm_run;

typedef struct {
  rm_run *free; /* what is mapped and free, by rising address, neighbors joined */
  size_t nfree, capacity;
  size_t blocks;     /* handed out */
  size_t free_bytes; /* of all runs */
  char *edge;        /* the lowest address mapped so far: growth goes downwards */
} rm_arena;

size_t rm_arena_round(size_t bytes);            /* what a block of so many bytes takes */
void *rm_arena_take(rm_arena *a, size_t bytes); /* out of what is free; NULL: no run is that long */
void rm_arena_give(rm_arena *a, void *block, size_t bytes);
void *rm_arena_grow(rm_arena *a, size_t bytes); /* out of a new mapping; NULL: the system has no memory */
/* As grow, but the new mapping gets pages that free runs have, whole huge pages, and only what is missing from the
 * system. NULL also if they have none. */
void *rm_arena_gather(rm_arena *a, size_t bytes);
void rm_arena_trim(rm_arena *a); /* what is free goes back to the system */

#endif
