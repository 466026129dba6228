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
