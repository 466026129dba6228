/* batch_norm_columns.h -- what is asked of the vectors of a batch norm; for the files of this folder. */
#ifndef RM_NORM_BATCH_NORM_COLUMNS_H
#define RM_NORM_BATCH_NORM_COLUMNS_H

#include "core/tensor.h"

/* weight, bias and the running statistics, each of which may be NULL, are float32 of as many elements as an x of this
 * shape has channels. */
rm_status rm_batch_norm_check_vectors(size_t ndim, const size_t shape[], const rm_tensor *weight, const rm_tensor *bias,
                                      const rm_tensor *running_mean, const rm_tensor *running_var, rm_error *err);

#endif
