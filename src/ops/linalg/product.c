/* product.c -- see product.h; kernels/product_k.c has the loops. How extents are cut, and which operand is packed,
 * changes no bit; so both follow what is fast. */
#include "ops/linalg/product.h"

#include <string.h>
#include "base/number.h"
#include "kernels/kernels.h"
#include "memory/alloc.h"
#include "parallel/interrupt.h"
#include "parallel/pool.h"
#include "parallel/scratch.h"

enum {
  DEPTH = 256,   /* of a block of the packed operand, */
  COLUMNS = 256, /* and its columns: a quarter of a megabyte, in the second-level cache */
  ROWS = 8,      /* of a tile, at most */
  PACKED = 2,
  ASIDE = 3
};

static size_t packed_bytes(void) { return DEPTH * COLUMNS * sizeof(float); }
static size_t aside_bytes(void) { return ROWS * DEPTH * sizeof(float); }

rm_status rm_product_reserve(rm_error *err) {
  RM_TRY(rm_scratch_reserve(PACKED, packed_bytes(), err));
  return rm_scratch_reserve(ASIDE, aside_bytes(), err);
}

typedef struct {
  size_t m, n, k;
  rm_matrix a, b;
  bool more;
  float *c;
  size_t stride;
  size_t rows, columns, across; /* of a block for a thread; blocks from left to right */
} product;

/* Rows i .. i+rows-1, columns j .. j+columns-1. */
static void multiply(const product *p, size_t i, size_t rows, size_t j, size_t columns) {
  const rm_kernels *kernels = rm_kernel_table();
  float *packed = rm_scratch(PACKED, packed_bytes()), *aside = rm_scratch(ASIDE, aside_bytes());
  for (size_t n = j; n < j + columns; n += COLUMNS)
    for (size_t k = 0; (k < p->k || k == 0) && !rm_broken(); k += DEPTH) {
      size_t width = rm_smaller(COLUMNS, j + columns - n), depth = rm_smaller(DEPTH, p->k - k);
      kernels->product_pack(depth, width, p->b.data + k * p->b.down + n * p->b.across, p->b.down, p->b.across, packed);
      kernels->product(rows, width, depth, p->a.data + i * p->a.down + k * p->a.across, p->a.down, p->a.across, packed,
                       p->more || k > 0, p->c + i * p->stride + n, p->stride, aside);
    }
}

void rm_product(size_t m, size_t n, size_t k, rm_matrix a, rm_matrix b, bool more, float *c, size_t stride) {
  product p = {.m = m, .n = n, .k = k, .a = a, .b = b, .more = more, .c = c, .stride = stride};
  if (m > 0 && n > 0) multiply(&p, 0, m, 0, n);
}

static void multiply_blocks(void *ctx, size_t begin, size_t end) {
  const product *p = ctx;
  for (size_t block = begin; block < end; block++) {
    size_t i = block / p->across * p->rows, j = block % p->across * p->columns;
    multiply(p, i, rm_smaller(p->rows, p->m - i), j, rm_smaller(p->columns, p->n - j));
  }
}

/* Each thread gets some columns, or, where these are few, some rows: then it packs all columns for itself. Below some
 * 10^6 multiplications waking the threads costs more than they gain. */
static void on_all_threads(product *p) {
  enum { LEAST = 64 }; /* columns of a block */
  size_t tile = rm_kernel_table()->rows;
  size_t threads = (double)p->m * (double)p->n * (double)p->k >= 1e6 ? rm_num_threads() : 1;
  p->rows = p->m;
  p->columns = p->n;
  if (threads > 1 && p->n >= threads * LEAST)
    p->columns = rm_larger(LEAST, (p->n + 2 * threads - 1) / (2 * threads) / 32 * 32);
  else if (threads > 1) p->rows = ((p->m + threads - 1) / threads + tile - 1) / tile * tile;
  p->across = (p->n + p->columns - 1) / p->columns;
  rm_parallel((p->m + p->rows - 1) / p->rows * p->across, 1, multiply_blocks, p);
}

/* --- C' = B' A' ------------------------------------------------------------------------------ */
typedef struct {
  const float *from;
  float *to;
  size_t rows, columns; /* of `to` */
  size_t from_stride, to_stride;
} turning;

/* Rows begin .. end-1 of `to`, in squares of one cache line by 16, which are turned in the first-level cache. */
static void turn(void *ctx, size_t begin, size_t end) {
  enum { LINE = 16 };
  const turning *t = ctx;
  float square[LINE][LINE];
  for (size_t i = begin; i < end; i += LINE)
    for (size_t j = 0; j < t->columns; j += LINE) {
      size_t rows = rm_smaller(LINE, end - i), columns = rm_smaller(LINE, t->columns - j);
      for (size_t k = 0; k < columns; k++)
        memcpy(square[k], t->from + (j + k) * t->from_stride + i, rows * sizeof(float));
      for (size_t r = 0; r < rows; r++)
        for (size_t k = 0; k < columns; k++) t->to[(i + r) * t->to_stride + j + k] = square[k][r];
    }
}

/* The operand that is packed is read and written once more: the smaller one, then. Columns that lie along k are
 * scattered by that as well, so it pays to exchange the operands, and to turn C around at the end. */
rm_status rm_product_parallel(size_t m, size_t n, size_t k, rm_matrix a, rm_matrix b, const float *begin, float *c,
                              size_t stride, rm_error *err) {
  if (m == 0 || n == 0) return RM_OK;
  RM_TRY(rm_product_reserve(err));
  product p = {.m = m, .n = n, .k = k, .a = a, .b = b, .more = begin != NULL, .c = c, .stride = stride};
  if (n <= m || b.across == 1) {
    for (size_t i = 0; begin && i < m; i++) memcpy(c + i * stride, begin, n * sizeof(float));
    on_all_threads(&p);
    return RM_OK;
  }
  size_t bytes = m * n * sizeof(float);
  float *turned = rm_alloc(bytes);
  if (!turned) return rm_fail(err, RM_ERR_MEMORY, "matrix product: no memory for %zu bytes of workspace", bytes);
  for (size_t j = 0; begin && j < n; j++)
    for (size_t i = 0; i < m; i++) turned[j * m + i] = begin[j];
  p = (product){.m = n,
                .n = m,
                .k = k,
                .a = {b.data, b.across, b.down},
                .b = {a.data, a.across, a.down},
                .more = begin != NULL,
                .c = turned,
                .stride = m};
  on_all_threads(&p);
  rm_parallel(m, 16, turn, &(turning){turned, c, m, n, m, stride});
  rm_free(turned, bytes);
  return RM_OK;
}
