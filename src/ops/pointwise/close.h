/* close.h -- what kind of number an element is, and whether two are nearly equal: uint8, 0 or 1. */
#ifndef RM_OPS_POINTWISE_CLOSE_H
#define RM_OPS_POINTWISE_CLOSE_H

#include "core/tensor.h"

/* Whole numbers are finite. */
typedef enum { RM_IS_NAN, RM_IS_INF, RM_IS_FINITE } rm_number_kind;
rm_status rm_is_kind(rm_number_kind kind, rm_tensor *x, rm_tensor **y, rm_error *err);

/* Equal, or |a - b| <= atol + rtol |b| and finite. Equal types; they broadcast. `op` is
 * what errors call it. */
rm_status rm_isclose(const char *op, rm_tensor *a, rm_tensor *b, double rtol, double atol, bool equal_nan,
                     rm_tensor **y, rm_error *err);

#endif
