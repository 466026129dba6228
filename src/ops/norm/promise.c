/* promise.c -- see promise.h. */
#include "ops/norm/promise.h"

#include "core/tape.h"
#include "core/view.h"
#include "ops/norm/batch_norm.h"
#include "ops/norm/batch_norm_backward.h"

rm_status rm_batch_norm_promise(rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor *columns, bool of_batch,
                                rm_tensor **out, rm_error *err) {
  rm_tensor *const inputs[] = {x, weight, bias, NULL};
  rm_tensor *rows = NULL, *y = NULL;
  if (x->ndim != 4 || !rm_tape_wants(4, inputs)) return RM_OK;
  RM_TRY(rm_norm_as_rows(x, &rows, err));
  rm_status status = rm_tensor_promise(x->shape, &y, err);
  rm_tensor *const saved[RM_NORM_SAVED] = {[RM_NORM_SAVED_X] = rows, [RM_NORM_SAVED_COLUMNS] = columns};
  if (status == RM_OK)
    status = rm_batch_norm_record(y, inputs, saved, true, (rm_batch_norm_payload){of_batch, true}, err);
  rm_tensor_release(rows);
  rm_promise source;
  if (status != RM_OK || rm_promise_source(y->node, &source)) return rm_tensor_give(status, y, out);
  rm_tensor_release(y); /* x would have to be computed again itself */
  return RM_OK;
}

bool rm_promise_source(const rm_node *node, rm_promise *out) {
  if (!node || !rm_node_is(node, rm_batch_norm_backward)) return false;
  const rm_batch_norm_payload *how = rm_node_payload(node);
  out->x = rm_node_saved(node, RM_NORM_SAVED_X);
  out->columns = rm_node_saved(node, RM_NORM_SAVED_COLUMNS);
  return how->relu && out->x && out->columns && !rm_node_saved(node, RM_NORM_SAVED_WORDS) &&
         !rm_node_saved(node, RM_NORM_SAVED_OUTPUT);
}
