/* refusals_test.c -- what an operator does not take: wrong types, shapes, dimensions and numbers. The error names the
 * operator and says what was expected; there is no result. The bindings ask much of this first, so it is asked here. */
#include <stdlib.h>
#include "support.h"
#include "leaks.h"
#include "ops/conv/conv.h"
#include "ops/index/counting.h"
#include "ops/index/gather.h"
#include "ops/index/lists.h"
#include "ops/index/median.h"
#include "ops/index/sort.h"
#include "ops/linalg/linear.h"
#include "ops/linalg/matmul.h"
#include "ops/loss/loss.h"
#include "ops/norm/group_norm.h"
#include "ops/norm/norm.h"
#include "ops/norm/softmax.h"
#include "ops/optim/optim.h"
#include "ops/pointwise/close.h"
#include "ops/pointwise/fill.h"
#include "ops/pointwise/maxout.h"
#include "ops/pointwise/pointwise.h"
#include "ops/pool/pool.h"
#include "ops/reduce/cumsum.h"
#include "ops/reduce/reduce.h"
#include "ops/views/join.h"
#include "ops/views/rearrange.h"
#include "ops/views/views.h"

/* floats (2, 3), (3), (2), (), (0, 3), (1, 4, 6, 6), (4, 4, 3, 3) and one of all dimensions; whole numbers (2, 3), (2)
 * and (2, 2); bytes (2, 3). */
static rm_tensor *m23, *v3, *v2, *number, *empty, *image, *kernel, *deep, *whole23, *whole2, *whole22, *bytes23;
static rm_tensor *y, *z;

static rm_tensor *zeros(rm_dtype dtype, size_t ndim, const size_t shape[]) {
  rm_tensor *t;
  OK(rm_tensor_zeros(dtype, ndim, shape, &t, &test_err));
  return t;
}
#define SHAPE(...) \
  sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t), (const size_t[]) { __VA_ARGS__ }

static int make(void **state) {
  (void)state;
  size_t ones[RM_MAX_DIMS];
  for (size_t d = 0; d < RM_MAX_DIMS; d++) ones[d] = 1;
  m23 = zeros(RM_FLOAT32, SHAPE(2, 3));
  v3 = zeros(RM_FLOAT32, SHAPE(3));
  v2 = zeros(RM_FLOAT32, SHAPE(2));
  number = zeros(RM_FLOAT32, 0, NULL);
  empty = zeros(RM_FLOAT32, SHAPE(0, 3));
  image = zeros(RM_FLOAT32, SHAPE(1, 4, 6, 6));
  kernel = zeros(RM_FLOAT32, SHAPE(4, 4, 3, 3));
  deep = zeros(RM_FLOAT32, RM_MAX_DIMS, ones);
  whole23 = zeros(RM_INT64, SHAPE(2, 3));
  whole2 = zeros(RM_INT64, SHAPE(2));
  whole22 = zeros(RM_INT64, SHAPE(2, 2));
  bytes23 = zeros(RM_UINT8, SHAPE(2, 3));
  return 0;
}

static int drop(void **state) {
  (void)state;
  rm_tensor *all[] = {m23, v3, v2, number, empty, image, kernel, deep, whole23, whole2, whole22, bytes23};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) rm_tensor_release(all[i]);
  return 0;
}

static void refused(rm_status status, const char *text, int line) {
  if (status == RM_OK) fail_msg("line %d: nothing was refused", line);
  if (status == RM_ERR_MEMORY || !strstr(test_err.message, text) || strlen(text) < 6)
    fail_msg("line %d: expected \"%s\" in \"%s\"", line, text, test_err.message);
  assert_null(y);
  assert_null(z);
}
#define REFUSES(call, text) refused(call, text, __LINE__)

