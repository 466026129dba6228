/* buckets.h -- gradients of leaves on their way to the other processes that share a batch; for the files of this folder.
 *
 * What backward finds for a leaf is one process's part of the gradient. It goes into a bucket, and a full bucket is sent
 * while backward goes on; what comes back is the sum over all processes. Every part that is found is added up by itself,
 * as one process would add parts of a leaf that is used twice: so the bits are those of one process. */
#ifndef RM_CORE_TAPE_BUCKETS_H
#define RM_CORE_TAPE_BUCKETS_H

#include "core/tensor.h"

typedef struct rm_buckets rm_buckets;

/* g becomes part of the open bucket; *buckets may be NULL at first. Takes over g, also on failure: it must be nobody
 * else's, in the layout of leaf. */
rm_status rm_buckets_add(rm_buckets **buckets, rm_tensor *leaf, rm_tensor *g, rm_error *err);

/* Waits for everything that is on its way. */
rm_status rm_buckets_finish(rm_buckets *buckets, rm_error *err);

/* The gradient number i in the order of adding, which is the caller's then, and its leaf (borrowed); false after the
 * last. */
bool rm_buckets_take(rm_buckets *buckets, size_t i, rm_tensor **leaf, rm_tensor **g);

void rm_buckets_free(rm_buckets *buckets); /* NULL is fine */

#endif
