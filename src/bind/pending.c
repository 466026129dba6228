/* pending.c -- see pending.h. */
#include "bind/pending.h"

#include <string.h>
#include "memory/alloc.h"
#include "parallel/threads.h"

/* What is read when the result is computed. `kernel` unless NULL: x goes through a convolution first, and
 * columns, unless NULL, are folded into it. Without a kernel x itself is normalised by the columns. */
enum { X, KERNEL, KERNEL_BIAS, ADD, READS };

struct bind_pending {
  bind_pending *next, **link; /* in the state's list; *link points here */
  bind_box *box;
  rm_tensor *reads[READS];  /* all but x may be NULL */
  unsigned versions[READS]; /* of their storage when they were given */
  rm_conv_options options;
  size_t ndim, shape[RM_MAX_DIMS];     /* of the result */
  rm_tensor *weight, *bias, *columns;  /* of the batch norm */
  bool of_batch, recording;
};

static unsigned version(const rm_tensor *t) { return atomic_load(&t->storage->version); }
static rm_tensor *retain(rm_tensor *t) { return t ? rm_tensor_retain(t) : NULL; }

/* --- the boxes ---------------------------------------------------------------------------- */

/* Pushes a box with an empty pending, which is in the state's list. */
static bind_pending *push_pending(lua_State *L, const char *op) {
  bind_state *state = bind_getstate(L);
  bind_box *box = (bind_box *)bind_boxtensor(L);
  bind_pending *p = rm_alloc(sizeof *p);
  if (!p) bind_error(L, "%s: out of memory", op);
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
  for (size_t i = 0; i < READS; i++) rm_tensor_release(p->reads[i]);
  rm_tensor *held[] = {p->weight, p->bias, p->columns};
  for (size_t i = 0; i < sizeof held / sizeof *held; i++) rm_tensor_release(held[i]);
  rm_free(p, sizeof *p);
  box->pending = NULL;
}

static void will_read(bind_pending *p, int which, rm_tensor *t) {
  p->reads[which] = retain(t);
  if (t) p->versions[which] = version(t);
}

static void set_shape(bind_pending *p, size_t ndim, const size_t shape[]) {
  p->ndim = ndim;
  memcpy(p->shape, shape, ndim * sizeof *shape);
}

/* All that `from` would read and do. */
static void take_over(bind_pending *p, const bind_pending *from) {
  for (int i = 0; i < READS; i++) {
    p->reads[i] = retain(from->reads[i]);
    p->versions[i] = from->versions[i];
  }
  p->options = from->options;
  set_shape(p, from->ndim, from->shape);
  p->weight = retain(from->weight);
  p->bias = retain(from->bias);
  p->columns = retain(from->columns);
  p->of_batch = from->of_batch;
}

int bind_pushbatchnorm(lua_State *L, rm_tensor *x, rm_tensor *weight, rm_tensor *bias, rm_tensor *running_mean,
                       rm_tensor *running_var, const rm_batch_norm_options *options) {
  bind_pending *p = push_pending(L, "batch_norm");
  rm_error err;
  will_read(p, X, x);
  set_shape(p, x->ndim, x->shape);
  p->weight = retain(weight);
  p->bias = retain(bias);
  p->of_batch = options->training || !running_mean;
  if (rm_batch_norm_columns(x, weight, bias, running_mean, running_var, options, &p->columns, &err) != RM_OK) {
    bind_droppending(p->box); /* the box stays behind, empty, for the collector */
    return bind_raise(L, &err);
  }
  return 1;
}

int bind_pushconv2d(lua_State *L, rm_tensor *x, rm_tensor *weight, rm_tensor *bias, const rm_conv_options *options) {
  size_t shape[4];
  rm_error err;
  if (rm_conv2d_shape(x, weight, bias, options, shape, &err) != RM_OK) return bind_raise(L, &err);
  bind_pending *p = push_pending(L, "conv2d");
  will_read(p, X, x);
  will_read(p, KERNEL, weight);
  will_read(p, KERNEL_BIAS, bias);
  p->options = *options;
  set_shape(p, 4, shape);
  return 1;
}

/* The pending at `arg` if what is called now may be joined with it. */
static bind_pending *joinable(lua_State *L, int arg) {
  bind_box *box = bind_tobox(L, arg);
  return box && box->pending && box->pending->recording == rm_grad_enabled() ? box->pending : NULL;
}

bool bind_pendingbatchnorm(lua_State *L, int arg, rm_tensor *weight, rm_tensor *bias, rm_tensor *running_mean,
                           rm_tensor *running_var, const rm_batch_norm_options *options) {
  const bind_pending *conv = joinable(L, arg);
  if (!conv || !conv->reads[KERNEL] || conv->columns || conv->reads[ADD]) return false;
  if (options->training || !running_mean) return false;
  bind_pending *p = push_pending(L, "batch_norm");
  rm_error err;
  take_over(p, conv);
  if (rm_batch_norm_fixed_columns(conv->ndim, conv->shape, weight, bias, running_mean, running_var, options->eps,
                                  &p->columns, &err) == RM_OK)
    return true;
  bind_droppending(p->box);
  bind_raise(L, &err);
  return false;
}

