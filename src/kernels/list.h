/* list.h -- every kernel, once; kernels.h and isa.h say how it is expanded.
 * No include guard: it is read several times. A kernel is a line, however long. */
/* clang-format off */

/* pointwise_k.c: n contiguous elements; y may be an input */
RM_KERNEL(void, add, (size_t n, const float *a, const float *b, float *y))
RM_KERNEL(void, sub, (size_t n, const float *a, const float *b, float *y))
RM_KERNEL(void, mul, (size_t n, const float *a, const float *b, float *y))
RM_KERNEL(void, div, (size_t n, const float *a, const float *b, float *y))
RM_KERNEL(void, pow, (size_t n, const float *a, const float *b, float *y))
RM_KERNEL(void, maximum, (size_t n, const float *a, const float *b, float *y))
RM_KERNEL(void, minimum, (size_t n, const float *a, const float *b, float *y))
RM_KERNEL(void, add_i64, (size_t n, const int64_t *a, const int64_t *b, int64_t *y))
RM_KERNEL(void, sub_i64, (size_t n, const int64_t *a, const int64_t *b, int64_t *y))
RM_KERNEL(void, mul_i64, (size_t n, const int64_t *a, const int64_t *b, int64_t *y))
RM_KERNEL(void, maximum_i64, (size_t n, const int64_t *a, const int64_t *b, int64_t *y))
RM_KERNEL(void, minimum_i64, (size_t n, const int64_t *a, const int64_t *b, int64_t *y))
RM_KERNEL(void, floor_divide, (size_t n, const float *a, const float *b, float *y))
RM_KERNEL(void, remainder, (size_t n, const float *a, const float *b, float *y))
RM_KERNEL(void, floor_divide_i64, (size_t n, const int64_t *a, const int64_t *b, int64_t *y))
RM_KERNEL(void, remainder_i64, (size_t n, const int64_t *a, const int64_t *b, int64_t *y))
RM_KERNEL(void, remainder_backward_b, (size_t n, const float *a, const float *b, const float *dy, float *db))
RM_KERNEL(void, axpy, (size_t n, const float *a, const float *b, const float *alpha, float *y))
RM_KERNEL(void, accumulate, (size_t n, const float *x, float *y))
RM_KERNEL(void, div_backward_b, (size_t n, const float *b, const float *y, const float *dy, float *db))
RM_KERNEL(void, pow_backward, (size_t n, const float *a, const float *dy, const float *b, float *da))
RM_KERNEL(void, pow_backward_b, (size_t n, const float *a, const float *y, const float *dy, float *db))
RM_KERNEL(void, maximum_backward, (size_t n, const float *a, const float *b, const float *dy, float *da))
RM_KERNEL(void, minimum_backward, (size_t n, const float *a, const float *b, const float *dy, float *da))
RM_KERNEL(void, zero_backward, (size_t n, const float *x, const float *dy, float *dx))
RM_KERNEL(void, deviation_backward, (size_t n, const float *y, const float *dy, float *dx))

