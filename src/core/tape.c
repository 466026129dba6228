/* tape.c -- recording operations and walking back through them.
 *
 * Every node has a depth, one more than the deepest of its inputs. Backward collects
 * what can be reached from the loss, sorts it by falling depth, and so meets each
 * node after everything that used its output: its gradient is then complete.
 *
 * Gradients of leaves are gathered aside and added to `grad` at the very end, so that
 * a backward that fails half way has changed nothing the user can see. */
#include "core/tape.h"

#include <stdlib.h>
#include <string.h>
#include "memory/alloc.h"
#include "core/hook.h"
#include "measure/profile.h"
#include "parallel/threads.h"
#include "kernels/kernels.h"

typedef struct {
  rm_tensor *tensor; /* without history; NULL: nothing was saved here, or it is not at hand now */
  rm_tensor *weak;   /* NULL, or the same without keeping its elements: */
  rm_node *source;   /* who can compute them again, an input's node */
  unsigned version;
} saved_tensor;

/* From this size on a tensor is computed again rather than kept, in bytes. Below it a pass, which
 * costs 2 to 5 % of a ResNet-20, would save memory that nobody misses. */
static const size_t WORTH_RECOMPUTING = (size_t)16 << 20;

typedef struct {
  rm_node *node;   /* what computed the input, or NULL */
  rm_tensor *leaf; /* the input itself if it is a leaf that wants a gradient, or NULL */
  size_t ndim, shape[RM_MAX_DIMS];
} edge;

struct rm_node {
  atomic_size_t refs;
  const char *name;
  rm_backward_fn backward;
  rm_recompute_fn recompute;
  size_t depth;
  size_t ninputs, nsaved, payload_bytes;
  bool used;       /* backward has been here and freed what was saved */
  rm_tensor *dy;   /* during a walk: the gradient of the output so far */
  bool reached;    /* during a walk: already collected */
  rm_node *doomed; /* during a release: next in the list of nodes to free */
  rm_hook *hooks;  /* look at dy */
  edge *edges;
  saved_tensor *saved;
  void *payload;
};

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

/* --- nodes -------------------------------------------------------------------------- */

static size_t aligned(size_t bytes) { return (bytes + 15) & ~(size_t)15; }

static size_t node_bytes(size_t ninputs, size_t nsaved, size_t payload) {
  return aligned(sizeof(rm_node)) + aligned(ninputs * sizeof(edge)) +
         aligned(nsaved * sizeof(saved_tensor)) + payload;
}

static void free_saved(rm_node *node) {
  for (size_t i = 0; i < node->nsaved; i++) {
    rm_tensor_release(node->saved[i].tensor);
    rm_tensor_release(node->saved[i].weak);
    node->saved[i].tensor = node->saved[i].weak = NULL;
  }
}

/* Nodes behind this one may lose their last owner in turn. A network is thousands of
 * nodes deep, so they wait in a list instead of on the stack. */
void rm_node_release(rm_node *node) {
  if (atomic_fetch_sub(&node->refs, 1) != 1) return;
  node->doomed = NULL;
  while (node) {
    rm_node *next = node->doomed;
    free_saved(node);
    rm_hooks_release(node->hooks);
    rm_tensor_release(node->dy);
    for (size_t i = 0; i < node->ninputs; i++) {
      rm_node *behind = node->edges[i].node;
      rm_tensor_release(node->edges[i].leaf);
      if (behind && atomic_fetch_sub(&behind->refs, 1) == 1) {
        behind->doomed = next;
        next = behind;
      }
    }
    rm_free(node, node_bytes(node->ninputs, node->nsaved, node->payload_bytes));
    node = next;
  }
}

static rm_node *node_new(const rm_record *r) {
  size_t bytes = node_bytes(r->ninputs, r->nsaved, r->payload_bytes);
  char *block = rm_alloc(bytes);
  if (!block) return NULL;
  memset(block, 0, bytes);
  rm_node *node = (rm_node *)block;
  atomic_init(&node->refs, 1);
  node->name = r->name;
  node->backward = r->backward;
  node->recompute = r->recompute;
  node->ninputs = r->ninputs;
  node->nsaved = r->nsaved;
  node->payload_bytes = r->payload_bytes;
  node->edges = (edge *)(block + aligned(sizeof *node));
  node->saved = (saved_tensor *)((char *)node->edges + aligned(r->ninputs * sizeof(edge)));
  node->payload = (char *)node->saved + aligned(r->nsaved * sizeof(saved_tensor));
  if (r->payload) memcpy(node->payload, r->payload, r->payload_bytes);
  return node;
}

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

