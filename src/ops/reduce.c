/* reduce.c -- sum, mean, product, variance, standard deviation and norm.
 *
 * The work is cut into pieces by the problem's size alone; each piece leaves a partial
 * result in double precision, and one thread adds those in order. So the number of
 * threads never shows in a result. */
#include "ops/reduce.h"

#include <math.h>
#include <string.h>
#include "core/alloc.h"
#include "core/tape.h"
#include "core/threads.h"
#include "kernels/kernels.h"
#include "ops/pointwise.h"
#include "ops/reduce_plan.h"

enum {
  ROW_PIECE    = 32768,   /* elements of a row in one piece */
  COLUMN_PIECE = 1024,    /* columns in one piece */
  PIECE        = 16384    /* elements that are worth a piece of their own */
};

typedef enum { SUM, SQUARES, PRODUCT } reduction_kind;   /* SQUARES: of x - shift */

/* --- the pieces ------------------------------------------------------------------------- */
typedef struct {
  reduction_kind kind;
  const float *x;
  const float *shift;          /* (b, d), or NULL for 0 */
  size_t a, b, c, d;
  size_t rows;                 /* of c, in one piece */
  size_t row_pieces, column_pieces;
  double *partial;             /* (a, b, row_pieces, d) */
} sum_job;

static size_t pieces_of(size_t n, size_t piece) { return (n + piece - 1) / piece; }
static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static void row_piece(const sum_job *job, size_t row, size_t piece) {
  const rm_kernels *k = rm_kernel_table();
  size_t begin = piece * job->rows, n = smaller(job->rows, job->c - begin);
  const float *x = job->x + row * job->c + begin;
  double *to = &job->partial[row * job->row_pieces + piece];
  float shift = job->shift ? job->shift[row % job->b] : 0;
  *to = job->kind == SUM ? k->row_sum(n, x) : job->kind == SQUARES ? k->row_squares(n, x, shift)
                                                                   : k->row_product(n, x);
}

static void column_piece(const sum_job *job, size_t matrix, size_t piece, size_t panel) {
  const rm_kernels *k = rm_kernel_table();
  size_t d = job->d, begin = piece * job->rows, n = smaller(job->rows, job->c - begin);
  size_t j = panel * COLUMN_PIECE, cols = smaller(COLUMN_PIECE, d - j);
  const float *x = job->x + (matrix * job->c + begin) * d + j;
  double *to = &job->partial[(matrix * job->row_pieces + piece) * d + j];
  static const float zeros[COLUMN_PIECE];
  const float *shift = job->shift ? job->shift + (matrix % job->b) * d + j : zeros;
  for (size_t i = 0; i < cols; i++) to[i] = job->kind == PRODUCT;
  if (job->kind == SUM) k->sum_columns(n, cols, d, x, to);
  else if (job->kind == SQUARES) k->squares_columns(n, cols, d, x, shift, to);
  else
    for (size_t r = 0; r < n; r++)
      for (size_t i = 0; i < cols; i++) to[i] *= x[r * d + i];
}

static void sum_range(void *ctx, size_t begin, size_t end) {
  const sum_job *job = ctx;
  for (size_t unit = begin; unit < end; unit++) {
    size_t panel = unit % job->column_pieces, rest = unit / job->column_pieces;
    size_t piece = rest % job->row_pieces, matrix = rest / job->row_pieces;
    if (job->d == 1) row_piece(job, matrix, piece);
    else column_piece(job, matrix, piece, panel);
  }
}

/* result[b][d] = partial results of all a and pieces, in order. */
static void combine(const sum_job *job, double *result) {
  size_t d = job->d;
  for (size_t i = 0; i < job->b * d; i++) result[i] = job->kind == PRODUCT;
  for (size_t a = 0; a < job->a; a++)
    for (size_t b = 0; b < job->b; b++)
      for (size_t piece = 0; piece < job->row_pieces; piece++) {
        const double *from = &job->partial[((a * job->b + b) * job->row_pieces + piece) * d];
        double *to = &result[b * d];
        if (job->kind == PRODUCT) for (size_t i = 0; i < d; i++) to[i] *= from[i];
        else for (size_t i = 0; i < d; i++) to[i] += from[i];
      }
}

