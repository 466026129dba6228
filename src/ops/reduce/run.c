/* run.c -- sums and products by a plan, shared among threads.
 *
 * The work is cut into pieces by the problem's size alone; each piece leaves a partial
 * result in double precision, and one thread adds those in order. So the number of
 * threads never shows in a result. */
#include "base/number.h"
#include "kernels/kernels.h"
#include "memory/alloc.h"
#include "ops/reduce/plan.h"
#include "ops/reduce/run.h"
#include "parallel/pool.h"

enum {
  ROW_PIECE = 32768,   /* elements of a row in one piece */
  COLUMN_PIECE = 1024, /* columns in one piece */
  PIECE = 16384        /* elements that are worth a piece of their own */
};

/* --- the pieces ------------------------------------------------------------------------- */
typedef struct {
  rm_reduce_kind kind;
  const float *x;
  const float *shift; /* (b, d), or NULL for 0 */
  size_t a, b, c, d;
  size_t rows; /* of c, in one piece */
  size_t row_pieces, column_pieces;
  double *partial; /* (a, b, row_pieces, d) */
} sum_job;

static size_t pieces_of(size_t n, size_t piece) { return (n + piece - 1) / piece; }

static void row_piece(const sum_job *job, size_t row, size_t piece) {
  const rm_kernels *k = rm_kernel_table();
  size_t begin = piece * job->rows, n = rm_smaller(job->rows, job->c - begin);
  const float *x = job->x + row * job->c + begin;
  double *to = &job->partial[row * job->row_pieces + piece];
  float shift = job->shift ? job->shift[row % job->b] : 0;
  if (job->kind == RM_REDUCE_SUM) *to = k->row_sum(n, x);
  else if (job->kind == RM_REDUCE_SQUARES) *to = k->row_squares(n, x, shift);
  else *to = k->row_product(n, x);
}

static void column_piece(const sum_job *job, size_t matrix, size_t piece, size_t panel) {
  const rm_kernels *k = rm_kernel_table();
  size_t d = job->d, begin = piece * job->rows, n = rm_smaller(job->rows, job->c - begin);
  size_t j = panel * COLUMN_PIECE, cols = rm_smaller(COLUMN_PIECE, d - j);
  const float *x = job->x + (matrix * job->c + begin) * d + j;
  double *to = &job->partial[(matrix * job->row_pieces + piece) * d + j];
  static const float zeros[COLUMN_PIECE];
  const float *shift = job->shift ? job->shift + (matrix % job->b) * d + j : zeros;
  for (size_t i = 0; i < cols; i++) to[i] = job->kind == RM_REDUCE_PRODUCT;
  if (job->kind == RM_REDUCE_SUM) k->sum_columns(n, cols, d, x, to);
  else if (job->kind == RM_REDUCE_SQUARES) k->squares_columns(n, cols, d, x, shift, to);
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
  for (size_t i = 0; i < job->b * d; i++) result[i] = job->kind == RM_REDUCE_PRODUCT;
  for (size_t a = 0; a < job->a; a++)
    for (size_t b = 0; b < job->b; b++)
      for (size_t piece = 0; piece < job->row_pieces; piece++) {
        const double *from = &job->partial[((a * job->b + b) * job->row_pieces + piece) * d];
        double *to = &result[b * d];
        for (size_t i = 0; i < d; i++) to[i] = job->kind == RM_REDUCE_PRODUCT ? to[i] * from[i] : to[i] + from[i];
      }
}

/* result (b, d), in double. `op` names the operation for messages. */
static rm_status reduce(const char *op, const rm_reduce_plan *p, rm_reduce_kind kind, const float *shift,
                        double *result, rm_error *err) {
  sum_job job = {.kind = kind,
                 .x = rm_tensor_f32(p->x),
                 .shift = shift,
                 .a = p->a,
                 .b = p->b,
                 .c = p->c,
                 .d = p->d,
                 .row_pieces = 1,
                 .column_pieces = 1};
  size_t width = p->d ? rm_smaller(p->d, COLUMN_PIECE) : 1; /* of an empty result: nothing runs or divides by it */
  job.rows = p->d == 1 ? ROW_PIECE : PIECE / width > 64 ? PIECE / width : 64;
  job.row_pieces = p->c ? pieces_of(p->c, job.rows) : 0;
  job.column_pieces = pieces_of(p->d, COLUMN_PIECE);
  size_t count = p->a * p->b * job.row_pieces * p->d;
  job.partial = count ? rm_alloc(count * sizeof(double)) : NULL;
  if (count && !job.partial) return rm_fail(err, RM_ERR_MEMORY, "%s: out of memory for partial sums", op);
  size_t units = p->a * p->b * job.row_pieces * job.column_pieces;
  size_t unit_size = rm_smaller(job.rows, p->c) * width;
  if (count) rm_parallel(units, unit_size >= PIECE ? 1 : PIECE / (unit_size + 1), sum_range, &job);
  combine(&job, result);
  rm_free(job.partial, count * sizeof(double));
  return RM_OK;
}

rm_status rm_reduce_run(const char *op, const rm_reduce_plan *p, rm_reduce_kind kind, const float *shift, double scale,
                        rm_tensor **y, rm_error *err) {
  size_t n = p->b * p->d, bytes = (n ? n : 1) * sizeof(double);
  double *result = rm_alloc(bytes);
  if (!result) return rm_fail(err, RM_ERR_MEMORY, "%s: out of memory", op);
  rm_status status = n ? reduce(op, p, kind, shift, result, err) : RM_OK; /* an empty result has nothing to add up */
  if (status == RM_OK) status = rm_reduce_output(p, RM_FLOAT32, y, err);
  if (status == RM_OK)
    for (size_t i = 0; i < n; i++) rm_tensor_f32(*y)[i] = (float)(result[i] * scale);
  rm_free(result, bytes);
  return status;
}
