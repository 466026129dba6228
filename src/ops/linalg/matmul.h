/* matmul.h -- matrix products as an operator. */
#ifndef RM_OPS_LINALG_MATMUL_H
#define RM_OPS_LINALG_MATMUL_H

#include "core/tensor.h"

/* a @ b by PyTorch's rules: vectors give a dot product or are taken as a row on the left and
 * a column on the right; with more than two dimensions the last two are the matrices and
 * those before them broadcast. */
rm_status rm_matmul(rm_tensor *a, rm_tensor *b, rm_tensor **y, rm_error *err);

#endif