/* result (b, d), in double. `op` names the operation for messages. */
static rm_status reduce(const char *op, const rm_reduction *p, reduction_kind kind, const float *shift,
                        double *result, rm_error *err) {
  sum_job job = {.kind = kind, .x = rm_tensor_f32(p->x), .shift = shift, .a = p->a, .b = p->b,
                 .c = p->c, .d = p->d, .row_pieces = 1, .column_pieces = 1};
  size_t width = smaller(p->d, COLUMN_PIECE);
  job.rows = p->d == 1 ? ROW_PIECE : PIECE / width > 64 ? PIECE / width : 64;
  job.row_pieces = p->c ? pieces_of(p->c, job.rows) : 0;
  job.column_pieces = pieces_of(p->d, COLUMN_PIECE);
  size_t count = p->a * p->b * job.row_pieces * p->d;
  job.partial = count ? rm_alloc(count * sizeof(double)) : NULL;
  if (count && !job.partial) return rm_fail(err, RM_ERR_MEMORY, "%s: out of memory for partial sums", op);
  size_t units = p->a * p->b * job.row_pieces * job.column_pieces;
  size_t unit_size = smaller(job.rows, p->c) * width;
  if (count) rm_parallel(units, unit_size >= PIECE ? 1 : PIECE / (unit_size + 1), sum_range, &job);
  combine(&job, result);
  rm_free(job.partial, count * sizeof(double));
  return RM_OK;
}

/* --- forward -------------------------------------------------------------------------------- */
static rm_status check_float(const char *op, const rm_tensor *x, rm_error *err) {
  if (x->dtype == RM_FLOAT32) return RM_OK;
  return rm_fail(err, RM_ERR_TYPE, "%s: x is %s, expected float32 (use x:float())", op,
                 rm_dtype_name(x->dtype));
}

/* y = scale * reduction, by the plan. */
static rm_status reduce_scaled(const char *op, const rm_reduction *p, reduction_kind kind,
                               const float *shift, double scale, rm_tensor **y, rm_error *err) {
  size_t n = p->b * p->d, bytes = (n ? n : 1) * sizeof(double);
  double *result = rm_alloc(bytes);
  if (!result) return rm_fail(err, RM_ERR_MEMORY, "%s: out of memory", op);
  rm_status status = reduce(op, p, kind, shift, result, err);
  if (status == RM_OK) status = rm_reduction_output(p, RM_FLOAT32, y, err);
  if (status == RM_OK)
    for (size_t i = 0; i < n; i++) rm_tensor_f32(*y)[i] = (float)(result[i] * scale);
  rm_free(result, bytes);
  return status;
}

/* What backward needs besides tensors: x's layout, and which dimensions are gone. */
typedef struct {
  double    scale;
  bool      over[RM_MAX_DIMS];
  ptrdiff_t strides[RM_MAX_DIMS];
  bool      dense;
} reduce_payload;

static reduce_payload describe(const rm_tensor *x, const bool over[], double scale) {
  reduce_payload p = {.scale = scale, .dense = rm_tensor_is_dense(x)};
  for (size_t d = 0; d < x->ndim; d++) {
    p.over[d] = !over || over[d];
    p.strides[d] = x->strides[d];
  }
  return p;
}

/* t, without the reduced dimensions or with them as 1, as a view that broadcasts to x's shape. */
static rm_status keepdim_view(const rm_tensor *t, size_t ndim, const bool over[], rm_tensor **view,
                              rm_error *err) {
  size_t shape[RM_MAX_DIMS], from = 0;
  ptrdiff_t strides[RM_MAX_DIMS];
  bool kept = t->ndim == ndim;
  for (size_t d = 0; d < ndim; d++) {
    bool gone = over[d];
    shape[d] = gone ? 1 : t->shape[from];
    strides[d] = gone ? 0 : t->strides[from];
    if (!gone || kept) from++;
  }
  return rm_tensor_view(t, ndim, shape, strides, t->offset, view, err);
}

/* A new tensor in the layout that x had. */
static rm_status gradient_like(const rm_node *node, const reduce_payload *p, rm_tensor **dx, rm_error *err) {
  size_t shape[RM_MAX_DIMS], ndim = rm_node_input_shape(node, 0, shape);
  rm_tensor *row_major = NULL;
  RM_TRY(rm_tensor_new(RM_FLOAT32, ndim, shape, &row_major, err));
  if (!p->dense || rm_strides_are_contiguous(ndim, shape, p->strides)) {
    *dx = row_major;
    return RM_OK;
  }
  rm_status status = rm_tensor_view(row_major, ndim, shape, p->strides, 0, dx, err);
  rm_tensor_release(row_major);
  return status;
}

