/* cumsum.c -- see cumsum.h. The gradient of x[j] is the sum of dy from j on: the same walk from the other end. */
#include "ops/reduce/cumsum.h"

#include "core/copy.h"
#include "core/tape.h"
#include "parallel/pool.h"

typedef struct {
  rm_dtype dtype;       /* of x */
  size_t extent, inner; /* x is (outer, extent, inner) */
  bool backwards;
  const void *x;
  void *y; /* float32 where x is, else int64 */
} scan;

static void scan_rows(void *ctx, size_t begin, size_t end) {
  const scan *s = ctx;
  for (size_t row = begin; row < end; row++) {
    size_t first = row / s->inner * s->extent * s->inner + row % s->inner;
    double sum = 0;
    uint64_t whole = 0;
    for (size_t j = 0; j < s->extent; j++) {
      size_t at = first + (s->backwards ? s->extent - 1 - j : j) * s->inner;
      if (s->dtype == RM_FLOAT32) {
        sum += ((const float *)s->x)[at];
        ((float *)s->y)[at] = (float)sum;
      } else {
        whole += s->dtype == RM_UINT8 ? ((const uint8_t *)s->x)[at] : (uint64_t)((const int64_t *)s->x)[at];
        ((int64_t *)s->y)[at] = (int64_t)whole;
      }
    }
  }
}

enum { GRAIN = 16384 };

static rm_status run(rm_tensor *x, size_t dim, bool backwards, rm_tensor **y, rm_error *err) {
  rm_tensor *rows = NULL, *fresh = NULL;
  rm_dtype dtype = x->dtype == RM_FLOAT32 ? RM_FLOAT32 : RM_INT64;
  rm_status status = rm_tensor_contiguous(x, &rows, err);
  if (status == RM_OK) status = rm_tensor_new(dtype, x->ndim, x->shape, &fresh, err);
  if (status == RM_OK && x->numel > 0) {
    scan s = {.dtype = x->dtype,
              .extent = x->ndim ? x->shape[dim] : 1,
              .inner = 1,
              .backwards = backwards,
              .x = rm_tensor_data(rows),
              .y = rm_tensor_data(fresh)};
    for (size_t d = dim + 1; d < x->ndim; d++) s.inner *= x->shape[d];
    rm_parallel(x->numel / s.extent, 1 + GRAIN / s.extent, scan_rows, &s);
  }
  rm_tensor_release(rows);
  return rm_tensor_give(status, fresh, y);
}

static rm_status cumsum_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  const size_t *dim = rm_node_payload(node);
  return run(dy, *dim, true, &dx[0], err);
}

rm_status rm_cumsum(rm_tensor *x, size_t dim, rm_tensor **out, rm_error *err) {
  if (dim >= (x->ndim ? x->ndim : 1))
    return rm_fail(err, RM_ERR_SHAPE, "cumsum: x has %zu dimensions, dimension %zu is not among them", x->ndim,
                   dim + 1);
  rm_tensor *y = NULL;
  RM_TRY(run(x, dim, false, &y, err));
  rm_status status = RM_OK;
  if (rm_tape_wants(1, &x))
    status = rm_tape_record(y,
                            &(rm_record){.name = "cumsum",
                                         .backward = cumsum_backward,
                                         .ninputs = 1,
                                         .inputs = &x,
                                         .payload = &dim,
                                         .payload_bytes = sizeof dim},
                            err);
  return rm_tensor_give(status, y, out);
}
