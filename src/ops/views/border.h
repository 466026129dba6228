/* border.h -- a tensor made larger by what is in it. */
#ifndef RM_OPS_VIEWS_BORDER_H
#define RM_OPS_VIEWS_BORDER_H

#include "core/tensor.h"

/* What stands around "abcd": 00|abcd|00, cb|abcd|cb, aa|abcd|dd, cd|abcd|ab. */
typedef enum { RM_BORDER_ZEROS, RM_BORDER_REFLECT, RM_BORDER_REPLICATE, RM_BORDER_CIRCULAR, RM_BORDERS } rm_border;
const char *rm_border_name(rm_border border); /* "reflect" */

/* before[d] and after[d] elements around dimension d: fewer than the extent to reflect, at most as many to go round.
 * Gradients go back to where the elements came from, and add up. */
rm_status rm_pad_border(rm_tensor *x, const size_t before[], const size_t after[], rm_border border, rm_tensor **y,
                        rm_error *err);

#endif
