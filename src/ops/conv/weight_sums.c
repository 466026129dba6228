/* weight_sums.c -- see weight_sums.h.
 *
 * Each group of images has its own gradient, and these are added up in a tree. That costs a pass over the weights for
 * each group; so where weights are many and pixels few, there is one sum over the whole batch, as ever, and processes
 * that share a batch send each other their images instead, which are little then. */
#include "ops/conv/weight_sums.h"

#include <string.h>
#include "dist/batch.h"
#include "dist/world.h"
#include "ops/conv/winograd_weights.h"
#include "parallel/pool.h"
#include "parallel/scratch.h"

enum { SMALL_WEIGHTS = 64 * 64 * 9, MANY_PIXELS = 2048 };

typedef struct {
  const rm_conv_shape *s; /* of a group */
  const rm_conv_method *method;
  rm_conv_pixels x;
  const float *dy;
  float *parts, *dw;
  size_t groups, weights;
  rm_status status[RM_BATCH_GROUPS];
  rm_error errors[RM_BATCH_GROUPS];
} job;

static size_t weights_of(const rm_conv_shape *s) { return s->k * s->cg * s->r * s->s; }

static bool in_groups(const rm_conv_shape *s) {
  return weights_of(s) <= SMALL_WEIGHTS || rm_batch_whole(s->n) / RM_BATCH_GROUPS * s->oh * s->ow >= MANY_PIXELS;
}

static void sum_groups(void *ctx, size_t begin, size_t end) {
  job *q = ctx;
  const rm_conv_shape *s = q->s;
  for (size_t g = begin; g < end; g++) {
    rm_conv_pixels x = {q->x.x + g * s->n * s->h * s->w * s->c, q->x.columns};
    q->status[g] = q->method->weight_gradient(s, &x, q->dy + g * s->n * s->oh * s->ow * s->k, q->parts + g * q->weights,
                                              &q->errors[g]);
  }
}

/* Weights begin .. end-1. */
static void add_groups(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  rm_batch_add_up(end - begin, q->groups, q->weights, q->parts + begin);
  memcpy(q->dw + begin, q->parts + begin, (end - begin) * sizeof(float));
}

/* Threads take whole groups, if that gives them equal shares; else all work on one group after the other. */
static rm_status by_groups(job *q, float *dw, rm_error *err) {
  RM_TRY(rm_conv_alloc(q->groups * q->weights, &q->parts, err));
  if (q->groups % rm_num_threads() == 0) rm_parallel(q->groups, 1, sum_groups, q);
  else
    for (size_t g = 0; g < q->groups; g++) sum_groups(q, g, g + 1);
  rm_scratch_even();
  rm_status status = RM_OK;
  for (size_t g = 0; g < q->groups && status == RM_OK; g++)
    if (q->status[g] != RM_OK) status = rm_fail(err, q->status[g], "%s", q->errors[g].message);
  q->dw = dw;
  rm_parallel(q->weights, 4096, add_groups, q);
  rm_conv_free(q->parts, q->groups * q->weights);
  return status;
}

/* dy of some output channels alone: rows of `to`, from rows of `from`. */
typedef struct {
  const float *from;
  size_t width, first, count;
  float *to;
} narrowing;

static void narrow(void *ctx, size_t begin, size_t end) {
  const narrowing *n = ctx;
  for (size_t i = begin; i < end; i++)
    memcpy(n->to + i * n->count, n->from + i * n->width + n->first, n->count * sizeof(float));
}

/* Each process has the weights of some output channels, and -0 for the others: adding up puts them together. */
static rm_status of_some_channels(const rm_conv_shape *s, const rm_conv_method *method, const rm_conv_pixels *x,
                                  const float *dy, float *dw, rm_error *err) {
  rm_conv_shape part = *s;
  size_t size = (size_t)rm_world_size(), rows = s->n * s->oh * s->ow, all = weights_of(s);
  part.k = part.kg = s->k / size;
  size_t own = weights_of(&part), first = (size_t)rm_world_rank() * own;
  for (size_t i = 0; i < all; i++)
    if (i < first || i >= first + own) dw[i] = -0.0f;
  narrowing n = {.from = dy, .width = s->k, .first = (size_t)rm_world_rank() * part.k, .count = part.k};
  RM_TRY(rm_conv_alloc(rows * part.k, &n.to, err));
  rm_parallel(rows, 256, narrow, &n);
  rm_status status = method->weight_gradient(&part, x, n.to, dw + first, err);
  rm_conv_free(n.to, rows * part.k);
  return status;
}

/* Whether a part of the output channels has the bits that it has in the whole. */
static bool splits(const rm_conv_shape *s, const rm_conv_method *method, size_t parts) {
  if (method == &rm_conv_strided) return s->k % (16 * parts) == 0;
  return method == &rm_conv_winograd && rm_wino_weights_split(s, parts);
}

static rm_status of_all_images(const rm_conv_shape *s, const rm_conv_method *(*choose)(const rm_conv_shape *s),
                               const float *x, const float *dy, float *dw, rm_error *err) {
  rm_conv_shape whole = *s;
  float *xs = NULL, *dys = NULL;
  size_t nx = s->n * s->h * s->w * s->c, ny = s->n * s->oh * s->ow * s->k;
  whole.n = rm_batch_whole(s->n);
  RM_TRY(rm_batch_gather(nx, x, &xs, err));
  rm_status status = rm_batch_gather(ny, dy, &dys, err);
  if (status == RM_OK) {
    const rm_conv_method *method = choose(&whole);
    rm_conv_pixels pixels = {xs, NULL};
    if (splits(&whole, method, (size_t)rm_world_size())) {
      status = of_some_channels(&whole, method, &pixels, dys, dw, err);
    } else {
      status = method->weight_gradient(&whole, &pixels, dys, dw, err);
      rm_batch_count_once(weights_of(s), dw);
    }
    rm_batch_free(ny, dys);
  }
  rm_batch_free(nx, xs);
  return status;
}

static rm_conv_shape group_of(const rm_conv_shape *s) {
  rm_conv_shape group = *s;
  group.n = s->n / rm_batch_groups(s->n);
  return group;
}

bool rm_conv_weight_sums_normalize(const rm_conv_shape *s, const rm_conv_method *(*choose)(const rm_conv_shape *s)) {
  rm_conv_shape group = group_of(s);
  if (in_groups(s)) return choose(&group)->normalizes;
  return !rm_batch_shared() && choose(s)->normalizes;
}

rm_status rm_conv_weight_sums(const rm_conv_shape *s, const rm_conv_method *(*choose)(const rm_conv_shape *s),
                              const rm_conv_pixels *x, const float *dy, float *dw, rm_error *err) {
  rm_conv_shape group = group_of(s);
  job q = {.s = &group, .x = *x, .dy = dy, .weights = weights_of(s)};
  if (in_groups(s)) {
    q.groups = rm_batch_groups(s->n);
    q.method = choose(&group);
    if (q.groups > 1) return by_groups(&q, dw, err);
    return q.method->weight_gradient(s, x, dy, dw, err);
  }
  if (rm_batch_shared()) return of_all_images(s, choose, x->x, dy, dw, err);
  return choose(s)->weight_gradient(s, x, dy, dw, err);
}
