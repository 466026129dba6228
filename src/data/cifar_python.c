/* cifar_python.c -- what the pickles must hold, and their bytes into tensors. */
#include "data/cifar_python.h"

#include <string.h>
#include "memory/alloc.h"
#include "io/filekind.h"
#include "io/files.h"
#include "data/pickle/pickle.h"

enum { PIXELS = 3 * 32 * 32 };
static const size_t PYTHON_LIMIT = (size_t)256 << 20; /* of one file; the largest of the real ones has 155 MB */

typedef struct {
  rm_bytes bytes;
  rm_pickle *pickle;
  const rm_pickled_array *data;
  const rm_pickled *labels;
} python_file;

static void close_file(python_file *f) {
  rm_pickle_free(f->pickle);
  rm_bytes_free(&f->bytes);
}

static rm_status look(void *ctx, const char *path, const uint8_t *head, size_t n, size_t *limit, rm_error *err) {
  (void)ctx, (void)limit;
  rm_file_kind kind = rm_kind_of_bytes(head, n, n);
  if (strcmp(kind.name, "pickle") == 0 || strcmp(kind.name, "text") == 0 || strcmp(kind.name, "unknown") == 0)
    return RM_OK;
  return rm_kind_refuse(path, head, n, "a pickle of Python", "is not a pickle", err);
}

/* Reads a file and its pickle, which must be a dictionary. */
static rm_status open_file(const char *path, python_file *f, rm_error *err) {
  RM_TRY(rm_file_read(path, PYTHON_LIMIT, look, NULL, &f->bytes, err));
  RM_TRY(rm_pickle_read(path, f->bytes.data, f->bytes.size, &f->pickle, err));
  const rm_pickled *root = rm_pickle_root(f->pickle);
  if (rm_pickled_kind_of(root) != RM_PICKLED_DICT)
    return rm_fail(err, RM_ERR_FORMAT, "%s: holds %s, expected a dictionary", path, rm_pickled_kind_name(root));
  return RM_OK;
}

static rm_status find_field(const char *path, const python_file *f, const char *key, const rm_pickled **out,
                            rm_error *err) {
  *out = rm_pickled_field(rm_pickle_root(f->pickle), key);
  return *out ? RM_OK : rm_fail(err, RM_ERR_FORMAT, "%s: its dictionary has no '%s'", path, key);
}

static size_t count_labels(const rm_pickled *labels) {
  const rm_pickled_array *a;
  if (rm_pickled_as_array(labels, &a)) return a->ndim == 1 ? a->numel : 0;
  return rm_pickled_length(labels);
}

static rm_status check_file(const char *path, const char *labels_key, size_t records, python_file *f, rm_error *err) {
  const rm_pickled *data;
  RM_TRY(find_field(path, f, "data", &data, err));
  RM_TRY(find_field(path, f, labels_key, &f->labels, err));
  const rm_pickled_array *a;
  if (!rm_pickled_as_array(data, &a))
    return rm_fail(err, RM_ERR_FORMAT, "%s: 'data' is %s, expected a NumPy array", path, rm_pickled_kind_name(data));
  if (a->itemsize != 1 || a->kind != 'u' || a->ndim != 2 || a->shape[1] != PIXELS || a->shape[0] == 0)
    return rm_fail(err, RM_ERR_FORMAT,
                   "%s: 'data' is an array '%c%zu' of %zu dimensions (%zu, %zu ...), expected bytes "
                   "'u1' (n, %d)",
                   path, a->kind, a->itemsize, a->ndim, a->shape[0], a->ndim > 1 ? a->shape[1] : 1, PIXELS);
  if (records && a->shape[0] != records)
    return rm_fail(err, RM_ERR_FORMAT, "%s: holds %zu images, expected %zu", path, a->shape[0], records);
  if (count_labels(f->labels) != a->shape[0])
    return rm_fail(err, RM_ERR_FORMAT, "%s: '%s' is %s of %zu, expected a list of %zu labels, one for each image", path,
                   labels_key, rm_pickled_kind_name(f->labels), count_labels(f->labels), a->shape[0]);
  f->data = a;
  return RM_OK;
}

/* One label, from 0, into its place, from 1. */
static rm_status place_label(const char *path, size_t i, bool whole, int64_t label, size_t classes, int64_t *to,
                             rm_error *err) {
  if (!whole) return rm_fail(err, RM_ERR_FORMAT, "%s: label %zu is not a whole number", path, i + 1);
  if (label < 0 || (uint64_t)label >= classes)
    return rm_fail(err, RM_ERR_FORMAT, "%s: label %zu is %lld, expected 0 to %zu", path, i + 1, (long long)label,
                   classes - 1);
  *to = label + 1;
  return RM_OK;
}

