/* safetensors.c -- see safetensors.h. Reading goes in three steps: the header is read and
 * parsed, every claim in it is checked, and only then tensors are allocated and filled. */
#include "io/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/copy.h"
#include "io/atomic_file.h"
#include "io/filekind.h"
#include "io/json.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the format is little-endian, as memory here must be");

enum {
  MAX_HEADER = 100000000, /* the reference reader's limit */
  MAX_DEPTH = 4,
  CHUNK = 1 << 16 /* bytes converted at a time */
};

/* --- the container ---------------------------------------------------------- */

rm_status rm_safetensors_new(rm_safetensors **out, rm_error *err) {
  rm_safetensors *file = calloc(1, sizeof *file);
  if (!file) return rm_fail(err, RM_ERR_MEMORY, "safetensors: out of memory");
  *out = file;
  return RM_OK;
}

void rm_safetensors_free(rm_safetensors *file) {
  if (!file) return;
  for (size_t i = 0; i < file->count; i++) {
    free(file->entries[i].name);
    rm_tensor_release(file->entries[i].tensor);
  }
  for (size_t i = 0; i < file->nmeta; i++) {
    free(file->meta[i].key);
    free(file->meta[i].value);
  }
  free(file->entries);
  free(file->meta);
  free(file);
}

/* Room for one more element, in arrays that grow by doubling. */
static void *grown(void *array, size_t count, size_t size) {
  if (count & (count - 1)) return array; /* full only at 0 and at powers of two */
  return realloc(array, (count ? 2 * count : 1) * size);
}

rm_status rm_safetensors_add(rm_safetensors *file, const char *name, rm_tensor *tensor, rm_error *err) {
  rm_st_entry *entries = grown(file->entries, file->count, sizeof *entries);
  if (entries) file->entries = entries;
  char *copy = entries ? strdup(name) : NULL;
  if (!copy) return rm_fail(err, RM_ERR_MEMORY, "safetensors: out of memory");
  entries[file->count++] = (rm_st_entry){copy, rm_tensor_retain(tensor)};
  return RM_OK;
}

rm_status rm_safetensors_add_meta(rm_safetensors *file, const char *key, const char *value, rm_error *err) {
  rm_st_meta *meta = grown(file->meta, file->nmeta, sizeof *meta);
  if (meta) file->meta = meta;
  char *k = meta ? strdup(key) : NULL, *v = meta ? strdup(value) : NULL;
  if (!k || !v) {
    free(k);
    free(v);
    return rm_fail(err, RM_ERR_MEMORY, "safetensors: out of memory");
  }
  meta[file->nmeta++] = (rm_st_meta){k, v};
  return RM_OK;
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const rm_st_entry *)a)->name, ((const rm_st_entry *)b)->name);
}

static int by_key(const void *a, const void *b) {
  return strcmp(((const rm_st_meta *)a)->key, ((const rm_st_meta *)b)->key);
}

void rm_safetensors_sort(rm_safetensors *file) {
  if (file->count > 1) qsort(file->entries, file->count, sizeof *file->entries, by_name);
}

void rm_safetensors_sort_meta(rm_safetensors *file) {
  if (file->nmeta > 1) qsort(file->meta, file->nmeta, sizeof *file->meta, by_key);
}

/* --- element types ------------------------------------------------------------ */

static float half_to_float(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = (h >> 10) & 31, fraction = h & 0x3ff, bits;
  if (exponent == 31) {
    bits = sign | 0x7f800000 | fraction << 13; /* infinity, NaN */
  } else if (exponent > 0) {
    bits = sign | (exponent + 112) << 23 | fraction << 13;
  } else {
    float tiny = (float)fraction * 0x1p-24f; /* zero and subnormal numbers */
    return sign ? -tiny : tiny;
  }
  float out;
  memcpy(&out, &bits, sizeof out);
  return out;
}

static float bfloat_to_float(uint16_t b) {
  uint32_t bits = (uint32_t)b << 16;
  float out;
  memcpy(&out, &bits, sizeof out);
  return out;
}

