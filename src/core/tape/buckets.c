/* buckets.c -- see buckets.h. */
#include "core/tape/buckets.h"

#include <stdlib.h>
#include <string.h>
#include "core/tape/grow.h"
#include "dist/collect.h"

/* Floats of a bucket: long enough that the journey is short beside it, short enough that many leave in time. */
enum { BUCKET = 256 * 1024 };

typedef struct {
  rm_tensor *leaf, *grad;
} part;

typedef struct {
  size_t first, end; /* parts */
  rm_reduction *sum;
} bucket;

struct rm_buckets {
  part *parts;
  size_t n, capacity;
  size_t open, floats; /* the first part of the open bucket, and what is in it */
  bucket *sent;
  size_t nsent, sent_capacity, finished;
};

static rm_status no_memory(rm_error *err) { return rm_fail(err, RM_ERR_MEMORY, "backward: out of memory"); }

static rm_status send_open(rm_buckets *b, rm_error *err) {
  if (b->open == b->n) return RM_OK;
  if (!rm_grow((void **)&b->sent, b->nsent, &b->sent_capacity, sizeof *b->sent)) return no_memory(err);
  bucket *s = &b->sent[b->nsent];
  *s = (bucket){.first = b->open, .end = b->n};
  RM_TRY(rm_reduction_new(b->floats, RM_REDUCE_FLOAT, RM_REDUCE_SUM, &s->sum, err));
  float *to = rm_reduction_data(s->sum);
  for (size_t i = s->first; i < s->end; to += b->parts[i++].grad->numel)
    memcpy(to, rm_tensor_f32(b->parts[i].grad), b->parts[i].grad->numel * sizeof *to);
  rm_status status = rm_reduction_start(s->sum, err);
  if (status != RM_OK) {
    rm_reduction_free(s->sum);
    return status;
  }
  b->nsent++;
  b->open = b->n;
  b->floats = 0;
  return RM_OK;
}

rm_status rm_buckets_add(rm_buckets **buckets, rm_tensor *leaf, rm_tensor *g, rm_error *err) {
  rm_buckets *b = *buckets;
  if (!b) *buckets = b = calloc(1, sizeof *b);
  if (!b || !rm_grow((void **)&b->parts, b->n, &b->capacity, sizeof *b->parts)) {
    rm_tensor_release(g);
    return no_memory(err);
  }
  b->parts[b->n++] = (part){rm_tensor_retain(leaf), g};
  b->floats += g->numel;
  if (b->floats >= BUCKET) RM_TRY(send_open(b, err));
  return rm_dist_progress(err);
}

rm_status rm_buckets_finish(rm_buckets *b, rm_error *err) {
  if (!b) return RM_OK;
  RM_TRY(send_open(b, err));
  for (; b->finished < b->nsent; b->finished++) {
    bucket *s = &b->sent[b->finished];
    RM_TRY(rm_reduction_wait(s->sum, err));
    const float *from = rm_reduction_data(s->sum);
    for (size_t i = s->first; i < s->end; from += b->parts[i++].grad->numel)
      memcpy(rm_tensor_f32(b->parts[i].grad), from, b->parts[i].grad->numel * sizeof *from);
  }
  return RM_OK;
}

bool rm_buckets_take(rm_buckets *b, size_t i, rm_tensor **leaf, rm_tensor **g) {
  if (!b || i >= b->n) return false;
  *leaf = b->parts[i].leaf;
  *g = b->parts[i].grad;
  b->parts[i].grad = NULL;
  return true;
}

void rm_buckets_free(rm_buckets *b) {
  if (!b) return;
  for (size_t i = 0; i < b->n; i++) {
    rm_tensor_release(b->parts[i].leaf);
    rm_tensor_release(b->parts[i].grad);
  }
  for (size_t i = 0; i < b->nsent; i++) rm_reduction_free(b->sent[i].sum);
  free(b->parts);
  free(b->sent);
  free(b);
}
