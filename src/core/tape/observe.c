/* observe.c -- see observe.h. */
#include "core/tape/observe.h"

#include "parallel/interrupt.h"

static _Thread_local rm_backward_observer observer;
static _Thread_local void *observer_ctx;

void rm_backward_observe(rm_backward_observer fn, void *ctx) {
  observer = fn;
  observer_ctx = ctx;
}

/* It is the user's own code, which may write into anything: Ctrl-C does not cut it short. */
rm_status rm_backward_show(const rm_node *node, rm_tensor *const dx[], size_t ninputs, rm_error *err) {
  if (!observer) return RM_OK;
  rm_unbreakable pause = rm_unbreakable_begin();
  rm_status status = observer(observer_ctx, node, dx, ninputs, err);
  rm_unbreakable_end(pause);
  return status;
}