/* Of scale * sum: dx = scale * dy, spread over the reduced dimensions. */
static rm_status sum_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  const reduce_payload *p = rm_node_payload(node);
  RM_TRY(gradient_like(node, p, &dx[0], err));
  rm_tensor *view = NULL;
  RM_TRY(keepdim_view(dy, dx[0]->ndim, p->over, &view, err));
  rm_map_kernel kernel = {.kind = RM_MAP_FF_F, .fn.ff_f = rm_kernel_table()->mul};
  rm_map(&kernel, dx[0], 2, (rm_operand[]){rm_operand_tensor(view), rm_operand_number(p->scale)});
  rm_tensor_release(view);
  return RM_OK;
}

static rm_status record(const char *op, rm_backward_fn backward, rm_tensor *x, rm_tensor *const saved[3],
                        const bool over[], double scale, rm_tensor *y, rm_error *err) {
  if (!rm_tape_wants(1, &x)) return RM_OK;
  reduce_payload payload = describe(x, over, scale);
  rm_record r = {.name = op, .backward = backward, .ninputs = 1, .inputs = &x, .nsaved = saved ? 3 : 0,
                 .saved = saved, .payload = &payload, .payload_bytes = sizeof payload};
  return rm_tape_record(y, &r, err);
}

/* How many elements make one of the result. */
static size_t reduced_count(const rm_tensor *x, const bool over[]) {
  size_t n = 1;
  for (size_t d = 0; d < x->ndim; d++)
    if (!over || over[d]) n *= x->shape[d];
  return n;
}

static rm_status scaled_sum(const char *op, rm_tensor *x, const bool over[], bool keepdim, double scale,
                            rm_tensor **out, rm_error *err) {
  rm_reduction plan;
  rm_tensor *y = NULL;
  RM_TRY(rm_reduction_plan(x, over, keepdim, false, &plan, err));
  rm_status status = reduce_scaled(op, &plan, SUM, NULL, scale, &y, err);
  rm_tensor_release(plan.x);
  if (status == RM_OK) status = record(op, sum_backward, x, NULL, over, scale, y, err);
  if (status == RM_OK) *out = y;
  else rm_tensor_release(y);
  return status;
}

/* Whole numbers: exact, modulo 2^64. */
static rm_status integer_sum(rm_tensor *x, const bool over[], bool keepdim, rm_tensor **out, rm_error *err) {
  rm_reduction p;
  rm_tensor *y = NULL;
  RM_TRY(rm_reduction_plan(x, over, keepdim, false, &p, err));
  rm_status status = rm_reduction_output(&p, RM_INT64, &y, err);
  if (status == RM_OK) {
    int64_t *to = rm_tensor_i64(y);
    const uint8_t *bytes = x->dtype == RM_UINT8 ? rm_tensor_u8(p.x) : NULL;
    const int64_t *words = bytes ? NULL : rm_tensor_i64(p.x);
    memset(to, 0, p.b * p.d * sizeof *to);
    size_t i = 0;
    for (size_t a = 0; a < p.a; a++)
      for (size_t b = 0; b < p.b; b++)
        for (size_t c = 0; c < p.c; c++)
          for (size_t d = 0; d < p.d; d++, i++)
            to[b * p.d + d] = (int64_t)((uint64_t)to[b * p.d + d] + (bytes ? bytes[i] : (uint64_t)words[i]));
    *out = y;
  }
  rm_tensor_release(p.x);
  return status;
}

rm_status rm_sum(rm_tensor *x, const bool over[], bool keepdim, rm_tensor **y, rm_error *err) {
  if (x->dtype != RM_FLOAT32) return integer_sum(x, over, keepdim, y, err);
  return scaled_sum("sum", x, over, keepdim, 1, y, err);
}

rm_status rm_mean(rm_tensor *x, const bool over[], bool keepdim, rm_tensor **y, rm_error *err) {
  RM_TRY(check_float("mean", x, err));
  return scaled_sum("mean", x, over, keepdim, 1.0 / (double)reduced_count(x, over), y, err);
}

/* --- variance --------------------------------------------------------------------------------- */
/* dx = 2 scale (x - mean) dy, with scale = 1 / (n - 1 or n). Saved: x, mean. */
static rm_status var_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  const reduce_payload *p = rm_node_payload(node);
  rm_tensor *x = rm_node_saved(node, 0), *mean = NULL, *gradient = NULL, *scaled = NULL;
  rm_status status = keepdim_view(rm_node_saved(node, 1), x->ndim, p->over, &mean, err);
  if (status == RM_OK) status = keepdim_view(dy, x->ndim, p->over, &gradient, err);
  if (status == RM_OK) status = rm_binary(RM_MUL, rm_operand_tensor(gradient), rm_operand_number(2 * p->scale), &scaled, err);
  if (status == RM_OK) status = rm_tensor_new_like(x, RM_FLOAT32, &dx[0], err);
  if (status == RM_OK) {
    rm_map_kernel kernel = {.kind = RM_MAP_FFF_F, .fn.fff_f = rm_kernel_table()->centre_scale};
    rm_map(&kernel, dx[0], 3, (rm_operand[]){rm_operand_tensor(x), rm_operand_tensor(mean), rm_operand_tensor(scaled)});
  }
  rm_tensor_release(mean);
  rm_tensor_release(gradient);
  rm_tensor_release(scaled);
  return status;
}

