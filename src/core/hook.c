/* hook.c -- see hook.h. */
#include "core/hook.h"

rm_status rm_hooks_run(rm_hook *hooks, rm_tensor **dy, rm_error *err) {
  rm_hook *next;
  for (rm_hook *hook = hooks; hook; hook = next) {
    next = hook->next;
    if (hook->removed) continue;
    rm_tensor *instead = NULL;
    RM_TRY(hook->call(hook, *dy, &instead, err));
    if (!instead) continue;
    rm_tensor_release(*dy);
    *dy = instead;
  }
  return RM_OK;
}

void rm_hooks_release(rm_hook *hooks) {
  while (hooks) {
    rm_hook *next = hooks->next;
    hooks->release(hooks);
    hooks = next;
  }
}

rm_status rm_tensor_add_hook(rm_tensor *t, rm_hook *hook, rm_error *err) {
  char text[RM_SHAPE_TEXT];
  if (!t->requires_grad)
    return rm_fail(err, RM_ERR_STATE, "register_hook: the tensor %s requires no gradient", rm_tensor_text(t, text));
  rm_hook **link = t->node ? rm_node_hooks(t->node) : &t->hooks;
  while (*link) {
    rm_hook *old = *link;
    if (old->removed) {
      *link = old->next;
      old->release(old);
    } else {
      link = &old->next;
    }
  }
  hook->next = NULL;
  *link = hook;
  return RM_OK;
}
