/* method.h -- what the ways to compute a convolution have in common.
 *
 * A method sees extents and dense memory: x, dx (N,H,W,C), y, dy (N,H',W',K), and weights
 * in the order of their shape, (K, C/groups, R, S). conv2d.c has checked everything. A method
 * may fail only when memory runs out. It runs on the pool; sums are cut by the extents
 * alone, so that the number of threads does not change a bit. */
#ifndef RM_OPS_CONV_METHOD_H
#define RM_OPS_CONV_METHOD_H

#include "base/status.h"
#include "kernels/finish.h"
#include "ops/conv/conv.h"
#include "ops/conv/pixels.h"

typedef struct {
  size_t n, c, h, w; /* images, channels, height, width of x */
  size_t k, r, s;    /* output channels, height and width of the kernel */
  size_t oh, ow;     /* height and width of y */
  size_t stride_h, stride_w, pad_h, pad_w, dil_h, dil_w;
  size_t groups, cg, kg; /* cg = c / groups, kg = k / groups */
} rm_conv_shape;

typedef struct {
  const char *name;
  bool (*fits)(const rm_conv_shape *s); /* can it compute this shape? */
  bool (*pays)(const rm_conv_shape *s); /* and faster than the methods after it? */
  rm_status (*forward)(const rm_conv_shape *s, const rm_conv_pixels *x, const float *w, const rm_conv_finish *finish,
                       float *y, rm_error *err);
  rm_status (*input_gradient)(const rm_conv_shape *s, const float *dy, const float *w, float *dx, rm_error *err);
  rm_status (*weight_gradient)(const rm_conv_shape *s, const rm_conv_pixels *x, const float *dy, float *dw,
                               rm_error *err);
  /* Into how many blocks of outputs `forward` cuts what finish->moments tells, and the outputs of a channel in each: by
   * the shape alone. NULL: it takes no moments (statistics.c does). */
  size_t (*blocks)(const rm_conv_shape *s);
  size_t (*block_rows)(const rm_conv_shape *s, size_t block);
  /* Whether a block ends where a group of images (dist/batch.h) of this shape does. NULL: always. */
  bool (*border)(const rm_conv_shape *group);
  bool normalizes; /* x may be of both kinds (pixels.h): else it is as it lies */
} rm_conv_method;

extern const rm_conv_method rm_conv_winograd, rm_conv_strided, rm_conv_strassen, rm_conv_direct, rm_conv_im2col,
    rm_conv_naive;

/* The shortcut and relu of `finish`, on outputs already written with their bias. */
void rm_conv_finish_pass(const rm_conv_shape *s, const rm_conv_finish *finish, float *y);

/* Weights (K, C/groups, R, S) as (K, R, S, C/groups), and back. */
void rm_conv_weight_to_ohwi(const rm_conv_shape *s, const float *oihw, float *ohwi);
void rm_conv_weight_from_ohwi(const rm_conv_shape *s, const float *ohwi, float *oihw);

/* total[i] = the sum of parts[p * stride + i] over p = 0 .. count-1, in this order; total may be parts. */
void rm_conv_sum_parts(size_t n, size_t count, size_t stride, const float *parts, float *total);

/* Into how many partial sums of `floats` numbers a gradient is cut, `most` at most. Powers of two, so that
 * two, four or eight threads get equal shares: three would keep one of two waiting for a third of the time. */
size_t rm_conv_chunks(size_t floats, size_t most);

/* Outputs of a channel in a block of RM_WINO_GROUP tiles of 4x4 outputs (fewer at the edges), counted through all images. */
size_t rm_conv_tiles_rows(const rm_conv_shape *s, size_t block);

bool rm_conv_tiles_border(const rm_conv_shape *group);

/* A block of `floats` numbers from the caching allocator, or RM_ERR_MEMORY. */
rm_status rm_conv_alloc(size_t floats, float **block, rm_error *err);
void rm_conv_free(float *block, size_t floats);

#endif
