/* blas.h -- dense matrix products: OpenBLAS, found at run time.
 *
 * The library reads its settings from the environment while it is loaded, so it is not
 * linked: the first product sets them and then loads it. They are one thread (the pool of
 * parallel/pool.h is the only one) and the kernels for this processor, where kernels/isa.list names
 * them: OpenBLAS 0.3.21 takes a new AMD processor for a Haswell and runs at half speed. A
 * user's own OPENBLAS_CORETYPE wins. Without the library a plain loop computes the same
 * products, slowly; that is said once on stderr.
 *
 * Matrices are row-major. op(A) is m x k, op(B) is k x n, C is m x n, and `ld` counts the
 * elements from one stored row to the next. C = alpha op(A) op(B) + beta C; with beta 0,
 * C is not read. */
#ifndef RM_OPS_LINALG_BLAS_H
#define RM_OPS_LINALG_BLAS_H

#include <stdbool.h>
#include <stddef.h>

/* In the calling thread alone: what workers use. */
void rm_sgemm(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, float alpha, const float *a, size_t lda,
              const float *b, size_t ldb, float beta, float *c, size_t ldc);

/* C is cut into blocks, by its extents alone, which the pool's threads compute: the bits
 * do not depend on the number of threads. */
void rm_sgemm_parallel(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, float alpha, const float *a,
                       size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc);

/* What computes: "OpenBLAS 0.3.21 ... Haswell ...", or "plain loops". */
const char *rm_blas_name(void);

#endif
