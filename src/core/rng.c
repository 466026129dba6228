/* rng.c -- Philox4x32-10 and what is drawn from it. */
#include "core/rng.h"

#include <math.h>
#include "base/elementary.h"
#include "core/copy.h"
#include "parallel/pool.h"

enum { ROUNDS = 10 };

rm_rng rm_rng_new(uint64_t seed, uint64_t stream) { return (rm_rng){seed, stream, 0}; }

/* Ten rounds of two 32x32->64 multiplications, keys stepped by the golden ratio and
 * sqrt(3)-1 (Salmon et al. 2011, section 3.3). Counter: position and stream. */
void rm_rng_block(const rm_rng *rng, uint64_t position, uint32_t out[4]) {
  uint32_t c0 = (uint32_t)position, c1 = (uint32_t)(position >> 32);
  uint32_t c2 = (uint32_t)rng->stream, c3 = (uint32_t)(rng->stream >> 32);
  uint32_t k0 = (uint32_t)rng->seed, k1 = (uint32_t)(rng->seed >> 32);
  for (int round = 0; round < ROUNDS; round++) {
    uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
    uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c0 = n0;
    c1 = (uint32_t)p1;
    c2 = n2;
    c3 = (uint32_t)p0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

uint64_t rm_rng_u64(rm_rng *rng) {
  uint32_t r[4];
  rm_rng_block(rng, rng->position++, r);
  return (uint64_t)r[1] << 32 | r[0];
}

double rm_rng_double(rm_rng *rng) { return (double)(rm_rng_u64(rng) >> 11) * 0x1p-53; }

uint64_t rm_rng_below(rm_rng *rng, uint64_t n) {
  uint64_t reject = -n % n; /* 2^64 mod n values at the bottom would be favored */
  for (;;) {
    uint64_t r = rm_rng_u64(rng);
    if (r >= reject) return r % n;
  }
}

/* Box and Muller: two uniforms, (0, 1] and [0, 1), make two normals. */
static void normal_pair(uint32_t a, uint32_t b, float out[2]) {
  double u = ((double)a + 1) * 0x1p-32, v = (double)b * 0x1p-32;
  double radius = sqrt(-2 * rm_math_log(u)), angle = 2 * M_PI * v;
  out[0] = (float)(radius * rm_math_cos(angle));
  out[1] = (float)(radius * rm_math_sin(angle));
}

double rm_rng_normal(rm_rng *rng) {
  uint64_t r = rm_rng_u64(rng);
  float pair[2];
  normal_pair((uint32_t)r, (uint32_t)(r >> 32), pair);
  return pair[0];
}

/* --- fills: block b makes elements 4b .. 4b+3, so threads need not agree ---------- */

typedef struct {
  const rm_rng *rng;
  float *data;
  size_t n;
  float a, b; /* low and width, mean and deviation, or the probability */
  void (*draw)(const uint32_t r[4], float a, float b, float out[4]);
} fill;

static void draw_uniform(const uint32_t r[4], float low, float width, float out[4]) {
  for (int i = 0; i < 4; i++) {
    out[i] = low + width * ((float)(r[i] >> 8) * 0x1p-24f);
    if (width > 0 && out[i] >= low + width) out[i] = nextafterf(low + width, low); /* rounding up */
  }
}
static void draw_normal(const uint32_t r[4], float mean, float std, float out[4]) {
  normal_pair(r[0], r[1], out);
  normal_pair(r[2], r[3], out + 2);
  for (int i = 0; i < 4; i++) out[i] = mean + std * out[i];
}
static void draw_bernoulli(const uint32_t r[4], float p, float unused, float out[4]) {
  (void)unused;
  for (int i = 0; i < 4; i++) out[i] = (float)(r[i] >> 8) * 0x1p-24f < p ? 1.0f : 0.0f;
}

static void fill_blocks(void *ctx, size_t begin, size_t end) {
  const fill *f = ctx;
  for (size_t block = begin; block < end; block++) {
    uint32_t r[4];
    float values[4];
    rm_rng_block(f->rng, f->rng->position + block, r);
    f->draw(r, f->a, f->b, values);
    for (size_t i = 0; i < 4 && 4 * block + i < f->n; i++) f->data[4 * block + i] = values[i];
  }
}

/* op: for errors, as those call it who can be wrong; what else is filled is always float32. */
static rm_status run_fill(const char *op, rm_rng *rng, rm_tensor *t, fill f, rm_error *err) {
  if (t->dtype != RM_FLOAT32)
    return rm_fail(err, RM_ERR_TYPE, "%s: x is %s, expected float32", op, rm_dtype_name(t->dtype));
  rm_tensor *rows = t;
  bool direct = rm_tensor_is_contiguous(t);
  if (!direct) RM_TRY(rm_tensor_new(RM_FLOAT32, t->ndim, t->shape, &rows, err));
  f.rng = rng;
  f.data = rm_tensor_f32(rows);
  f.n = t->numel;
  size_t blocks = (f.n + 3) / 4;
  rm_parallel(blocks, 2048, fill_blocks, &f);
  rng->position += blocks;
  if (direct) {
    rm_tensor_mark_written(t);
    return RM_OK;
  }
  rm_status status = rm_tensor_copy(t, rows, err);
  rm_tensor_release(rows);
  return status;
}

rm_status rm_rng_fill_uniform(rm_rng *rng, rm_tensor *t, float low, float high, rm_error *err) {
  if (!(high >= low)) return rm_fail(err, RM_ERR_VALUE, "uniform_: low %g is above high %g", (double)low, (double)high);
  return run_fill("uniform_", rng, t, (fill){.a = low, .b = high - low, .draw = draw_uniform}, err);
}

rm_status rm_rng_fill_normal(rm_rng *rng, rm_tensor *t, float mean, float std, rm_error *err) {
  if (!(std >= 0))
    return rm_fail(err, RM_ERR_VALUE, "normal_: standard deviation must not be negative, got %g", (double)std);
  return run_fill("normal_", rng, t, (fill){.a = mean, .b = std, .draw = draw_normal}, err);
}

rm_status rm_rng_fill_bernoulli(rm_rng *rng, rm_tensor *t, float p, rm_error *err) {
  if (!(p >= 0 && p <= 1))
    return rm_fail(err, RM_ERR_VALUE, "bernoulli_: probability must be in 0..1, got %g", (double)p);
  return run_fill("bernoulli_", rng, t, (fill){.a = p, .draw = draw_bernoulli}, err);
}

rm_status rm_rng_permutation(rm_rng *rng, size_t n, rm_tensor **out, rm_error *err) {
  RM_TRY(rm_tensor_new(RM_INT64, 1, &n, out, err));
  int64_t *p = rm_tensor_i64(*out);
  for (size_t i = 0; i < n; i++) p[i] = (int64_t)i + 1;
  for (size_t i = n; i > 1; i--) {
    size_t j = (size_t)rm_rng_below(rng, i);
    int64_t t = p[i - 1];
    p[i - 1] = p[j];
    p[j] = t;
  }
  return RM_OK;
}