static rm_status save(saved_tensor *s, const rm_record *r, rm_tensor *x, rm_error *err) {
  s->version = atomic_load(&x->storage->version);
  if (!recomputable(r, x)) return rm_tensor_detach(x, &s->tensor, err);
  s->source = x->node;
  return rm_tensor_weak(x, &s->weak, err);
}

rm_status rm_tape_record(rm_tensor *y, const rm_record *r, rm_error *err) {
  rm_node *node = node_new(r);
  if (!node) return rm_fail(err, RM_ERR_MEMORY, "%s: out of memory for the tape", r->name);
  for (size_t i = 0; i < r->nsaved; i++) {
    if (!r->saved[i] || save(&node->saved[i], r, r->saved[i], err) == RM_OK) continue;
    rm_node_release(node);
    return RM_ERR_MEMORY;
  }
  for (size_t i = 0; i < r->ninputs; i++) {
    rm_tensor *x = r->inputs[i];
    edge *e = &node->edges[i];
    if (!x) continue;
    e->ndim = x->ndim;
    memcpy(e->shape, x->shape, x->ndim * sizeof *x->shape);
    if (!x->requires_grad) continue;
    if (x->node) {
      e->node = x->node;
      atomic_fetch_add(&x->node->refs, 1);
      if (x->node->depth >= node->depth) node->depth = x->node->depth + 1;
    } else {
      e->leaf = rm_tensor_retain(x);
    }
  }
  y->node = node;
  y->requires_grad = true;
  rm_profile_recorded(r->name);
  return RM_OK;
}

bool rm_node_needs(const rm_node *node, size_t i) { return node->edges[i].node || node->edges[i].leaf; }
rm_tensor *rm_node_saved(const rm_node *node, size_t i) { return node->saved[i].tensor; }
const void *rm_node_payload(const rm_node *node) { return node->payload; }
const char *rm_node_name(const rm_node *node) { return node->name; }
const rm_node *rm_node_input(const rm_node *node, size_t i) { return node->edges[i].node; }
rm_hook **rm_node_hooks(rm_node *node) { return &node->hooks; }
size_t rm_node_input_shape(const rm_node *node, size_t i, size_t shape[RM_MAX_DIMS]) {
  memcpy(shape, node->edges[i].shape, node->edges[i].ndim * sizeof *shape);
  return node->edges[i].ndim;
}

/* --- adding gradients --------------------------------------------------------------- */

typedef struct {
  const float *from;
  float *into;
} addition;

static void add_range(void *ctx, size_t begin, size_t end) {
  const addition *a = ctx;
  rm_kernel_table()->accumulate(end - begin, a->from + begin, a->into + begin);
}

/* into += from: dense tensors of one layout. */
static void add_into(rm_tensor *into, const rm_tensor *from) {
  enum { GRAIN = 32768 };
  addition a = {rm_tensor_f32(from), rm_tensor_f32(into)};
  rm_parallel(into->numel, GRAIN, add_range, &a);
  rm_tensor_mark_written(into);
}

/* *sum += g. Takes over the caller's reference to g, also on failure. */
static rm_status accumulate(rm_tensor **sum, rm_tensor *g, rm_error *err) {
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
  if (status == RM_OK) add_into(into, from);
  rm_profile_end(scope, "sum of gradients", RM_PROFILE_BACKWARD);
  rm_tensor_release(from);
  rm_tensor_release(g);
  if (into != *sum) {
    rm_tensor_release(status == RM_OK ? *sum : into);
    if (status == RM_OK) *sum = into;
  }
  return status;
}

/* --- the walk ------------------------------------------------------------------------- */

typedef struct {
  rm_node **nodes;
  size_t n, capacity;
  struct leaf_gradient {
    rm_tensor *leaf, *grad;
  } *leaves;
  size_t nleaves, leaves_capacity;
} walk;

/* Room for one more item of `size` bytes. */
static bool grow(void **items, size_t n, size_t *capacity, size_t size) {
  if (n < *capacity) return true;
  size_t more = *capacity ? 2 * *capacity : 64;
  void *fresh = realloc(*items, more * size);
  if (!fresh) return false;
  *items = fresh;
  *capacity = more;
  return true;
}

static bool collect(walk *w, rm_node *node) {
  if (node->reached) return true;
  if (!grow((void **)&w->nodes, w->n, &w->capacity, sizeof *w->nodes)) return false;
  node->reached = true;
  w->nodes[w->n++] = node;
  return true;
}

