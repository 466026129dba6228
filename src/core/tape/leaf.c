/* leaf.c -- what a user may set on a tensor: whether it requires a gradient, and that gradient. */
#include "core/reader.h"
#include "core/tape/node.h"
#include "core/view.h"

rm_status rm_tensor_set_requires_grad(rm_tensor *t, bool requires, rm_error *err) {
  if (t->node)
    return rm_advise(err, RM_ADVICE_DETACH, "",
                     rm_fail(err, RM_ERR_STATE, "requires_grad: the tensor was computed by %s; only leaves can be set",
                             t->node->name));
  if (requires && t->dtype != RM_FLOAT32)
    return rm_fail(err, RM_ERR_TYPE, "requires_grad: the tensor is %s, expected float32", rm_dtype_name(t->dtype));
  if (t->requires_grad != requires) RM_TRY(rm_settle_requirement(t, err));
  t->requires_grad = requires;
  return RM_OK;
}

rm_status rm_tensor_set_grad(rm_tensor *t, rm_tensor *grad, rm_error *err) {
  char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
  if (grad && (grad->dtype != RM_FLOAT32 || !rm_tensor_same_shape(grad, t)))
    return rm_fail(err, RM_ERR_SHAPE, "grad: got %s %s, expected float32 %s", rm_dtype_name(grad->dtype),
                   rm_tensor_text(grad, a), rm_tensor_text(t, b));
  if (grad == t) return rm_fail(err, RM_ERR_VALUE, "grad: a tensor cannot be its own gradient");
  rm_tensor *fresh = NULL;
  if (grad) RM_TRY(rm_tensor_detach(grad, &fresh, err)); /* a gradient has no gradient of its own */
  rm_tensor_release(t->grad);
  t->grad = fresh;
  return RM_OK;
}