static void losses(void **state) {
  (void)state;
  rm_loss_options o = {RM_MEAN, -100, 0}, smooth = {RM_MEAN, -100, 1.5};
  REFUSES(rm_cross_entropy(whole23, whole2, NULL, &o, &y, &test_err), "cross_entropy: x is int64, expected float32");
  REFUSES(rm_cross_entropy(v3, whole2, NULL, &o, &y, &test_err),
          "cross_entropy: x is (3), expected (N, C) with N and C at least 1");
  REFUSES(rm_cross_entropy(empty, whole2, NULL, &o, &y, &test_err),
          "cross_entropy: x is (0, 3), expected (N, C) with N and C at least 1");
  REFUSES(rm_cross_entropy(m23, whole22, NULL, &o, &y, &test_err), "cross_entropy: labels do not fit x");
  REFUSES(rm_cross_entropy(m23, v2, NULL, &o, &y, &test_err), "cross_entropy: labels are float32, expected int64");
  REFUSES(rm_cross_entropy(m23, whole2, whole2, &o, &y, &test_err), "cross_entropy: weight is int64, expected float32");
  REFUSES(rm_cross_entropy(m23, whole2, v2, &o, &y, &test_err), "cross_entropy: x has 3 classes, weight is (2)");
  REFUSES(rm_cross_entropy(m23, whole2, m23, &o, &y, &test_err), "cross_entropy: x has 3 classes, weight is (2, 3)");
  REFUSES(rm_cross_entropy(m23, whole2, NULL, &smooth, &y, &test_err),
          "cross_entropy: label_smoothing must be 0 to 1, got 1.5");
  REFUSES(rm_cross_entropy_soft(whole23, m23, NULL, &o, &y, &test_err), "cross_entropy: x is int64, expected float32");
  REFUSES(rm_cross_entropy_soft(v3, v3, NULL, &o, &y, &test_err),
          "cross_entropy: x is (3), expected (N, C) with N and C at least 1");
  REFUSES(rm_cross_entropy_soft(empty, empty, NULL, &o, &y, &test_err),
          "cross_entropy: x is (0, 3), expected (N, C) with N and C at least 1");
  REFUSES(rm_cross_entropy_soft(m23, whole23, NULL, &o, &y, &test_err),
          "cross_entropy: target is int64, expected float32");
  REFUSES(rm_cross_entropy_soft(m23, m23, NULL, &smooth, &y, &test_err),
          "cross_entropy: label_smoothing must be 0 to 1, got 1.5");
  REFUSES(rm_cross_entropy_soft(m23, m23, whole2, &o, &y, &test_err),
          "cross_entropy: weight is int64, expected float32");
  REFUSES(rm_cross_entropy_soft(m23, m23, v2, &o, &y, &test_err), "cross_entropy: x has 3 classes, weight is (2)");
  REFUSES(rm_nll_loss(whole23, whole2, NULL, &o, &y, &test_err), "nll_loss: x is int64, expected float32");
  REFUSES(rm_mse_loss(whole23, m23, RM_MEAN, &y, &test_err), "mse_loss: x is int64, expected float32");
  REFUSES(rm_mse_loss(m23, whole23, RM_MEAN, &y, &test_err), "mse_loss: target is int64, expected float32");
  REFUSES(rm_mse_loss(m23, v3, RM_MEAN, &y, &test_err), "mse_loss: shapes differ");
  REFUSES(rm_mse_loss(empty, empty, RM_MEAN, &y, &test_err), "mse_loss: x is empty: (0, 3)");
  REFUSES(rm_l1_loss(m23, whole23, RM_MEAN, &y, &test_err), "l1_loss: target is int64, expected float32");
  REFUSES(rm_smooth_l1_loss(whole23, m23, 1, RM_MEAN, &y, &test_err), "smooth_l1_loss: x is int64, expected float32");
  REFUSES(rm_bce_with_logits(whole23, m23, NULL, NULL, RM_MEAN, &y, &test_err),
          "binary_cross_entropy_with_logits: x is int64, expected float32");
  REFUSES(rm_bce_with_logits(m23, m23, whole23, NULL, RM_MEAN, &y, &test_err),
          "binary_cross_entropy_with_logits: weight is int64, expected float32");
  REFUSES(rm_bce_with_logits(m23, m23, NULL, whole23, RM_MEAN, &y, &test_err),
          "binary_cross_entropy_with_logits: pos_weight is int64, expected float32");
  REFUSES(rm_kl_div(m23, v3, false, RM_MEAN, &y, &test_err), "kl_div: shapes differ");
}