/* Deeper first; among equals the one found first, so that sums have one order. The
 * position stands in `doomed`, which is free during a walk. */
static int later_first(const void *a, const void *b) {
  const rm_node *x = *(rm_node *const *)a, *y = *(rm_node *const *)b;
  if (x->depth != y->depth) return x->depth < y->depth ? 1 : -1;
  return (uintptr_t)x->doomed < (uintptr_t)y->doomed ? -1 : 1;
}

static rm_status plan(walk *w, rm_node *root, rm_error *err) {
  if (root->reached) return rm_fail(err, RM_ERR_STATE, "backward: called by a hook of the same backward");
  bool room = collect(w, root);
  for (size_t i = 0; room && i < w->n; i++) {
    rm_node *node = w->nodes[i];
    if (node->used)
      return rm_fail(err, RM_ERR_STATE,
                     "backward: %s was already differentiated and its saved tensors are freed; compute the loss "
                     "again, or pass {retain_graph = true} the first time to go back twice",
                     node->name);
    for (size_t k = 0; room && k < node->ninputs; k++)
      if (node->edges[k].node) room = collect(w, node->edges[k].node);
  }
  if (!room) return rm_fail(err, RM_ERR_MEMORY, "backward: out of memory");
  for (size_t i = 0; i < w->n; i++) w->nodes[i]->doomed = (rm_node *)(uintptr_t)i;
  qsort(w->nodes, w->n, sizeof *w->nodes, later_first);
  return RM_OK;
}

