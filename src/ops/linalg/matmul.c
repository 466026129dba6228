/* matmul.c -- matrix products with vectors and batches.
 *
 * Everything is one loop, C[i] += A[i] B[i] over a batch of matrices, in which a stride of 0
 * repeats a matrix. The product itself, dA = dC B^T and dB = A^T dC are that loop with
 * transposed views; where an operand was broadcast, its gradient has the stride 0 and so
 * becomes the sum over the batch.
 *
 * A vector is taken as a matrix of one row or one column, whose extent of 1 is dropped
 * from the result. */
#include <string.h>
#include "core/copy.h"
#include "core/tape.h"
#include "core/view.h"
#include "ops/check.h"
#include "ops/linalg/blas.h"
#include "ops/linalg/matmul.h"
#include "parallel/interrupt.h"
#include "parallel/pool.h"

enum { MAX_BATCH_DIMS = RM_MAX_DIMS };

/* A batch of matrices in memory that the product can read: rows or columns contiguous. */
typedef struct {
  float *data;
  bool transposed; /* stored as (cols, rows) */
  size_t rows, cols, ld;
  size_t batch_ndim;
  size_t batch_shape[MAX_BATCH_DIMS];
  ptrdiff_t batch_strides[MAX_BATCH_DIMS];
} matrices;

/* t with at least two dimensions as a batch; *owner keeps its memory alive. Copied where neither
 * rows nor columns are contiguous. */
static rm_status as_matrices(rm_tensor *t, matrices *m, rm_tensor **owner, rm_error *err) {
  size_t d = t->ndim;
  bool rows = t->strides[d - 1] == 1 && t->strides[d - 2] >= (ptrdiff_t)t->shape[d - 1];
  bool cols = t->strides[d - 2] == 1 && t->strides[d - 1] >= (ptrdiff_t)t->shape[d - 2];
  if (rows || cols) *owner = rm_tensor_retain(t);
  else RM_TRY(rm_tensor_contiguous(t, owner, err));
  t = *owner;
  *m = (matrices){.data = rm_tensor_f32(t),
                  .transposed = !rows && cols,
                  .rows = t->shape[d - 2],
                  .cols = t->shape[d - 1],
                  .batch_ndim = d - 2};
  m->ld = (size_t)t->strides[m->transposed ? d - 1 : d - 2];
  if (!rows && !cols) m->ld = m->cols;
  size_t least = m->transposed ? m->rows : m->cols;
  if (m->ld < least) m->ld = least; /* an extent of 1 may have any stride */
  if (m->ld == 0) m->ld = 1;
  memcpy(m->batch_shape, t->shape, m->batch_ndim * sizeof *m->batch_shape);
  memcpy(m->batch_strides, t->strides, m->batch_ndim * sizeof *m->batch_strides);
  return RM_OK;
}

static matrices transpose(matrices m) {
  size_t rows = m.rows;
  m.rows = m.cols;
  m.cols = rows;
  m.transposed = !m.transposed;
  return m;
}

/* Where matrix `index` (row-major over the broadcast batch shape) of m begins. */
static float *matrix_at(const matrices *m, size_t ndim, const size_t shape[], size_t index) {
  ptrdiff_t offset = 0;
  for (size_t d = ndim; d-- > 0; index /= shape[d]) {
    size_t missing = ndim - m->batch_ndim;
    if (d >= missing && m->batch_shape[d - missing] != 1)
      offset += (ptrdiff_t)(index % shape[d]) * m->batch_strides[d - missing];
  }
  return m->data + offset;
}

typedef struct {
  const matrices *a, *b, *c;
  size_t ndim, shape[MAX_BATCH_DIMS], count; /* of the batch */
} batch_product;

static void multiply_one(const batch_product *p, size_t i, bool parallel) {
  float *a = matrix_at(p->a, p->ndim, p->shape, i), *b = matrix_at(p->b, p->ndim, p->shape, i);
  float *c = matrix_at(p->c, p->ndim, p->shape, i);
  (parallel ? rm_sgemm_parallel : rm_sgemm)(p->a->transposed, p->b->transposed, p->c->rows, p->c->cols, p->a->cols, 1,
                                            a, p->a->ld, b, p->b->ld, 1, c, p->c->ld);
}

static void multiply_some(void *ctx, size_t begin, size_t end) {
  for (size_t i = begin; i < end && !rm_broken(); i++) multiply_one(ctx, i, false);
}

