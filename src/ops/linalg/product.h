/* product.h -- matrix products whose bits are the same with every instruction set that fuses multiply-adds, and any
 * number of threads: what layers and convolutions use. (blas.h is the faster one for matmul, and makes no promise.)
 *
 * Each element of C is one chain of multiply-adds over k, from first to last. */
#ifndef RM_OPS_LINALG_PRODUCT_H
#define RM_OPS_LINALG_PRODUCT_H

#include <stdbool.h>
#include <stddef.h>
#include "base/status.h"

/* A matrix in memory: element (i, j) at data[i * down + j * across]. One of the two is 1. */
typedef struct {
  const float *data;
  size_t down, across;
} rm_matrix;

/* Scratch memory (slots 2 and 3) for rm_product: before it, outside of parallel work. */
rm_status rm_product_reserve(rm_error *err);

/* C (m, n), rows `stride` apart, = A (m, k) B (k, n); `more`: added to what is there, which begins the chains.
 * In the calling thread alone. */
void rm_product(size_t m, size_t n, size_t k, rm_matrix a, rm_matrix b, bool more, float *c, size_t stride);

/* C = A B + begin on all threads: the chains of column j begin with begin[j], or with 0 if that is NULL. It reserves
 * for itself, and fails only where memory runs out. */
rm_status rm_product_parallel(size_t m, size_t n, size_t k, rm_matrix a, rm_matrix b, const float *begin, float *c,
                              size_t stride, rm_error *err);

#endif
