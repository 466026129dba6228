/* dtype.h -- the types an element may have. */
#ifndef RM_CORE_DTYPE_H
#define RM_CORE_DTYPE_H

#include <stdbool.h>
#include <stddef.h>

typedef enum { RM_FLOAT32, RM_UINT8, RM_INT64 } rm_dtype;
size_t rm_dtype_size(rm_dtype dtype);      /* bytes of one element */
const char *rm_dtype_name(rm_dtype dtype); /* "float32" */
bool rm_dtype_from_name(const char *name, rm_dtype *dtype);

#endif
