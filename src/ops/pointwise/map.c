/* map.c -- elementwise operators over tensors of any strides: see map.h. */
#include "ops/pointwise/map.h"

#include <string.h>
#include "core/iterate.h"
#include "parallel/pool.h"

enum {
  MAX_IN = 4,
  BLOCK = 512,    /* elements gathered at a time: at most 4 KiB an operand */
  GRAIN = 1 << 14 /* elements that are worth waking a thread for */
};

/* One call: constants hold numbers as a block of equal elements. */
typedef struct {
  const rm_map_kernel *kernel;
  size_t nin;
  int slot[MAX_IN]; /* which iterator operand input i is; -1: a number */
  const char *constant[MAX_IN];
  size_t in_size[MAX_IN], out_size;
  bool blocked; /* there is a constant: runs are at most BLOCK long */
} map_call;

typedef union {
  float f[BLOCK];
  int64_t i[BLOCK];
  uint8_t b[BLOCK];
  char bytes[1];
} block;

static void call_kernel(const rm_map_kernel *k, size_t n, const void *const in[], void *out) {
  switch (k->kind) {
    case RM_MAP_F_F: k->fn.f_f(n, in[0], out); break;
    case RM_MAP_FF_F: k->fn.ff_f(n, in[0], in[1], out); break;
    case RM_MAP_FFF_F: k->fn.fff_f(n, in[0], in[1], in[2], out); break;
    case RM_MAP_FFFF_F: k->fn.ffff_f(n, in[0], in[1], in[2], in[3], out); break;
    case RM_MAP_II_I: k->fn.ii_i(n, in[0], in[1], out); break;
    case RM_MAP_FF_B: k->fn.ff_b(n, in[0], in[1], out); break;
    case RM_MAP_II_B: k->fn.ii_b(n, in[0], in[1], out); break;
    case RM_MAP_BB_B: k->fn.bb_b(n, in[0], in[1], out); break;
    case RM_MAP_BFF_F: k->fn.bff_f(n, in[0], in[1], in[2], out); break;
    case RM_MAP_BII_I: k->fn.bii_i(n, in[0], in[1], in[2], out); break;
    case RM_MAP_BUU_U: k->fn.buu_u(n, in[0], in[1], in[2], out); break;
  }
}

static void gather(size_t n, size_t size, const char *from, ptrdiff_t stride, block *to) {
  switch (size) {
    case 4:
      for (size_t i = 0; i < n; i++) to->f[i] = ((const float *)from)[(ptrdiff_t)i * stride];
      break;
    case 8:
      for (size_t i = 0; i < n; i++) to->i[i] = ((const int64_t *)from)[(ptrdiff_t)i * stride];
      break;
    default:
      for (size_t i = 0; i < n; i++) to->b[i] = ((const uint8_t *)from)[(ptrdiff_t)i * stride];
  }
}

static void scatter(size_t n, size_t size, const block *from, char *to, ptrdiff_t stride) {
  switch (size) {
    case 4:
      for (size_t i = 0; i < n; i++) ((float *)to)[(ptrdiff_t)i * stride] = from->f[i];
      break;
    case 8:
      for (size_t i = 0; i < n; i++) ((int64_t *)to)[(ptrdiff_t)i * stride] = from->i[i];
      break;
    default:
      for (size_t i = 0; i < n; i++) ((uint8_t *)to)[(ptrdiff_t)i * stride] = from->b[i];
  }
}

/* A run whose operands are contiguous or numbers. */
static void run_contiguous(const map_call *c, size_t n, char *const data[]) {
  size_t step = c->blocked ? BLOCK : n;
  for (size_t begin = 0; begin < n; begin += step) {
    const void *in[MAX_IN];
    for (size_t i = 0; i < c->nin; i++)
      in[i] = c->slot[i] < 0 ? c->constant[i] : data[c->slot[i]] + begin * c->in_size[i];
    call_kernel(c->kernel, n - begin < step ? n - begin : step, in, data[0] + begin * c->out_size);
  }
}

static void run_strided(const map_call *c, size_t n, char *const data[], const ptrdiff_t strides[]) {
  block gathered[MAX_IN], result;
  const void *in[MAX_IN];
  for (size_t i = 0; i < c->nin; i++) { /* what does not move along the run is filled in once */
    in[i] = c->slot[i] < 0 ? c->constant[i] : gathered[i].bytes;
    if (c->slot[i] >= 0 && strides[c->slot[i]] == 0)
      gather(n < BLOCK ? n : BLOCK, c->in_size[i], data[c->slot[i]], 0, &gathered[i]);
  }
  for (size_t begin = 0; begin < n; begin += BLOCK) {
    size_t count = n - begin < BLOCK ? n - begin : BLOCK;
    for (size_t i = 0; i < c->nin; i++) {
      if (c->slot[i] < 0) continue;
      ptrdiff_t stride = strides[c->slot[i]];
      const char *from = data[c->slot[i]] + (ptrdiff_t)begin * stride * (ptrdiff_t)c->in_size[i];
      if (stride == 1) in[i] = from;
      else if (stride != 0) gather(count, c->in_size[i], from, stride, &gathered[i]);
    }
    char *to = data[0] + (ptrdiff_t)begin * strides[0] * (ptrdiff_t)c->out_size;
    bool direct = strides[0] == 1;
    call_kernel(c->kernel, count, in, direct ? to : result.bytes);
    if (!direct) scatter(count, c->out_size, &result, to, strides[0]);
  }
}