/* Two passes, mean and then deviations: one pass would subtract two large numbers. */
rm_status rm_var(rm_tensor *x, const bool over[], bool unbiased, bool keepdim, rm_tensor **out, rm_error *err) {
  RM_TRY(check_float("var", x, err));
  double n = (double)reduced_count(x, over), scale = 1 / (n - unbiased);
  rm_reduction plan;
  rm_tensor *mean = NULL, *y = NULL;
  RM_TRY(rm_reduction_plan(x, over, keepdim, false, &plan, err));
  rm_status status = reduce_scaled("var", &plan, SUM, NULL, 1 / n, &mean, err);
  if (status == RM_OK)
    status = reduce_scaled("var", &plan, SQUARES, rm_tensor_f32(mean), scale, &y, err);
  rm_tensor_release(plan.x);
  if (status == RM_OK)
    status = record("var", var_backward, x, (rm_tensor *[]){x, mean, NULL}, over, scale, y, err);
  rm_tensor_release(mean);
  if (status == RM_OK) *out = y;
  else rm_tensor_release(y);
  return status;
}

rm_status rm_std(rm_tensor *x, const bool over[], bool unbiased, bool keepdim, rm_tensor **y, rm_error *err) {
  RM_TRY(check_float("std", x, err));
  rm_tensor *variance = NULL;
  RM_TRY(rm_var(x, over, unbiased, keepdim, &variance, err));
  rm_status status = rm_sqrt(variance, y, err);
  rm_tensor_release(variance);
  return status;
}

/* --- norm and product --------------------------------------------------------------------------- */
/* dx = x / norm * dy. Saved: x, norm. */
static rm_status norm_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  const reduce_payload *p = rm_node_payload(node);
  rm_tensor *x = rm_node_saved(node, 0), *norm = NULL, *gradient = NULL;
  rm_status status = keepdim_view(rm_node_saved(node, 1), x->ndim, p->over, &norm, err);
  if (status == RM_OK) status = keepdim_view(dy, x->ndim, p->over, &gradient, err);
  if (status == RM_OK) status = rm_tensor_new_like(x, RM_FLOAT32, &dx[0], err);
  if (status == RM_OK) {
    rm_map_kernel kernel = {.kind = RM_MAP_FFF_F, .fn.fff_f = rm_kernel_table()->norm2_backward};
    rm_map(&kernel, dx[0], 3, (rm_operand[]){rm_operand_tensor(x), rm_operand_tensor(norm), rm_operand_tensor(gradient)});
  }
  rm_tensor_release(norm);
  rm_tensor_release(gradient);
  return status;
}

static rm_status norm2(rm_tensor *x, const bool over[], bool keepdim, rm_tensor **out, rm_error *err) {
  rm_reduction plan;
  rm_tensor *y = NULL;
  RM_TRY(rm_reduction_plan(x, over, keepdim, false, &plan, err));
  rm_status status = reduce_scaled("norm", &plan, SQUARES, NULL, 1, &y, err);
  rm_tensor_release(plan.x);
  if (status == RM_OK) status = rm_unary_inplace(RM_SQRT, y, NULL, err);
  if (status == RM_OK) status = record("norm", norm_backward, x, (rm_tensor *[]){x, y, NULL}, over, 1, y, err);
  if (status == RM_OK) *out = y;
  else rm_tensor_release(y);
  return status;
}

/* Other norms are composed of what they are made of, gradients included. */
rm_status rm_norm(rm_tensor *x, double p, const bool over[], bool keepdim, rm_tensor **y, rm_error *err) {
  RM_TRY(check_float("norm", x, err));
  if (!(p > 0)) return rm_fail(err, RM_ERR_VALUE, "norm: p must be positive, got %g", p);
  if (p == 2) return norm2(x, over, keepdim, y, err);
  rm_tensor *size = NULL, *powers = NULL, *sum = NULL;
  rm_status status = rm_unary(RM_ABS, x, NULL, &size, err);
  if (status == RM_OK && isinf(p)) status = rm_extreme(size, true, over, keepdim, y, NULL, err);
  else if (status == RM_OK && p == 1) status = rm_sum(size, over, keepdim, y, err);
  else {
    if (status == RM_OK) status = rm_unary(RM_POW_NUMBER, size, &p, &powers, err);
    if (status == RM_OK) status = rm_sum(powers, over, keepdim, &sum, err);
    if (status == RM_OK) status = rm_unary(RM_POW_NUMBER, sum, &(double){1 / p}, y, err);
  }
  rm_tensor_release(size);
  rm_tensor_release(powers);
  rm_tensor_release(sum);
  return status;
}

