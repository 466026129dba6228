/* cifar.h -- the binary version of CIFAR-10 and CIFAR-100.
 *
 * A file is a run of records without a header. A record is its labels, one byte each
 * (CIFAR-10: the class; CIFAR-100: the coarse and then the fine class), and 3072 bytes
 * of pixels: the red, green and blue plane of a 32x32 image, row by row. That is
 * NCHW as we hold it.
 * Source: Krizhevsky 2009, "Learning multiple layers of features from tiny images". */
#ifndef RM_DATA_CIFAR_H
#define RM_DATA_CIFAR_H

#include "core/tensor.h"

typedef struct {
  size_t labels;  /* label bytes in a record: 1, or 2 of which the last counts */
  size_t classes; /* labels run from 0 to classes-1 */
  size_t records; /* that every file must hold; 0: any number but none */
} rm_cifar_format;

/* The files one after another: images uint8 (N, 3, 32, 32), labels int64 (N) from 1. */
rm_status rm_cifar_load(const rm_cifar_format *format, size_t nfiles, const char *const paths[], rm_tensor **images,
                        rm_tensor **labels, rm_error *err);

#endif
