/* number.h -- the smaller and the larger of two counts. */
#ifndef RM_BASE_NUMBER_H
#define RM_BASE_NUMBER_H

#include <stddef.h>

static inline size_t rm_smaller(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t rm_larger(size_t a, size_t b) { return a > b ? a : b; }

#endif
