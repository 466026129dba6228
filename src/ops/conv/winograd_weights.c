/* winograd_weights.c -- the weight gradient by F(4x4, 3x3); kernels/winograd_k.c has the idea.
 *
 * In the transform domain it is one matrix product for each position, and a sum over all tiles. What is
 * moved most decides who does what:
 *   few weights        each thread transforms and adds up chunks of tiles, one sum for each; how many chunks
 *                      there are follows from the shape
 *   more weights       one sum: threads transform a block of tiles together, then each adds it to its positions
 *   ... and few tiles  all tiles are transformed first; then a thread adds up all of them for a panel of output
 *                      channels and transforms back at once, so that the whole sum never exists */
#include "base/number.h"
#include "ops/conv/winograd.h"
#include "ops/conv/winograd_weights.h"
#include "parallel/interrupt.h"
#include "parallel/pool.h"
#include "parallel/scratch.h"

enum {
  BLOCK = RM_WINO_BLOCK,
  PANEL = 32,
  ROWS = 128,
  FEW_CHANNELS = 64, /* input and output, up to which a block in a chunk has 48 tiles, else 24 */
  MAX_CHUNKS = 32,
  CHUNKS_FLOATS = 640 * 1024, /* of all sums */
  MORE_WEIGHTS = 128 * 128,
  BLOCK_FLOATS = 1024 * 1024, /* of a shared block: it stays in the third-level cache, beside the sum */
  MANY_WEIGHTS = 256 * 256,
  ALL_FLOATS = 6 * 1024 * 1024 /* of all tiles, for panels */
};

typedef struct {
  rm_wino_plan plan;
  rm_conv_pixels x;
  const float *dy;
  float *dw;
  float *du;   /* sums in the transform domain, one for each chunk */
  size_t part; /* floats of one */
  size_t blocks, chunks;
  float *v, *m; /* transformed tiles, where threads share them */
  size_t first; /* tile of a shared block */
} job;

static size_t patch_bytes(const job *q) {
  return rm_larger(rm_wino_patch_floats(&q->plan.in), rm_wino_patch_floats(&q->plan.out)) * sizeof(float);
}

static size_t tiles_bytes(const rm_wino_images *g) { return rm_wino_tiles_floats(g->tiles, g->c) * sizeof(float); }

/* --- each thread its chunks of tiles ----------------------------------------------------- */
static void add_block(const job *q, size_t block, bool more, float *v, float *m, float *du) {
  const rm_kernels *kernels = rm_kernel_table();
  const rm_wino_plan *p = &q->plan;
  size_t tiles = p->in.tiles, u_stride = rm_wino_weights_stride(p->in.c, p->out.c);
  size_t first = block * tiles, count = rm_smaller(tiles, p->count - first);
  float *patch = rm_scratch(2, patch_bytes(q));
  rm_wino_input(p, &q->x, patch, first, count, v);
  kernels->wino_output_gradient(&p->out, q->dy, patch, first, count, m);
  for (size_t j = 0; j < RM_WINO_POSITIONS; j++) {
    rm_wino_prefetch(p, &p->in, q->x.x, first + tiles, tiles, j);
    rm_wino_prefetch(p, &p->out, q->dy, first + tiles, tiles, j);
    kernels->wino_weight_product(count, tiles, p->in.c, p->out.c, more, v + j * BLOCK, m + j * BLOCK,
                                 du + j * u_stride);
  }
}

static void sum_chunks(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  float *v = rm_scratch(0, tiles_bytes(&q->plan.in)), *m = rm_scratch(1, tiles_bytes(&q->plan.out));
  for (size_t chunk = begin; chunk < end; chunk++) {
    size_t first = chunk * q->blocks / q->chunks, last = (chunk + 1) * q->blocks / q->chunks;
    for (size_t block = first; block < last && !rm_broken(); block++)
      add_block(q, block, block > first, v, m, q->du + chunk * q->part);
  }
}

static void finish_blocks(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  size_t across = rm_wino_padded(q->plan.out.c) / BLOCK;
  for (size_t i = begin; i < end; i++)
    rm_kernel_table()->wino_weight_gradient(q->du, q->chunks, q->part, q->plan.in.c, q->plan.out.c, i / across,
                                            i % across, q->dw, q->plan.in.c * 9);
}

