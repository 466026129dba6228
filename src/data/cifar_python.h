/* cifar_python.h -- the Python version of CIFAR-10 and CIFAR-100, which torchvision leaves on disk.
 *
 * A file is a pickled dictionary: 'data', a NumPy array (n, 3072) of bytes, each row the red, green and blue plane of
 * a 32x32 image as in the binary version; and 'labels' or 'fine_labels', a list of n numbers from 0. Names of classes
 * are in batches.meta ('label_names') and meta ('fine_label_names'). Keys may be strings or bytes.
 * Source: Krizhevsky 2009, "Learning multiple layers of features from tiny images"; the set's web page. */
#ifndef RM_DATA_CIFAR_PYTHON_H
#define RM_DATA_CIFAR_PYTHON_H

#include "core/tensor.h"

/* The files one after another: images uint8 (N, 3, 32, 32), labels int64 (N) from 1. labels_key is 'labels' or
 * 'fine_labels'; records: that every file must hold, 0: any number but none. */
rm_status rm_cifar_python_load(const char *labels_key, size_t classes, size_t records, size_t nfiles,
                               const char *const paths[], rm_tensor **images, rm_tensor **labels, rm_error *err);

/* The strings of the list under `key` of a pickled dictionary, each with a zero byte behind it, into `names` with
 * `room` bytes; *used: how many were written. */
rm_status rm_cifar_python_names(const char *path, const char *key, size_t room, char *names, size_t *used,
                                rm_error *err);

#endif
