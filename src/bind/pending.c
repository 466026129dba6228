/* pending.c -- see pending.h. */
#include "bind/pending.h"

#include <string.h>
#include "core/alloc.h"

struct bind_pending {
  bind_pending *next, **link; /* in the state's list; *link points here */
  bind_box *box;
  rm_tensor *x, *weight, *bias, *columns; /* weight and bias may be NULL */
  rm_tensor *add;                         /* NULL, or what has been added */
  unsigned x_version, add_version;        /* of their storage when they were given */
  bool of_batch, recording;
};

static unsigned version(const rm_tensor *t) { return atomic_load(&t->storage->version); }
static rm_tensor *retain(rm_tensor *t) { return t ? rm_tensor_retain(t) : NULL; }

/* --- the boxes ---------------------------------------------------------------------------- */

/* Pushes a box with an empty pending, which is in the state's list. */
static bind_pending *push_pending(lua_State *L) {
  bind_state *state = bind_getstate(L);
  bind_box *box = (bind_box *)bind_boxtensor(L);
  bind_pending *p = rm_alloc(sizeof *p);
  if (!p) bind_error(L, "batch_norm: out of memory");
  memset(p, 0, sizeof *p);
  p->box = box;
  p->recording = rm_grad_enabled();
  p->next = state->pending;
  p->link = &state->pending;
  if (p->next) p->next->link = &p->next;
  state->pending = p;
  box->pending = p;
  return p;
}

void bind_droppending(bind_box *box) {
  bind_pending *p = box->pending;
  if (!p) return;
  *p->link = p->next;
  if (p->next) p->next->link = p->link;
  rm_tensor *held[] = {p->x, p->weight, p->bias, p->columns, p->add};
  for (size_t i = 0; i < sizeof held / sizeof *held; i++) rm_tensor_release(held[i]);
  rm_free(p, sizeof *p);
  box->pending = NULL;
}

int bind_pushbatchnorm(lua_State *L, rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor *running_mean,
                       rm_tensor *running_var, const rm_batch_norm_options *options) {
  bind_pending *p = push_pending(L);
  rm_error err;
  p->x = rm_tensor_retain(x);
  p->x_version = version(x);
  p->weight = retain(weight);
  p->bias = retain(bias);
  p->of_batch = options->training || !running_mean;
  if (rm_batch_norm_columns(x, weight, bias, running_mean, running_var, options, &p->columns, &err) != RM_OK) {
    bind_droppending(p->box); /* the box stays behind, empty, for the collector */
    return bind_raise(L, &err);
  }
  bind_account(L);
  return 1;
}

/* --- computing ------------------------------------------------------------------------------ */

static rm_status apply(const bind_pending *p, bool relu, rm_tensor **y, rm_error *err) {
  if (version(p->x) != p->x_version || (p->add && version(p->add) != p->add_version))
    return rm_fail(err, RM_ERR_STATE,
                   "batch_norm: its input was changed in place before the result was first looked at");
  bool was = rm_grad_set(p->recording);
  rm_status status = rm_batch_norm_apply(p->x, p->weight, p->bias, p->columns, p->of_batch, p->add, relu, y, err);
  rm_grad_set(was);
  return status;
}

void bind_complete(lua_State *L, bind_box *box) {
  rm_error err;
  if (!box->pending) return;
  if (apply(box->pending, false, &box->tensor, &err) != RM_OK) bind_raise(L, &err);
  bind_droppending(box);
  bind_account(L); /* the box is on the stack: it survives this */
}

/* Whether p would read t's memory. Weights are not read any more: they are in `columns`. */
static bool reads(const bind_pending *p, const rm_tensor *t) {
  return p->x->storage == t->storage || (p->add && p->add->storage == t->storage);
}

/* Whether t is an input whose gradient p would record. */
static bool records(const bind_pending *p, const rm_tensor *t) {
  return p->x == t || p->weight == t || p->bias == t || p->add == t;
}

/* No Lua function is called while the list is walked: the collector could change it. */
static void complete_if(lua_State *L, bool (*concerns)(const bind_pending *, const rm_tensor *), const rm_tensor *t) {
  rm_status status = RM_OK;
  rm_error err;
  bool any = false;
  for (bind_pending *p = bind_getstate(L)->pending, *next; p && status == RM_OK; p = next) {
    next = p->next;
    if (!concerns(p, t)) continue;
    bind_box *box = p->box;
    status = apply(p, false, &box->tensor, &err);
    if (status == RM_OK) bind_droppending(box);
    any = true;
  }
  if (status != RM_OK) bind_raise(L, &err);
  if (any) bind_account(L);
}

void bind_completereaders(lua_State *L, const rm_tensor *t) { complete_if(L, reads, t); }
void bind_completerecorders(lua_State *L, const rm_tensor *t) { complete_if(L, records, t); }

bool bind_pendingrelu(lua_State *L, int arg) {
  bind_box *box = bind_tobox(L, arg);
  if (!box || !box->pending || box->pending->recording != rm_grad_enabled()) return false;
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (apply(box->pending, true, y, &err) != RM_OK) bind_raise(L, &err);
  bind_account(L);
  return true;
}

/* Pushes the sum of the pending at `arg` and the tensor at `other`, as a pending; false if they
 * are not a case for it. */
static bool push_sum(lua_State *L, int arg, int other) {
  bind_box *box = bind_tobox(L, arg);
  if (!box || !box->pending || box->pending->add || box->pending->recording != rm_grad_enabled()) return false;
  rm_tensor *t = bind_totensor(L, other); /* completes it, and box too if they are one */
  if (!t || !box->pending || t->dtype != RM_FLOAT32 || !rm_tensor_same_shape(t, box->pending->x)) return false;
  bind_pending *sum = push_pending(L);
  const bind_pending *p = box->pending;
  sum->x = rm_tensor_retain(p->x);
  sum->x_version = p->x_version;
  sum->weight = retain(p->weight);
  sum->bias = retain(p->bias);
  sum->columns = rm_tensor_retain(p->columns);
  sum->add = rm_tensor_retain(t);
  sum->add_version = version(t);
  sum->of_batch = p->of_batch;
  return true;
}

bool bind_pendingadd(lua_State *L) { return push_sum(L, 1, 2) || push_sum(L, 2, 1); }