static size_t block_count(size_t rows, size_t columns) {
  return rm_wino_padded(rows) / BLOCK * (rm_wino_padded(columns) / BLOCK);
}

/* A power of two, so that it falls to any usual number of threads in equal shares. A chunk of one block would write as
 * many sums as it adds up. */
static size_t chunk_count(const job *q) {
  size_t chunks = MAX_CHUNKS;
  while (chunks > 1 && (chunks * q->part > CHUNKS_FLOATS || 2 * chunks > q->blocks)) chunks /= 2;
  return chunks;
}

static rm_status by_chunks(job *q, rm_error *err) {
  rm_wino_plan *p = &q->plan;
  rm_wino_plan_room(p, rm_smaller(p->count, p->in.c + p->out.c <= FEW_CHANNELS ? 48 : 24));
  q->blocks = (p->count + p->in.tiles - 1) / p->in.tiles;
  q->part = RM_WINO_POSITIONS * rm_wino_weights_stride(p->in.c, p->out.c);
  q->chunks = chunk_count(q);
  RM_TRY(rm_scratch_reserve(0, tiles_bytes(&p->in), err));
  RM_TRY(rm_scratch_reserve(1, tiles_bytes(&p->out), err));
  RM_TRY(rm_scratch_reserve(2, patch_bytes(q), err));
  RM_TRY(rm_conv_alloc(q->chunks * q->part, &q->du, err));
  rm_parallel(q->chunks, 1, sum_chunks, q);
  rm_parallel(block_count(p->in.c, p->out.c), 2, finish_blocks, q);
  rm_conv_free(q->du, q->chunks * q->part);
  return RM_OK;
}

/* --- threads share blocks of tiles: each has its positions --------------------------------- */
static void transform_tiles(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  const rm_wino_plan *p = &q->plan;
  const rm_kernels *kernels = rm_kernel_table();
  size_t first = q->first + begin, count = end - begin, at = begin * RM_WINO_TILE;
  float *patch = rm_scratch(2, patch_bytes(q));
  rm_wino_input(p, &q->x, patch, first, count, q->v + at);
  kernels->wino_output_gradient(&p->out, q->dy, patch, first, count, q->m + at);
}

/* Panel by panel within a position. */
static void sum_positions(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  const rm_wino_plan *p = &q->plan;
  size_t panels = (p->out.c + PANEL - 1) / PANEL, u_stride = rm_wino_weights_stride(p->in.c, p->out.c);
  size_t count = rm_smaller(p->in.tiles, p->count - q->first);
  for (size_t i = begin; i < end; i++) {
    size_t j = i / panels, first = i % panels * PANEL, columns = rm_smaller(PANEL, p->out.c - first);
    const float *m = q->m + first / BLOCK * p->out.tiles * RM_WINO_TILE;
    float *du = q->du + j * u_stride + first * rm_wino_padded(p->in.c);
    rm_kernel_table()->wino_weight_product(count, p->in.tiles, p->in.c, columns, q->first > 0, q->v + j * BLOCK,
                                           m + j * BLOCK, du);
  }
}

static rm_status by_positions(job *q, rm_error *err) {
  rm_wino_plan *p = &q->plan;
  q->part = RM_WINO_POSITIONS * rm_wino_weights_stride(p->in.c, p->out.c);
  /* The sum is read and written once for each block: a large one wants large blocks. */
  size_t floats = rm_larger(BLOCK_FLOATS, q->part / 2);
  size_t most = floats / rm_wino_tiles_floats(24, p->in.c + p->out.c) * 24;
  rm_wino_plan_room(p, rm_smaller(p->count, rm_larger(most, 24)));
  size_t inputs = rm_wino_tiles_floats(p->in.tiles, p->in.c);
  size_t outputs = rm_wino_tiles_floats(p->out.tiles, p->out.c);
  size_t panels = (p->out.c + PANEL - 1) / PANEL;
  q->chunks = 1;
  RM_TRY(rm_scratch_reserve(2, patch_bytes(q), err));
  RM_TRY(rm_conv_alloc(inputs + outputs + q->part, &q->v, err));
  q->m = q->v + inputs;
  q->du = q->m + outputs;
  for (q->first = 0; q->first < p->count; q->first += p->in.tiles) {
    rm_parallel(rm_smaller(p->in.tiles, p->count - q->first), 8, transform_tiles, q);
    rm_parallel(RM_WINO_POSITIONS * panels, panels, sum_positions, q);
  }
  rm_parallel(block_count(p->in.c, p->out.c), 2, finish_blocks, q);
  rm_conv_free(q->v, inputs + outputs + q->part);
  return RM_OK;
}

