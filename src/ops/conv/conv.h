/* conv.h -- two-dimensional convolution (correlation, as everyone in the field means it).
 *
 *   y[n,k,i,j] = b[k] + sum over c,r,s of
 *                x[n, c, i*stride - padding + r*dilation, j*stride - padding + s*dilation] * w[k,c,r,s]
 *
 * Shapes: x (N, C, H, W), or one image (C, H, W), which gives one; weight (K, C/groups, R, S); bias (K) or NULL; y (N, K, H', W'),
 * H' = floor((H + 2 padding - dilation (R - 1) - 1) / stride) + 1. x is brought into the
 * channels-last layout if it is not; y and the gradient of x are channels-last. Pairs
 * are {height, width}. */
#ifndef RM_OPS_CONV_CONV_H
#define RM_OPS_CONV_CONV_H

#include "core/tensor.h"
#include "ops/views/border.h"

typedef struct {
  size_t stride[2];
  size_t padding[2];
  size_t dilation[2];
  size_t groups;
  bool same;        /* padding is what keeps the extents at stride 1, whatever `padding` says */
  rm_border border; /* what padding is made of */
} rm_conv_options;

/* Where it costs nothing, y comes with the statistics of its channels (ops/norm/known.h): Strassen's, Winograd's and the
 * strided method take them from the outputs in registers (Winograd's for a multiple of 16 channels). Sums of
 * blocks are floats, from a value of the channel on, and blocks are joined in double: a mean of 10,000 beside a deviation of
 * 1 costs no digits. */
rm_status rm_conv2d(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, const rm_conv_options *options, rm_tensor **y,
                    rm_error *err);

/* Whether it is the convolution itself: of a batch, with zeros around it on both sides alike. The functions below are
 * for such alone; rm_conv2d makes the others of it (border.c). */
bool rm_conv2d_is_plain(const rm_tensor *x, const rm_conv_options *options);
rm_status rm_conv2d_bordered(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, const rm_conv_options *options,
                             rm_tensor **y, rm_error *err);

/* Whether a tensor of x's shape may be a promise (ops/norm/promise.h) instead: what computes this convolution can do with
 * what that follows from. */
bool rm_conv2d_normalizes(const rm_tensor *x, const rm_tensor *weight, const rm_tensor *bias,
                          const rm_conv_options *options);

/* The shape of y, or the error that rm_conv2d would give. */
rm_status rm_conv2d_shape(const rm_tensor *x, const rm_tensor *weight, const rm_tensor *bias,
                          const rm_conv_options *options, size_t shape[4], rm_error *err);

/* relu(conv2d(x) + add), both optional, in one pass over y; records nothing. `add` has y's shape. */
rm_status rm_conv2d_fused(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, const rm_conv_options *options,
                          rm_tensor *add, bool relu, rm_tensor **y, rm_error *err);

/* The method is chosen by the shapes (conv2d.c). Tests and benchmarks force one: "winograd",
 * "strided", "strassen", "direct", "im2col" or "naive"; a shape it does not cover goes to the next that does.
 * NULL: automatic. False for an unknown name. */
bool rm_conv_force(const char *method);
const char *rm_conv_forced(void); /* NULL: automatic */
/* The method of the convolution or gradient of one that was computed last; NULL: none was yet. */
const char *rm_conv_used(void);

#endif
