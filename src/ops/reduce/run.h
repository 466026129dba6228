/* run.h -- sums and products by a plan. */
#ifndef RM_OPS_REDUCE_RUN_H
#define RM_OPS_REDUCE_RUN_H

#include "ops/reduce/plan.h"

/* y = scale * the sum of x, of (x - shift)^2, or the product. shift is (b, d), or NULL
 * for 0. `op` names the operation in messages. */
typedef enum { RM_REDUCE_SUM, RM_REDUCE_SQUARES, RM_REDUCE_PRODUCT } rm_reduce_kind;
rm_status rm_reduce_run(const char *op, const rm_reduce_plan *p, rm_reduce_kind kind, const float *shift, double scale,
                        rm_tensor **y, rm_error *err);

#endif