/* --- each thread its panels of output channels -------------------------------------------- */
static size_t panel_bytes(void) { return RM_WINO_POSITIONS * rm_wino_weights_stride(ROWS, PANEL) * sizeof(float); }

/* ROWS input channels, whose sums stay in the second-level cache. */
static void sum_part(const job *q, size_t row, size_t first, size_t columns, float *du) {
  const rm_wino_plan *p = &q->plan;
  const rm_kernels *kernels = rm_kernel_table();
  size_t rows = rm_smaller(ROWS, p->in.c - row), stride = rm_wino_weights_stride(rows, columns);
  size_t across = rm_wino_padded(columns) / BLOCK;
  const float *v = q->v + row / BLOCK * p->in.tiles * RM_WINO_TILE;
  const float *m = q->m + first / BLOCK * p->out.tiles * RM_WINO_TILE;
  for (size_t j = 0; j < RM_WINO_POSITIONS; j++)
    kernels->wino_weight_product(p->count, p->in.tiles, rows, columns, false, v + j * BLOCK, m + j * BLOCK,
                                 du + j * stride);
  for (size_t b = 0; b < block_count(rows, columns); b++)
    kernels->wino_weight_gradient(du, 1, 0, rows, columns, b / across, b % across, q->dw + (first * p->in.c + row) * 9,
                                  p->in.c * 9);
}

static void sum_panels(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  float *du = rm_scratch(0, panel_bytes());
  for (size_t i = begin; i < end && !rm_broken(); i++)
    for (size_t row = 0; row < q->plan.in.c; row += ROWS)
      sum_part(q, row, i * PANEL, rm_smaller(PANEL, q->plan.out.c - i * PANEL), du);
}

static rm_status by_panels(job *q, rm_error *err) {
  rm_wino_plan *p = &q->plan;
  rm_wino_plan_room(p, p->count);
  size_t inputs = rm_wino_tiles_floats(p->in.tiles, p->in.c);
  size_t outputs = rm_wino_tiles_floats(p->out.tiles, p->out.c);
  RM_TRY(rm_scratch_reserve(0, panel_bytes(), err));
  RM_TRY(rm_scratch_reserve(2, patch_bytes(q), err));
  RM_TRY(rm_conv_alloc(inputs + outputs, &q->v, err));
  q->m = q->v + inputs;
  rm_parallel(p->count, 8, transform_tiles, q);
  rm_parallel((p->out.c + PANEL - 1) / PANEL, 1, sum_panels, q);
  rm_conv_free(q->v, inputs + outputs);
  return RM_OK;
}

bool rm_wino_weights_split(const rm_conv_shape *s, size_t parts) {
  return s->k % (BLOCK * parts) == 0 && s->c * (s->k / parts) >= MORE_WEIGHTS;
}

rm_status rm_wino_weight_gradient(const rm_conv_shape *s, const rm_conv_pixels *x, const float *dy, float *dw,
                                  rm_error *err) {
  job q = {.x = *x, .dy = dy, .dw = dw};
  q.plan = rm_wino_plan_of(s->n, s->h, s->w, s->c, (ptrdiff_t)s->pad_h, s->oh, s->ow, s->k);
  RM_TRY(rm_wino_input_reserve(&q.plan, &q.x, err));
  if (s->c * s->k < MORE_WEIGHTS) return by_chunks(&q, err);
  bool few_tiles = rm_wino_tiles_floats(q.plan.count, s->c + s->k) <= ALL_FLOATS;
  return few_tiles && s->c * s->k >= MANY_WEIGHTS ? by_panels(&q, err) : by_positions(&q, err);
}