typedef enum { ST_F32, ST_F64, ST_F16, ST_BF16, ST_U8, ST_BOOL, ST_I64, ST_I32, ST_U32, ST_I16, ST_U16, ST_I8 } st_type;

static const struct {
  const char *name;
  size_t size;
  rm_dtype dtype; /* what it becomes */
  bool same;      /* stored as we hold it: read in place */
} types[] = {
    [ST_F32] = {"F32", 4, RM_FLOAT32, true},  [ST_F64] = {"F64", 8, RM_FLOAT32, false},
    [ST_F16] = {"F16", 2, RM_FLOAT32, false}, [ST_BF16] = {"BF16", 2, RM_FLOAT32, false},
    [ST_U8] = {"U8", 1, RM_UINT8, true},      [ST_BOOL] = {"BOOL", 1, RM_UINT8, true},
    [ST_I64] = {"I64", 8, RM_INT64, true},    [ST_I32] = {"I32", 4, RM_INT64, false},
    [ST_U32] = {"U32", 4, RM_INT64, false},   [ST_I16] = {"I16", 2, RM_INT64, false},
    [ST_U16] = {"U16", 2, RM_INT64, false},   [ST_I8] = {"I8", 1, RM_INT64, false},
};
enum { TYPES = sizeof types / sizeof *types };

static const char *type_name(rm_dtype dtype) { return dtype == RM_FLOAT32 ? "F32" : dtype == RM_UINT8 ? "U8" : "I64"; }

/* n elements from `in` into t, from element `at` on. */
static void convert(st_type type, size_t n, const void *in, rm_tensor *t, size_t at) {
  float *f = type <= ST_BF16 ? rm_tensor_f32(t) + at : NULL;
  int64_t *i = type >= ST_I64 ? rm_tensor_i64(t) + at : NULL;
  for (size_t k = 0; k < n; k++) {
    switch (type) {
      case ST_F64: f[k] = (float)((const double *)in)[k]; break;
      case ST_F16: f[k] = half_to_float(((const uint16_t *)in)[k]); break;
      case ST_BF16: f[k] = bfloat_to_float(((const uint16_t *)in)[k]); break;
      case ST_I32: i[k] = ((const int32_t *)in)[k]; break;
      case ST_U32: i[k] = ((const uint32_t *)in)[k]; break;
      case ST_I16: i[k] = ((const int16_t *)in)[k]; break;
      case ST_U16: i[k] = ((const uint16_t *)in)[k]; break;
      case ST_I8: i[k] = ((const int8_t *)in)[k]; break;
      default: break; /* the others are read in place */
    }
  }
}

/* --- reading ------------------------------------------------------------------ */

/* What the header says about one tensor. */
typedef struct {
  const char *name; /* owned by the parsed header */
  size_t place;     /* in the header: keeps empty tensors in order */
  st_type type;
  size_t ndim, shape[RM_MAX_DIMS], numel;
  uint64_t begin, end;
} st_info;

/* Everything a load holds until it is done. */
typedef struct {
  const char *path;
  int fd;
  uint64_t data_bytes; /* of the file, behind the header */
  char *text;
  json_t *header;
  st_info *infos;
  size_t count;
} st_reader;

static rm_status bad(const st_reader *r, const char *what, rm_error *err) {
  return rm_fail(err, RM_ERR_FORMAT, "load: %s: %s", r->path, what);
}

/* What cannot be a safetensors file: in words, if it is of a kind that is known. */
static rm_status another_kind(const st_reader *r, const char *what, rm_error *err) {
  rm_file_kind kind;
  rm_status known = rm_kind_of_file(r->path, &kind, err);
  if (known == RM_ERR_MEMORY) return known;
  if (known != RM_OK || !rm_kind_is_foreign(&kind)) return bad(r, what, err);
  return rm_fail(err, RM_ERR_FORMAT, "load: %s: is %s, expected weights as safetensors%s%s", r->path, kind.text,
                 kind.advice ? ": " : "", kind.advice ? kind.advice : "");
}

static rm_status bad_tensor(const st_reader *r, const char *name, const char *what, rm_error *err) {
  return rm_fail(err, RM_ERR_FORMAT, "load: %s: tensor '%.100s': %s", r->path, name, what);
}