const size_t *bind_pendingshape(lua_State *L, int arg, size_t *ndim) {
  const bind_box *box = bind_tobox(L, arg);
  if (!box || !box->pending) return NULL;
  *ndim = box->pending->ndim;
  return box->pending->shape;
}

/* --- computing ------------------------------------------------------------------------------ */

static rm_status check_unchanged(const bind_pending *p, rm_error *err) {
  for (int i = 0; i < READS; i++)
    if (p->reads[i] && version(p->reads[i]) != p->versions[i])
      return rm_fail(err, RM_ERR_STATE, "%s: its input was changed in place before the result was first looked at",
                     p->columns ? "batch_norm" : "conv2d");
  return RM_OK;
}

static rm_status convolve(const bind_pending *p, bool relu, rm_tensor **y, rm_error *err) {
  rm_tensor *kernel = p->reads[KERNEL], *bias = p->reads[KERNEL_BIAS], *folded = NULL, *folded_bias = NULL;
  if (p->columns) {
    RM_TRY(rm_batch_norm_fold(p->columns, kernel, bias, &folded, &folded_bias, err));
    kernel = folded;
    bias = folded_bias;
  }
  rm_status status = rm_conv2d_fused(p->reads[X], kernel, bias, &p->options, p->reads[ADD], relu, y, err);
  rm_tensor_release(folded);
  rm_tensor_release(folded_bias);
  return status;
}

static rm_status normalise(const bind_pending *p, bool relu, rm_tensor **y, rm_error *err) {
  bool was = rm_grad_set(p->recording);
  rm_status status = rm_batch_norm_apply(p->reads[X], p->weight, p->bias, p->columns, p->of_batch, p->reads[ADD],
                                         relu, y, err);
  rm_grad_set(was);
  return status;
}

/* Interrupted, p is as it was, and may be tried again. */
static rm_status apply(const bind_pending *p, bool relu, rm_tensor **y, rm_error *err) {
  RM_TRY(check_unchanged(p, err));
  rm_tensor *result = NULL;
  rm_status status = RM_BREAKABLE((p->reads[KERNEL] ? convolve : normalise)(p, relu, &result, err), err);
  if (status == RM_OK) *y = result;
  else rm_tensor_release(result);
  return status;
}

void bind_complete(lua_State *L, bind_box *box) {
  rm_error err;
  if (!box->pending) return;
  bind_account(L); /* the box is on the stack: it survives this */
  if (apply(box->pending, false, &box->tensor, &err) != RM_OK) bind_raise(L, &err);
  bind_droppending(box);
}

/* Whether p would read t's memory. A batch norm's weights are not read any more: they are in `columns`. */
static bool reads(const bind_pending *p, const rm_tensor *t) {
  for (int i = 0; i < READS; i++)
    if (p->reads[i] && p->reads[i]->storage == t->storage) return true;
  return false;
}

/* Whether t is an input whose gradient p would record; a convolution waits only where none is. */
static bool records(const bind_pending *p, const rm_tensor *t) {
  return p->reads[X] == t || p->reads[ADD] == t || p->weight == t || p->bias == t;
}

/* No Lua function is called while the list is walked, nor the collector: it could change it. */
static void complete_if(lua_State *L, bool (*concerns)(const bind_pending *, const rm_tensor *), const rm_tensor *t) {
  rm_status status = RM_OK;
  rm_error err;
  bool any = false, was = rm_alloc_set_reclaim(false);
  for (bind_pending *p = bind_getstate(L)->pending, *next; p && status == RM_OK; p = next) {
    next = p->next;
    if (!concerns(p, t)) continue;
    bind_box *box = p->box;
    status = apply(p, false, &box->tensor, &err);
    if (status == RM_OK) bind_droppending(box);
    any = true;
  }
  rm_alloc_set_reclaim(was);
  if (status != RM_OK) bind_raise(L, &err);
  if (any) bind_account(L);
}

void bind_completereaders(lua_State *L, const rm_tensor *t) { complete_if(L, reads, t); }
void bind_completerecorders(lua_State *L, const rm_tensor *t) { complete_if(L, records, t); }

bool bind_pendingrelu(lua_State *L, int arg) {
  if (!joinable(L, arg)) return false;
  rm_tensor **y = bind_boxtensor(L);
  rm_error err;
  if (apply(joinable(L, arg), true, y, &err) != RM_OK) bind_raise(L, &err);
  return true;
}

static bool has_shape(const rm_tensor *t, const bind_pending *p) {
  return t->ndim == p->ndim && memcmp(t->shape, p->shape, p->ndim * sizeof *p->shape) == 0;
}

/* Pushes the sum of the pending at `arg` and the tensor at `other`, as a pending; false if they
 * are not a case for it. */
static bool push_sum(lua_State *L, int arg, int other) {
  if (!joinable(L, arg) || joinable(L, arg)->reads[ADD]) return false;
  rm_tensor *t = bind_totensor(L, other); /* completes it, and that at `arg` too if they are one */
  const bind_pending *p = joinable(L, arg);
  if (!t || !p || t->dtype != RM_FLOAT32 || !has_shape(t, p)) return false;
  bind_pending *sum = push_pending(L, "add");
  take_over(sum, p);
  will_read(sum, ADD, t);
  return true;
}

bool bind_pendingadd(lua_State *L) { return push_sum(L, 1, 2) || push_sum(L, 2, 1); }
