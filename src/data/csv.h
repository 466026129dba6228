/* csv.h -- images as lines of a table: MNIST and its relatives as Kaggle hands them out.
 *
 * The first line names the columns: "label" and then as many as an image has pixels, row by row; a file without
 * labels begins with the first pixel at once. Every further line is an image: whole numbers from 0 to 255. */
#ifndef RM_DATA_CSV_H
#define RM_DATA_CSV_H

#include "core/tensor.h"

/* images uint8 (N, 1, S, S), labels int64 (N) as they stand in the file (from 0 on). Plain or gzip. A file without a
 * column of labels, or whose number of pixels is no square, is refused. */
rm_status rm_csv_load(const char *path, rm_tensor **images, rm_tensor **labels, rm_error *err);

#endif