static rm_status read_all(const st_reader *r, void *into, size_t count, rm_error *err) {
  char *next = into;
  while (count > 0) {
    ssize_t n = read(r->fd, next, count);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return rm_fail(err, RM_ERR_IO, "load: cannot read %s: %s", r->path, strerror(errno));
    if (n == 0) return bad(r, "the file became shorter while it was read", err);
    next += n;
    count -= (size_t)n;
  }
  return RM_OK;
}

static rm_status read_header(st_reader *r, rm_error *err) {
  struct stat st;
  r->fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a named pipe must not hang us */
  if (r->fd < 0 || fstat(r->fd, &st) < 0)
    return rm_fail(err, RM_ERR_IO, "load: cannot open %s: %s", r->path, strerror(errno));
  if (!S_ISREG(st.st_mode)) return bad(r, "not a regular file", err);

  uint64_t size = (uint64_t)st.st_size, length;
  if (size < sizeof length) return another_kind(r, "not a safetensors file: shorter than 8 bytes", err);
  RM_TRY(read_all(r, &length, sizeof length, err));
  if (length > MAX_HEADER)
    return another_kind(r, "not a safetensors file: the header would exceed 100,000,000 bytes", err);
  if (length > size - sizeof length) return another_kind(r, "the header reaches past the end of the file", err);
  r->data_bytes = size - sizeof length - length;

  r->text = malloc(length + 1);
  if (!r->text) return rm_fail(err, RM_ERR_MEMORY, "load: out of memory for the header of %s", r->path);
  RM_TRY(read_all(r, r->text, length, err));
  if (length == 0 || r->text[0] != '{') return another_kind(r, "the header does not begin with {", err);
  char what[300];
  snprintf(what, sizeof what, "load: header of %.200s", r->path);
  return rm_json_parse(what, r->text, length, MAX_DEPTH, &r->header, err);
}

/* A JSON integer >= 0 */
static bool natural(const json_t *value, uint64_t *out) {
  if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
  *out = (uint64_t)json_integer_value(value);
  return true;
}

static rm_status check_info(const st_reader *r, const json_t *entry, st_info *info, rm_error *err) {
  const json_t *dtype = json_object_get(entry, "dtype"), *shape = json_object_get(entry, "shape");
  const json_t *offsets = json_object_get(entry, "data_offsets");
  if (json_object_size(entry) != 3 || !json_is_string(dtype) || !json_is_array(shape) || !json_is_array(offsets))
    return bad_tensor(r, info->name, "expected exactly dtype, shape and data_offsets", err);

  size_t type = 0;
  while (type < TYPES && strcmp(types[type].name, json_string_value(dtype)) != 0) type++;
  if (type == TYPES)
    return rm_fail(err, RM_ERR_FORMAT, "load: %s: tensor '%.100s': unknown dtype '%.20s'", r->path, info->name,
                   json_string_value(dtype));
  info->type = (st_type)type;

  info->ndim = json_array_size(shape);
  if (info->ndim > RM_MAX_DIMS) return bad_tensor(r, info->name, "more than 8 dimensions", err);
  uint64_t numel = 1, bytes, extent;
  for (size_t d = 0; d < info->ndim; d++) {
    if (!natural(json_array_get(shape, d), &extent)) return bad_tensor(r, info->name, "shape holds no sizes", err);
    if (__builtin_mul_overflow(numel, extent, &numel)) return bad_tensor(r, info->name, "its size overflows", err);
    info->shape[d] = extent;
  }
  if (__builtin_mul_overflow(numel, types[type].size, &bytes))
    return bad_tensor(r, info->name, "its size overflows", err);
  info->numel = numel;

  if (json_array_size(offsets) != 2 || !natural(json_array_get(offsets, 0), &info->begin) ||
      !natural(json_array_get(offsets, 1), &info->end) || info->begin > info->end)
    return bad_tensor(r, info->name, "data_offsets is no range", err);
  if (info->end > r->data_bytes) return bad_tensor(r, info->name, "its data reach past the end of the file", err);
  if (info->end - info->begin != bytes)
    return rm_fail(err, RM_ERR_FORMAT,
                   "load: %s: tensor '%.100s': shape and dtype ask for %llu bytes, data_offsets for %llu", r->path,
                   info->name, (unsigned long long)bytes, (unsigned long long)(info->end - info->begin));
  return RM_OK;
}

