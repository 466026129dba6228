/* accumulate.c -- sums of gradients, in place where nobody else looks. */
#include "core/tape/accumulate.h"

#include "core/copy.h"
#include "kernels/kernels.h"
#include "measure/profile.h"
#include "parallel/pool.h"

typedef struct {
  const float *from;
  float *into;
} addition;

static void add_range(void *ctx, size_t begin, size_t end) {
  const addition *a = ctx;
  rm_kernel_table()->accumulate(end - begin, a->from + begin, a->into + begin);
}

void rm_gradient_add(rm_tensor *into, const rm_tensor *from) {
  enum { GRAIN = 32768 };
  addition a = {rm_tensor_f32(from), rm_tensor_f32(into)};
  rm_parallel(into->numel, GRAIN, add_range, &a);
  rm_tensor_mark_written(into);
}

rm_status rm_gradient_accumulate(rm_tensor **sum, rm_tensor *g, rm_error *err) {
  if (!*sum) {
    *sum = g;
    return RM_OK;
  }
  if (!rm_tensor_exclusive(*sum) && rm_tensor_exclusive(g)) {
    rm_tensor *t = *sum;
    *sum = g;
    g = t;
  }
  rm_tensor *into = *sum, *from = NULL;
  rm_status status = RM_OK;
  if (!rm_tensor_exclusive(into)) status = rm_tensor_clone(*sum, &into, err);
  if (status == RM_OK) status = rm_tensor_as_layout(g, into, &from, err);
  rm_scope scope = rm_profile_begin();
  if (status == RM_OK) rm_gradient_add(into, from);
  rm_profile_end(scope, "sum of gradients", RM_PROFILE_BACKWARD);
  rm_tensor_release(from);
  rm_tensor_release(g);
  if (into != *sum) {
    rm_tensor_release(status == RM_OK ? *sum : into);
    if (status == RM_OK) *sum = into;
  }
  return status;
}
