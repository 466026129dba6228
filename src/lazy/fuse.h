/* fuse.h -- the operators that put off work, or are joined to what was put off; value.h has the rules. */
#ifndef RM_LAZY_FUSE_H
#define RM_LAZY_FUSE_H

#include "lazy/value.h"
#include "ops/conv/conv.h"
#include "ops/norm/norm.h"

/* y is empty before, in all of them. */
rm_status rm_value_conv2d(rm_value *x, rm_tensor *weight, rm_tensor *bias, const rm_conv_options *options, rm_value *y,
                          rm_error *err);
/* As rm_batch_norm. Nothing has moved if it fails. */
rm_status rm_value_batch_norm(rm_value *x, rm_tensor *weight, rm_tensor *bias, rm_tensor *running_mean,
                              rm_tensor *running_var, const rm_batch_norm_options *options, rm_value *y, rm_error *err);
rm_status rm_value_add(rm_value *a, rm_value *b, rm_value *y, rm_error *err);
rm_status rm_value_relu(rm_value *x, rm_value *y, rm_error *err);

#endif
