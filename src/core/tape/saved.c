/* saved.c -- see saved.h. */
#include "core/tape/saved.h"

#include "core/view.h"
#include "measure/profile.h"

/* From this size on a tensor is computed again rather than kept, in bytes. Below it a pass, which
 * costs 2 to 5 % of a ResNet-20, would save memory that nobody misses. */
static const size_t WORTH_RECOMPUTING = (size_t)16 << 20;

/* Whether x, an input, need not be kept, since its own node can compute it again. One that would
 * itself wait for another is kept: no chains. */
static bool recomputable(const rm_record *r, const rm_tensor *x) {
  const rm_node *source = x->node;
  if (!source || !source->recompute || x->storage->bytes < WORTH_RECOMPUTING) return false;
  for (size_t i = 0; i < source->nsaved; i++)
    if (source->saved[i].weak) return false;
  for (size_t i = 0; i < r->ninputs; i++)
    if (r->inputs[i] == x) return true;
  return false;
}

rm_status rm_saved_keep(rm_saved *s, const rm_record *r, rm_tensor *x, rm_error *err) {
  s->version = atomic_load(&x->storage->version);
  if (!recomputable(r, x)) return rm_tensor_detach(x, &s->tensor, err);
  s->source = x->node;
  return rm_tensor_weak(x, &s->weak, err);
}

void rm_saved_free(rm_node *node) {
  for (size_t i = 0; i < node->nsaved; i++) {
    rm_tensor_release(node->saved[i].tensor);
    rm_tensor_release(node->saved[i].weak);
    node->saved[i].tensor = node->saved[i].weak = NULL;
  }
}

rm_status rm_saved_check(const rm_node *node, rm_error *err) {
  for (size_t i = 0; i < node->nsaved; i++) {
    const rm_tensor *t = node->saved[i].weak ? node->saved[i].weak : node->saved[i].tensor;
    if (t && atomic_load(&t->storage->version) != node->saved[i].version) {
      char text[RM_SHAPE_TEXT];
      return rm_fail(err, RM_ERR_STATE,
                     "backward: a tensor %s that %s needs for its gradient was changed in place after "
                     "it was used; use an out-of-place operation, or clone it first",
                     rm_tensor_text(t, text), node->name);
    }
  }
  return RM_OK;
}

rm_status rm_saved_bring_back(rm_node *node, rm_error *err) {
  for (size_t i = 0; i < node->nsaved; i++) {
    rm_saved *s = &node->saved[i];
    if (!s->weak) continue;
    RM_TRY(rm_tensor_revive(s->weak, &s->tensor, err));
    if (s->tensor) continue;
    RM_TRY(rm_saved_check(s->source, err));
    rm_scope scope = rm_profile_begin();
    RM_TRY(s->source->recompute(s->source, &s->tensor, err));
    rm_profile_end(scope, "recomputed outputs", RM_PROFILE_BACKWARD);
  }
  return RM_OK;
}

void rm_saved_let_go(rm_node *node) {
  for (size_t i = 0; i < node->nsaved; i++) {
    rm_saved *s = &node->saved[i];
    if (!s->weak) continue;
    rm_tensor_release(s->tensor);
    s->tensor = NULL;
  }
}
