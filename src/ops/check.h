/* check.h -- what several operators ask of their arguments, and the words for a refusal. */
#ifndef RM_OPS_CHECK_H
#define RM_OPS_CHECK_H

#include "core/tensor.h"

/* `op: arg is uint8, expected float32`, with the advice to convert it. */
static inline rm_status rm_check_float(const char *op, const char *arg, const rm_tensor *t, rm_error *err) {
  if (t->dtype == RM_FLOAT32) return RM_OK;
  return rm_advise(err, RM_ADVICE_TO_FLOAT, arg,
                   rm_fail(err, RM_ERR_TYPE, "%s: %s is %s, expected float32", op, arg, rm_dtype_name(t->dtype)));
}

/* bias: NULL, or float32 with one number for each of `outputs`. */
static inline rm_status rm_check_bias(const char *op, const rm_tensor *bias, size_t outputs, rm_error *err) {
  char text[RM_SHAPE_TEXT];
  if (!bias) return RM_OK;
  RM_TRY(rm_check_float(op, "bias", bias, err));
  if (bias->ndim == 1 && bias->shape[0] == outputs) return RM_OK;
  return rm_fail(err, RM_ERR_SHAPE, "%s: bias has shape %s, expected (%zu)", op, rm_tensor_text(bias, text), outputs);
}

#endif
