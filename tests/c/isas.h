/* isas.h -- for (size_t i = 0; select_isa(i); i++): every instruction set that this processor has. */
#ifndef RM_TEST_ISAS_H
#define RM_TEST_ISAS_H

#include "kernels/kernels.h"

/* Switches to the n-th table of kernels; false after the last, which stays in use. */
static inline bool select_isa(size_t n) {
  const rm_kernels *kernels = rm_kernel_at(n);
  return kernels && rm_kernel_select(kernels->isa);
}

#endif
