/* kernels.h -- the table of inner loops, one per instruction set.
 *
 * A kernel sees pointers and extents: ops/ has checked shapes, nothing is allocated,
 * nothing can fail, nothing is threaded. Every file of this folder named *_k.c is
 * compiled once per instruction set with RM_ISA_NAME defined, defines its functions as
 * RM_ISA(name), and dispatch.c picks one table at start-up (RESMOON_ISA= forces one).
 *
 * To add a kernel: one line in the list of kernels/list.h, one function in a *_k.c. Those of elementwise
 * operators on one tensor come from the rows of kernels/unary_list.h.
 * To add an instruction set: one row in kernels/isa.list. */
#ifndef RM_KERNELS_KERNELS_H
#define RM_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernels/direct.h"
#include "kernels/finish.h"
#include "kernels/strided.h"
#include "kernels/winograd.h"

/* RM_KERNEL(result, name, (parameters)) for each kernel. */
#define RM_KERNEL(result, name, params) result(*name) params;
typedef struct {
  const char *isa; /* its name in isa.list */
  size_t vector;   /* floats per vector register */
  size_t rows;     /* of a tile of sums */
  bool fused;      /* multiply-adds are rounded once: such sets give the same bits */
#include "kernels/list.h"
} rm_kernels;
#undef RM_KERNEL

/* The table in use. Chosen on the first call; RESMOON_ISA is read then. */
const rm_kernels *rm_kernel_table(void);
/* The tables that this processor can run, from the narrowest instruction set to the widest; NULL after the last. */
const rm_kernels *rm_kernel_at(size_t n);
/* The named table, NULL if this processor or build lacks it. */
const rm_kernels *rm_kernel_find(const char *isa);
/* What oneDNN calls the instruction set of a table. */
const char *rm_kernel_onednn(const rm_kernels *kernels);
/* The core type that OpenBLAS has to be told for this processor's widest set, or NULL. */
const char *rm_kernel_openblas(void);
/* Tests: switch to the named table; false if this processor or build lacks it. */
bool rm_kernel_select(const char *isa);

#endif