/* pointwise_k.c, activation_k.c, math_k.c: those of the operators on one tensor */
#define RM_NUMBERS_0
#define RM_NUMBERS_1 const float *number,
#define RM_NUMBERS_2 const float *number, const float *second,
#define RM_UNARY(op, kernel, name, numbers, keep) \
  RM_KERNEL(void, kernel##_forward, (size_t n, const float *x, RM_NUMBERS_##numbers float *y)) \
  RM_KERNEL(void, kernel##_backward, (size_t n, const float *kept, const float *dy, RM_NUMBERS_##numbers float *dx))
#define RM_UNARY_FLAT(op, kernel, name) RM_KERNEL(void, kernel##_forward, (size_t n, const float *x, float *y))
#include "kernels/unary_list.h"
#undef RM_UNARY_FLAT
#undef RM_UNARY
#undef RM_NUMBERS_2
#undef RM_NUMBERS_1
#undef RM_NUMBERS_0

/* compare_k.c: the same form */
RM_KERNEL(void, eq, (size_t n, const float *a, const float *b, uint8_t *y))
RM_KERNEL(void, ne, (size_t n, const float *a, const float *b, uint8_t *y))
RM_KERNEL(void, lt, (size_t n, const float *a, const float *b, uint8_t *y))
RM_KERNEL(void, le, (size_t n, const float *a, const float *b, uint8_t *y))
RM_KERNEL(void, eq_i64, (size_t n, const int64_t *a, const int64_t *b, uint8_t *y))
RM_KERNEL(void, ne_i64, (size_t n, const int64_t *a, const int64_t *b, uint8_t *y))
RM_KERNEL(void, lt_i64, (size_t n, const int64_t *a, const int64_t *b, uint8_t *y))
RM_KERNEL(void, le_i64, (size_t n, const int64_t *a, const int64_t *b, uint8_t *y))
RM_KERNEL(void, logical_and, (size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y))
RM_KERNEL(void, logical_or, (size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y))
RM_KERNEL(void, logical_xor, (size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y))
RM_KERNEL(void, select, (size_t n, const uint8_t *c, const float *a, const float *b, float *y))
RM_KERNEL(void, select_u8, (size_t n, const uint8_t *c, const uint8_t *a, const uint8_t *b, uint8_t *y))
RM_KERNEL(void, select_i64, (size_t n, const uint8_t *c, const int64_t *a, const int64_t *b, int64_t *y))

/* reduce_k.c: rows of n floats; columns of (rows, cols), rows `stride` apart */
RM_KERNEL(double, row_sum, (size_t n, const float *x))
RM_KERNEL(double, row_squares, (size_t n, const float *x, float shift))
RM_KERNEL(double, row_product, (size_t n, const float *x))
RM_KERNEL(void, sum_columns, (size_t rows, size_t cols, size_t stride, const float *x, double *sum))
RM_KERNEL(void, squares_columns, (size_t rows, size_t cols, size_t stride, const float *x, const float *shift, double *sum))
RM_KERNEL(void, row_argmax, (size_t rows, size_t n, const float *x, float *best, int64_t *at))
RM_KERNEL(void, row_argmin, (size_t rows, size_t n, const float *x, float *best, int64_t *at))
RM_KERNEL(void, column_argmax, (size_t rows, size_t cols, size_t stride, const float *x, float *best, int64_t *at))
RM_KERNEL(void, column_argmin, (size_t rows, size_t cols, size_t stride, const float *x, float *best, int64_t *at))
RM_KERNEL(void, center_scale, (size_t n, const float *x, const float *mean, const float *scale, float *dx))
RM_KERNEL(void, norm2_backward, (size_t n, const float *x, const float *norm, const float *dy, float *dx))

/* softmax_k.c: the same; columns: at most 64 */
RM_KERNEL(void, softmax_row, (size_t n, const float *x, float *y))
RM_KERNEL(void, log_softmax_row, (size_t n, const float *x, float *y))
RM_KERNEL(void, softmax_row_backward, (size_t n, const float *y, const float *dy, float *dx))
RM_KERNEL(void, log_softmax_row_backward, (size_t n, const float *y, const float *dy, float *dx))
RM_KERNEL(void, softmax_columns, (size_t rows, size_t cols, size_t stride, const float *x, float *y))
RM_KERNEL(void, log_softmax_columns, (size_t rows, size_t cols, size_t stride, const float *x, float *y))
RM_KERNEL(void, softmax_columns_backward, (size_t rows, size_t cols, size_t stride, const float *y, const float *dy, float *dx))
RM_KERNEL(void, log_softmax_columns_backward, (size_t rows, size_t cols, size_t stride, const float *y, const float *dy, float *dx))

/* moments_k.c: of the columns of a matrix, for batch norm */
RM_KERNEL(void, column_moments, (size_t rows, size_t columns, const float *x, float *moments))

/* column_sums_k.c: of the rows of a matrix, for biases */
RM_KERNEL(void, column_blocks, (size_t rows, size_t c, const float *x, size_t block, const float *end, double *total))

/* norm_k.c: batch normalization over rows by c columns */
RM_KERNEL(void, norm_forward, (size_t rows, size_t c, const float *x, const float *mean, const float *scale, const float *shift, const float *add, bool relu, float *y, bool stream, uint16_t *words))
RM_KERNEL(void, norm_relu, (size_t rows, size_t c, const float *x, const float *mean, const float *scale, const float *shift, float *y))
RM_KERNEL(void, norm_sums, (size_t rows, size_t c, const float *x, const float *y, const uint16_t *words, const float *dy, const float *more, const float *mean, const float *scale, const float *shift, bool relu, float *sum, float *dot, float *dadd))
RM_KERNEL(void, norm_backward, (size_t rows, size_t c, const float *x, const float *y, const uint16_t *words, const float *dy, const float *mean, const float *scale, const float *shift, bool relu, const float *slope, const float *offset, float *dx, bool stream))

/* pool_k.c: one window of kh by kw pixels of c channels, rows of pixels `row` floats apart */
RM_KERNEL(void, max_window, (size_t c, size_t kh, size_t kw, size_t row, const float *x, float *y))
RM_KERNEL(void, max_window_backward, (size_t c, size_t kh, size_t kw, size_t row, const float *x, const float *y, const float *dy, float *dx))
RM_KERNEL(void, max_row, (size_t windows, size_t c, const float *upper, const float *lower, float *y))
RM_KERNEL(bool, max_row_backward, (size_t windows, size_t c, const float *upper, const float *lower, const float *y, const float *dy, float *dx_upper, float *dx_lower))
RM_KERNEL(void, sum_window, (size_t c, size_t kh, size_t kw, size_t row, float scale, const float *x, float *y))
RM_KERNEL(void, sum_window_backward, (size_t c, size_t kh, size_t kw, size_t row, float scale, const float *dy, float *dx))

/* winograd_k.c, winograd_output_k.c, winograd_product_k.c, winograd_weights_k.c: F(4x4, 3x3); layouts in winograd.h. `first` and
 * `count` name tiles, `patch` has room for rm_wino_patch_floats; a `large` output need not stay in the caches. */
RM_KERNEL(void, wino_weights, (const float *w, size_t rows, size_t columns, size_t row_stride, size_t column_stride, int flip, size_t row_block, size_t column_block, float *u))
RM_KERNEL(void, wino_input, (const rm_wino_images *g, const float *x, float *patch, size_t first, size_t count, float *v))
RM_KERNEL(void, wino_product, (size_t count, size_t tiles, size_t rows, size_t columns, bool more, const float *v, const float *u, float *m))
RM_KERNEL(void, wino_output, (const rm_wino_images *g, const float *m, const rm_conv_finish *finish, bool large, size_t first, size_t count, float *y))
RM_KERNEL(void, wino_output_gradient, (const rm_wino_images *g, const float *dy, float *patch, size_t first, size_t count, float *m))
RM_KERNEL(void, wino_weight_product, (size_t count, size_t tiles, size_t rows, size_t columns, bool more, const float *v, const float *m, float *du))
RM_KERNEL(void, wino_weight_gradient, (const float *du, size_t parts, size_t part_stride, size_t rows, size_t columns, size_t row_block, size_t column_block, float *dw, size_t column_stride))

/* optim_k.c: one step of an optimizer; the file says what the arguments mean */
RM_KERNEL(void, sgd_step, (size_t n, const float *g, float *p, float lr, float decay))
RM_KERNEL(void, sgd_momentum_step, (size_t n, const float *g, float *v, float *p, float lr, float decay, float keep, float take, float ahead, float now))
RM_KERNEL(void, adam_step, (size_t n, const float *g, float *m, float *s, float *p, float lr, float decay, float shrink, float b1, float b2, float widen, float eps))
RM_KERNEL(void, rmsprop_step, (size_t n, const float *g, float *s, float *a, float *v, float *p, float lr, float decay, float alpha, float momentum, float eps))
RM_KERNEL(double, sum_squares, (size_t n, const float *x))
RM_KERNEL(float, max_abs, (size_t n, const float *x))
RM_KERNEL(void, scale, (size_t n, const float *x, float a, float *y))

/* strided_k.c, strided_output_k.c, strided_product_k.c, strided_weights_k.c: 3x3 with stride 2; strided.h says where things lie */
RM_KERNEL(void, strided_input, (const rm_strided_images *g, const float *x, const float *zeros, size_t first, size_t count, float *v))
RM_KERNEL(void, strided_output, (const rm_strided_images *g, const float *m, const rm_conv_finish *f, bool large, size_t first, size_t count, float *y))
RM_KERNEL(void, strided_output_gradient, (const rm_strided_images *g, const float *dy, const float *zeros, size_t first, size_t count, float *m))
RM_KERNEL(void, strided_spread, (const rm_strided_images *g, const float *dy, const float *zeros, size_t first, size_t count, float *v))
RM_KERNEL(void, strided_gather, (const rm_strided_images *g, const float *m, bool large, size_t first, size_t count, float *dx))
RM_KERNEL(void, strided_product, (const rm_strided_images *from, const rm_strided_images *to, size_t count, const float *v, const float *u, float *m, const float *ahead, size_t ahead_bytes))
RM_KERNEL(void, strided_weight_product, (const rm_strided_images *in, const rm_strided_images *out, size_t position, size_t count, const float *v, const float *m, bool more, float *du))
RM_KERNEL(void, strided_weights, (const float *w, size_t rows, size_t columns, size_t row_stride, size_t column_stride, bool flip, size_t row, size_t column, float *u))
RM_KERNEL(void, strided_weight_gradient, (const float *du, size_t rows, size_t width, size_t row, float *dw))

/* direct_k.c: sums over the window of each pixel; `from` and `to` have a pointer for each pixel */
RM_KERNEL(size_t, direct_packed, (size_t depth, size_t columns))   /* floats of packed weights */
RM_KERNEL(void, direct_pack, (size_t row, size_t columns, const float *w, size_t column_stride, size_t depth, float *packed))
RM_KERNEL(void, direct_forward, (size_t pixels, const float *const *from, float *const *to, const rm_direct_runs *runs, const float *packed, size_t columns, const rm_conv_finish *finish, const float *y, bool stream))
RM_KERNEL(void, direct_pack_gradient, (size_t pixels, size_t columns, const float *dy, size_t stride, float *packed))
RM_KERNEL(void, direct_weights, (size_t pixels, const float *const *from, const float *packed, size_t runs, const ptrdiff_t *offsets, size_t length, size_t columns, float *dw, const float *const ahead[2], const size_t ahead_bytes[2]))
RM_KERNEL(void, direct_window_weights, (size_t pixels, const float *const *from, const float *dy, size_t columns, size_t vectors, const ptrdiff_t *places, float *dw))

/* product_k.c: products of matrices, each output one sum over k in order; columns are packed as for direct_k.c */
RM_KERNEL(void, product_pack, (size_t depth, size_t columns, const float *b, size_t down, size_t across, float *packed))
RM_KERNEL(void, product, (size_t rows, size_t columns, size_t depth, const float *a, size_t down, size_t along, const float *packed, bool more, float *c, size_t stride, float *aside))

/* machine_k.c: the processor at its best */
RM_KERNEL(float, multiply_adds, (size_t rounds, float times, float add))
RM_KERNEL(void, triad, (size_t n, const float *a, const float *b, float times, float *y))
RM_KERNEL(void, stream_copy, (size_t n, const float *a, float *y))
/* strassen_k.c: products of matrices cut into quarters; the file says what the arguments mean */
RM_KERNEL(void, strassen_sums, (size_t half, size_t c, const float *const *from, float *s))
RM_KERNEL(size_t, strassen_packed, (size_t c, size_t columns))
RM_KERNEL(void, strassen_pack, (size_t k, size_t c, size_t columns, const float *w, size_t row_stride, size_t column_stride, float *packed))
RM_KERNEL(void, strassen_product, (size_t pixels, size_t c, size_t columns, const float *const *from, const float *s, const float *packed, const rm_conv_finish *finish, float *aside, float *const *to, const float *y, bool stream, const float *ahead, size_t ahead_bytes))
/* strassen_weights_k.c */
RM_KERNEL(void, strassen_left, (size_t half, size_t c, size_t first, size_t count, const float *const *x, size_t pitch, float *a))
RM_KERNEL(void, strassen_right, (size_t half, size_t columns, size_t first, const float *const *dy, float *b))
RM_KERNEL(void, strassen_combine, (size_t size, size_t count, const float *m, float *out))
