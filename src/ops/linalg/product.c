/* product.c -- see product.h; kernels/product_k.c has the loops. How extents are cut, and which operand is packed,
 * changes no bit; so both follow what is fast. */
#include "ops/linalg/product.h"

#include "base/number.h"
#include "kernels/kernels.h"
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
  size_t c_down, c_across;
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
                       p->more || k > 0, p->c + i * p->c_down + n * p->c_across, p->c_down, p->c_across, aside);
    }
}

/* To pack is to read and write every element of an operand: of the smaller one, then. C' = B' A' is the same
 * product. */
static product plan(size_t m, size_t n, size_t k, rm_matrix a, rm_matrix b, bool more, float *c, size_t stride) {
  product p = {m, n, k, a, b, more, c, stride, 1, 0, 0, 0};
  if (n <= m || b.across == 1) return p;
  p = (product){n, m, k, {b.data, b.across, b.down}, {a.data, a.across, a.down}, more, c, 1, stride, 0, 0, 0};
  return p;
}

void rm_product(size_t m, size_t n, size_t k, rm_matrix a, rm_matrix b, bool more, float *c, size_t stride) {
  product p = plan(m, n, k, a, b, more, c, stride);
  if (m > 0 && n > 0) multiply(&p, 0, p.m, 0, p.n);
}

static void multiply_blocks(void *ctx, size_t begin, size_t end) {
  const product *p = ctx;
  for (size_t block = begin; block < end; block++) {
    size_t i = block / p->across * p->rows, j = block % p->across * p->columns;
    multiply(p, i, rm_smaller(p->rows, p->m - i), j, rm_smaller(p->columns, p->n - j));
  }
}

/* Blocks of an extent: at most 8, of at least 64 and in whole multiples of 16. */
static size_t block_extent(size_t extent) { return rm_larger(64, ((extent + 7) / 8 + 15) / 16 * 16); }

void rm_product_parallel(size_t m, size_t n, size_t k, rm_matrix a, rm_matrix b, bool more, float *c, size_t stride) {
  product p = plan(m, n, k, a, b, more, c, stride);
  if (m == 0 || n == 0) return;
  /* Below some 10^6 multiplications waking the threads costs more than they gain. Rows are cut where they are more
   * than the columns by far: each block of rows packs all columns for itself. */
  bool large = (double)m * (double)n * (double)k >= 1e6, down = p.m >= 4 * p.n;
  p.rows = large && down ? block_extent(p.m) : p.m;
  p.columns = large && !down ? block_extent(p.n) : p.n;
  p.across = (p.n + p.columns - 1) / p.columns;
  rm_parallel((p.m + p.rows - 1) / p.rows * p.across, 1, multiply_blocks, &p);
}