/* C += A B. Where several products go to one C they are added in order. */
static void multiply(batch_product *p) {
  size_t c_count = 1;
  p->count = 1;
  for (size_t d = 0; d < p->ndim; d++) p->count *= p->shape[d];
  for (size_t d = 0; d < p->c->batch_ndim; d++) c_count *= p->c->batch_shape[d];
  if (p->count > 1 && c_count == p->count) {
    double work = (double)p->c->rows * p->c->cols * p->a->cols + 1;
    rm_parallel(p->count, 1 + (size_t)(2e5 / work), multiply_some, p);
  } else {
    for (size_t i = 0; i < p->count && !rm_broken(); i++) multiply_one(p, i, true);
  }
}

/* --- on tensors -------------------------------------------------------------------- */
/* Zeros of the given shape += a b, all with at least two dimensions; a and b may be transposed. */
static rm_status product(rm_tensor *a, bool ta, rm_tensor *b, bool tb, size_t batch_ndim, const size_t batch[],
                         size_t ndim, const size_t shape[], rm_tensor **out, rm_error *err) {
  rm_tensor *owner_a = NULL, *owner_b = NULL, *owner_c = NULL, *c = NULL;
  matrices ma, mb, mc;
  rm_status status = rm_tensor_zeros(RM_FLOAT32, ndim, shape, &c, err);
  if (status == RM_OK) status = as_matrices(a, &ma, &owner_a, err);
  if (status == RM_OK) status = as_matrices(b, &mb, &owner_b, err);
  if (status == RM_OK) status = as_matrices(c, &mc, &owner_c, err);
  if (status == RM_OK && c->numel) {
    if (ta) ma = transpose(ma);
    if (tb) mb = transpose(mb);
    batch_product p = {.a = &ma, .b = &mb, .c = &mc, .ndim = batch_ndim};
    memcpy(p.shape, batch, batch_ndim * sizeof *batch);
    multiply(&p);
  }
  rm_tensor_release(owner_a);
  rm_tensor_release(owner_b);
  rm_tensor_release(owner_c);
  return rm_tensor_give(status, c, out);
}

/* t, or a vector as a matrix of one row (left) or one column. */
static rm_status as_matrix(rm_tensor *t, bool left, rm_tensor **out, rm_error *err) {
  if (t->ndim > 1) return *out = rm_tensor_retain(t), RM_OK;
  size_t n = t->shape[0], shape[] = {left ? 1 : n, left ? n : 1};
  ptrdiff_t stride = t->strides[0], strides[] = {left ? (ptrdiff_t)n : stride, left ? stride : 1};
  return rm_tensor_view(t, 2, shape, strides, t->offset, out, err);
}

/* A fresh row-major tensor under another shape of as many elements. Takes over t. */
static rm_status reshape(rm_tensor *t, size_t ndim, const size_t shape[], rm_tensor **out, rm_error *err) {
  ptrdiff_t strides[RM_MAX_DIMS];
  rm_strides_contiguous(ndim, shape, strides);
  rm_status status = rm_tensor_view(t, ndim, shape, strides, t->offset, out, err);
  rm_tensor_release(t);
  return status;
}

typedef struct {
  size_t batch_ndim, batch[MAX_BATCH_DIMS]; /* that both batches broadcast to */
  size_t rows, cols;                        /* of the product */
} extents;

static size_t full_shape(const extents *e, size_t shape[RM_MAX_DIMS]) {
  memcpy(shape, e->batch, e->batch_ndim * sizeof *shape);
  shape[e->batch_ndim] = e->rows;
  shape[e->batch_ndim + 1] = e->cols;
  return e->batch_ndim + 2;
}

/* --- backward --------------------------------------------------------------------- */
static rm_status gradient(const rm_node *node, size_t input, rm_tensor *a, bool ta, rm_tensor *b, bool tb,
                          rm_tensor **out, rm_error *err) {
  const extents *e = rm_node_payload(node);
  rm_tensor *operand = rm_node_saved(node, input), *d = NULL;
  size_t shape[RM_MAX_DIMS], ndim = rm_node_input_shape(node, input, shape);
  RM_TRY(product(a, ta, b, tb, e->batch_ndim, e->batch, operand->ndim, operand->shape, &d, err));
  return reshape(d, ndim, shape, out, err);
}

