/* record.c -- recording an operation; the switches that say whether to. */
#include "core/tape/node.h"
#include "core/tape/saved.h"
#include "measure/profile.h"

static _Thread_local bool recording = true;

bool rm_grad_enabled(void) { return recording; }

bool rm_grad_set(bool enabled) {
  bool was = recording;
  recording = enabled;
  return was;
}

static _Thread_local bool replaying;

bool rm_tape_replaying(void) { return replaying; }

bool rm_tape_set_replaying(bool on) {
  bool was = replaying;
  replaying = on;
  return was;
}

bool rm_tape_wants(size_t n, rm_tensor *const inputs[]) {
  if (!recording) return false;
  for (size_t i = 0; i < n; i++)
    if (inputs[i] && inputs[i]->requires_grad) return true;
  return false;
}

rm_status rm_tape_record(rm_tensor *y, const rm_record *r, rm_error *err) {
  rm_node *node = rm_node_new(r);
  if (!node) return rm_fail(err, RM_ERR_MEMORY, "%s: out of memory for the tape", r->name);
  for (size_t i = 0; i < r->nsaved; i++) {
    if (!r->saved[i] || rm_saved_keep(node, i, r, r->saved[i], err) == RM_OK) continue;
    rm_node_release(node);
    return RM_ERR_MEMORY;
  }
  for (size_t i = 0; i < r->ninputs; i++)
    if (r->inputs[i]) rm_node_connect(node, i, r->inputs[i]);
  node->version = atomic_load(&y->storage->version);
  y->node = node;
  y->requires_grad = true;
  rm_profile_recorded(r->name);
  return RM_OK;
}

void rm_tape_keep_promise(const rm_tensor *promise, rm_tensor *y) {
  y->node = promise->node;
  atomic_fetch_add(&y->node->refs, 1);
  y->requires_grad = true;
}
