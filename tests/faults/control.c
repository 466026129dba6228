/* control.c -- orders to the shim. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "faults/shim.h"

fault_plan fault_alloc, fault_io, fault_kill;
int fault_io_errno;
char fault_watch[4096];

bool fault_due(fault_plan *plan) {
  long at = atomic_load(&plan->at), seen = atomic_fetch_add(&plan->seen, 1) + 1;
  bool due = at > 0 && (plan->after ? seen >= at : seen == at);
  if (due) atomic_fetch_add(&plan->fired, 1);
  return due;
}

void fault_plan_set(fault_plan *plan, const char *number) {
  char *end;
  atomic_store(&plan->at, 0);
  long at = strtol(number, &end, 10);
  atomic_store(&plan->after, *end == '+');
  atomic_store(&plan->seen, 0);
  atomic_store(&plan->fired, 0);
  atomic_store(&plan->at, at);
}

static int number_of(const char *kind) {
  static const struct {
    const char *name;
    int number;
  } kinds[] = {{"EIO/", EIO}, {"ENOSPC/", ENOSPC}, {"EINTR/", EINTR}, {"short/", -1}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strncmp(kind, kinds[i].name, strlen(kinds[i].name)) == 0) return kinds[i].number;
  return EIO;
}

static fault_plan *last = &fault_alloc, fault_heap;

/* The program's own hook for tests; it tells how many blocks were made since it was called last. */
static void heap(long n) {
  long (*fail_after)(long) = (long (*)(long))dlsym(RTLD_DEFAULT, "rm_alloc_fail_after");
  if (!fail_after) return;
  long made = fail_after(n);
  if (n < 0) fault_heap.seen = made;
  else last = &fault_heap;
}

/* The threads end and give their scratch memory back. */
static void stop_threads(void) {
  void (*stop)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "rm_threads_stop");
  if (stop) stop();
}

/* Obeys; an answer, or -1. */
static long order(const char *text) {
  if (strncmp(text, "alloc/", 6) == 0) fault_plan_set(last = &fault_alloc, text + 6);
  else if (strncmp(text, "heap/", 5) == 0) heap(strtol(text + 5, NULL, 10) - 1);
  else if (strncmp(text, "cold/", 5) == 0) {
    stop_threads();
    heap(strtol(text + 5, NULL, 10) - 1);
  } else if (strncmp(text, "kill/", 5) == 0) fault_plan_set(last = &fault_kill, text + 5);
  else if (strncmp(text, "io/", 3) == 0) {
    fault_io_errno = number_of(text + 3);
    fault_plan_set(last = &fault_io, strrchr(text, '/') + 1);
  } else if (strncmp(text, "watch/", 6) == 0) snprintf(fault_watch, sizeof fault_watch, "%s", text + 6);
  else if (strcmp(text, "off") == 0) {
    fault_alloc.at = fault_io.at = fault_kill.at = 0;
    if (last == &fault_heap) heap(-1);
  } else if (strcmp(text, "count") == 0) return last->seen;
  else if (strcmp(text, "fired") == 0) return last->fired;
  else if (strcmp(text, "sites") == 0) return fault_alloc_sites();
  else if (strcmp(text, "live") == 0) return fault_alloc_live();
  return -1;
}

int remove(const char *path) {
  static int (*next)(const char *);
  if (strncmp(path, "/fault/", 7) == 0) {
    long answer = order(path + 7);
    if (answer < 0) return 0;
    errno = (int)answer;
    return -1;
  }
  if (!next) next = (int (*)(const char *))dlsym(RTLD_NEXT, "remove");
  return next(path);
}

__attribute__((constructor)) static void obey_environment(void) {
  const char *watch = getenv("RESMOON_WATCH"), *text = getenv("RESMOON_FAULT");
  if (watch) snprintf(fault_watch, sizeof fault_watch, "%s", watch);
  if (text) order(text);
}
