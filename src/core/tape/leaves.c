/* leaves.c -- see leaves.h. */
#include "core/tape/leaves.h"

#include <stdlib.h>
#include "core/copy.h"
#include "core/hook.h"
#include "core/reader.h"
#include "core/tape/accumulate.h"
#include "core/tape/grow.h"
#include "dist/batch.h"

static rm_status add(rm_leaves *l, rm_tensor *leaf, rm_tensor *g, rm_error *err) {
  /* From the back: a parameter used twice was usually just met. */
  for (size_t i = l->n; i-- > 0;)
    if (l->items[i].leaf == leaf) return rm_gradient_accumulate(&l->items[i].grad, g, err);
  if (!rm_grow((void **)&l->items, l->n, &l->capacity, sizeof *l->items)) {
    rm_tensor_release(g);
    return rm_fail(err, RM_ERR_MEMORY, "backward: out of memory");
  }
  l->items[l->n].leaf = rm_tensor_retain(leaf);
  l->items[l->n++].grad = g;
  return RM_OK;
}

/* A leaf keeps its gradient in memory of its own: what a backward returned may be a
 * view of something larger, or shared. */
static rm_status owned(rm_tensor **grad, const rm_tensor *leaf, rm_error *err) {
  if (rm_tensor_exclusive(*grad) && rm_tensor_same_layout(*grad, leaf)) return RM_OK;
  rm_tensor *fresh;
  RM_TRY(rm_tensor_new_like(leaf, RM_FLOAT32, &fresh, err));
  rm_status status = rm_tensor_copy(fresh, *grad, err);
  if (status != RM_OK) {
    rm_tensor_release(fresh);
    return status;
  }
  rm_tensor_release(*grad);
  *grad = fresh;
  return RM_OK;
}

rm_status rm_leaves_add(rm_leaves *l, rm_tensor *leaf, rm_tensor *g, rm_error *err) {
  if (l->inner || !rm_batch_shared()) return add(l, leaf, g, err);
  rm_status status = owned(&g, leaf, err);
  if (status == RM_OK) return rm_buckets_add(&l->buckets, leaf, g, err);
  rm_tensor_release(g);
  return status;
}

rm_status rm_leaves_deliver(rm_leaves *l, rm_error *err) {
  rm_tensor *shared, *part;
  RM_TRY(rm_buckets_finish(l->buckets, err));
  for (size_t i = 0; rm_buckets_take(l->buckets, i, &shared, &part); i++) RM_TRY(add(l, shared, part, err));
  for (size_t i = 0; i < l->n; i++)
    if (l->items[i].leaf->hooks) RM_TRY(rm_hooks_run(l->items[i].leaf->hooks, &l->items[i].grad, err));
  for (size_t i = 0; i < l->n; i++) RM_TRY(owned(&l->items[i].grad, l->items[i].leaf, err));
  for (size_t i = 0; i < l->n; i++)
    if (l->items[i].leaf->grad) RM_TRY(rm_settle_elements(l->items[i].leaf->grad, err));
  for (size_t i = 0; i < l->n; i++) {
    rm_tensor *leaf = l->items[i].leaf, *grad = l->items[i].grad;
    if (leaf->grad && rm_tensor_same_layout(leaf->grad, grad) && rm_tensor_is_dense(grad)) {
      rm_gradient_add(leaf->grad, grad);
    } else if (leaf->grad) {
      RM_TRY(rm_gradient_accumulate(&leaf->grad, rm_tensor_retain(grad), err));
    } else {
      leaf->grad = grad;
      l->items[i].grad = NULL;
    }
  }
  return RM_OK;
}

rm_status rm_leaves_hand_over(rm_leaves *l, rm_leaves *outer, const rm_tensor *x, rm_tensor **dx, rm_error *err) {
  for (size_t i = 0; i < l->n; i++) {
    rm_tensor *grad = l->items[i].grad;
    l->items[i].grad = NULL;
    if (l->items[i].leaf == x) *dx = grad;
    else RM_TRY(rm_leaves_add(outer, l->items[i].leaf, grad, err));
  }
  return RM_OK;
}

void rm_leaves_free(rm_leaves *l) {
  for (size_t i = 0; i < l->n; i++) {
    rm_tensor_release(l->items[i].leaf);
    rm_tensor_release(l->items[i].grad);
  }
  free(l->items);
  rm_buckets_free(l->buckets);
}
