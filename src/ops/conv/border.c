/* border.c -- the convolutions that are another one behind a reshape or a pad: of one image alone, with "same"
 * padding, with a border that is not zeros. */
#include "ops/conv/conv.h"
#include "ops/views/join.h"
#include "ops/views/views.h"

enum { MOST = 1 << 20 }; /* conv2d itself refuses larger numbers */

bool rm_conv2d_is_plain(const rm_tensor *x, const rm_conv_options *o) {
  return x->ndim != 3 && !o->same && o->border == RM_BORDER_ZEROS;
}

/* What is added around the two dimensions. Of an odd number the greater half comes behind, as in PyTorch. */
static void amounts(const rm_tensor *weight, const rm_conv_options *o, size_t before[2], size_t after[2]) {
  for (size_t i = 0; i < 2; i++) {
    size_t total = o->same ? o->dilation[i] * (weight->shape[2 + i] - 1) : 2 * o->padding[i];
    before[i] = total / 2;
    after[i] = total - before[i];
  }
}

static rm_status check(const rm_tensor *x, const rm_tensor *weight, const rm_conv_options *o, rm_error *err) {
  char text[RM_SHAPE_TEXT];
  if (o->same && (o->stride[0] != 1 || o->stride[1] != 1))
    return rm_fail(err, RM_ERR_VALUE, "conv2d: padding=\"same\" goes with stride 1 only, got %zu and %zu", o->stride[0],
                   o->stride[1]);
  if (x->ndim != 3 && x->ndim != 4)
    return rm_fail(err, RM_ERR_SHAPE, "conv2d: x has shape %s, expected 4 dimensions (N, C, H, W) or 3 (C, H, W)",
                   rm_tensor_text(x, text));
  if (weight->ndim != 4 || weight->numel == 0)
    return rm_fail(err, RM_ERR_SHAPE, "conv2d: weight has shape %s, expected 4 dimensions (K, C/groups, R, S)",
                   rm_tensor_text(weight, text));
  for (size_t i = 0; i < 2; i++)
    if (o->dilation[i] > MOST || o->padding[i] > MOST || weight->shape[2 + i] > MOST)
      return rm_fail(err, RM_ERR_VALUE, "conv2d: kernel, padding and dilation must be at most %d", MOST);
  return RM_OK;
}

/* Four dimensions: x with its border, as far as the plain convolution's own padding is not all there is to do. */
static rm_status add_border(rm_tensor *x, const rm_tensor *weight, const rm_conv_options *options,
                            rm_conv_options *plain, rm_tensor **padded, rm_error *err) {
  size_t before[4] = {0}, after[4] = {0};
  amounts(weight, options, before + 2, after + 2);
  *plain = *options;
  plain->same = false;
  plain->border = RM_BORDER_ZEROS;
  for (size_t i = 0; i < 2; i++) plain->padding[i] = options->border == RM_BORDER_ZEROS ? before[2 + i] : 0;
  if (options->border != RM_BORDER_ZEROS) return rm_pad_border(x, before, after, options->border, padded, err);
  bool even = before[2] == after[2] && before[3] == after[3];
  for (size_t d = 2; d < 4; d++) after[d] -= before[d], before[d] = 0;
  if (!even) return rm_pad(x, before, after, 0, padded, err);
  *padded = rm_tensor_retain(x);
  return RM_OK;
}

rm_status rm_conv2d_bordered(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, const rm_conv_options *options,
                             rm_tensor **out, rm_error *err) {
  rm_conv_options plain;
  rm_tensor *images = NULL, *padded = NULL, *y = NULL;
  RM_TRY(check(x, weight, options, err));
  if (x->ndim == 4) images = rm_tensor_retain(x);
  else RM_TRY(rm_unsqueeze(x, 0, &images, err));
  rm_status status = add_border(images, weight, options, &plain, &padded, err);
  if (status == RM_OK) status = rm_conv2d(padded, weight, bias, &plain, &y, err);
  if (status == RM_OK && x->ndim == 3) {
    int64_t sizes[3] = {(int64_t)y->shape[1], (int64_t)y->shape[2], (int64_t)y->shape[3]};
    status = rm_reshape(y, 3, sizes, out, err);
  } else if (status == RM_OK) *out = rm_tensor_retain(y);
  rm_tensor_release(images);
  rm_tensor_release(padded);
  rm_tensor_release(y);
  return status;
}