static rm_status backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  rm_tensor *dense = NULL, *g = NULL;
  size_t shape[RM_MAX_DIMS], ndim = full_shape(rm_node_payload(node), shape);
  RM_TRY(rm_tensor_contiguous(dy, &dense, err));
  RM_TRY(reshape(dense, ndim, shape, &g, err));
  rm_tensor *a = rm_node_saved(node, 0), *b = rm_node_saved(node, 1);
  rm_status status = RM_OK;
  if (rm_node_needs(node, 0)) status = gradient(node, 0, g, false, b, true, &dx[0], err);
  if (status == RM_OK && rm_node_needs(node, 1)) status = gradient(node, 1, a, true, g, false, &dx[1], err);
  rm_tensor_release(g);
  return status;
}

/* --- forward ---------------------------------------------------------------------- */
static rm_status mismatch(const rm_tensor *a, const rm_tensor *b, rm_error *err) {
  char sa[RM_SHAPE_TEXT], sb[RM_SHAPE_TEXT];
  return rm_fail(err, RM_ERR_SHAPE, "matmul: shapes %s and %s do not fit: %zu columns against %zu rows",
                 rm_tensor_text(a, sa), rm_tensor_text(b, sb), a->shape[a->ndim - 1],
                 b->shape[b->ndim > 1 ? b->ndim - 2 : 0]);
}

static rm_status check(const rm_tensor *a, const rm_tensor *b, extents *e, rm_error *err) {
  RM_TRY(rm_check_float("matmul", "a", a, err));
  RM_TRY(rm_check_float("matmul", "b", b, err));
  if (a->ndim == 0 || b->ndim == 0)
    return rm_fail(err, RM_ERR_SHAPE, "matmul: %s has no dimensions, expected a vector or matrix",
                   a->ndim == 0 ? "a" : "b");
  if (a->shape[a->ndim - 1] != b->shape[b->ndim > 1 ? b->ndim - 2 : 0]) return mismatch(a, b, err);
  e->rows = a->ndim > 1 ? a->shape[a->ndim - 2] : 1;
  e->cols = b->ndim > 1 ? b->shape[b->ndim - 1] : 1;
  return rm_shape_broadcast("matmul", a->ndim > 2 ? a->ndim - 2 : 0, a->shape, b->ndim > 2 ? b->ndim - 2 : 0, b->shape,
                            &e->batch_ndim, e->batch, err);
}

/* The product without the rows and columns that stand for a vector. */
static rm_status forward(const rm_tensor *a, const rm_tensor *b, rm_tensor *ma, rm_tensor *mb, const extents *e,
                         rm_tensor **y, rm_error *err) {
  rm_tensor *full = NULL;
  size_t shape[RM_MAX_DIMS], ndim = full_shape(e, shape);
  RM_TRY(product(ma, false, mb, false, e->batch_ndim, e->batch, ndim, shape, &full, err));
  ndim = e->batch_ndim;
  if (a->ndim > 1) shape[ndim++] = e->rows;
  if (b->ndim > 1) shape[ndim++] = e->cols;
  return reshape(full, ndim, shape, y, err);
}

static rm_status record(rm_tensor *const inputs[2], rm_tensor *ma, rm_tensor *mb, const extents *e, rm_tensor *y,
                        rm_error *err) {
  if (!rm_tape_wants(2, inputs)) return RM_OK;
  return rm_tape_record(y,
                        &(rm_record){.name = "matmul",
                                     .backward = backward,
                                     .ninputs = 2,
                                     .inputs = inputs,
                                     .nsaved = 2,
                                     .saved = (rm_tensor *[]){ma, mb},
                                     .payload = e,
                                     .payload_bytes = sizeof *e},
                        err);
}

rm_status rm_matmul(rm_tensor *a, rm_tensor *b, rm_tensor **out, rm_error *err) {
  extents e = {0};
  RM_TRY(check(a, b, &e, err));
  rm_tensor *ma = NULL, *mb = NULL, *y = NULL;
  rm_status status = as_matrix(a, true, &ma, err);
  if (status == RM_OK) status = as_matrix(b, false, &mb, err);
  if (status == RM_OK) status = forward(a, b, ma, mb, &e, &y, err);
  if (status == RM_OK) status = record((rm_tensor *[]){a, b}, ma, mb, &e, y, err);
  rm_tensor_release(ma);
  rm_tensor_release(mb);
  return rm_tensor_give(status, y, out);
}
