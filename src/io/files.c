/* files.c -- reading through zlib, which passes plain files through unchanged. */
#include "io/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include "memory/alloc.h"

void rm_bytes_free(rm_bytes *bytes) {
  rm_free(bytes->data, bytes->capacity);
  *bytes = (rm_bytes){0};
}

static rm_status bytes_grow(rm_bytes *bytes, size_t capacity, const char *path, rm_error *err) {
  uint8_t *data = rm_alloc(capacity);
  if (!data) return rm_fail(err, RM_ERR_MEMORY, "%s: no memory for %zu bytes", path, capacity);
  if (bytes->size) memcpy(data, bytes->data, bytes->size);
  rm_free(bytes->data, bytes->capacity);
  bytes->data = data;
  bytes->capacity = capacity;
  return RM_OK;
}

/* Reads on until there are `enough` bytes or the end is met, which is told by fewer. */
static rm_status read_to(gzFile stream, const char *path, size_t enough, rm_bytes *bytes, rm_error *err) {
  while (bytes->size < enough) {
    if (bytes->size == bytes->capacity) {
      size_t twice = bytes->capacity ? 2 * bytes->capacity : enough;
      RM_TRY(bytes_grow(bytes, twice < enough ? twice : enough, path, err));
    }
    size_t room = (bytes->capacity < enough ? bytes->capacity : enough) - bytes->size;
    if (room > 1u << 30) room = 1u << 30;
    int got = gzread(stream, bytes->data + bytes->size, (unsigned)room);
    if (got < 0) {
      int code;
      const char *why = gzerror(stream, &code);
      if (code == Z_MEM_ERROR) return rm_fail(err, RM_ERR_MEMORY, "%s: no memory to unpack it", path);
      if (code == Z_ERRNO) return rm_fail(err, RM_ERR_IO, "%s: cannot be read: %s", path, strerror(errno));
      return rm_fail(err, RM_ERR_FORMAT, "%s: cannot be read: %s", path, why);
    }
    if (got == 0) return RM_OK;
    bytes->size += (size_t)got;
  }
  return RM_OK;
}

static rm_status open_regular(const char *path, int *fd, size_t *size, rm_error *err) {
  *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (*fd < 0) return rm_fail(err, RM_ERR_IO, "%s: cannot be opened: %s", path, strerror(errno));
  struct stat st;
  if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode)) {
    close(*fd);
    return rm_fail(err, RM_ERR_IO, "%s: is not a regular file", path);
  }
  *size = (size_t)st.st_size;
  return RM_OK;
}

/* The head first, then at most what it promises, and one byte more to notice that there is more. */
static rm_status read_stream(gzFile stream, const char *path, size_t on_disk, size_t limit, rm_file_look look,
                             void *ctx, rm_bytes *bytes, rm_error *err) {
  RM_TRY(read_to(stream, path, limit < RM_FILE_HEAD ? limit : RM_FILE_HEAD, bytes, err));
  size_t promised = limit;
  if (look) RM_TRY(look(ctx, path, bytes->data, bytes->size, &promised, err));
  if (!gzdirect(stream) && promised < limit) limit = promised;
  else if (on_disk < limit && on_disk >= bytes->capacity) RM_TRY(bytes_grow(bytes, on_disk + 1, path, err));
  RM_TRY(read_to(stream, path, limit + 1, bytes, err));
  if (bytes->size > limit)
    return rm_fail(err, RM_ERR_FORMAT, "%s: holds more than the %s of %zu bytes", path,
                   limit == promised && look ? "expected size" : "expected limit", limit);
  return RM_OK;
}

rm_status rm_file_read(const char *path, size_t limit, rm_file_look look, void *ctx, rm_bytes *out, rm_error *err) {
  int fd;
  size_t on_disk = 0;
  RM_TRY(open_regular(path, &fd, &on_disk, err));
  gzFile stream = gzdopen(fd, "rb");
  if (!stream) {
    close(fd);
    return rm_fail(err, RM_ERR_MEMORY, "%s: no memory to read it", path);
  }
  gzbuffer(stream, 1 << 17);
  rm_bytes bytes = {0};
  rm_status status = read_stream(stream, path, on_disk, limit, look, ctx, &bytes, err);
  bool cut = gzclose_r(stream) == Z_BUF_ERROR; /* gzip data that ends too early */
  if (status == RM_OK && cut)
    status = rm_fail(err, RM_ERR_FORMAT, "%s: the gzip data ends too early (after %zu unpacked bytes)", path,
                     bytes.size);
  if (status != RM_OK) {
    rm_bytes_free(&bytes);
    return status;
  }
  *out = bytes;
  return RM_OK;
}
