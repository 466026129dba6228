/* columns.h -- sums over the columns of a matrix, as normalization needs them; for the files of this folder.
 *
 * Some dozen rows, small enough for the cache, are summed in float (kernels/norm_k.c) and joined in double, in the
 * order of the rows. So neither the length of the data nor a mean far from zero costs digits, and memory is read
 * once. Whoever calls these in a thread has reserved scratch memory with rm_columns_reserve. */
#ifndef RM_OPS_NORM_COLUMNS_H
#define RM_OPS_NORM_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/status.h"

/* Slots of scratch memory that are used here: 0 and 1. */
rm_status rm_columns_reserve(size_t c, rm_error *err);

/* Rows that are summed in float before they are joined. */
size_t rm_columns_block(size_t c);

/* Mean and sum of squared distances of n0 + n1 values from those of the two parts.
 * Source: Chan, Golub, LeVeque 1979, "Updating formulae and a pairwise algorithm". */
void rm_columns_join(size_t c, double n0, double *mean, double *m2, double n1, const double *mean1, const double *m21);

/* Mean of each of c columns, and the sum of its squared distances from that. */
void rm_columns_statistics(size_t rows, size_t c, const float *x, double *mean, double *m2);

/* What backward reads and adds up: rows by c, but mean, scale and shift (c); kernels.h: norm_sums. */
typedef struct {
  const float *x, *y, *dy, *more, *mean, *scale, *shift;
  const uint16_t *words; /* of these rows */
  bool relu;
  float *dadd;
} rm_column_gradients;
/* Adds to sum the gradients g in front of relu, and to dot those times (x - mean); kernels.h: norm_sums. */
void rm_columns_gradients(size_t rows, size_t c, const rm_column_gradients *from, double *sum, double *dot);

#endif
