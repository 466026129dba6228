/* finite.c -- see finite.h. */
#include "ops/reduce/finite.h"

#include <string.h>
#include "core/copy.h"

/* NaN and the infinities are the floats whose exponent bits are all set. Whole blocks are looked at
 * without a branch, so that the compiler may take many floats at a time. */
static size_t first_bad(const float *x, size_t n) {
  enum { BLOCK = 4096 };
  const uint32_t exponent = 0x7f800000u;
  for (size_t begin = 0; begin < n; begin += BLOCK) {
    size_t end = n - begin < BLOCK ? n : begin + BLOCK;
    uint32_t bad = 0, bits;
    for (size_t i = begin; i < end; i++) {
      memcpy(&bits, x + i, sizeof bits);
      bad |= (bits & exponent) == exponent;
    }
    if (!bad) continue;
    for (size_t i = begin;; i++) {
      memcpy(&bits, x + i, sizeof bits);
      if ((bits & exponent) == exponent) return i;
    }
  }
  return n;
}

rm_status rm_find_nonfinite(rm_tensor *x, size_t *at, rm_error *err) {
  *at = x->numel;
  if (x->dtype != RM_FLOAT32) return RM_OK;
  /* Mostly all is well, which any order of the elements shows. */
  if (rm_tensor_is_dense(x) && first_bad(rm_tensor_f32(x), x->numel) == x->numel) return RM_OK;
  rm_tensor *rows;
  RM_TRY(rm_tensor_contiguous(x, &rows, err));
  *at = first_bad(rm_tensor_f32(rows), x->numel);
  rm_tensor_release(rows);
  return RM_OK;
}
