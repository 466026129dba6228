/* rng.h -- counter-based random numbers: Philox4x32-10.
 *
 * A number depends on (seed, stream, position) alone, so a fill can be split among
 * threads and still gives the same bits, and a state is two integers that fit into
 * a checkpoint. There is no hidden generator: a function that draws takes one as an argument.
 * Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3". */
#ifndef RM_CORE_RNG_H
#define RM_CORE_RNG_H

#include "core/tensor.h"

typedef struct {
  uint64_t seed;
  uint64_t stream;   /* independent sequences under one seed: initialization, shuffling, ... */
  uint64_t position; /* blocks of four 32-bit numbers drawn so far */
} rm_rng;

rm_rng rm_rng_new(uint64_t seed, uint64_t stream);

/* The block at `position` of (seed, stream); rng is not moved. */
void rm_rng_block(const rm_rng *rng, uint64_t position, uint32_t out[4]);

/* One draw moves the generator by one block. */
uint64_t rm_rng_u64(rm_rng *rng);
double rm_rng_double(rm_rng *rng);              /* [0, 1), 53 bits */
uint64_t rm_rng_below(rm_rng *rng, uint64_t n); /* 0 .. n-1, unbiased; n > 0 */
double rm_rng_normal(rm_rng *rng);

/* Fill a float32 tensor in row-major order of its elements. */
rm_status rm_rng_fill_uniform(rm_rng *rng, rm_tensor *t, float low, float high, rm_error *err);
rm_status rm_rng_fill_normal(rm_rng *rng, rm_tensor *t, float mean, float std, rm_error *err);
rm_status rm_rng_fill_bernoulli(rm_rng *rng, rm_tensor *t, float p, rm_error *err); /* 1 with probability p */
/* out: int64 (n), a permutation of 1..n (Fisher-Yates). */
rm_status rm_rng_permutation(rm_rng *rng, size_t n, rm_tensor **out, rm_error *err);

#endif
