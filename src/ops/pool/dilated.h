/* dilated.h -- maxima over windows whose pixels lie apart; for pool.c. */
#ifndef RM_OPS_POOL_DILATED_H
#define RM_OPS_POOL_DILATED_H

#include <stddef.h>

/* kh by kw pixels of c channels, the rows `row` floats apart, the columns `column`. A NaN wins; no pixel at all: -inf. */
void rm_dilated_max(size_t c, size_t kh, size_t kw, size_t row, size_t column, const float *x, float *y);

/* dx += dy at the first pixel that holds the maximum y, or at the last NaN. */
void rm_dilated_max_backward(size_t c, size_t kh, size_t kw, size_t row, size_t column, const float *x, const float *y,
                             const float *dy, float *dx);

#endif
