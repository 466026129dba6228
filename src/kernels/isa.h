/* isa.h -- what a kernel file needs to be compiled once per instruction set. */
#ifndef RM_KERNELS_ISA_H
#define RM_KERNELS_ISA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#if defined(__FMA__) && (RM_VL == 8 || RM_VL == 16)
#include <immintrin.h>
#elif defined(__ARM_FEATURE_FMA) && RM_VL == 4
#include <arm_neon.h>
#endif
#include "kernels/direct.h"
#include "kernels/finish.h"
#include "kernels/strided.h"
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

/* --- multiply and add, rounded once ------------------------------------------------------------
 * The compiler fuses nothing by itself (-ffp-contract=off), since it would not everywhere choose the same products:
 * what is fused is written so. That is what makes the bits of two instruction sets equal (docs/internals.md). Sets
 * without the instruction round twice: they are outside the promise (RM_FUSED). */
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
enum { RM_FUSED = 1 };
#else
enum { RM_FUSED = 0 };
#endif

/* a b + c, and c - a b. */
RM_INLINE float rm_fma1(float a, float b, float c) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}
RM_INLINE float rm_nfma1(float a, float b, float c) { return rm_fma1(-a, b, c); }

RM_INLINE rm_vec rm_fma(rm_vec a, rm_vec b, rm_vec c) {
#if defined(__FMA__) && RM_VL == 16
  return (rm_vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__) && RM_VL == 8
  return (rm_vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__ARM_FEATURE_FMA) && RM_VL == 4
  return (rm_vec)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
  return a * b + c;
#endif
}
RM_INLINE rm_vec rm_nfma(rm_vec a, rm_vec b, rm_vec c) {
#if defined(__FMA__) && RM_VL == 16
  return (rm_vec)_mm512_fnmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__) && RM_VL == 8
  return (rm_vec)_mm256_fnmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
  return rm_fma(-a, b, c);
#endif
}

/* Per lane: v where mask's lane is all ones (a comparison's result), else 0. */
RM_INLINE rm_vec rm_keep(rm_veci mask, rm_vec v) { return (rm_vec)(mask & (rm_veci)v); }

#endif