static int by_offset(const void *a, const void *b) {
  const st_info *x = a, *y = b;
  if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
  if (x->end != y->end) return x->end < y->end ? -1 : 1;
  return x->place < y->place ? -1 : 1;
}

/* Metadata go into `file`, tensors into r->infos, sorted by offset and without gaps. */
static rm_status check_header(st_reader *r, rm_safetensors *file, rm_error *err) {
  r->infos = calloc(json_object_size(r->header) + 1, sizeof *r->infos);
  if (!r->infos) return rm_fail(err, RM_ERR_MEMORY, "load: out of memory for the header of %s", r->path);
  const char *key;
  json_t *entry;
  json_object_foreach(r->header, key, entry) {
    if (!json_is_object(entry)) return bad_tensor(r, key, "expected an object", err);
    if (strcmp(key, "__metadata__") == 0) {
      const char *name;
      json_t *value;
      json_object_foreach(entry, name, value) {
        if (!json_is_string(value)) return bad(r, "__metadata__ may hold only text", err);
        RM_TRY(rm_safetensors_add_meta(file, name, json_string_value(value), err));
      }
      continue;
    }
    st_info *info = &r->infos[r->count];
    info->name = key;
    info->place = r->count++;
    RM_TRY(check_info(r, entry, info, err));
  }
  qsort(r->infos, r->count, sizeof *r->infos, by_offset);
  uint64_t at = 0;
  for (size_t i = 0; i < r->count; i++) {
    if (r->infos[i].begin != at) return bad_tensor(r, r->infos[i].name, "its data overlap others or leave a gap", err);
    at = r->infos[i].end;
  }
  if (at != r->data_bytes) return bad(r, "there are data at its end that belong to no tensor", err);
  return RM_OK;
}

static rm_status read_tensor(const st_reader *r, const st_info *info, rm_safetensors *file, rm_error *err) {
  rm_tensor *t;
  RM_TRY(rm_tensor_new(types[info->type].dtype, info->ndim, info->shape, &t, err));
  rm_status status = RM_OK;
  if (types[info->type].same) {
    status = read_all(r, rm_tensor_data(t), info->end - info->begin, err);
  } else {
    _Alignas(8) char chunk[CHUNK];
    size_t size = types[info->type].size, n;
    for (size_t at = 0; at < info->numel && status == RM_OK; at += n) {
      n = info->numel - at < CHUNK / size ? info->numel - at : CHUNK / size;
      status = read_all(r, chunk, n * size, err);
      if (status == RM_OK) convert(info->type, n, chunk, t, at);
    }
  }
  if (status == RM_OK) status = rm_safetensors_add(file, info->name, t, err);
  rm_tensor_release(t);
  return status;
}

static rm_status read_file(st_reader *r, rm_safetensors *file, rm_error *err) {
  RM_TRY(read_header(r, err));
  RM_TRY(check_header(r, file, err));
  for (size_t i = 0; i < r->count; i++) RM_TRY(read_tensor(r, &r->infos[i], file, err));
  return RM_OK;
}

rm_status rm_safetensors_load(const char *path, rm_safetensors **out, rm_error *err) {
  rm_safetensors *file = NULL;
  RM_TRY(rm_safetensors_new(&file, err));
  st_reader reader = {.path = path, .fd = -1};
  rm_status status = read_file(&reader, file, err);
  if (reader.fd >= 0) close(reader.fd);
  free(reader.infos);
  json_decref(reader.header);
  free(reader.text);
  if (status != RM_OK) rm_safetensors_free(file);
  else *out = file;
  return status;
}

/* --- writing ------------------------------------------------------------------ */

