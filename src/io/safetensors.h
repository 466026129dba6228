/* safetensors.h -- named tensors and string metadata in one file.
 *
 * The format: a little-endian u64 n, n bytes of JSON
 *   {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, ...,
 *    "__metadata__": {"key": "text"}}
 * and then the data, row-major, without gaps; offsets count from the end of the header.
 * Source: https://github.com/huggingface/safetensors (its README is the specification).
 *
 * A file is data from anywhere. So everything the header claims is checked against the
 * size of the file before the first tensor is allocated: what is allocated is at most
 * eight times the file's size (I8 becoming int64). */
#ifndef RM_IO_SAFETENSORS_H
#define RM_IO_SAFETENSORS_H

#include "core/tensor.h"

typedef struct {
  char *name;
  rm_tensor *tensor;
} rm_st_entry;

typedef struct {
  char *key, *value;
} rm_st_meta;

typedef struct {
  size_t count, nmeta;
  rm_st_entry *entries; /* in order of their data */
  rm_st_meta *meta;
} rm_safetensors;

rm_status rm_safetensors_new(rm_safetensors **out, rm_error *err);
void rm_safetensors_free(rm_safetensors *file); /* NULL is fine */
/* Copies the name, retains the tensor. */
rm_status rm_safetensors_add(rm_safetensors *file, const char *name, rm_tensor *tensor, rm_error *err);
rm_status rm_safetensors_add_meta(rm_safetensors *file, const char *key, const char *value, rm_error *err);

/* By name and by key. Files are written in the order of `entries`. */
void rm_safetensors_sort(rm_safetensors *file);
void rm_safetensors_sort_meta(rm_safetensors *file);

/* Replaces `path` as a whole, or leaves it as it was. Names must differ. */
rm_status rm_safetensors_save(const rm_safetensors *file, const char *path, rm_error *err);
/* F64, F16 and BF16 become float32 (rounded to nearest); BOOL uint8; the integers below
 * 64 bits int64. Other types are refused. */
rm_status rm_safetensors_load(const char *path, rm_safetensors **out, rm_error *err);

#endif
