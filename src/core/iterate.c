/* iterate.c -- sorting, merging and walking strided dimensions. */
#include "core/iterate.h"

#include <string.h>
#include "base/number.h"
#include "parallel/pool.h"

/* Smallest number of elements worth handing to another thread. */
enum { GRAIN = 16384 };

/* Stride of operand `op` along dimension d of the output (aligned at the end). */
static ptrdiff_t broadcast_stride(const rm_tensor *op, const rm_tensor *out, size_t d) {
  size_t missing = out->ndim - op->ndim;
  if (d < missing || op->shape[d - missing] == 1) return 0;
  return op->strides[d - missing];
}

/* Dimension a belongs inside b: smaller stride in the output, or, where the output
 * does not tell (stride 0), in the operands. */
static bool inside(const rm_iter *it, size_t a, size_t b) {
  for (size_t k = 0; k < it->nops; k++) {
    ptrdiff_t sa = it->strides[k][a], sb = it->strides[k][b];
    sa = sa < 0 ? -sa : sa;
    sb = sb < 0 ? -sb : sb;
    if (sa && sb && sa != sb) return sa < sb;
  }
  return false;
}

static void swap_dims(rm_iter *it, size_t a, size_t b) {
  size_t extent = it->shape[a];
  it->shape[a] = it->shape[b];
  it->shape[b] = extent;
  for (size_t k = 0; k < it->nops; k++) {
    ptrdiff_t stride = it->strides[k][a];
    it->strides[k][a] = it->strides[k][b];
    it->strides[k][b] = stride;
  }
}

/* Dimension d can be appended to the run that ends with dimension `last`. */
static bool mergeable(const rm_iter *it, size_t last, size_t d) {
  for (size_t k = 0; k < it->nops; k++)
    if (it->strides[k][d] != it->strides[k][last] * (ptrdiff_t)it->shape[last]) return false;
  return true;
}

void rm_iter_init(rm_iter *it, size_t nops, const rm_tensor *const ops[]) {
  const rm_tensor *out = ops[0];
  it->nops = nops;
  it->numel = out->numel;
  it->ndim = 0;
  for (size_t k = 0; k < nops; k++) {
    it->data[k] = rm_tensor_data(ops[k]);
    it->size[k] = rm_dtype_size(ops[k]->dtype);
  }
  for (size_t d = out->ndim; d-- > 0;) { /* innermost first, extents of 1 left out */
    if (out->shape[d] == 1) continue;
    it->shape[it->ndim] = out->shape[d];
    for (size_t k = 0; k < nops; k++) it->strides[k][it->ndim] = broadcast_stride(ops[k], out, d);
    it->ndim++;
  }
  for (size_t i = 1; i < it->ndim; i++) /* insertion sort: at most 8, nearly sorted */
    for (size_t j = i; j > 0 && inside(it, j, j - 1); j--) swap_dims(it, j, j - 1);
  size_t last = 0;
  for (size_t d = 1; d < it->ndim; d++) {
    if (mergeable(it, last, d)) {
      it->shape[last] *= it->shape[d];
      continue;
    }
    last++;
    it->shape[last] = it->shape[d];
    for (size_t k = 0; k < nops; k++) it->strides[k][last] = it->strides[k][d];
  }
  if (it->ndim == 0) { /* a scalar: one run of one element */
    it->shape[0] = 1;
    for (size_t k = 0; k < nops; k++) it->strides[k][0] = 1;
  }
  it->ndim = it->ndim ? last + 1 : 1;
}

typedef struct {
  const rm_iter *it;
  rm_iter_fn fn;
  void *ctx;
} job;

/* Bytes from one position along dimension d to the next. */
static ptrdiff_t step_of(const rm_iter *it, size_t k, size_t d) { return it->strides[k][d] * (ptrdiff_t)it->size[k]; }

/* Where the elements at a position are. */
static void locate(const rm_iter *it, const size_t position[], char *data[]) {
  for (size_t k = 0; k < it->nops; k++) {
    data[k] = it->data[k];
    for (size_t d = 0; d < it->ndim; d++) data[k] += (ptrdiff_t)position[d] * step_of(it, k, d);
  }
}

/* Elements [begin, end), counted with the innermost dimension fastest. Runs that follow each other along the second
 * dimension are reached by a step each: there are many where they are short. */
static void walk(void *arg, size_t begin, size_t end) {
  const job *j = arg;
  const rm_iter *it = j->it;
  size_t position[RM_MAX_DIMS], rest = begin;
  char *data[RM_ITER_MAX];
  ptrdiff_t inner[RM_ITER_MAX], step[RM_ITER_MAX] = {0};
  for (size_t d = 0; d < it->ndim; d++) {
    position[d] = rest % it->shape[d];
    rest /= it->shape[d];
  }
  for (size_t k = 0; k < it->nops; k++) {
    inner[k] = it->strides[k][0];
    if (it->ndim > 1) step[k] = step_of(it, k, 1);
  }
  while (begin < end) {
    size_t runs = it->ndim > 1 && position[0] == 0 ? it->shape[1] - position[1] : 1;
    size_t n = rm_smaller(it->shape[0] - position[0], end - begin);
    locate(it, position, data);
    for (size_t i = 0; i < runs && n > 0; i++) {
      if (i > 0)
        for (size_t k = 0; k < it->nops; k++) data[k] += step[k];
      j->fn(j->ctx, n, data, inner);
      begin += n;
      position[0] += n;
      for (size_t d = 0; d + 1 < it->ndim && position[d] == it->shape[d]; d++) {
        position[d] = 0;
        position[d + 1]++;
      }
      n = rm_smaller(n, end - begin);
    }
  }
}

void rm_iter_run(const rm_iter *it, rm_iter_fn fn, void *ctx) {
  job j = {it, fn, ctx};
  if (it->numel) rm_parallel(it->numel, GRAIN, walk, &j);
}

void rm_iter_run_serial(const rm_iter *it, rm_iter_fn fn, void *ctx) {
  job j = {it, fn, ctx};
  if (it->numel) walk(&j, 0, it->numel);
}
