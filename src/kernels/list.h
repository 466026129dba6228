/* list.h -- every kernel, once; kernels.h and isa.h say how it is expanded.
 * No include guard: it is read several times. */

/* pointwise_k.c: n contiguous floats */
RM_KERNEL(void, relu_forward, (size_t n, const float *x, float *y))
RM_KERNEL(void, relu_backward, (size_t n, const float *y, const float *dy, float *dx))
RM_KERNEL(void, add, (size_t n, const float *a, const float *b, float *y))
RM_KERNEL(void, accumulate, (size_t n, const float *x, float *y))   /* y += x */
