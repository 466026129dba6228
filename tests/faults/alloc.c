/* alloc.c -- allocations that fail: malloc and its kin, and memory that is mapped. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "faults/shim.h"

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static atomic_long live;
long fault_alloc_live(void) { return live; }

/* --- where ---------------------------------------------------------------------------- */

enum { SITES = 1 << 16, DEPTH = 10 };
static _Atomic uint64_t sites[SITES];
static atomic_long site_count;
static _Thread_local bool inside; /* backtrace may allocate */
long fault_alloc_sites(void) { return site_count; }

/* Its number if the place is a new one, else 0. */
static uint64_t note_site(void) {
  void *frames[DEPTH];
  static long shown; /* RESMOON_FAULT_TRACE: who asked, on stderr, for the first fault of each order */
  inside = true;
  int n = backtrace(frames, DEPTH);
  if (getenv("RESMOON_FAULT_TRACE") && fault_alloc.fired == 1) {
    dprintf(2, "fault %ld, allocation %ld:\n", ++shown, (long)fault_alloc.seen);
    backtrace_symbols_fd(frames + 2, n - 2, 2);
  }
  inside = false;
  uint64_t hash = 14695981039346656037u;
  for (int i = 2; i < n; i++) hash = (hash ^ (uint64_t)(uintptr_t)frames[i]) * 1099511628211u;
  hash |= 1;
  for (size_t i = hash >> 40;; i++) {
    uint64_t none = 0, there = sites[i % SITES];
    if (there == hash || site_count > SITES / 2) return 0;
    if (there) continue;
    if (atomic_compare_exchange_strong(&sites[i % SITES], &none, hash)) {
      site_count++;
      return hash;
    }
    if (none == hash) return 0;
  }
}

/* RESMOON_FAULT_PLACES: nothing fails, and of each place the number of its first allocation goes to stderr, with its own
 * number, which is the same in every run where addresses are (setarch -R). */
static void show_place(void) {
  long at = fault_alloc.seen;
  uint64_t place = note_site();
  if (place) dprintf(2, "place %ld %016llx\n", at, (unsigned long long)place);
}

/* OpenBLAS 0.3.21 and libgfortran 12 do not ask whether they got what they asked for, or end the program: what they ask
 * for themselves does not fail here. (The program looks whether there is memory before it calls them.) */
static bool foreign(const void *caller) {
  Dl_info from;
  if (!dladdr(caller, &from) || !from.dli_fname) return false;
  return strstr(from.dli_fname, "openblas") || strstr(from.dli_fname, "gfortran");
}

static bool refuse(const void *caller) {
  static int showing = -1;
  if (inside) return false;
  bool due = fault_due(&fault_alloc);
  if (showing < 0) showing = getenv("RESMOON_FAULT_PLACES") != NULL;
  if (showing && !foreign(caller)) show_place();
  if (!due || showing || foreign(caller)) return false;
  note_site();
  errno = ENOMEM;
  return true;
}

/* The first backtrace loads a library. */
__attribute__((constructor)) static void warm_up(void) {
  void *frames[2];
  backtrace(frames, 2);
}

#define CALLER __builtin_return_address(0)

/* --- the calls -------------------------------------------------------------------------- */

static void *made(void *block) {
  live += block != NULL;
  return block;
}

void *malloc(size_t bytes) { return refuse(CALLER) ? NULL : made(__libc_malloc(bytes)); }
void *calloc(size_t n, size_t bytes) { return refuse(CALLER) ? NULL : made(__libc_calloc(n, bytes)); }

void *realloc(void *block, size_t bytes) {
  if (refuse(CALLER)) return NULL;
  void *moved = __libc_realloc(block, bytes);
  if (!block) made(moved);
  else if (bytes == 0) live--;
  return moved;
}

void *memalign(size_t alignment, size_t bytes) {
  return refuse(CALLER) ? NULL : made(__libc_memalign(alignment, bytes));
}
void *aligned_alloc(size_t alignment, size_t bytes) {
  return refuse(CALLER) ? NULL : made(__libc_memalign(alignment, bytes));
}

int posix_memalign(void **out, size_t alignment, size_t bytes) {
  void *block = refuse(CALLER) ? NULL : made(__libc_memalign(alignment, bytes));
  if (!block) return ENOMEM;
  *out = block;
  return 0;
}

void free(void *block) {
  live -= block != NULL;
  __libc_free(block);
}

void *mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset) {
  if ((flags & MAP_ANONYMOUS) && refuse(CALLER)) return MAP_FAILED;
  return (void *)syscall(SYS_mmap, at, bytes, protection, flags, fd, offset);
}