static void run(void *ctx, size_t n, char *const data[], const ptrdiff_t strides[]) {
  const map_call *c = ctx;
  bool contiguous = strides[0] == 1;
  for (size_t i = 0; i < c->nin && contiguous; i++) contiguous = c->slot[i] < 0 || strides[c->slot[i]] == 1;
  if (contiguous) run_contiguous(c, n, data);
  else run_strided(c, n, data, strides);
}

/* All operands have one dense layout: element k of memory is element k of each. */
typedef struct {
  const map_call *call;
  size_t nops, size[RM_ITER_MAX];
  char *data[RM_ITER_MAX];
} flat_call;

static void flat_range(void *ctx, size_t begin, size_t end) {
  const flat_call *f = ctx;
  char *data[RM_ITER_MAX];
  for (size_t k = 0; k < f->nops; k++) data[k] = f->data[k] + begin * f->size[k];
  run_contiguous(f->call, end - begin, data);
}

/* The type of input i, from the kind's letters. */
static rm_dtype input_dtype(rm_map_kind kind, size_t i) {
  switch (kind) {
    case RM_MAP_II_I:
    case RM_MAP_II_B: return RM_INT64;
    case RM_MAP_BB_B:
    case RM_MAP_BUU_U: return RM_UINT8;
    case RM_MAP_BFF_F: return i == 0 ? RM_UINT8 : RM_FLOAT32;
    case RM_MAP_BII_I: return i == 0 ? RM_UINT8 : RM_INT64;
    default: return RM_FLOAT32;
  }
}

/* `truth`: of uint8, whether the number is other than 0 is meant. */
static void fill_constant(block *to, size_t n, rm_dtype dtype, bool truth, const rm_operand *v) {
  if (dtype == RM_FLOAT32)
    for (size_t i = 0; i < n; i++) to->f[i] = (float)v->number;
  else if (dtype == RM_INT64)
    for (size_t i = 0; i < n; i++) to->i[i] = v->integer;
  else memset(to->b, truth ? v->number != 0 : (int)v->integer, n);
}

void rm_map(const rm_map_kernel *kernel, rm_tensor *out, size_t nin, const rm_operand in[]) {
  if (out->numel == 0) return;
  block constants[MAX_IN - 1]; /* filled only as far as needed; one input is a tensor */
  map_call c = {.kernel = kernel, .nin = nin, .out_size = rm_dtype_size(out->dtype)};
  const rm_tensor *ops[RM_ITER_MAX] = {out};
  size_t nops = 1, nconstants = 0;
  bool flat = rm_tensor_is_dense(out);
  for (size_t i = 0; i < nin; i++) {
    rm_dtype dtype = input_dtype(kernel->kind, i);
    c.in_size[i] = rm_dtype_size(dtype);
    if (in[i].tensor) {
      c.slot[i] = (int)nops;
      ops[nops++] = in[i].tensor;
      flat = flat && rm_tensor_same_layout(out, in[i].tensor);
    } else {
      block *b = &constants[nconstants++];
      fill_constant(b, out->numel < BLOCK ? out->numel : BLOCK, dtype, kernel->kind != RM_MAP_BUU_U, &in[i]);
      c.slot[i] = -1;
      c.constant[i] = b->bytes;
      c.blocked = true;
    }
  }
  if (flat) {
    flat_call f = {.call = &c, .nops = nops};
    for (size_t k = 0; k < nops; k++) {
      f.data[k] = rm_tensor_data(ops[k]);
      f.size[k] = rm_dtype_size(ops[k]->dtype);
    }
    rm_parallel(out->numel, GRAIN, flat_range, &f);
  } else {
    rm_iter it;
    rm_iter_init(&it, nops, ops);
    rm_iter_run(&it, run, &c);
  }
}

/* A tensor for the result. */
static rm_status output(const char *op, size_t n, const rm_operand in[], rm_dtype dtype, rm_tensor **out,
                        rm_error *err) {
  size_t ndim = 0, shape[RM_MAX_DIMS];
  for (size_t i = 0; i < n; i++) {
    const rm_tensor *t = in[i].tensor;
    if (!t) continue;
    size_t wider_ndim, wider[RM_MAX_DIMS];
    RM_TRY(rm_shape_broadcast(op, ndim, shape, t->ndim, t->shape, &wider_ndim, wider, err));
    ndim = wider_ndim;
    memcpy(shape, wider, ndim * sizeof shape[0]);
  }
  for (size_t i = 0; i < n; i++) {
    const rm_tensor *t = in[i].tensor;
    if (t && rm_tensor_is_dense(t) && rm_shape_equal(ndim, shape, t->ndim, t->shape))
      return rm_tensor_new_like(t, dtype, out, err);
  }
  return rm_tensor_new(dtype, ndim, shape, out, err);
}

rm_status rm_map_new(const char *op, const rm_map_kernel *kernel, size_t n, const rm_operand in[], rm_dtype dtype,
                     rm_tensor **y, rm_error *err) {
  RM_TRY(output(op, n, in, dtype, y, err));
  rm_map(kernel, *y, n, in);
  return RM_OK;
}