/* {"dtype": ..., "shape": [...], "data_offsets": [begin, end]}; NULL when memory ran out. */
static json_t *describe(const rm_tensor *t, uint64_t begin, uint64_t end) {
  json_t *shape = json_array();
  for (size_t d = 0; d < t->ndim; d++)
    if (json_array_append_new(shape, json_integer((json_int_t)t->shape[d])) < 0) {
      json_decref(shape);
      return NULL;
    }
  return json_pack("{s:s, s:o, s:[I,I]}", "dtype", type_name(t->dtype), "shape", shape, "data_offsets",
                   (json_int_t)begin, (json_int_t)end);
}

static rm_status no_header(rm_error *err) { return rm_fail(err, RM_ERR_MEMORY, "save: out of memory for the header"); }

/* Why jansson did not take a text. */
static rm_status not_text(rm_error *err, const char *what, const char *text) {
  if (rm_json_starved()) return no_header(err);
  return rm_fail(err, RM_ERR_VALUE, "save: %s '%.100s' is not valid UTF-8", what, text);
}

/* The header as text, padded with spaces to a multiple of 8; malloc'd. */
static rm_status header_text(const rm_safetensors *file, char **text, size_t *length, rm_error *err) {
  rm_json_begin();
  json_t *header = json_object(), *meta = json_object();
  rm_status status = RM_OK;
  uint64_t at = 0;
  for (size_t i = 0; i < file->nmeta && status == RM_OK; i++)
    if (json_object_set_new(meta, file->meta[i].key, json_string(file->meta[i].value)) < 0)
      status = not_text(err, "metadata", file->meta[i].key);
  if (status == RM_OK && file->nmeta > 0 && json_object_set(header, "__metadata__", meta) < 0) status = no_header(err);
  for (size_t i = 0; i < file->count && status == RM_OK; i++) {
    const rm_st_entry *e = &file->entries[i];
    uint64_t end = at + e->tensor->numel * rm_dtype_size(e->tensor->dtype);
    if (strcmp(e->name, "__metadata__") == 0 || json_object_get(header, e->name))
      status = rm_fail(err, RM_ERR_VALUE, "save: the name '%.100s' is used twice or reserved", e->name);
    else if (json_object_set_new(header, e->name, describe(e->tensor, at, end)) < 0)
      status = not_text(err, "the name", e->name);
    at = end;
  }
  size_t size = status == RM_OK ? json_dumpb(header, NULL, 0, JSON_COMPACT) : 0;
  size_t padded = (size + 7) / 8 * 8;
  if (status == RM_OK && padded > MAX_HEADER)
    status = rm_fail(err, RM_ERR_VALUE, "save: the header would exceed 100,000,000 bytes");
  if (status == RM_OK) {
    *text = size ? malloc(padded) : NULL;
    if (!*text || json_dumpb(header, *text, size, JSON_COMPACT) != size) {
      free(*text);
      status = no_header(err);
    } else {
      memset(*text + size, ' ', padded - size);
      *length = padded;
    }
  }
  json_decref(meta);
  json_decref(header);
  return status;
}

static rm_status write_tensors(const rm_safetensors *file, rm_atomic_file *to, rm_error *err) {
  for (size_t i = 0; i < file->count; i++) {
    rm_tensor *t;
    RM_TRY(rm_tensor_contiguous(file->entries[i].tensor, &t, err));
    rm_status status = rm_atomic_write(to, rm_tensor_data(t), t->numel * rm_dtype_size(t->dtype), err);
    rm_tensor_release(t);
    if (status != RM_OK) return status;
  }
  return RM_OK;
}

rm_status rm_safetensors_save(const rm_safetensors *file, const char *path, rm_error *err) {
  char *text = NULL;
  size_t length = 0;
  RM_TRY(header_text(file, &text, &length, err));
  uint64_t prefix = length;
  rm_atomic_file *to = NULL;
  rm_status status = rm_atomic_open("save", path, &to, err);
  if (status == RM_OK) status = rm_atomic_write(to, &prefix, sizeof prefix, err);
  if (status == RM_OK) status = rm_atomic_write(to, text, length, err);
  if (status == RM_OK) status = write_tensors(file, to, err);
  free(text);
  if (status == RM_OK) return rm_atomic_commit(to, err);
  rm_atomic_abandon(to);
  return status;
}