static rm_status check_saved(const rm_node *node, rm_error *err) {
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

/* What was saved weakly, for the time of one visit. */
static rm_status bring_back(rm_node *node, rm_error *err) {
  for (size_t i = 0; i < node->nsaved; i++) {
    saved_tensor *s = &node->saved[i];
    if (!s->weak) continue;
    RM_TRY(rm_tensor_revive(s->weak, &s->tensor, err));
    if (s->tensor) continue;
    RM_TRY(check_saved(s->source, err));
    rm_scope scope = rm_profile_begin();
    RM_TRY(s->source->recompute(s->source, &s->tensor, err));
    rm_profile_end(scope, "recomputed outputs", RM_PROFILE_BACKWARD);
  }
  return RM_OK;
}

static void let_go(rm_node *node) {
  for (size_t i = 0; i < node->nsaved; i++) {
    saved_tensor *s = &node->saved[i];
    if (!s->weak) continue;
    rm_tensor_release(s->tensor);
    s->tensor = NULL;
  }
}

static rm_status add_to_leaf(walk *w, rm_tensor *leaf, rm_tensor *g, rm_error *err) {
  /* From the back: a parameter used twice was usually just met. */
  for (size_t i = w->nleaves; i-- > 0;)
    if (w->leaves[i].leaf == leaf) return accumulate(&w->leaves[i].grad, g, err);
  if (!grow((void **)&w->leaves, w->nleaves, &w->leaves_capacity, sizeof *w->leaves)) {
    rm_tensor_release(g);
    return rm_fail(err, RM_ERR_MEMORY, "backward: out of memory");
  }
  w->leaves[w->nleaves].leaf = rm_tensor_retain(leaf);
  w->leaves[w->nleaves++].grad = g;
  return RM_OK;
}

enum { FEW_INPUTS = 8 };

static _Thread_local rm_backward_observer observer;
static _Thread_local void *observer_ctx;

void rm_backward_observe(rm_backward_observer fn, void *ctx) {
  observer = fn;
  observer_ctx = ctx;
}

/* A hook is the user's own code, which may write into anything. */
static rm_status run_hooks(rm_hook *hooks, rm_tensor **grad, rm_error *err) {
  rm_unbreakable pause = rm_unbreakable_begin();
  rm_status status = rm_hooks_run(hooks, grad, err);
  rm_unbreakable_end(pause);
  return status;
}

static rm_status visit(walk *w, rm_node *node, bool keep_graph, rm_error *err) {
  RM_TRY(check_saved(node, err));
  if (node->hooks) RM_TRY(run_hooks(node->hooks, &node->dy, err));
  rm_tensor *few[FEW_INPUTS], **dx = few;
  if (node->ninputs > FEW_INPUTS) dx = malloc(node->ninputs * sizeof *dx);
  if (!dx) return rm_fail(err, RM_ERR_MEMORY, "backward: out of memory");
  memset(dx, 0, node->ninputs * sizeof *dx);
  rm_tensor *dy = node->dy;
  node->dy = NULL;
  rm_status status = bring_back(node, err);
  rm_scope scope = rm_profile_begin();
  if (status == RM_OK) status = node->backward(node, dy, dx, err);
  rm_profile_end(scope, node->name, RM_PROFILE_BACKWARD);
  let_go(node);
  if (observer && status == RM_OK) {
    rm_unbreakable pause = rm_unbreakable_begin();
    status = observer(observer_ctx, node, dx, node->ninputs, err);
    rm_unbreakable_end(pause);
  }
  rm_tensor_release(dy); /* before the sums: dx may then be its only owner */
  if (status == RM_OK && !keep_graph) {
    free_saved(node);
    node->used = true; /* also where the walk fails later on */
  }
  for (size_t i = 0; i < node->ninputs; i++) {
    rm_tensor *g = dx[i];
    if (!g) continue;
    const edge *e = &node->edges[i];
    if (status != RM_OK || !rm_node_needs(node, i)) rm_tensor_release(g);
    else if (e->node) status = accumulate(&e->node->dy, g, err);
    else status = add_to_leaf(w, e->leaf, g, err);
  }
  if (dx != few) free(dx);
  return status;
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

/* What can fail is done for all leaves before the first one changes. */
static rm_status deliver(walk *w, rm_error *err) {
  for (size_t i = 0; i < w->nleaves; i++)
    if (w->leaves[i].leaf->hooks) RM_TRY(rm_hooks_run(w->leaves[i].leaf->hooks, &w->leaves[i].grad, err));
  for (size_t i = 0; i < w->nleaves; i++) RM_TRY(owned(&w->leaves[i].grad, w->leaves[i].leaf, err));
  for (size_t i = 0; i < w->nleaves; i++) {
    rm_tensor *leaf = w->leaves[i].leaf, *grad = w->leaves[i].grad;
    if (leaf->grad && rm_tensor_same_layout(leaf->grad, grad) && rm_tensor_is_dense(grad)) {
      add_into(leaf->grad, grad);
    } else if (leaf->grad) {
      RM_TRY(accumulate(&leaf->grad, rm_tensor_retain(grad), err));
    } else {
      leaf->grad = grad;
      w->leaves[i].grad = NULL;
    }
  }
  return RM_OK;
}

static rm_status first_gradient(rm_tensor *y, rm_tensor *dy, rm_tensor **out, rm_error *err) {
  char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
  if (!y->requires_grad)
    return rm_fail(err, RM_ERR_STATE, "backward: the tensor %s does not depend on anything that requires a gradient",
                   rm_tensor_text(y, a));
  if (!dy && y->numel != 1)
    return rm_fail(err, RM_ERR_SHAPE,
                   "backward: the tensor is %s, no scalar; reduce it (:sum(), :mean()) or pass the gradient of its shape",
                   rm_tensor_text(y, a));
  if (dy && (dy->dtype != RM_FLOAT32 || !rm_tensor_same_shape(dy, y)))
    return rm_fail(err, RM_ERR_SHAPE, "backward: the gradient is %s %s, expected float32 %s",
                   rm_dtype_name(dy->dtype), rm_tensor_text(dy, a), rm_tensor_text(y, b));
  if (dy) return rm_tensor_detach(dy, out, err);
  RM_TRY(rm_tensor_new(RM_FLOAT32, y->ndim, y->shape, out, err));
  *rm_tensor_f32(*out) = 1;
  return RM_OK;
}

static _Thread_local walk *current; /* the innermost that is going on */

/* The leaves' gradients to the walk around this one; x's goes into *dx. */
static rm_status hand_over(walk *w, walk *outer, const rm_tensor *x, rm_tensor **dx, rm_error *err) {
  for (size_t i = 0; i < w->nleaves; i++) {
    rm_tensor *grad = w->leaves[i].grad;
    w->leaves[i].grad = NULL;
    if (w->leaves[i].leaf == x) *dx = grad;
    else RM_TRY(add_to_leaf(outer, w->leaves[i].leaf, grad, err));
  }
  return RM_OK;
}

/* outer: NULL, or the walk inside which this one goes on. */
static rm_status go_back(rm_tensor *y, rm_tensor *dy, bool keep_graph, walk *outer, const rm_tensor *x, rm_tensor **dx,
                         rm_error *err) {
  rm_tensor *seed;
  RM_TRY(first_gradient(y, dy, &seed, err));
  walk w = {0}, *before = current;
  current = &w;
  bool was = rm_grad_set(false);
  rm_status status = RM_OK;
  if (y->node) {
    status = plan(&w, y->node, err);
    if (status == RM_OK) y->node->dy = seed;
    else rm_tensor_release(seed);
    rm_breakable_begin(); /* all gradients are gathered aside: Ctrl-C leaves no trace of them */
    for (size_t i = 0; status == RM_OK && i < w.n && !rm_broken(); i++)
      if (w.nodes[i]->dy) status = visit(&w, w.nodes[i], keep_graph, err);
    status = rm_breakable_end(status, err);
  } else {
    status = add_to_leaf(&w, y, seed, err);
  }
  rm_unbreakable pause = rm_unbreakable_begin();
  if (status == RM_OK) status = outer ? hand_over(&w, outer, x, dx, err) : deliver(&w, err);
  rm_unbreakable_end(pause);
  for (size_t i = 0; i < w.n; i++) {
    rm_node *node = w.nodes[i];
    node->reached = false;
    node->used = node->used || (status == RM_OK && !keep_graph);
    if (node->used) { /* nothing comes this way again; a hook may hold the tensor that holds it */
      rm_hooks_release(node->hooks);
      node->hooks = NULL;
    }
    rm_tensor_release(node->dy);
    node->dy = NULL;
  }
  for (size_t i = 0; i < w.nleaves; i++) {
    rm_tensor_release(w.leaves[i].leaf);
    rm_tensor_release(w.leaves[i].grad);
  }
  free(w.nodes);
  free(w.leaves);
  rm_grad_set(was);
  current = before;
  return status;
}

rm_status rm_backward(rm_tensor *y, rm_tensor *dy, bool keep_graph, rm_error *err) {
  return go_back(y, dy, keep_graph, NULL, NULL, NULL, err);
}

rm_status rm_backward_within(rm_tensor *y, rm_tensor *dy, const rm_tensor *x, rm_tensor **dx, rm_error *err) {
  if (!current) return rm_fail(err, RM_ERR_STATE, "backward: not inside of another");
  return go_back(y, dy, false, current, x, dx, err);
}

/* --- leaves --------------------------------------------------------------------------- */

rm_status rm_tensor_set_requires_grad(rm_tensor *t, bool requires, rm_error *err) {
  if (t->node)
    return rm_fail(err, RM_ERR_STATE, "requires_grad: the tensor was computed by %s; only leaves can be set, use detach() first",
                   t->node->name);
  if (requires && t->dtype != RM_FLOAT32)
    return rm_fail(err, RM_ERR_TYPE, "requires_grad: the tensor is %s, expected float32", rm_dtype_name(t->dtype));
  t->requires_grad = requires;
  return RM_OK;
}

rm_status rm_tensor_set_grad(rm_tensor *t, rm_tensor *grad, rm_error *err) {
  char a[RM_SHAPE_TEXT], b[RM_SHAPE_TEXT];
  if (grad && (grad->dtype != RM_FLOAT32 || !rm_tensor_same_shape(grad, t)))
    return rm_fail(err, RM_ERR_SHAPE, "grad: got %s %s, expected float32 %s", rm_dtype_name(grad->dtype),
                   rm_tensor_text(grad, a), rm_tensor_text(t, b));
  if (grad == t) return rm_fail(err, RM_ERR_VALUE, "grad: a tensor cannot be its own gradient");
  rm_tensor *fresh = NULL;
  if (grad) RM_TRY(rm_tensor_detach(grad, &fresh, err)); /* a gradient has no gradient of its own */
  rm_tensor_release(t->grad);
  t->grad = fresh;
  return RM_OK;
}

rm_status rm_tensor_check_writable(const char *op, const rm_tensor *t, rm_error *err) {
  for (size_t d = 0; d < t->ndim; d++)
    if (t->shape[d] > 1 && t->strides[d] == 0)
      return rm_fail(err, RM_ERR_VALUE,
                     "%s: positions along dimension %zu share their memory (an expanded tensor); use x:clone()", op, d + 1);
  if (!rm_grad_enabled() || !t->requires_grad) return RM_OK;
  return rm_fail(err, RM_ERR_STATE,
                 "%s: writes into a tensor that %s; use the operation that returns a new tensor, or wrap it in no_grad(function)",
                 op, t->node ? "was computed on the tape" : "requires a gradient");
}
