/* isa.h -- what a kernel file needs to be compiled once per instruction set. */
#ifndef RM_KERNELS_ISA_H
#define RM_KERNELS_ISA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernels/finish.h"
#include "kernels/winograd.h"

/* Of the row of isa.list: the Makefile gives them to the compiler. */
#if !defined(RM_ISA_NAME) || !defined(RM_VL) || !defined(RM_TILE_ROWS)
#error "compiled once per instruction set, by the Makefile: RM_ISA_NAME, RM_VL and RM_TILE_ROWS are missing"
#endif
#define RM_ISA_PASTE_(name, isa) name##_##isa
#define RM_ISA_PASTE(name, isa) RM_ISA_PASTE_(name, isa)
#define RM_ISA(name) RM_ISA_PASTE(name, RM_ISA_NAME)

#define RM_KERNEL(result, name, params) result RM_ISA(name) params;
#include "kernels/list.h"
#undef RM_KERNEL

/* Vectors in GCC's and Clang's extension: one source serves every set. */
typedef float rm_vec __attribute__((vector_size(4 * RM_VL), may_alias));
typedef float rm_vecu __attribute__((vector_size(4 * RM_VL), may_alias, aligned(4)));
typedef int32_t rm_veci __attribute__((vector_size(4 * RM_VL), may_alias));

#define RM_INLINE static inline __attribute__((always_inline))

RM_INLINE rm_vec rm_load(const float *p) { return *(const rm_vecu *)p; }
RM_INLINE void rm_store(float *p, rm_vec v) { *(rm_vecu *)p = v; }
/* Past the caches, to memory that is read much later; p is aligned to a vector. Fence when done. */
RM_INLINE void rm_stream(float *p, rm_vec v) {
#if defined(__clang__)
  __builtin_nontemporal_store(v, (rm_vec *)p);
#elif !defined(__SSE__)
  rm_store(p, v);
#elif RM_VL == 16
  __builtin_ia32_movntps512(p, v);
#elif RM_VL == 8
  __builtin_ia32_movntps256(p, v);
#else
  __builtin_ia32_movntps(p, v);
#endif
}
RM_INLINE void rm_stream_fence(void) {
#if defined(__SSE__)
  __builtin_ia32_sfence();
#endif
}
RM_INLINE rm_vec rm_splat(float x) { return x - (rm_vec){0}; }
/* Per lane: v where mask's lane is all ones (a comparison's result), else 0. */
RM_INLINE rm_vec rm_keep(rm_veci mask, rm_vec v) { return (rm_vec)(mask & (rm_veci)v); }

#endif
