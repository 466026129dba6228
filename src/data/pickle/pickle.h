/* pickle.h -- the little of Python's pickles that data sets are made of: a dictionary of strings, numbers, lists and
 * NumPy arrays.
 *
 * A pickle is a program for a small stack machine, which may name any function of Python and call it. Here nothing is
 * ever called: values are built from a list of instructions (protocols 0 to 4) that is known in full, four names stand
 * for what they make (an array, its type, bytes that were written as text), and every other instruction or name is
 * refused by name. No recursion, whatever is nested in whatever; memory is bounded by the size of the file.
 * Source: Python's pickletools.py, which documents the instructions; numpy.ndarray.__reduce__. */
#ifndef RM_DATA_PICKLE_H
#define RM_DATA_PICKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

typedef struct rm_pickle rm_pickle;   /* all the values of a file */
typedef struct rm_pickled rm_pickled; /* one of them; it lives as long as the file's */

typedef enum {
  RM_PICKLED_NONE,
  RM_PICKLED_BOOL,
  RM_PICKLED_INT,
  RM_PICKLED_STRING,
  RM_PICKLED_LIST,
  RM_PICKLED_TUPLE,
  RM_PICKLED_DICT,
  RM_PICKLED_ARRAY,
  RM_PICKLED_GLOBAL,
  RM_PICKLED_DTYPE
} rm_pickled_kind;

enum { RM_PICKLED_DIMS = 4 };

/* An array as its bytes lie in the file. */
typedef struct {
  char kind;         /* 'u' unsigned, 'i' signed, 'b' boolean */
  size_t itemsize;   /* 1, 2, 4 or 8 bytes, little-endian unless `big` */
  bool big, fortran; /* fortran: the first index runs fastest */
  size_t ndim, shape[RM_PICKLED_DIMS], numel;
  const uint8_t *bytes;
} rm_pickled_array;

/* Reads a pickle of `size` bytes, which must stay as they are: strings and arrays point into them. `name` is the
 * file's, for errors. */
rm_status rm_pickle_read(const char *name, const uint8_t *bytes, size_t size, rm_pickle **out, rm_error *err);
void rm_pickle_free(rm_pickle *p); /* NULL is fine */

const rm_pickled *rm_pickle_root(const rm_pickle *p);
rm_pickled_kind rm_pickled_kind_of(const rm_pickled *v);
const char *rm_pickled_kind_name(const rm_pickled *v); /* "a list", ... */

/* The value under a key of a dictionary (of the last such entry, as in Python); NULL where there is none. */
const rm_pickled *rm_pickled_field(const rm_pickled *dict, const char *key);
/* A list's or a tuple's length, and its elements in order: start from *at = NULL; NULL at the end. */
size_t rm_pickled_length(const rm_pickled *list);
const rm_pickled *rm_pickled_next(const rm_pickled *list, const void **at);
/* False where the value is of another kind. */
bool rm_pickled_integer(const rm_pickled *v, int64_t *out);
bool rm_pickled_string(const rm_pickled *v, const char **bytes, size_t *length);
bool rm_pickled_as_array(const rm_pickled *v, const rm_pickled_array **out);
/* Element i of an array, in the order of its bytes. */
int64_t rm_pickled_element(const rm_pickled_array *a, size_t i);

#endif