static void norms(void **state) {
  (void)state;
  rm_batch_norm_options o = {true, 0.1, 1e-5};
  REFUSES(rm_batch_norm(m23, whole2, NULL, NULL, NULL, &o, NULL, false, &y, &test_err),
          "batch_norm: weight is int64, expected float32");
  REFUSES(rm_batch_norm(m23, v3, v2, NULL, NULL, &o, NULL, false, &y, &test_err),
          "batch_norm: x has 3 channels, bias is (2)");
  REFUSES(rm_batch_norm(m23, v3, m23, NULL, NULL, &o, NULL, false, &y, &test_err),
          "batch_norm: x has 3 channels, bias is (2, 3)");
  REFUSES(rm_batch_norm(m23, v3, v3, v2, v3, &o, NULL, false, &y, &test_err),
          "batch_norm: x has 3 channels, running_mean is (2)");
  REFUSES(rm_batch_norm(m23, v3, v3, v3, v2, &o, NULL, false, &y, &test_err),
          "batch_norm: x has 3 channels, running_var is (2)");
  REFUSES(rm_batch_norm(m23, v3, v3, v3, v3, &o, whole23, false, &y, &test_err),
          "batch_norm: add is int64, expected float32");
  REFUSES(rm_batch_norm(m23, v3, v3, v3, v3, &o, v3, false, &y, &test_err), "batch_norm: x is (2, 3), add is (3)");
  REFUSES(rm_batch_norm(v3, v3, v3, v3, v3, &o, NULL, false, &y, &test_err),
          "batch_norm: x is (3), expected (N, C), (N, C, L) or (N, C, H, W)");
  REFUSES(rm_batch_norm(whole23, v3, v3, v3, v3, &o, NULL, false, &y, &test_err),
          "batch_norm: x is int64, expected float32");
  REFUSES(rm_group_norm(whole23, 1, NULL, NULL, 1e-5, &y, &test_err), "group_norm: x is int64, expected float32");
  REFUSES(rm_group_norm(v3, 1, NULL, NULL, 1e-5, &y, &test_err), "group_norm: x is (3), expected (N, C, ...)");
  REFUSES(rm_group_norm(m23, 2, NULL, NULL, 1e-5, &y, &test_err),
          "group_norm: 3 channels cannot be divided into 2 groups");
  REFUSES(rm_group_norm(m23, 0, NULL, NULL, 1e-5, &y, &test_err),
          "group_norm: 3 channels cannot be divided into 0 groups");
  REFUSES(rm_group_norm(m23, 3, NULL, NULL, -1, &y, &test_err), "group_norm: eps must not be negative, got -1");
  REFUSES(rm_group_norm(m23, 3, whole2, NULL, 1e-5, &y, &test_err), "group_norm: weight is int64, expected float32");
  REFUSES(rm_group_norm(m23, 3, v3, v2, 1e-5, &y, &test_err), "group_norm: bias is (2), expected (3)");
  REFUSES(rm_layer_norm(whole23, 1, (size_t[]){3}, NULL, NULL, 1e-5, &y, &test_err),
          "layer_norm: x is int64, expected float32");
  REFUSES(rm_layer_norm(m23, 0, NULL, NULL, NULL, 1e-5, &y, &test_err),
          "layer_norm: normalized_shape is (), expected sizes from 1");
  REFUSES(rm_layer_norm(m23, 1, (size_t[]){2}, NULL, NULL, 1e-5, &y, &test_err),
          "layer_norm: x is (2, 3), expected (2) as its last dimensions");
  REFUSES(rm_layer_norm(m23, 1, (size_t[]){3}, NULL, NULL, -1, &y, &test_err),
          "layer_norm: eps must not be negative, got -1");
  REFUSES(rm_layer_norm(m23, 1, (size_t[]){3}, whole2, NULL, 1e-5, &y, &test_err),
          "layer_norm: weight is int64, expected float32");
  REFUSES(rm_layer_norm(m23, 1, (size_t[]){3}, v3, v2, 1e-5, &y, &test_err), "layer_norm: bias is (2), expected (3)");
  REFUSES(rm_layer_norm(m23, 1, (size_t[]){3}, m23, NULL, 1e-5, &y, &test_err),
          "layer_norm: weight is (2, 3), expected (3)");
  REFUSES(rm_instance_norm(m23, NULL, NULL, NULL, NULL, &o, &y, &test_err),
          "instance_norm: x is (2, 3), expected (N, C, L) or (N, C, H, W)");
  REFUSES(rm_instance_norm(image, NULL, NULL, v3, v3, &o, &y, &test_err),
          "instance_norm: running_mean is (3), expected (4)");
  REFUSES(rm_softmax(whole23, 0, &y, &test_err), "softmax: x is int64, expected float32");
  REFUSES(rm_log_softmax(m23, 2, &y, &test_err), "log_softmax: x has 2 dimensions, dimension 3 is not among them");
}

static void products(void **state) {
  (void)state;
  REFUSES(rm_linear(m23, whole23, NULL, &y, &test_err), "linear: weight is int64, expected float32");
  REFUSES(rm_linear(number, m23, NULL, &y, &test_err), "linear: x has 1 features, weight expects 3");
  REFUSES(rm_linear(v2, m23, NULL, &y, &test_err), "linear: x has 2 features, weight expects 3");
  REFUSES(rm_linear(m23, v3, NULL, &y, &test_err), "linear: weight has shape (3), expected (out, in)");
  REFUSES(rm_linear(m23, m23, v3, &y, &test_err), "linear: bias has shape (3), expected (2)");
  REFUSES(rm_linear(m23, m23, m23, &y, &test_err), "linear: bias has shape (2, 3), expected (2)");
  REFUSES(rm_linear(m23, m23, whole2, &y, &test_err), "linear: bias is int64, expected float32");
  REFUSES(rm_matmul(m23, whole23, &y, &test_err), "matmul: b is int64, expected float32");
  REFUSES(rm_matmul(number, m23, &y, &test_err), "matmul: a has no dimensions, expected a vector or matrix");
  REFUSES(rm_matmul(m23, number, &y, &test_err), "matmul: b has no dimensions, expected a vector or matrix");
  REFUSES(rm_matmul(m23, m23, &y, &test_err), "matmul: shapes (2, 3) and (2, 3) do not fit: 3 columns against 2 rows");
}

