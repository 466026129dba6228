/* cifar.c -- the sizes of all files are checked before their pixels are believed. */
#include "data/cifar.h"

#include <stdio.h>
#include <string.h>
#include "io/filekind.h"
#include "memory/alloc.h"
#include "io/files.h"

enum { PIXELS = 3 * 32 * 32 };
static const size_t CIFAR_LIMIT = (size_t)2 << 30; /* of one file */

static rm_status check_size(const rm_cifar_format *f, const char *path, const rm_bytes *bytes, rm_error *err) {
  size_t record = f->labels + PIXELS, size = bytes->size;
  char reason[200];
  if (size > 0 && size % record == 0 && (!f->records || size == f->records * record)) return RM_OK;
  if (f->records)
    snprintf(reason, sizeof reason, "has %zu bytes, expected %zu: %zu records of %zu (%zu label + %d pixel bytes)",
             size, f->records * record, f->records, record, f->labels, PIXELS);
  else
    snprintf(reason, sizeof reason, "has %zu bytes, expected a multiple of %zu (%zu label + %d pixel bytes)", size,
             record, f->labels, PIXELS);
  return rm_kind_refuse(path, bytes->data, size, "a binary file of CIFAR", reason, err);
}

/* A packed file of a known number of records is not unpacked beyond them; one that cannot begin a record, not at all. */
static rm_status look(void *ctx, const char *path, const uint8_t *head, size_t n, size_t *limit, rm_error *err) {
  const rm_cifar_format *f = ctx;
  rm_file_kind kind = rm_kind_of_bytes(head, n, n);
  if (rm_kind_is_foreign(&kind) && (n < f->labels || head[f->labels - 1] >= f->classes))
    return rm_kind_refuse(path, head, n, "a binary file of CIFAR", "is not one", err);
  if (f->records) *limit = f->records * (f->labels + PIXELS);
  return RM_OK;
}

/* Records of one file into the tensors, from image `at` on. */
static rm_status unpack(const rm_cifar_format *f, const char *path, const rm_bytes *bytes, size_t at, rm_tensor *images,
                        rm_tensor *labels, rm_error *err) {
  size_t record = f->labels + PIXELS, n = bytes->size / record;
  for (size_t i = 0; i < n; i++) {
    const uint8_t *from = bytes->data + i * record;
    size_t label = from[f->labels - 1];
    if (label >= f->classes)
      return rm_fail(err, RM_ERR_FORMAT, "%s: record %zu has label %zu, expected 0 to %zu", path, i + 1, label,
                     f->classes - 1);
    rm_tensor_i64(labels)[at + i] = (int64_t)label + 1;
    memcpy(rm_tensor_u8(images) + (at + i) * PIXELS, from + f->labels, PIXELS);
  }
  return RM_OK;
}

static rm_status unpack_all(const rm_cifar_format *f, size_t nfiles, const char *const paths[], const rm_bytes files[],
                            rm_tensor **images, rm_tensor **labels, rm_error *err) {
  size_t n = 0, at = 0, record = f->labels + PIXELS;
  for (size_t k = 0; k < nfiles; k++) n += files[k].size / record;
  const size_t shape[4] = {n, 3, 32, 32};
  rm_tensor *x, *y;
  RM_TRY(rm_tensor_new(RM_UINT8, 4, shape, &x, err));
  rm_status status = rm_tensor_new(RM_INT64, 1, shape, &y, err);
  if (status != RM_OK) {
    rm_tensor_release(x);
    return status;
  }
  for (size_t k = 0; k < nfiles && status == RM_OK; k++) {
    status = unpack(f, paths[k], &files[k], at, x, y, err);
    at += files[k].size / record;
  }
  if (status != RM_OK) {
    rm_tensor_release(x);
    rm_tensor_release(y);
    return status;
  }
  *images = x;
  *labels = y;
  return RM_OK;
}

/* A label is a byte, the last of those of a record. */
static rm_status check_format(const rm_cifar_format *f, rm_error *err) {
  if (f->labels < 1 || f->labels > 16)
    return rm_fail(err, RM_ERR_VALUE, "cifar: %zu label bytes in a record, expected 1 to 16", f->labels);
  if (f->classes < 1 || f->classes > 256)
    return rm_fail(err, RM_ERR_VALUE, "cifar: %zu classes, expected 1 to 256", f->classes);
  if (f->records > CIFAR_LIMIT / (f->labels + PIXELS))
    return rm_fail(err, RM_ERR_VALUE, "cifar: %zu records, more than the limit of a file's size", f->records);
  return RM_OK;
}

rm_status rm_cifar_load(const rm_cifar_format *format, size_t nfiles, const char *const paths[], rm_tensor **images,
                        rm_tensor **labels, rm_error *err) {
  RM_TRY(check_format(format, err));
  rm_bytes *files = rm_alloc(nfiles * sizeof *files);
  if (!files) return rm_fail(err, RM_ERR_MEMORY, "cifar: no memory for %zu files", nfiles);
  memset(files, 0, nfiles * sizeof *files);
  rm_status status = RM_OK;
  for (size_t k = 0; k < nfiles && status == RM_OK; k++) {
    status = rm_file_read(paths[k], CIFAR_LIMIT, look, (void *)format, &files[k], err);
    if (status == RM_OK) status = check_size(format, paths[k], &files[k], err);
  }
  if (status == RM_OK) status = unpack_all(format, nfiles, paths, files, images, labels, err);
  for (size_t k = 0; k < nfiles; k++) rm_bytes_free(&files[k]);
  rm_free(files, nfiles * sizeof *files);
  return status;
}
