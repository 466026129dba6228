/* list.h -- every kernel, once; kernels.h and isa.h say how it is expanded.
 * No include guard: it is read several times. */

/* pointwise_k.c: n contiguous floats */
RM_KERNEL(void, relu_forward, (size_t n, const float *x, float *y))
RM_KERNEL(void, relu_backward, (size_t n, const float *y, const float *dy, float *dx))
RM_KERNEL(void, add, (size_t n, const float *a, const float *b, float *y))
RM_KERNEL(void, accumulate, (size_t n, const float *x, float *y))   /* y += x */

/* norm_k.c: batch normalisation over rows by c columns */
RM_KERNEL(void, column_sums, (size_t rows, size_t c, const float *x, float *sum))
RM_KERNEL(void, column_squares, (size_t rows, size_t c, const float *x, const float *mean, float *sum))
RM_KERNEL(void, norm_forward, (size_t rows, size_t c, const float *x, const float *mean, const float *scale, const float *shift, const float *add, bool relu, float *y))
RM_KERNEL(void, norm_sums, (size_t rows, size_t c, const float *x, const float *y, const float *dy, const float *mean, const float *scale, const float *shift, bool relu, float *sum, float *dot, float *dadd))
RM_KERNEL(void, norm_backward, (size_t rows, size_t c, const float *x, const float *y, const float *dy, const float *mean, const float *scale, const float *shift, bool relu, const float *slope, const float *offset, float *dx))

/* pool_k.c: one window of kh by kw pixels of c channels, rows of pixels `row` floats apart */
RM_KERNEL(void, max_window, (size_t c, size_t kh, size_t kw, size_t row, const float *x, float *y))
RM_KERNEL(void, max_window_backward, (size_t c, size_t kh, size_t kw, size_t row, const float *x, const float *y, const float *dy, float *dx))
RM_KERNEL(void, sum_window, (size_t c, size_t kh, size_t kw, size_t row, float scale, const float *x, float *y))
RM_KERNEL(void, sum_window_backward, (size_t c, size_t kh, size_t kw, size_t row, float scale, const float *dy, float *dx))
/* winograd_k.c: F(4x4, 3x3); layouts in winograd.h. `first` and `count` name tiles. */
RM_KERNEL(void, wino_weights, (const float *w, size_t rows, size_t columns, size_t row_stride, size_t column_stride, int flip, size_t row_block, size_t column_block, float *u))
RM_KERNEL(void, wino_input, (const rm_wino_images *g, const float *x, const float *zeros, size_t first, size_t count, float *v))
RM_KERNEL(void, wino_product, (size_t count, size_t tiles, size_t rows, size_t columns, const float *v, const float *u, float *m))
RM_KERNEL(void, wino_output, (const rm_wino_images *g, const float *m, const float *bias, size_t first, size_t count, float *y))
RM_KERNEL(void, wino_output_gradient, (const rm_wino_images *g, const float *dy, const float *zeros, size_t first, size_t count, float *m))
RM_KERNEL(void, wino_weight_product, (size_t count, size_t tiles, size_t rows, size_t columns, const float *v, const float *m, float *du))
RM_KERNEL(void, wino_weight_gradient, (const float *du, size_t parts, size_t part_stride, size_t rows, size_t columns, size_t row_block, size_t column_block, float *dw))
/* optim_k.c: one step of an optimiser; the file says what the arguments mean */
RM_KERNEL(void, sgd_step, (size_t n, const float *g, float *p, float lr, float decay))
RM_KERNEL(void, sgd_momentum_step, (size_t n, const float *g, float *v, float *p, float lr, float decay, float keep, float take, float ahead, float now))
RM_KERNEL(void, adam_step, (size_t n, const float *g, float *m, float *s, float *p, float lr, float decay, float shrink, float b1, float b2, float widen, float eps))
RM_KERNEL(void, rmsprop_step, (size_t n, const float *g, float *s, float *a, float *v, float *p, float lr, float decay, float alpha, float momentum, float eps))
RM_KERNEL(double, sum_squares, (size_t n, const float *x))
RM_KERNEL(float, max_abs, (size_t n, const float *x))
RM_KERNEL(void, scale, (size_t n, const float *x, float a, float *y))
