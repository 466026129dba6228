/* hook.h -- functions that see a gradient on its way back, and may replace it.
 *
 * A hook belongs to a tensor. That of a computed tensor sees its whole gradient, before it goes on
 * to what the tensor was computed from; that of a leaf sees what one backward is about to add to
 * its grad. The list hangs on the node or the leaf, so it lives as long as the gradient can come;
 * backward drops the hooks of the graph that it frees. */
#ifndef RM_CORE_HOOK_H
#define RM_CORE_HOOK_H

#include "core/tape.h"

/* The caller's own struct begins with this. It stays the caller's memory: `release` tells him that
 * nobody will call the hook any more. It may run wherever a tensor is released. */
struct rm_hook {
  rm_hook *next;
  bool removed; /* set by the caller: not called again, and released when the list is next changed */
  /* Sets *instead (the caller's to release; shape of dy) or leaves it NULL. */
  rm_status (*call)(rm_hook *hook, rm_tensor *dy, rm_tensor **instead, rm_error *err);
  void (*release)(rm_hook *hook);
};

/* Adds a hook behind those t has. Refuses a tensor that requires no gradient; then it is not
 * released. */
rm_status rm_tensor_add_hook(rm_tensor *t, rm_hook *hook, rm_error *err);

/* For the tape: passes *dy through the hooks; on failure *dy is what it was so far. */
rm_status rm_hooks_run(rm_hook *hooks, rm_tensor **dy, rm_error *err);
void rm_hooks_release(rm_hook *hooks); /* all of the list; NULL is fine */

#endif