static void convolutions(void **state) {
  (void)state;
  rm_conv_options o = {.stride = {1, 1}, .padding = {1, 1}, .dilation = {1, 1}, .groups = 1}, wide = o, same = o,
                  none = o, apart = o, split = o, bordered = {{1, 1}, {1, 1}, {1, 1}, 1, true, RM_BORDER_REFLECT};
  wide.stride[1] = (size_t)1 << 21;
  same.same = true, same.stride[0] = 2;
  none.dilation[0] = 0;
  apart.dilation[1] = (size_t)1 << 21;
  split.groups = 0;
  REFUSES(rm_conv2d(image, whole23, NULL, &o, &y, &test_err), "conv2d: weight is int64, expected float32");
  REFUSES(rm_conv2d(image, m23, NULL, &o, &y, &test_err),
          "conv2d: weight has shape (2, 3), expected 4 dimensions (K, C/groups, R, S)");
  REFUSES(rm_conv2d(m23, kernel, NULL, &o, &y, &test_err),
          "conv2d: x has shape (2, 3), expected 4 dimensions (N, C, H, W) or 3 (C, H, W)");
  REFUSES(rm_conv2d(image, kernel, v3, &o, &y, &test_err), "conv2d: bias has shape (3), expected (4)");
  REFUSES(rm_conv2d(image, kernel, whole2, &o, &y, &test_err), "conv2d: bias is int64, expected float32");
  REFUSES(rm_conv2d(image, kernel, NULL, &wide, &y, &test_err),
          "conv2d: stride, padding and dilation must be at most 1048576");
  REFUSES(rm_conv2d(image, kernel, NULL, &none, &y, &test_err), "conv2d: dilation must be at least 1, got 0");
  REFUSES(rm_conv2d(image, kernel, NULL, &apart, &y, &test_err),
          "conv2d: stride, padding and dilation must be at most 1048576");
  REFUSES(rm_conv2d(image, kernel, NULL, &split, &y, &test_err), "conv2d: groups must be at least 1, got 0");
  REFUSES(rm_conv2d_bordered(image, kernel, NULL, &same, &y, &test_err),
          "conv2d: padding=\"same\" goes with stride 1 only, got 2 and 1");
  REFUSES(rm_conv2d_bordered(m23, kernel, NULL, &bordered, &y, &test_err),
          "conv2d: x has shape (2, 3), expected 4 dimensions (N, C, H, W) or 3 (C, H, W)");
  REFUSES(rm_conv2d_bordered(image, m23, NULL, &bordered, &y, &test_err),
          "conv2d: weight has shape (2, 3), expected 4 dimensions (K, C/groups, R, S)");
  rm_pool_options p = {{2, 2}, {2, 2}, {0, 0}, false, true, {1, 1}}, still = p, padded = p, far = p;
  still.stride[0] = 0;
  padded.padding[0] = 2;
  far.dilation[0] = (size_t)1 << 21;
  REFUSES(rm_max_pool2d(m23, &p, &y, NULL, &test_err), "max_pool2d: x is (2, 3), expected (N, C, H, W) or (C, H, W)");
  REFUSES(rm_max_pool2d(image, &still, &y, NULL, &test_err),
          "max_pool2d: kernel and stride must be at least 1, got 2 and 0");
  REFUSES(rm_max_pool2d(image, &padded, &y, NULL, &test_err),
          "max_pool2d: padding must be at most half of the kernel, got 2 of 2");
  REFUSES(rm_max_pool2d(image, &far, &y, NULL, &test_err), "max_pool2d: dilation must be at most 1048576");
  REFUSES(rm_avg_pool2d(whole23, &p, &y, &test_err), "avg_pool2d: x is int64, expected float32");
  REFUSES(rm_adaptive_avg_pool2d(image, (size_t[]){0, 1}, &y, &test_err),
          "adaptive_avg_pool2d: output size must be at least 1, got (0, 1)");
  REFUSES(rm_adaptive_avg_pool2d(m23, (size_t[]){1, 1}, &y, &test_err),
          "adaptive_avg_pool2d: x is (2, 3), expected (N, C, H, W) or (C, H, W)");
}