static rm_status place_labels(const char *path, const python_file *f, size_t classes, int64_t *to, rm_error *err) {
  const rm_pickled_array *a;
  if (rm_pickled_as_array(f->labels, &a)) {
    for (size_t i = 0; i < a->numel; i++)
      RM_TRY(place_label(path, i, true, rm_pickled_element(a, i), classes, to + i, err));
    return RM_OK;
  }
  const void *at = NULL;
  size_t i = 0;
  for (const rm_pickled *v; (v = rm_pickled_next(f->labels, &at)); i++) {
    int64_t label = 0;
    bool whole = rm_pickled_integer(v, &label);
    RM_TRY(place_label(path, i, whole, label, classes, to + i, err));
  }
  return RM_OK;
}

static void place_pixels(const rm_pickled_array *a, uint8_t *to) {
  size_t n = a->shape[0];
  if (!a->fortran) {
    memcpy(to, a->bytes, a->numel);
    return;
  }
  for (size_t k = 0; k < PIXELS; k++)
    for (size_t i = 0; i < n; i++) to[i * PIXELS + k] = a->bytes[k * n + i];
}

static rm_status place_all(size_t classes, size_t nfiles, const char *const paths[], const python_file files[],
                           rm_tensor **images, rm_tensor **labels, rm_error *err) {
  size_t n = 0, at = 0;
  for (size_t k = 0; k < nfiles; k++) n += files[k].data->shape[0];
  const size_t shape[4] = {n, 3, 32, 32};
  rm_tensor *x, *y = NULL;
  RM_TRY(rm_tensor_new(RM_UINT8, 4, shape, &x, err));
  rm_status status = rm_tensor_new(RM_INT64, 1, shape, &y, err);
  for (size_t k = 0; k < nfiles && status == RM_OK; k++) {
    status = place_labels(paths[k], &files[k], classes, rm_tensor_i64(y) + at, err);
    if (status == RM_OK) place_pixels(files[k].data, rm_tensor_u8(x) + at * PIXELS);
    at += files[k].data->shape[0];
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

rm_status rm_cifar_python_load(const char *labels_key, size_t classes, size_t records, size_t nfiles,
                               const char *const paths[], rm_tensor **images, rm_tensor **labels, rm_error *err) {
  python_file *files = rm_alloc(nfiles * sizeof *files);
  if (!files) return rm_fail(err, RM_ERR_MEMORY, "cifar: no memory for %zu files", nfiles);
  memset(files, 0, nfiles * sizeof *files);
  rm_status status = RM_OK;
  for (size_t k = 0; k < nfiles && status == RM_OK; k++) {
    status = open_file(paths[k], &files[k], err);
    if (status == RM_OK) status = check_file(paths[k], labels_key, records, &files[k], err);
  }
  if (status == RM_OK) status = place_all(classes, nfiles, paths, files, images, labels, err);
  for (size_t k = 0; k < nfiles; k++) close_file(&files[k]);
  rm_free(files, nfiles * sizeof *files);
  return status;
}

static rm_status copy_names(const char *path, const char *key, const python_file *f, size_t room, char *names,
                            size_t *used, rm_error *err) {
  const rm_pickled *list;
  RM_TRY(find_field(path, f, key, &list, err));
  const void *at = NULL;
  for (const rm_pickled *v; (v = rm_pickled_next(list, &at));) {
    const char *name;
    size_t length;
    if (!rm_pickled_string(v, &name, &length) || memchr(name, 0, length))
      return rm_fail(err, RM_ERR_FORMAT, "%s: '%s' holds %s, expected names", path, key, rm_pickled_kind_name(v));
    if (length + 1 > room - *used) return rm_fail(err, RM_ERR_FORMAT, "%s: '%s' holds too many names", path, key);
    memcpy(names + *used, name, length);
    names[*used + length] = '\0';
    *used += length + 1;
  }
  return RM_OK;
}

rm_status rm_cifar_python_names(const char *path, const char *key, size_t room, char *names, size_t *used,
                                rm_error *err) {
  python_file f = {0};
  *used = 0;
  rm_status status = open_file(path, &f, err);
  if (status == RM_OK) status = copy_names(path, key, &f, room, names, used, err);
  close_file(&f);
  return status;
}
