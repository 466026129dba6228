/* extreme.c -- largest and smallest values and where they are; any and all. */
#include <string.h>
#include "core/tape.h"
#include "parallel/pool.h"
#include "kernels/kernels.h"
#include "ops/pointwise/pointwise.h"
#include "ops/reduce/reduce.h"
#include "ops/reduce/plan.h"
#include "ops/views/views.h"

enum { GRAIN = 16384, STRIP = 256 };

/* --- forward: x as (b, c, d); value and position for each b, d --------------------------------- */
typedef struct {
  rm_dtype dtype;
  bool largest;
  size_t b, c, d;
  size_t strips; /* columns, or rows where d is 1, are taken STRIP at a time */
  const void *x;
  void *value;    /* (b, d) */
  int64_t *index; /* (b, d), from 1 */
} extreme_job;

/* `count` results from result number `first` on, whose elements begin at x. */
static void float_strip(const extreme_job *job, size_t first, const float *x, size_t count) {
  const rm_kernels *k = rm_kernel_table();
  float *value = (float *)job->value + first;
  int64_t *index = job->index + first;
  if (job->d == 1) (job->largest ? k->row_argmax : k->row_argmin)(count, job->c, x, value, index);
  else (job->largest ? k->column_argmax : k->column_argmin)(job->c, count, job->d, x, value, index);
  for (size_t i = 0; i < count; i++) index[i]++;
}

static int64_t integer_at(const extreme_job *job, size_t i) {
  return job->dtype == RM_UINT8 ? ((const uint8_t *)job->x)[i] : ((const int64_t *)job->x)[i];
}

static void integer_result(const extreme_job *job, size_t result) {
  size_t start = result / job->d * job->c * job->d + result % job->d, at = 0;
  int64_t best = integer_at(job, start);
  for (size_t c = 1; c < job->c; c++) {
    int64_t v = integer_at(job, start + c * job->d);
    if (job->largest ? v > best : v < best) best = v, at = c;
  }
  if (job->dtype == RM_UINT8) ((uint8_t *)job->value)[result] = (uint8_t)best;
  else ((int64_t *)job->value)[result] = best;
  job->index[result] = (int64_t)at + 1;
}

static void extreme_range(void *ctx, size_t begin, size_t end) {
  const extreme_job *job = ctx;
  size_t across = job->d == 1 ? job->b : job->d;
  for (size_t unit = begin; unit < end; unit++) {
    size_t b = unit / job->strips, j = unit % job->strips * STRIP; /* b is 0 for rows */
    size_t count = across - j < STRIP ? across - j : STRIP, first = b * job->d + j;
    size_t start = b * job->c * job->d + j * (job->d == 1 ? job->c : 1);
    if (job->dtype == RM_FLOAT32) float_strip(job, first, (const float *)job->x + start, count);
    else
      for (size_t i = first; i < first + count; i++) integer_result(job, i);
  }
}

/* `ordered`: the positions matter, not only the values. */
static rm_status find(const char *op, rm_tensor *x, bool largest, const bool over[], bool keepdim, bool ordered,
                      rm_tensor **value, rm_tensor **index, rm_error *err) {
  rm_reduce_plan p;
  RM_TRY(rm_reduce_plan_of(x, over, keepdim, ordered, &p, err));
  if (p.a > 1) { /* reduced elements in several runs: bring them together */
    rm_tensor_release(p.x);
    RM_TRY(rm_reduce_plan_of(x, over, keepdim, true, &p, err));
  }
  rm_status status = RM_OK;
  if (p.c == 0 && p.b * p.d > 0) {
    char text[RM_SHAPE_TEXT];
    status = rm_fail(err, RM_ERR_SHAPE, "%s: x has no elements to choose from, shape %s", op, rm_tensor_text(x, text));
  }
  if (status == RM_OK) status = rm_reduce_output(&p, x->dtype, value, err);
  if (status == RM_OK) status = rm_reduce_output(&p, RM_INT64, index, err);
  if (status == RM_OK && p.b * p.d > 0) {
    size_t across = p.d == 1 ? p.b : p.d, strips = (across + STRIP - 1) / STRIP;
    extreme_job job = {.dtype = x->dtype,
                       .largest = largest,
                       .b = p.b,
                       .c = p.c,
                       .d = p.d,
                       .strips = strips,
                       .x = rm_tensor_data(p.x),
                       .value = rm_tensor_data(*value),
                       .index = rm_tensor_i64(*index)};
    size_t unit = p.c * (across < STRIP ? across : STRIP);
    rm_parallel((p.d == 1 ? 1 : p.b) * strips, unit >= GRAIN ? 1 : GRAIN / unit, extreme_range, &job);
  }
  rm_tensor_release(p.x);
  return status;
}