static void indices(void **state) {
  (void)state;
  rm_index_plan plan;
  rm_tensor *lists[RM_MAX_DIMS] = {0};
  REFUSES(rm_one_hot(v3, 3, &y, &test_err), "one_hot: x is float32, expected int64");
  REFUSES(rm_bincount(v3, NULL, 0, &y, &test_err), "bincount: x is float32, expected int64");
  REFUSES(rm_bincount(whole2, whole2, 0, &y, &test_err), "bincount: weights is int64, expected float32");
  REFUSES(rm_bincount(whole2, v3, 0, &y, &test_err), "bincount: weights are (3), x is (2)");
  REFUSES(rm_index_select(m23, 2, whole2, &y, &test_err),
          "index_select: x has 2 dimensions, dimension 3 is not among them");
  REFUSES(rm_index_select(m23, 0, whole23, &y, &test_err), "index_select: index is (2, 3), expected one dimension");
  REFUSES(rm_index_select(m23, 0, v2, &y, &test_err), "index_select: index is float32, expected int64");
  REFUSES(
      rm_index_select(m23, 0, whole2, &y, &test_err),
      "index_select: index 0 at position 1 is out of range, expected 1..2 (indices count from 1)"); /* 0 is no index */
  REFUSES(rm_gather(m23, 2, whole23, &y, &test_err), "gather: x has 2 dimensions, dimension 3 is not among them");
  REFUSES(rm_gather(m23, 0, whole2, &y, &test_err),
          "gather: index is (2), x is (2, 3); but for dimension 1 it must fit into x");
  REFUSES(rm_gather(v2, 0, whole2, &y, &test_err),
          "gather: index 0 at position 1 is out of range, expected 1..2 (indices count from 1)");
  REFUSES(rm_median_along(m23, 2, false, &y, &z, &test_err),
          "median: x has 2 dimensions, dimension 3 is not among them");
  REFUSES(rm_median_along(number, 1, false, &y, &z, &test_err),
          "median: x has 0 dimensions, dimension 2 is not among them");
  REFUSES(rm_sort(m23, 2, false, &y, &z, &test_err), "sort: x has 2 dimensions, dimension 3 is not among them");
  REFUSES(rm_topk(m23, 3, 0, true, &y, &z, &test_err), "topk: k is 3, dimension 1 has 2 elements");
  REFUSES(rm_cumsum(m23, 2, &y, &test_err), "cumsum: x has 2 dimensions, dimension 3 is not among them");
  REFUSES(rm_cumsum(number, 1, &y, &test_err), "cumsum: x has 0 dimensions, dimension 2 is not among them");
  lists[0] = bytes23;
  lists[1] = NULL;
  REFUSES(rm_index_plan_of(v3, lists, &plan, &y, &test_err),
          "index: the mask is uint8 (2, 3), which is not what x (3) has from dimension 1 on");
  lists[0] = v2;
  REFUSES(rm_index_plan_of(m23, lists, &plan, &y, &test_err),
          "index: dimension 1: a list is float32, expected int64 or uint8");
  lists[0] = whole2;
  REFUSES(rm_index_plan_of(m23, lists, &plan, &y, &test_err),
          "index: dimension 1: position 0 (number 1 of the list) counts from 1; expected 1..2 of (2, 3)");
}

