/* dispatch.c -- which copy of the kernels this processor gets.
 *
 * The choice is made once: the last instruction set of isa.list that the processor has, or the one
 * RESMOON_ISA names. An unknown or unavailable name is said on stderr, once, and the automatic
 * choice taken: silence would make a benchmark lie. */
#include "kernels/kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HAS(feature) __builtin_cpu_supports(feature)
#define RM_INSTRUCTION_SET(name, lanes, rows, processor, onednn, openblas, flags) \
  extern const rm_kernels rm_kernels_##name; \
  static bool has_##name(void) { return processor; }
#include "kernels/isa.list"
#undef RM_INSTRUCTION_SET

typedef struct {
  const char *name, *onednn, *openblas;
  bool (*available)(void);
  const rm_kernels *kernels;
} instruction_set;

#define RM_INSTRUCTION_SET(name, lanes, rows, processor, onednn, openblas, flags) \
  {#name, onednn, openblas, has_##name, &rm_kernels_##name},
static const instruction_set sets[] = {
#include "kernels/isa.list"
};
#undef RM_INSTRUCTION_SET
enum { SETS = sizeof sets / sizeof *sets };

static const rm_kernels *_Atomic chosen; /* by whichever thread asks first */

static bool available(const instruction_set *set) {
#if defined(__x86_64__)
  __builtin_cpu_init();
#endif
  return set->available();
}

const rm_kernels *rm_kernel_at(size_t n) {
  for (size_t i = 0; i < SETS; i++)
    if (available(&sets[i]) && n-- == 0) return sets[i].kernels;
  return NULL;
}

const rm_kernels *rm_kernel_find(const char *isa) {
  for (size_t i = 0; i < SETS; i++)
    if (strcmp(isa, sets[i].name) == 0 && available(&sets[i])) return sets[i].kernels;
  return NULL;
}

const char *rm_kernel_onednn(const rm_kernels *kernels) {
  for (size_t i = 0; i < SETS; i++)
    if (sets[i].kernels == kernels) return sets[i].onednn;
  return NULL;
}

const char *rm_kernel_openblas(void) {
  const char *core_type = NULL;
  for (size_t i = 0; i < SETS; i++)
    if (available(&sets[i])) core_type = sets[i].openblas;
  return core_type;
}

bool rm_kernel_select(const char *isa) {
  const rm_kernels *table = rm_kernel_find(isa);
  if (table) chosen = table;
  return table != NULL;
}

static void complain(const char *wish) {
  fprintf(stderr, "resmoon: RESMOON_ISA=%s is not available here (", wish);
  for (size_t i = 0; i < SETS; i++) fprintf(stderr, "%s%s", i ? ", " : "", sets[i].name);
  fprintf(stderr, ")\n");
}

const rm_kernels *rm_kernel_table(void) {
  if (chosen) return chosen;
  const char *wish = getenv("RESMOON_ISA");
  if (wish && *wish && !rm_kernel_select(wish)) complain(wish);
  for (size_t i = SETS; !chosen && i-- > 0;) rm_kernel_select(sets[i].name);
  return chosen;
}
