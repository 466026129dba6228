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

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/shape.h"
#include "base/status.h"

typedef enum { RM_FLOAT32, RM_UINT8, RM_INT64 } rm_dtype;
size_t      rm_dtype_size(rm_dtype dtype);              /* bytes of one element */
const char *rm_dtype_name(rm_dtype dtype);              /* "float32" */
bool        rm_dtype_from_name(const char *name, rm_dtype *dtype);

typedef struct {
  atomic_size_t refs;     /* tensors that keep the elements */
  atomic_size_t watchers; /* weak tensors, and one more for all of refs: these keep this struct */
  size_t        bytes;
  void         *data;
  atomic_uint   version;  /* counts writes in place, so that backward can refuse stale values */
} rm_storage;

typedef struct rm_node rm_node;      /* an operation on the tape: tape.h */
typedef struct rm_hook rm_hook;      /* looks at gradients: hook.h */
typedef struct rm_tensor rm_tensor;
struct rm_tensor {
  atomic_size_t refs;
  rm_storage *storage;
  size_t    offset;                /* of the first element, in elements */
  rm_dtype  dtype;
  size_t    ndim;
  size_t    numel;
  size_t    shape[RM_MAX_DIMS];
  ptrdiff_t strides[RM_MAX_DIMS];
  bool       weak;                 /* does not keep its elements: rm_tensor_weak */
  bool       requires_grad;        /* a leaf the user wants a gradient for, or computed from one */
  rm_tensor *grad;                 /* leaves: the gradient so far, or NULL */
  rm_node   *node;                 /* what computed it, or NULL */
  rm_hook   *hooks;                /* of a leaf; those of a computed tensor are the node's */
};

/* --- making ----------------------------------------------------------------- */
/* Uninitialised, row-major. */
rm_status rm_tensor_new(rm_dtype dtype, size_t ndim, const size_t shape[], rm_tensor **out, rm_error *err);
/* Uninitialised, (N, C, H, W) held as N, H, W, C; always float32. */
rm_status rm_tensor_new_channels_last(const size_t shape[4], rm_tensor **out, rm_error *err);
/* Uninitialised, shape of x and (if x is dense) its layout; dtype as given. */
rm_status rm_tensor_new_like(const rm_tensor *x, rm_dtype dtype, rm_tensor **out, rm_error *err);
rm_status rm_tensor_zeros(rm_dtype dtype, size_t ndim, const size_t shape[], rm_tensor **out, rm_error *err);
rm_status rm_tensor_scalar(float value, rm_tensor **out, rm_error *err);   /* shape () */

rm_tensor *rm_tensor_retain(rm_tensor *t);   /* one more owner; returns t */
void       rm_tensor_release(rm_tensor *t);  /* the last owner frees; NULL is fine */
size_t     rm_tensor_live(void);             /* tensors alive: 0 at the end, or one leaked */

/* Another view of x's storage. Not recorded on the tape: ops/views/views.c is what users call. */
rm_status rm_tensor_view(const rm_tensor *x, size_t ndim, const size_t shape[], const ptrdiff_t strides[],
                         size_t offset, rm_tensor **out, rm_error *err);
/* The same elements without history: shares storage, requires no gradient. */
rm_status rm_tensor_detach(const rm_tensor *x, rm_tensor **out, rm_error *err);

/* The same elements as x without keeping them: what is left when they are gone is the version of
 * their storage, which tells whether they were written to. rm_tensor_revive gives an ordinary
 * tensor on them, or NULL where nobody has kept them. */
rm_status rm_tensor_weak(const rm_tensor *x, rm_tensor **out, rm_error *err);
rm_status rm_tensor_revive(const rm_tensor *weak, rm_tensor **out, rm_error *err);
/* Whether nobody else can see t's values, so that they may be overwritten. */
bool      rm_tensor_exclusive(const rm_tensor *t);

/* --- looking ---------------------------------------------------------------- */
/* The first element. Borrowed: valid while t is owned. */
float         *rm_tensor_f32(const rm_tensor *t);
uint8_t       *rm_tensor_u8(const rm_tensor *t);
int64_t       *rm_tensor_i64(const rm_tensor *t);
void          *rm_tensor_data(const rm_tensor *t);  /* any dtype */

bool rm_tensor_is_contiguous(const rm_tensor *t);     /* row-major, no gaps */
bool rm_tensor_is_channels_last(const rm_tensor *t);  /* 4 dimensions, N,H,W,C in memory */
bool rm_tensor_is_dense(const rm_tensor *t);          /* one run of memory, some order */
bool rm_tensor_same_shape(const rm_tensor *a, const rm_tensor *b);
/* Same shape and, dimensions of extent 1 aside, same strides. */
bool rm_tensor_same_layout(const rm_tensor *a, const rm_tensor *b);
char *rm_tensor_text(const rm_tensor *t, char buf[RM_SHAPE_TEXT]);  /* its shape: "(2, 3)" */

/* --- copying and converting --------------------------------------------------- */
/* These return x itself (retained) where it already is what was asked for. They
 * record nothing; the differentiable versions are in ops/. */
rm_status rm_tensor_contiguous(rm_tensor *x, rm_tensor **out, rm_error *err);
rm_status rm_tensor_channels_last(rm_tensor *x, rm_tensor **out, rm_error *err);
/* x in the layout of `like` (same shape, float32). */
rm_status rm_tensor_as_layout(rm_tensor *x, const rm_tensor *like, rm_tensor **out, rm_error *err);

/* Copies src into dst (equal shapes), converting the type: to uint8 and int64 by
 * truncation towards zero, saturated at the type's range, NaN becoming 0.
 * Marks dst as written. */
rm_status rm_tensor_copy(rm_tensor *dst, const rm_tensor *src, rm_error *err);
/* A dense copy in x's own layout. */
rm_status rm_tensor_clone(const rm_tensor *x, rm_tensor **out, rm_error *err);

/* Every function that writes into an existing tensor says so, once per call. */
void rm_tensor_mark_written(rm_tensor *t);

#endif