/* --- backward: dy goes to the positions that were chosen ------------------------------------------ */
typedef struct {
  bool over[RM_MAX_DIMS];
} extreme_payload;

typedef struct {
  const extreme_payload *p;
  rm_tensor *dx;
  const rm_tensor *dy, *index;
} scatter_job;

/* Element k of the result, counted in row-major order: its places in dy, index and dx. */
static void scatter_one(const scatter_job *job, size_t k) {
  const rm_tensor *dx = job->dx, *dy = job->dy, *index = job->index;
  bool kept = dy->ndim == dx->ndim;
  ptrdiff_t at_dx = 0, at_dy = 0, at_index = 0;
  for (size_t d = dx->ndim, r = dy->ndim; d-- > 0;) {
    if (job->p->over[d]) {
      r -= kept;
      continue;
    }
    r--;
    ptrdiff_t i = (ptrdiff_t)(k % dx->shape[d]);
    k /= dx->shape[d];
    at_dx += i * dx->strides[d];
    at_dy += i * dy->strides[r];
    at_index += i * index->strides[r];
  }
  size_t place = (size_t)rm_tensor_i64(index)[at_index] - 1;
  for (size_t d = dx->ndim; d-- > 0;) {
    if (!job->p->over[d]) continue;
    at_dx += (ptrdiff_t)(place % dx->shape[d]) * dx->strides[d];
    place /= dx->shape[d];
  }
  rm_tensor_f32(dx)[at_dx] = rm_tensor_f32(dy)[at_dy];
}

static void scatter_range(void *ctx, size_t begin, size_t end) {
  for (size_t k = begin; k < end; k++) scatter_one(ctx, k);
}

/* Saved: index. */
static rm_status extreme_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  const extreme_payload *p = rm_node_payload(node);
  size_t shape[RM_MAX_DIMS], ndim = rm_node_input_shape(node, 0, shape);
  RM_TRY(rm_tensor_zeros(RM_FLOAT32, ndim, shape, &dx[0], err));
  scatter_job job = {.p = p, .dx = dx[0], .dy = dy, .index = rm_node_saved(node, 0)};
  rm_parallel(dy->numel, GRAIN / 4, scatter_range, &job);
  return RM_OK;
}

/* Where nobody asked which element it is, all that hold the value share dy, as in PyTorch: max() and amax() there,
 * max(dim) above. Of NaN, all NaN (amax's gradient is NaN everywhere then in PyTorch 1.13). Saved: x, value. */
