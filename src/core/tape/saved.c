/* saved.c -- see saved.h. */
#include "core/tape/saved.h"

#include "core/view.h"
#include "measure/profile.h"

/* From this size on, in bytes, a tensor is computed again rather than kept. Below it a pass, which
 * costs 2 to 5 % of a ResNet-20, would save memory that nobody misses. With many channels a pass is nothing against the
 * convolutions around it, whose work for each value is proportional to the channels. */
static const size_t WORTH_RECOMPUTING = (size_t)16 << 20, WORTH_WITH_MANY_CHANNELS = (size_t)1 << 20;
enum { MANY_CHANNELS = 128, LONGEST_CHAIN = 3 };

static bool worthwhile(const rm_tensor *x) {
  bool many = x->ndim == 4 && x->shape[1] >= MANY_CHANNELS;
  return x->storage->bytes >= (many ? WORTH_WITH_MANY_CHANNELS : WORTH_RECOMPUTING);
}

bool rm_tape_can_recompute(const rm_tensor *x) {
  const rm_node *source = x->node;
  if (!source || !source->recompute || !worthwhile(x)) return false;
  return atomic_load(&x->storage->version) == source->version; /* else it is not what would be computed */
}

/* Whether x, an input, need not be kept, since its own node can compute it again. One that would wait for too many
 * others is kept, and the next chain begins behind it. A promise cannot be. */
static bool recomputable(const rm_record *r, const rm_tensor *x) {
  if (x->weak) return true;
  if (!rm_tape_can_recompute(x) || x->node->chain > LONGEST_CHAIN) return false;
  for (size_t i = 0; i < r->ninputs; i++)
    if (r->inputs[i] == x) return true;
  return false;
}

rm_status rm_saved_keep(rm_node *node, size_t i, const rm_record *r, rm_tensor *x, rm_error *err) {
  rm_saved *s = &node->saved[i];
  s->version = atomic_load(&x->storage->version);
  if (!recomputable(r, x)) return rm_tensor_detach(x, &s->tensor, err);
  s->source = x->node;
  if (node->chain <= x->node->chain) node->chain = x->node->chain + 1;
  return rm_tensor_weak(x, &s->weak, err);
}

void rm_saved_free(rm_node *node) {
  for (size_t i = 0; i < node->nsaved; i++) {
    rm_tensor_release(node->saved[i].tensor);
    rm_tensor_release(node->saved[i].weak);
    node->saved[i].tensor = node->saved[i].weak = NULL;
  }
}

rm_status rm_saved_check(const rm_node *node, size_t n, rm_error *err) {
  for (size_t i = 0; i < n; i++) {
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

/* Fills source->again. What it needs for that may have to be computed first: at most LONGEST_CHAIN calls deep. */
static rm_status compute_again(rm_node *source, rm_error *err) {
  RM_TRY(rm_saved_check(source, source->nsaved, err));
  rm_status status = rm_saved_bring_back(source, source->nsaved, err);
  rm_scope scope = rm_profile_begin();
  if (status == RM_OK) status = source->recompute(source, &source->again, err);
  rm_profile_end(scope, "recomputed outputs", RM_PROFILE_BACKWARD);
  rm_saved_let_go(source);
  return status;
}

/* Takes it from who has it. */
static rm_status find(rm_saved *s, rm_error *err) {
  if (!s->weak || s->tensor) return RM_OK;
  RM_TRY(rm_tensor_revive(s->weak, &s->tensor, err));
  if (!s->tensor && s->source->again) s->tensor = rm_tensor_retain(s->source->again);
  return RM_OK;
}

static rm_status bring_back(rm_saved *s, rm_error *err) {
  RM_TRY(find(s, err));
  if (!s->weak || s->tensor) return RM_OK;
  RM_TRY(compute_again(s->source, err));
  s->tensor = rm_tensor_retain(s->source->again);
  return RM_OK;
}

rm_status rm_saved_bring_back(rm_node *node, size_t n, rm_error *err) {
  for (size_t i = 0; i < n; i++) RM_TRY(bring_back(&node->saved[i], err));
  return RM_OK;
}

rm_status rm_node_bring_back(const rm_node *node, size_t i, rm_error *err) { return bring_back(&node->saved[i], err); }

rm_status rm_node_source(const rm_node *node, size_t i, const rm_node **source, rm_error *err) {
  rm_saved *s = &node->saved[i];
  *source = NULL;
  RM_TRY(find(s, err));
  if (!s->weak || s->tensor) return RM_OK;
  RM_TRY(rm_saved_check(s->source, s->source->nsaved, err));
  *source = s->source;
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