static void elements(void **state) {
  (void)state;
  double none[4] = {0};
  size_t count = 0;
  rm_operand f = rm_operand_tensor(m23), w = rm_operand_tensor(whole23), b = rm_operand_tensor(bytes23);
  REFUSES(rm_maxout(whole23, 1, &y, &test_err), "maxout: x is int64, expected float32");
  REFUSES(rm_maxout(v3, 1, &y, &test_err), "maxout: x has 1 dimensions, expected (N, C, ...)");
  REFUSES(rm_maxout(m23, 2, &y, &test_err), "maxout: x has 3 channels, which k = 2 does not divide");
  REFUSES(rm_maxout(m23, 0, &y, &test_err), "maxout: x has 3 channels, which k = 0 does not divide");
  REFUSES(rm_maxout(deep, 1, &y, &test_err), "maxout: x has 8 dimensions, expected (N, C, ...)");
  REFUSES(rm_add(m23, whole23, &y, &test_err), "add: cannot mix float32 and int64");
  REFUSES(rm_add(m23, v2, &y, &test_err), "add: shapes (2, 3) and (2) do not broadcast: 3 against 2, 1 from the end");
  REFUSES(rm_binary(RM_POW, w, w, &y, &test_err), "pow: x is int64, expected float32");
  REFUSES(rm_binary(RM_ADD, w, rm_operand_number(0.5), &y, &test_err),
          "add: 0.5 is not a whole number, but x is int64");
  REFUSES(rm_binary(RM_FLOOR_DIVIDE, w, rm_operand_integer(0), &y, &test_err), "floor_divide: division of int64 by 0");
  REFUSES(rm_binary_inplace(RM_ADD, m23, w, &test_err), "add: cannot mix float32 and int64");
  REFUSES(rm_binary_inplace(RM_ADD, v3, f, &test_err), "add_: x has shape (3) and cannot grow to fit (2, 3)");
  REFUSES(rm_binary_inplace(RM_REMAINDER, whole23, rm_operand_integer(0), &test_err),
          "remainder: division of int64 by 0");
  REFUSES(rm_add_scaled(RM_SUB, whole23, w, 2, &test_err), "sub_: x is int64, alpha needs float32");
  REFUSES(rm_unary(RM_DEVIATION, whole23, none, &y, &test_err), "std: x is int64, expected float32");
  REFUSES(rm_exp(bytes23, &y, &test_err), "exp: x is uint8, expected float32");
  REFUSES(rm_unary_inplace(RM_DEVIATION, whole23, none, &test_err), "std: x is int64, expected float32");
  REFUSES(rm_compare(RM_EQ, f, w, &y, &test_err), "eq: cannot compare float32 with int64");
  REFUSES(rm_compare(RM_LT, w, rm_operand_number(0.5), &y, &test_err), "lt: 0.5 is not a whole number, but x is int64");
  REFUSES(rm_compare(RM_LT, f, rm_operand_tensor(v2), &y, &test_err),
          "lt: shapes (2, 3) and (2) do not broadcast: 3 against 2, 1 from the end");
  REFUSES(rm_logical(RM_AND, m23, bytes23, &y, &test_err),
          "logical_and: the first operand is float32, expected uint8 as comparisons give it");
  REFUSES(rm_logical(RM_AND, bytes23, m23, &y, &test_err),
          "logical_and: the second operand is float32, expected uint8 as comparisons give it");
  REFUSES(rm_logical_not(m23, &y, &test_err), "logical_not: x is float32, expected uint8 as comparisons give it");
  REFUSES(rm_where(m23, f, f, &y, &test_err), "where: condition is float32, expected uint8 as comparisons give it");
  REFUSES(rm_where(bytes23, f, w, &y, &test_err), "where: cannot mix float32 and int64");
  REFUSES(rm_where(bytes23, b, rm_operand_integer(256), &y, &test_err),
          "where: 256 is not a whole number from 0 to 255, but the other value is uint8");
  REFUSES(rm_where(bytes23, w, rm_operand_number(0.5), &y, &test_err),
          "where: 0.5 is not a whole number, but the other value is int64");
  REFUSES(rm_where(bytes23, f, rm_operand_tensor(v2), &y, &test_err),
          "where: shapes (2, 3) and (2) do not broadcast: 3 against 2, 1 from the end");
  REFUSES(rm_masked_fill(m23, m23, rm_operand_number(1), &y, &test_err),
          "masked_fill: mask is float32, expected uint8 as comparisons give it");
  REFUSES(rm_masked_fill(bytes23, bytes23, rm_operand_integer(-1), &y, &test_err),
          "masked_fill: -1 is not a whole number from 0 to 255, but the other value is uint8");
  REFUSES(rm_masked_fill_inplace(m23, v3, rm_operand_number(1), &test_err),
          "masked_fill_: mask is float32, expected uint8 as comparisons give it");
  REFUSES(rm_masked_fill_inplace(v3, bytes23, rm_operand_number(1), &test_err),
          "masked_fill_: x has shape (3) and cannot grow to fit the mask (2, 3)");
  REFUSES(rm_masked_fill_inplace(whole23, bytes23, rm_operand_number(0.5), &test_err),
          "masked_fill_: 0.5 is not a whole number, but the other value is int64");
  REFUSES(rm_isclose("isclose", m23, m23, -1, 0, false, &y, &test_err),
          "isclose: rtol and atol must not be negative, got -1 and 0");
  REFUSES(rm_isclose("isclose", m23, m23, 0, NAN, false, &y, &test_err),
          "isclose: rtol and atol must not be negative, got 0 and nan");
  REFUSES(rm_isclose("isclose", m23, v2, 0, 0, false, &y, &test_err),
          "isclose: shapes (2, 3) and (2) do not broadcast: 3 against 2, 1 from the end");
  REFUSES(rm_isclose("isclose", m23, whole23, 0, 0, false, &y, &test_err),
          "isclose: cannot compare float32 with int64");
  REFUSES(rm_arange_count(0, 1, 0, &count, &test_err),
          "arange: first 0, last 1, step 0: all must be finite and step not 0");
  REFUSES(rm_arange_count(0, INFINITY, 1, &count, &test_err),
          "arange: first 0, last inf, step 1: all must be finite and step not 0");
  REFUSES(rm_arange_count(NAN, 1, 1, &count, &test_err),
          "arange: first nan, last 1, step 1: all must be finite and step not 0");
  REFUSES(rm_arange_count(0, 1, NAN, &count, &test_err),
          "arange: first 0, last 1, step nan: all must be finite and step not 0");
}

