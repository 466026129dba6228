/* known.h -- statistics of a tensor's channels that came with its elements.
 *
 * A convolution takes them while its outputs are in registers (ops/conv/statistics.h), and batch norm then makes no pass
 * for them. They hang on the storage and hold for as long as nobody writes into it: so it does not matter who looks
 * at the tensor in between, and results do not depend on it. */
#ifndef RM_OPS_NORM_KNOWN_H
#define RM_OPS_NORM_KNOWN_H

#include "core/tensor.h"

/* Into how many groups (dist/batch.h) n images here are cut, whose statistics are kept apart; and whether one group is
 * the whole batch. */
size_t rm_known_groups(size_t n);
bool rm_known_undivided(size_t n);

/* Room that t, fresh and channels-last, will own: for each group the mean of each of C channels, then the sums of squared
 * distances from it. */
rm_status rm_known_new(rm_tensor *t, size_t groups, double **moments, rm_error *err);

/* The same for rows, which are channels-last; NULL: nothing is known of them in so many groups. */
const double *rm_known_moments(const rm_tensor *rows, size_t groups);

#endif