/* dx = dy times the product of the other factors: y / x where there is no zero; the product of the rest for a
 * single zero, and 0 for everything else beside it. Saved: x. */
static rm_status prod_backward(const rm_node *node, rm_tensor *dy, rm_tensor *dx[], rm_error *err) {
  enum { GRADIENT, ZERO, FILLED, PRODUCT, COUNT, NONE, SINGLE, WHOLE, REST, SCALED, QUOTIENT, HELD };
  const reduce_payload *p = rm_node_payload(node);
  const rm_operand nothing = rm_operand_number(0), one = rm_operand_integer(1);
  rm_tensor *t[HELD] = {0}, *x = rm_node_saved(node, 0);
  rm_status s = keepdim_view(dy, x->ndim, p->over, &t[GRADIENT], err);
  if (s == RM_OK) s = rm_compare(RM_EQ, rm_operand_tensor(x), nothing, &t[ZERO], err);
  if (s == RM_OK) s = rm_where(t[ZERO], one, rm_operand_tensor(x), &t[FILLED], err);
  if (s == RM_OK) s = rm_prod(t[FILLED], p->over, true, &t[PRODUCT], err);
  if (s == RM_OK) s = rm_sum(t[ZERO], p->over, true, &t[COUNT], err);
  if (s == RM_OK) s = rm_compare(RM_LT, rm_operand_tensor(t[COUNT]), one, &t[NONE], err);
  if (s == RM_OK) s = rm_compare(RM_LE, rm_operand_tensor(t[COUNT]), one, &t[SINGLE], err);
  if (s == RM_OK) s = rm_mul(t[PRODUCT], t[GRADIENT], &t[SCALED], err);
  if (s == RM_OK) s = rm_where(t[NONE], rm_operand_tensor(t[SCALED]), nothing, &t[WHOLE], err);
  if (s == RM_OK) s = rm_where(t[SINGLE], rm_operand_tensor(t[SCALED]), nothing, &t[REST], err);
  if (s == RM_OK) s = rm_div(t[WHOLE], t[FILLED], &t[QUOTIENT], err);
  if (s == RM_OK) s = rm_where(t[ZERO], rm_operand_tensor(t[REST]), rm_operand_tensor(t[QUOTIENT]), &dx[0], err);
  for (size_t i = 0; i < HELD; i++) rm_tensor_release(t[i]);
  return s;
}

rm_status rm_prod(rm_tensor *x, const bool over[], bool keepdim, rm_tensor **out, rm_error *err) {
  RM_TRY(check_float("prod", x, err));
  rm_reduction plan;
  rm_tensor *y = NULL;
  RM_TRY(rm_reduction_plan(x, over, keepdim, false, &plan, err));
  rm_status status = reduce_scaled("prod", &plan, PRODUCT, NULL, 1, &y, err);
  rm_tensor_release(plan.x);
  if (status == RM_OK) status = record("prod", prod_backward, x, (rm_tensor *[]){x, NULL, NULL}, over, 1, y, err);
  if (status == RM_OK) *out = y;
  else rm_tensor_release(y);
  return status;
}

/* --- broadcasting backwards ------------------------------------------------------------------------ */
rm_status rm_sum_to(rm_tensor *g, size_t ndim, const size_t shape[], rm_tensor **out, rm_error *err) {
  if (rm_shape_equal(g->ndim, g->shape, ndim, shape)) {
    *out = rm_tensor_retain(g);
    return RM_OK;
  }
  bool over[RM_MAX_DIMS];
  size_t missing = g->ndim - ndim;
  for (size_t d = 0; d < g->ndim; d++)
    over[d] = d < missing || (shape[d - missing] == 1 && g->shape[d] != 1);
  rm_tensor *sum = NULL;
  bool was = rm_grad_set(false);
  rm_status status = rm_sum(g, over, true, &sum, err);
  rm_grad_set(was);
  RM_TRY(status);
  status = rm_tensor_view(sum, ndim, shape, sum->strides + missing, sum->offset, out, err);
  rm_tensor_release(sum);
  return status;
}
