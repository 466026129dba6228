/* expression.h -- what a value still has to compute; for the files of this folder.
 *
 * There are two kinds. With a kernel: x goes through a convolution, into which `columns`, unless NULL, are
 * folded. Without: x is normalized by the columns of rm_batch_norm_columns. Either may add a tensor; the second kind may
 * have relu behind it. */
#ifndef RM_LAZY_EXPRESSION_H
#define RM_LAZY_EXPRESSION_H

#include "core/reader.h"
#include "lazy/value.h"
#include "ops/conv/conv.h"

/* The tensors an expression looks at when it is computed. All but X may be absent. A batch norm's weight and
 * bias are in the columns already: they are only recorded. */
typedef enum { X, KERNEL, KERNEL_BIAS, ADD, WEIGHT, BIAS, INPUTS } rm_input_kind;

typedef struct {
  rm_reader reader; /* its `tensor` is the input */
  rm_expression *expression;
  unsigned version; /* of the elements when they were given */
} rm_input;

struct rm_expression {
  size_t refs;
  rm_tensor *result; /* NULL until computed; the inputs are given up then */
  rm_input inputs[INPUTS];
  rm_conv_options options;
  rm_tensor *columns;
  size_t ndim, shape[RM_MAX_DIMS]; /* of the result */
  bool of_batch;                   /* the statistics came from x itself */
  bool relu;                       /* follows; nothing is joined any more */
  rm_tensor *promise;              /* NULL, or what a convolution already reads (ops/norm/promise.h) */
  bool recording;                  /* whether gradients were recorded at the call */
};

/* Empty, to be filled by the next three. Comes before anything is taken from other expressions: where memory runs
 * out, these may be computed meanwhile. */
rm_status rm_expression_new(const char *op, rm_expression **out, rm_error *err);
void rm_expression_release(rm_expression *e); /* NULL is fine */
void rm_expression_set_shape(rm_expression *e, size_t ndim, const size_t shape[]);
/* t may be NULL. */
void rm_expression_set(rm_expression *e, rm_input_kind kind, rm_tensor *t);
/* All that `from` would read and do becomes what e reads and does. */
void rm_expression_take_over(rm_expression *e, const rm_expression *from);
rm_tensor *rm_expression_input(const rm_expression *e, rm_input_kind kind); /* borrowed; NULL: absent */

/* A fresh tensor: what e stands for, or its relu. e is as it was. */
rm_status rm_expression_compute(rm_expression *e, bool relu, rm_tensor **y, rm_error *err);
/* What a convolution may read instead of the result, which is not computed for that; NULL where there is no such thing.
 * Borrowed. */
rm_status rm_expression_promise(rm_expression *e, rm_tensor **promise, rm_error *err);
/* Computes e->result, unless it is there, and gives up the inputs. */
rm_status rm_expression_settle(rm_expression *e, rm_error *err);

#endif
