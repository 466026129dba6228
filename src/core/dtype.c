/* dtype.c -- see dtype.h. */
#include "core/dtype.h"

#include <string.h>

static const struct {
  const char *name;
  size_t size;
} dtypes[] = {[RM_FLOAT32] = {"float32", 4}, [RM_UINT8] = {"uint8", 1}, [RM_INT64] = {"int64", 8}};

size_t rm_dtype_size(rm_dtype dtype) { return dtypes[dtype].size; }
const char *rm_dtype_name(rm_dtype dtype) { return dtypes[dtype].name; }

bool rm_dtype_from_name(const char *name, rm_dtype *dtype) {
  for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
    if (strcmp(name, dtypes[i].name) == 0) {
      *dtype = (rm_dtype)i;
      return true;
    }
  return false;
}
