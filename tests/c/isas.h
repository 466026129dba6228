/* isas.h -- for (size_t i = 0; select_isa(i); i++): every instruction set that this processor has. RESMOON_TEST_ISA=avx2
 * leaves that one alone, for those to whom a set is like another (tests/faults/suites.lua) or of which each takes hours. */
#ifndef RM_TEST_ISAS_H
#define RM_TEST_ISAS_H

#include <stdlib.h>
#include "kernels/kernels.h"

/* Switches to the n-th table of kernels; false after the last, which stays in use. */
static inline bool select_isa(size_t n) {
  const char *only = getenv("RESMOON_TEST_ISA");
  if (only) return n == 0 && rm_kernel_select(only);
  const rm_kernels *kernels = rm_kernel_at(n);
  return kernels && rm_kernel_select(kernels->isa);
}

#endif