static void reductions(void **state) {
  (void)state;
  REFUSES(rm_mean(whole23, NULL, false, &y, &test_err), "mean: x is int64, expected float32");
  REFUSES(rm_var(whole23, NULL, true, false, &y, &test_err), "var: x is int64, expected float32");
  REFUSES(rm_std(whole23, NULL, true, false, &y, &test_err), "std: x is int64, expected float32");
  REFUSES(rm_norm(whole23, 2, NULL, false, &y, &test_err), "norm: x is int64, expected float32");
  REFUSES(rm_prod(whole23, NULL, false, &y, &test_err), "prod: x is int64, expected float32");
  REFUSES(rm_logsumexp(whole23, NULL, false, &y, &test_err), "logsumexp: x is int64, expected float32");
  REFUSES(rm_extreme(empty, true, NULL, false, &y, NULL, &test_err),
          "max: x has no elements to choose from, shape (0, 3)");
  REFUSES(rm_extreme(empty, true, (bool[]){true, false}, false, &y, &z, &test_err),
          "max: x has no elements to choose from, shape (0, 3)");
}

static void views(void **state) {
  (void)state;
  rm_tensor *const two[] = {m23, v3}, *const deeps[] = {deep, deep}, *const mixed[] = {m23, whole23};
  size_t far[] = {(size_t)1 << 62, 0}, one[] = {1, 1};
  REFUSES(rm_cat(2, two, 0, &y, &test_err),
          "cat: tensor 2 is (3), tensor 1 is (2, 3); all but the joined dimension must be equal");
  REFUSES(rm_cat(2, mixed, 0, &y, &test_err), "cat: tensor 2 is int64, tensor 1 is float32");
  REFUSES(rm_cat(1, two, 2, &y, &test_err), "cat: tensors have 2 dimensions, dimension 3 is not among them");
  REFUSES(rm_stack(2, two, 0, &y, &test_err), "stack: tensor 2 is (3), tensor 1 is (2, 3); shapes must be equal");
  REFUSES(rm_stack(1, two, 3, &y, &test_err), "stack: the result has 3 dimensions, dimension 4 is not among them");
  REFUSES(rm_stack(2, deeps, 0, &y, &test_err), "stack: the result would have more than 8 dimensions");
  REFUSES(rm_pad(m23, far, one, 0, &y, &test_err), "pad: 4611686018427387904 and 1 elements around dimension 1");
  REFUSES(rm_pad(m23, one, far, 0, &y, &test_err), "pad: 1 and 4611686018427387904 elements around dimension 1");
  REFUSES(rm_roll(m23, 2, 1, &y, &test_err), "roll: x has 2 dimensions, dimension 3 is not among them");
  REFUSES(rm_view(m23, RM_MAX_DIMS + 1, (int64_t[RM_MAX_DIMS + 1]){1}, &y, &test_err),
          "view: at most 8 dimensions, got 9");
  REFUSES(rm_view(m23, 2, (int64_t[]){-1, -1}, &y, &test_err), "view: only one size may be -1");
  REFUSES(rm_view(m23, 2, (int64_t[]){-2, 3}, &y, &test_err), "view: a size is a count or -1, got -2");
  REFUSES(rm_view(m23, 2, (int64_t[]){4, -1}, &y, &test_err), "view: x (2, 3) has 6 elements, no multiple of 4");
  REFUSES(rm_view(m23, 1, (int64_t[]){5}, &y, &test_err), "view: x (2, 3) has 6 elements, (5) needs 5");
  REFUSES(rm_reshape(m23, 2, (int64_t[]){INT64_MAX, 3}, &y, &test_err),
          "shape (9223372036854775807, 3) has more elements than memory can hold");
  REFUSES(rm_flatten(m23, 1, 0, &y, &test_err), "flatten: no range of dimensions from 2 to 1");
  REFUSES(rm_flatten(m23, 0, 2, &y, &test_err), "flatten: no range of dimensions from 1 to 3");
  REFUSES(rm_unsqueeze(deep, 0, &y, &test_err), "unsqueeze: x has 8 dimensions already, the most");
  REFUSES(rm_unsqueeze(m23, 3, &y, &test_err), "unsqueeze: the result has 3 dimensions, no 4");
  REFUSES(rm_permute(m23, 1, (size_t[]){0}, &y, &test_err), "permute: x has 2 dimensions, the order names 1");
  REFUSES(rm_permute(m23, 2, (size_t[]){0, 0}, &y, &test_err), "permute: every dimension must occur once, 1 does not");
  REFUSES(rm_permute(m23, 2, (size_t[]){0, 2}, &y, &test_err), "permute: every dimension must occur once, 3 does not");
  REFUSES(rm_transpose(m23, 0, 2, &y, &test_err), "transpose: x has 2 dimensions, no 3");
  REFUSES(rm_transpose(m23, 2, 0, &y, &test_err), "transpose: x has 2 dimensions, no 3");
  REFUSES(rm_expand(m23, 1, (int64_t[]){3}, &y, &test_err), "expand: x (2, 3) needs 2 to 8 sizes, got 1");
  REFUSES(rm_expand(m23, 2, (int64_t[]){2, 4}, &y, &test_err),
          "expand: size 2 is 4, x (2, 3) has 3 there (only 1 can be stretched)");
  REFUSES(rm_expand(m23, 2, (int64_t[]){2, -2}, &y, &test_err), "expand: size 2 must be a count or -1, got -2");
  REFUSES(rm_expand(m23, 3, (int64_t[]){-1, 2, 3}, &y, &test_err), "expand: size 1 must be a count, got -1");
  REFUSES(rm_expand(m23, RM_MAX_DIMS + 1, (int64_t[RM_MAX_DIMS + 1]){1}, &y, &test_err),
          "expand: x (2, 3) needs 2 to 8 sizes, got 9");
  REFUSES(rm_slice(v3, &(rm_range){0, 2, 0, false}, &y, &test_err),
          "slice: dimension 1 has extent 3, no 2 positions from 1 on");
  REFUSES(rm_slice(v3, &(rm_range){0, 2, 1, true}, &y, &test_err),
          "slice: dimension 1 has extent 3, no 2 positions from 1 on");
  REFUSES(rm_slice(v3, &(rm_range){4, 0, 1, false}, &y, &test_err),
          "slice: dimension 1 has extent 3, no 0 positions from 5 on");
  REFUSES(rm_slice(v3, &(rm_range){3, 1, 1, false}, &y, &test_err),
          "slice: dimension 1 has extent 3, no 1 positions from 4 on");
  REFUSES(rm_slice(v3, &(rm_range){1, 2, 2, false}, &y, &test_err),
          "slice: dimension 1 has extent 3, no 2 positions from 2 on");
  REFUSES(rm_narrow(m23, 2, 0, 1, &y, &test_err), "narrow: x has 2 dimensions, no 3");
  REFUSES(rm_select(m23, 2, 0, &y, &test_err), "select: x has 2 dimensions, no 3");
  REFUSES(rm_select(m23, 0, 2, &y, &test_err), "select: dimension 1 has extent 2, no 1 positions from 3 on");
}

