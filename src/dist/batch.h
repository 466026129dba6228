/* batch.h -- how a batch lies on processes, and how sums over its images are cut.
 *
 * While a batch is shared, each process has an equal part of its images, those of process 0 first, and operators work as
 * if they had all: batch norm takes its statistics from all of them, dropout draws for all and takes its own part, a
 * loss has the value for all, and the gradient of a leaf is the sum over all processes. Those of a loss are as if it
 * were of the process's own images, for a mean: whoever differentiates it divides by the number of processes.
 *
 * For equal bits with any number of processes, sums over a batch are cut by its size alone: into groups of images, 8 if
 * they divide evenly, and the sums of groups are added up in one binary tree, neighbours first. A process has whole
 * subtrees, and collect.h goes on with the same tree. What cannot be cut so without loss (large weights under few
 * pixels) is computed from the images of all processes, and counts once. */
#ifndef RM_DIST_BATCH_H
#define RM_DIST_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include "base/status.h"

enum { RM_BATCH_GROUPS = 8 }; /* the most there are */

/* Whether what is computed from now on is of a shared batch; returns what was. In a world of one nothing is shared. */
bool rm_batch_share(bool on);
bool rm_batch_shared(void);
/* Whether batch norm takes its statistics from the whole of a shared batch (true at first); returns what was. */
bool rm_batch_share_norm(bool on);
bool rm_batch_shares_norm(void); /* and a batch is shared now */

/* Of n images (or rows, or elements) here: how many the whole batch has. */
size_t rm_batch_whole(size_t n);
/* Into how many groups sums over n images here are cut; it divides n. */
size_t rm_batch_groups(size_t n);
/* The same where the n images are all there are, whatever is shared. */
size_t rm_batch_groups_alone(size_t n);

/* parts[0 .. n-1] = the tree over parts[g * stride ..] of `groups` groups. */
void rm_batch_add_up(size_t n, size_t groups, size_t stride, float *parts);

/* parts[0 .. n-1] = the tree over the n numbers of each group, and where a batch is shared over those of all processes:
 * they all have it. */
rm_status rm_batch_join(size_t n, size_t groups, double *parts, rm_error *err);

/* Where a batch is shared, *value = the mean of those of all processes, in the tree. */
rm_status rm_batch_mean(float *value, rm_error *err);

/* For what every process has computed from the whole batch: on all but the first it becomes -0, which changes no bit of
 * a sum. So the sum over all processes counts it once. */
void rm_batch_count_once(size_t n, float *x);

/* The n floats of every process, one after the other, into *all (n * size floats: rm_batch_free). */
rm_status rm_batch_gather(size_t n, const float *x, float **all, rm_error *err);
void rm_batch_free(size_t n, float *all);

#endif
