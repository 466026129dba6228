/* fill.h -- tensors from a rule: one value, a progression, the identity. */
#ifndef RM_OPS_POINTWISE_FILL_H
#define RM_OPS_POINTWISE_FILL_H

#include "core/tensor.h"

/* One element of a type: integers do not pass through a float on their way. */
typedef union {
  float f32;
  uint8_t u8;
  int64_t i64;
} rm_element;
/* value as one of dtype: truncated and saturated for integers, as rm_tensor_copy does. */
rm_element rm_element_of(double value, rm_dtype dtype);

/* Writes `value` (of t's type) into every element. Marks t as written. */
void rm_fill(rm_tensor *t, rm_element value);
/* first, first + step, ... up to last inclusive; each is computed from its position, so that
 * rounding does not pile up. `count` of them: rm_arange_count. */
rm_status rm_arange(double first, double step, size_t count, rm_dtype dtype, rm_tensor **y, rm_error *err);
rm_status rm_arange_count(double first, double last, double step, size_t *count, rm_error *err);
/* `count` numbers in equal steps from first to last, both included; of one it is first. */
rm_status rm_linspace(double first, double last, size_t count, rm_dtype dtype, rm_tensor **y, rm_error *err);
/* (rows, columns), 1 on the diagonal. */
rm_status rm_eye(size_t rows, size_t columns, rm_dtype dtype, rm_tensor **y, rm_error *err);

#endif
