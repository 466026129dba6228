/* writes.c -- which tensors may be written in place without the tape losing track, or who waits reading
 * what is not there any more. */
#include "core/reader.h"
#include "core/tape.h"

rm_status rm_tensor_check_writable(const char *op, const rm_tensor *t, rm_error *err) {
  for (size_t d = 0; d < t->ndim; d++)
    if (t->shape[d] > 1 && t->strides[d] == 0)
      return rm_advise(err, RM_ADVICE_CLONE, "x",
                       rm_fail(err, RM_ERR_VALUE,
                               "%s: positions along dimension %zu share their memory (an expanded tensor)", op, d + 1));
  if (!rm_grad_enabled() || !t->requires_grad) return rm_settle_elements(t, err);
  return rm_advise(err, RM_ADVICE_NEW_TENSOR, "",
                   rm_fail(err, RM_ERR_STATE, "%s: writes into a tensor that %s", op,
                           t->node ? "was computed on the tape" : "requires a gradient"));
}
