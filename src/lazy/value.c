/* value.c -- holding a value and looking at it. */
#include "lazy/expression.h"

/* v may be looked at by somebody else while it is computed: a finalizer, where memory runs out. */
static rm_status look(rm_value *v, rm_error *err) {
  rm_value held = rm_value_retain(v);
  rm_status status = rm_expression_settle(held.expression, err);
  if (status == RM_OK && v->expression) {
    v->tensor = rm_tensor_retain(held.expression->result);
    rm_expression_release(v->expression);
    v->expression = NULL;
  }
  rm_value_release(&held);
  return status;
}

rm_status rm_value_tensor(rm_value *v, rm_tensor **t, rm_error *err) {
  if (v->expression) RM_TRY(look(v, err));
  *t = v->tensor;
  return RM_OK;
}

bool rm_value_waits(const rm_value *v) { return v->expression != NULL; }

const size_t *rm_value_shape(const rm_value *v, size_t *ndim) {
  *ndim = v->expression ? v->expression->ndim : v->tensor->ndim;
  return v->expression ? v->expression->shape : v->tensor->shape;
}

rm_value rm_value_retain(const rm_value *v) {
  if (v->tensor) rm_tensor_retain(v->tensor);
  if (v->expression) v->expression->refs++;
  return *v;
}

void rm_value_release(rm_value *v) {
  rm_value old = *v;
  *v = (rm_value){0};
  rm_tensor_release(old.tensor);
  rm_expression_release(old.expression);
}
