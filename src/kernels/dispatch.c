/* dispatch.c -- which copy of the kernels this processor gets.
 *
 * The choice is made once: the widest instruction set that the processor has and the
 * build holds, or the one RESMOON_ISA names. An unknown or unavailable name is said on
 * stderr, once, and the automatic choice taken: silence would make a benchmark lie. */
#include "kernels/kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECLARE(isa) extern const rm_kernels rm_kernels_##isa;
DECLARE(baseline)
#if defined(__x86_64__)
DECLARE(avx2)
DECLARE(avx512)
#endif

static const rm_kernels *chosen;

const rm_kernels *rm_kernel_find(const char *isa) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (strcmp(isa, "avx512") == 0)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                   __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
               ? &rm_kernels_avx512 : NULL;
  if (strcmp(isa, "avx2") == 0)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &rm_kernels_avx2 : NULL;
#endif
  return strcmp(isa, "baseline") == 0 ? &rm_kernels_baseline : NULL;
}

bool rm_kernel_select(const char *isa) {
  const rm_kernels *table = rm_kernel_find(isa);
  if (table) chosen = table;
  return table != NULL;
}

const rm_kernels *rm_kernel_table(void) {
  if (chosen) return chosen;
  const char *wish = getenv("RESMOON_ISA");
  if (wish && *wish && !rm_kernel_select(wish))
    fprintf(stderr, "resmoon: RESMOON_ISA=%s is not available here (baseline, avx2, avx512)\n", wish);
  static const char *const best_first[] = {"avx512", "avx2", "baseline"};
  for (size_t i = 0; !chosen && i < 3; i++) rm_kernel_select(best_first[i]);
  return chosen;
}
