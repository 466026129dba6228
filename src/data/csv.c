/* csv.c -- lines are counted first, then read into tensors of that size. */
#include "data/csv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "io/filekind.h"
#include "io/files.h"

static const size_t CSV_LIMIT = (size_t)2 << 30;

typedef struct {
  const char *path;
  const uint8_t *at, *end;
  size_t line;
} reader;

static rm_status bad(const reader *r, const char *what, rm_error *err) {
  return rm_fail(err, RM_ERR_FORMAT, "%s: line %zu: %s", r->path, r->line, what);
}

static size_t line_length(const reader *r) {
  const uint8_t *end = memchr(r->at, '\n', (size_t)(r->end - r->at));
  size_t n = (size_t)((end ? end : r->end) - r->at);
  return n;
}

static void next_line(reader *r) {
  size_t n = line_length(r);
  r->at += n < (size_t)(r->end - r->at) ? n + 1 : n;
  r->line++;
}

/* Lines that hold something, from here on. */
static size_t count_lines(reader r) {
  size_t n = 0;
  for (; r.at < r.end; next_line(&r)) {
    size_t length = line_length(&r);
    if (length > 0 && !(length == 1 && *r.at == '\r')) n++;
  }
  return n;
}

/* The line of names: how many columns there are. The first must be the label. */
static rm_status read_header(reader *r, size_t *pixels, rm_error *err) {
  if (r->end - r->at >= 3 && memcmp(r->at, "\xef\xbb\xbf", 3) == 0) r->at += 3; /* byte-order mark */
  size_t n = line_length(r), columns = 1;
  for (size_t i = 0; i < n; i++) columns += r->at[i] == ',';
  const char *first = (const char *)r->at;
  size_t quote = n > 0 && *first == '"';
  bool labels = n >= 5 + quote && strncasecmp(first + quote, "label", 5) == 0;
  if (!labels && n > 0 && *first >= '0' && *first <= '9')
    return bad(r,
               "there are no names of columns, expected label,pixel0,pixel1,...: without them nothing tells the label "
               "from the pixels",
               err);
  if (!labels) return bad(r, "there is no column of labels, expected label,pixel0,pixel1,...", err);
  *pixels = columns - 1;
  next_line(r);
  return RM_OK;
}

/* One whole number up to 255, and the comma or the end of the line behind it. */
static rm_status read_number(reader *r, bool last, unsigned *out, rm_error *err) {
  unsigned value = 0;
  const uint8_t *from = r->at;
  while (r->at < r->end && *r->at >= '0' && *r->at <= '9' && value <= 255) value = value * 10 + (*r->at++ - '0');
  if (r->at == from || value > 255) return bad(r, "expected whole numbers from 0 to 255", err);
  *out = value;
  if (last) {
    if (r->at < r->end && *r->at == '\r') r->at++;
    if (r->at < r->end && *r->at != '\n') return bad(r, "more columns than the first line names", err);
    if (r->at < r->end) r->at++;
    return RM_OK;
  }
  if (r->at >= r->end || *r->at != ',')
    return bad(r, "fewer columns than the first line names, or other than numbers", err);
  r->at++;
  return RM_OK;
}

static rm_status read_rows(reader *r, size_t n, size_t pixels, uint8_t *x, int64_t *y, rm_error *err) {
  for (size_t i = 0; i < n; i++) {
    while (r->at < r->end && (*r->at == '\n' || *r->at == '\r')) {
      r->line += *r->at == '\n';
      r->at++;
    }
    unsigned value = 0;
    RM_TRY(read_number(r, false, &value, err));
    y[i] = (int64_t)value;
    for (size_t k = 0; k < pixels; k++) {
      RM_TRY(read_number(r, k + 1 == pixels, &value, err));
      x[i * pixels + k] = (uint8_t)value;
    }
    r->line++;
  }
  return RM_OK;
}

static rm_status read_table(const char *path, const rm_bytes *bytes, rm_tensor **images, rm_tensor **labels,
                            rm_error *err) {
  reader r = {path, bytes->data, bytes->data + bytes->size, 1};
  size_t pixels = 0;
  RM_TRY(read_header(&r, &pixels, err));
  size_t side = (size_t)(sqrt((double)pixels) + 0.5), n = count_lines(r);
  if (pixels == 0 || side * side != pixels)
    return rm_fail(err, RM_ERR_FORMAT, "%s: has %zu columns of pixels, expected a square number (784 for 28x28)", path,
                   pixels);
  if (n == 0) return rm_fail(err, RM_ERR_FORMAT, "%s: holds no image", path);
  if (bytes->size / (2 * pixels) < n) return bad(&r, "fewer columns than the first line names", err);
  const size_t shape[4] = {n, 1, side, side};
  rm_tensor *x, *y = NULL;
  RM_TRY(rm_tensor_new(RM_UINT8, 4, shape, &x, err));
  rm_status status = rm_tensor_new(RM_INT64, 1, shape, &y, err);
  if (status == RM_OK) status = read_rows(&r, n, pixels, rm_tensor_u8(x), rm_tensor_i64(y), err);
  if (status != RM_OK) {
    rm_tensor_release(x);
    rm_tensor_release(y);
    return status;
  }
  *images = x;
  *labels = y;
  return RM_OK;
}

static rm_status look(void *ctx, const char *path, const uint8_t *head, size_t n, size_t *limit, rm_error *err) {
  (void)ctx, (void)limit;
  rm_file_kind kind = rm_kind_of_bytes(head, n, n);
  if (strcmp(kind.name, "text") == 0 || strcmp(kind.name, "unknown") == 0) return RM_OK;
  return rm_kind_refuse(path, head, n, "a table (CSV)", "is not a table", err);
}

rm_status rm_csv_load(const char *path, rm_tensor **images, rm_tensor **labels, rm_error *err) {
  rm_bytes bytes;
  RM_TRY(rm_file_read(path, CSV_LIMIT, look, NULL, &bytes, err));
  rm_status status = read_table(path, &bytes, images, labels, err);
  rm_bytes_free(&bytes);
  return status;
}
