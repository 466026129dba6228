/* direct_plan.h -- what forward, input gradient and weight gradient of the direct method share.
 *
 * Everything is one form: output pixel (i, j) of a class reads input pixels
 * (i*step + a, j*step + b) for the (a, b) of the class's taps.
 *
 *   forward         one class, step = stride, (a, b) = tap * dilation - padding
 *   input gradient  output and input change places. Pixels of x whose coordinates leave the same
 *                   remainders by the stride form a class; they read dy with step 1, through
 *                   those taps that divide evenly
 *
 * Where an output pixel has fewer channels than a vector, `wide` neighbors count as one pixel
 * with that many times the channels: memory lies that way already. Its window is wider by
 * (wide-1) * step, and the weights of taps that a neighbor does not have are zeros. For 6
 * channels and a 5x5 kernel, two pixels fill 12 of 16 lanes and read 6 columns instead of 5:
 * 60 % of the work.
 *
 * A thread takes a band: some rows of an image, or several small images. It copies the input
 * under the band with the padding around it as zeros (unless nothing of it is padding), and
 * hands the kernel pointers to pixels. Taps that follow each other in memory are one run. */
#ifndef RM_OPS_CONV_DIRECT_PLAN_H
#define RM_OPS_CONV_DIRECT_PLAN_H

#include <stdint.h>
#include "ops/conv/method.h"

enum {
  RM_DIRECT_TAPS = 64,
  RM_DIRECT_CLASSES = 16,
  RM_DIRECT_WIDE = 4, /* pixels taken together, at most */
  RM_DIRECT_WIDE_COLUMNS = 64,
  RM_DIRECT_PIXELS = 192 /* handed over at a time, at most; a multiple of 6 and 8 */
};

#define RM_DIRECT_NO_TAP SIZE_MAX

typedef struct {
  size_t taps;
  size_t tap[RM_DIRECT_WIDE][RM_DIRECT_TAPS];     /* r * S + s, for each of the pixels taken together */
  ptrdiff_t a[RM_DIRECT_TAPS], b[RM_DIRECT_TAPS]; /* the pixel it reads, from (i*step, j*step) */
  size_t rows, cols, first_row, first_col;        /* the class's output pixels */
  size_t runs, length;
  ptrdiff_t offsets[RM_DIRECT_TAPS]; /* of the runs, from the pixel (i*step + lo) */
  float *packed;                     /* weights, group by group */
} rm_direct_class;

typedef struct {
  size_t n, in_h, in_w, in_c, out_h, out_w, out_c, groups, in_cg, out_cg;
  size_t step_h, step_w, out_step_h, out_step_w;
  size_t wide;                      /* out_cg and the steps already count for so many pixels */
  ptrdiff_t lo_h, hi_h, lo_w, hi_w; /* of a and b over all classes */
  size_t rows, cols;                /* of the largest class */
  size_t images, band;              /* of a band: images, and rows of each */
  size_t bands;                     /* of all images */
  size_t pixels;                    /* handed over at a time */
  bool inside;                      /* no window reaches into the padding: nothing is copied */
  size_t pitch;                     /* pixels in a row of what the kernel reads */
  size_t classes;
  rm_direct_class class[RM_DIRECT_CLASSES];
  const float *in;
} rm_direct;

/* The two problems. `wide`: neighbors may count as one; `copy`: the input is copied anyway. */
void rm_direct_forward(const rm_conv_shape *s, bool wide, bool copy, rm_direct *d);
void rm_direct_gradient(const rm_conv_shape *s, rm_direct *d);

/* Bytes of scratch memory in slot 0 that rm_direct_input wants: to be reserved. */
size_t rm_direct_scratch(const rm_direct *d);

typedef struct {
  size_t image, images, row, rows; /* what of the output it covers */
  const float *in;                 /* what its first pixel reads at (lo_h, lo_w) */
  size_t image_pitch;              /* floats from image to image there */
} rm_direct_band;

/* Band `index`, its input copied if need be. */
rm_direct_band rm_direct_input(const rm_direct *d, size_t index);

/* Where the windows of pixels begin .. begin+count-1 of a class (in a band with `rows` rows of it)
 * begin for group g; and, if `to` is given, where their outputs go. */
void rm_direct_pixels(const rm_direct *d, const rm_direct_class *c, const rm_direct_band *band, size_t rows,
                      size_t begin, size_t count, size_t g, const float **from, float **to, float *out);

#endif