static void steps(void **state) {
  (void)state;
  rm_tensor *turned, *grad = zeros(RM_FLOAT32, SHAPE(2, 3)), *p = zeros(RM_FLOAT32, SHAPE(2, 3));
  OK(rm_tensor_set_requires_grad(p, true, &test_err));
  OK(rm_tensor_set_grad(p, grad, &test_err));
  OK(rm_expand(v3, 2, (int64_t[]){2, 3}, &turned, &test_err)); /* a view that is not dense */
  rm_tensor *const params[] = {p}, *const wrong[] = {v2};
  uint64_t first = 1;
  rm_sgd_options sgd = {.lr = 1, .momentum = 0.9};
  REFUSES(rm_sgd_step(&(rm_optim_set){1, params, {wrong}, &first}, &sgd, &test_err),
          "SGD: state 1 of parameter 1 is (2), expected float32 (2, 3) in the parameter's layout");
  REFUSES(rm_max_norm(number, 1, &test_err), "max_norm: w has no dimensions, expected rows");
  REFUSES(rm_max_norm(whole23, 1, &test_err), "max_norm: parameter 1 is int64, expected float32");
  REFUSES(rm_max_norm(turned, 1, &test_err),
          "max_norm: parameter 1 (2, 3) is a view with gaps; optimize the tensor it looks into");
  REFUSES(rm_tensor_set_grad(p, p, &test_err), "grad: a tensor cannot be its own gradient");
  REFUSES(rm_tensor_set_grad(p, v2, &test_err), "grad: got float32 (2), expected float32 (2, 3)");
  REFUSES(rm_tensor_set_grad(p, whole23, &test_err), "grad: got int64 (2, 3), expected float32 (2, 3)");
  REFUSES(rm_backward(m23, NULL, false, &test_err),
          "backward: the tensor (2, 3) does not depend on anything that requires a gradient");
  for (size_t i = 0; i < 6; i++) assert_true(rm_tensor_f32(p)[i] == 0);
  rm_tensor_release(turned);
  rm_tensor_release(grad);
  rm_tensor_release(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(losses),       cmocka_unit_test(norms),   cmocka_unit_test(products),
      cmocka_unit_test(convolutions), cmocka_unit_test(indices), cmocka_unit_test(elements),
      cmocka_unit_test(reductions),   cmocka_unit_test(views),   cmocka_unit_test(steps),
  };
  int failed = cmocka_run_group_tests_name("refusals", tests, make, drop);
  const struct CMUnitTest last[] = {cmocka_unit_test(nothing_is_left)};
  return failed + cmocka_run_group_tests_name("refusals, leaks", last, NULL, NULL);
}