static rm_status shared_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  enum { VALUE, GRADIENT, EQUAL, UNORDERED, HIT, COUNT, DIVISOR, SHARE, HELD };
  const extreme_payload *p = rm_node_payload(node);
  rm_tensor *t[HELD] = {0}, *x = rm_node_saved(node, 0);
  rm_operand operand = rm_operand_tensor(x);
  rm_status s = rm_reduced_view(rm_node_saved(node, 1), x->ndim, p->over, &t[VALUE], err);
  if (s == RM_OK) s = rm_reduced_view(dy, x->ndim, p->over, &t[GRADIENT], err);
  if (s == RM_OK) s = rm_compare(RM_EQ, operand, rm_operand_tensor(t[VALUE]), &t[EQUAL], err);
  if (s == RM_OK) s = rm_compare(RM_NE, operand, operand, &t[UNORDERED], err);
  if (s == RM_OK) s = rm_logical(RM_OR, t[EQUAL], t[UNORDERED], &t[HIT], err);
  if (s == RM_OK) s = rm_sum(t[HIT], p->over, true, &t[COUNT], err);
  if (s == RM_OK) s = rm_to(t[COUNT], RM_FLOAT32, &t[DIVISOR], err);
  if (s == RM_OK) s = rm_div(t[GRADIENT], t[DIVISOR], &t[SHARE], err);
  if (s == RM_OK) s = rm_where(t[HIT], rm_operand_tensor(t[SHARE]), rm_operand_number(0), &dx[0], err);
  for (size_t i = 0; i < HELD; i++) rm_tensor_release(t[i]);
  return s;
}

/* index: NULL where the gradient is shared. */
static rm_status record(const char *op, rm_tensor *x, const bool over[], rm_tensor *value, rm_tensor *index,
                        rm_error *err) {
  extreme_payload payload;
  for (size_t d = 0; d < x->ndim; d++) payload.over[d] = !over || over[d];
  rm_tensor *const saved[] = {index ? index : x, index ? NULL : value};
  rm_record r = {.name = op,
                 .backward = index ? extreme_backward : shared_backward,
                 .ninputs = 1,
                 .inputs = &x,
                 .nsaved = 2,
                 .saved = saved,
                 .payload = &payload,
                 .payload_bytes = sizeof payload};
  return rm_tape_record(value, &r, err);
}

rm_status rm_record_choice(const char *op, rm_tensor *x, rm_tensor *y, rm_error *err) {
  return rm_tape_wants(1, &x) ? record(op, x, NULL, y, NULL, err) : RM_OK;
}

rm_status rm_extreme(rm_tensor *x, bool largest, const bool over[], bool keepdim, rm_tensor **value, rm_tensor **index,
                     rm_error *err) {
  const char *op = value ? (largest ? "max" : "min") : (largest ? "argmax" : "argmin");
  rm_tensor *v = NULL, *i = NULL;
  bool wanted = value && rm_tape_wants(1, &x);
  rm_status status = find(op, x, largest, over, keepdim, index != NULL, &v, &i, err);
  if (status == RM_OK && wanted) status = record(op, x, over, v, index ? i : NULL, err);
  if (status == RM_OK && value) *value = rm_tensor_retain(v);
  if (status == RM_OK && index) *index = rm_tensor_retain(i);
  rm_tensor_release(v);
  rm_tensor_release(i);
  return status;
}

/* --- any, all ------------------------------------------------------------------------------------- */
/* The largest, or smallest, truth value. */
static rm_status truth(rm_tensor *x, bool any, const bool over[], bool keepdim, rm_tensor **y, rm_error *err) {
  rm_tensor *nonzero = NULL;
  RM_TRY(rm_compare(RM_NE, rm_operand_tensor(x), rm_operand_integer(0), &nonzero, err));
  if (x->numel == 0) { /* of nothing: none is true, and all are */
    rm_reduce_plan p;
    rm_status made = rm_reduce_plan_of(nonzero, over, keepdim, false, &p, err);
    rm_tensor_release(nonzero);
    RM_TRY(made);
    made = rm_reduce_output(&p, RM_UINT8, y, err);
    rm_tensor_release(p.x);
    if (made == RM_OK) memset(rm_tensor_u8(*y), !any, (*y)->numel);
    return made;
  }
  rm_status status = rm_extreme(nonzero, any, over, keepdim, y, NULL, err);
  rm_tensor_release(nonzero);
  return status;
}

rm_status rm_any(rm_tensor *x, const bool over[], bool keepdim, rm_tensor **y, rm_error *err) {
  return truth(x, true, over, keepdim, y, err);
}
rm_status rm_all(rm_tensor *x, const bool over[], bool keepdim, rm_tensor **y, rm_error *err) {
  return truth(x, false, over, keepdim, y, err);
}
