/* tensor.h -- n-dimensional arrays: a shape and strides over shared storage.
 *
 * Views share storage, so slices copy nothing. float32 computes; uint8 holds images
 * and int64 labels and indices, which are stored, indexed and converted.
 * Images are NCHW in the interface; the strides of a convolution's output are
 * channels-last.
 *
 * Ownership: a tensor written to *out, or returned by rm_tensor_retain, is the
 * caller's to release; arguments are borrowed. The fields below are for reading;
 * only core writes them.
 *
 * Counting: in C, dimensions and positions count from 0. Index *values* inside
 * int64 tensors (labels, argmax, gather) count from 1, since users see them. */
#ifndef RM_CORE_TENSOR_H
#define RM_CORE_TENSOR_H

#include <stdint.h>
#include "base/status.h"
#include "core/dtype.h"
#include "core/shape.h"
#include "core/storage.h"

typedef struct rm_node rm_node; /* an operation on the tape: tape.h */
typedef struct rm_hook rm_hook; /* looks at gradients: hook.h */
typedef struct rm_tensor rm_tensor;
struct rm_tensor {
  atomic_size_t refs;
  rm_storage *storage;
  size_t offset; /* of the first element, in elements */
  rm_dtype dtype;
  size_t ndim;
  size_t numel;
  size_t shape[RM_MAX_DIMS];
  ptrdiff_t strides[RM_MAX_DIMS];
  bool weak;          /* does not keep its elements: rm_tensor_weak */
  bool requires_grad; /* a leaf the user wants a gradient for, or computed from one */
  rm_tensor *grad;    /* leaves: the gradient so far, or NULL */
  rm_node *node;      /* what computed it, or NULL */
  rm_hook *hooks;     /* of a leaf; those of a computed tensor are the node's */
};

/* --- making ----------------------------------------------------------------- */
/* Uninitialized, row-major. */
rm_status rm_tensor_new(rm_dtype dtype, size_t ndim, const size_t shape[], rm_tensor **out, rm_error *err);
/* Uninitialized, (N, C, H, W) held as N, H, W, C; always float32. */
rm_status rm_tensor_new_channels_last(const size_t shape[4], rm_tensor **out, rm_error *err);
/* Uninitialized, shape of x and (if x is dense) its layout; dtype as given. */
rm_status rm_tensor_new_like(const rm_tensor *x, rm_dtype dtype, rm_tensor **out, rm_error *err);
rm_status rm_tensor_zeros(rm_dtype dtype, size_t ndim, const size_t shape[], rm_tensor **out, rm_error *err);
rm_status rm_tensor_scalar(float value, rm_tensor **out, rm_error *err); /* shape () */

/* Over `storage`, whose reference passes to it; strides are the caller's to fill in. NULL: no memory. */
rm_tensor *rm_tensor_over(rm_storage *storage, rm_dtype dtype, size_t ndim, const size_t shape[], size_t numel);

rm_tensor *rm_tensor_retain(rm_tensor *t); /* one more owner; returns t */
void rm_tensor_release(rm_tensor *t);      /* the last owner frees; NULL is fine */
/* The end of an operator: with RM_OK, t passes to *out; otherwise t is released. Returns status. */
rm_status rm_tensor_give(rm_status status, rm_tensor *t, rm_tensor **out);
size_t rm_tensor_live(void); /* tensors alive: 0 at the end, or one leaked */

/* Whether nobody else can see t's values, so that they may be overwritten. */
bool rm_tensor_exclusive(const rm_tensor *t);

/* --- looking ---------------------------------------------------------------- */
/* The first element. Borrowed: valid while t is owned. */
float *rm_tensor_f32(const rm_tensor *t);
uint8_t *rm_tensor_u8(const rm_tensor *t);
int64_t *rm_tensor_i64(const rm_tensor *t);
void *rm_tensor_data(const rm_tensor *t); /* any dtype */

bool rm_tensor_is_contiguous(const rm_tensor *t);    /* row-major, no gaps */
bool rm_tensor_is_channels_last(const rm_tensor *t); /* 4 dimensions, N,H,W,C in memory */
bool rm_tensor_is_dense(const rm_tensor *t);         /* one run of memory, some order */
bool rm_tensor_same_shape(const rm_tensor *a, const rm_tensor *b);
/* Same shape and, dimensions of extent 1 aside, same strides. */
bool rm_tensor_same_layout(const rm_tensor *a, const rm_tensor *b);
char *rm_tensor_text(const rm_tensor *t, char buf[RM_SHAPE_TEXT]); /* its shape: "(2, 3)" */

/* Every function that writes into an existing tensor calls this once. */
void rm_tensor_mark_written(rm_tensor *t);

#endif
