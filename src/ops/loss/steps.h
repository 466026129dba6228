/* steps.h -- losses that are made of other operators, which bring their gradients with them. */
#ifndef RM_OPS_LOSS_STEPS_H
#define RM_OPS_LOSS_STEPS_H

#include "ops/loss/loss.h"
#include "ops/pointwise/pointwise.h"

/* *total: the sum of `rows` numbers, those of n images one after the other, divided by `divisor`, as a batch has it
 * (dist/batch.h): the divisor of a mean is that of this process, of a sum rm_loss_undivided(). */
rm_status rm_loss_total(size_t rows, size_t n, const double *each, double divisor, float *total, rm_error *err);
/* 1; where a batch is shared less, since what is differentiated is the mean over processes. */
double rm_loss_undivided(void);

/* The tensors between x and the loss: each step adds one, after a failure none does any more. */
enum { RM_STEPS_MOST = 12 };
typedef struct {
  rm_tensor *made[RM_STEPS_MOST];
  size_t count;
  rm_status status;
  rm_error *err;
} rm_steps;

/* The next result; NULL after a failure. Borrowed from the steps. */
rm_tensor *rm_step_binary(rm_steps *s, rm_binary_op op, rm_operand a, rm_operand b);
rm_tensor *rm_step_unary(rm_steps *s, rm_unary_op op, rm_tensor *x, const double params[]);
/* The result of any other operator: `status` says how it went, and what is in *y passes to the steps. */
rm_tensor *rm_step(rm_steps *s, rm_status status, rm_tensor *y);
/* *y: the losses `each`, their sum, or that divided by n. Gives up all steps. */
rm_status rm_steps_reduce(rm_steps *s, rm_tensor *each, rm_reduction reduction, double n, rm_tensor **y);

#endif
