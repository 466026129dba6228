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

/* Reads on until the end, and one byte over the limit to notice that there is more. */
static rm_status read_stream(gzFile stream, const char *path, size_t limit, rm_bytes *bytes, rm_error *err) {
  for (;;) {
    if (bytes->size > limit)
      return rm_fail(err, RM_ERR_FORMAT, "%s: holds more than the expected limit of %zu bytes", path, limit);
    if (bytes->size == bytes->capacity) RM_TRY(bytes_grow(bytes, 2 * bytes->capacity, path, err));
    size_t room = bytes->capacity - bytes->size;
    if (room > 1u << 30) room = 1u << 30;
    int got = gzread(stream, bytes->data + bytes->size, (unsigned)room);
    if (got < 0) {
      int code;
      const char *why = gzerror(stream, &code);
      if (code == Z_ERRNO) why = strerror(errno);
      return rm_fail(err, RM_ERR_FORMAT, "%s: cannot be read: %s", path, why);
    }
    if (got == 0) return RM_OK;
    bytes->size += (size_t)got;
  }
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

rm_status rm_file_read(const char *path, size_t limit, rm_bytes *out, rm_error *err) {
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
  size_t first = on_disk < limit ? on_disk : limit; /* one more, to meet the end */
  rm_status status = bytes_grow(&bytes, first + 1, path, err);
  if (status == RM_OK) status = read_stream(stream, path, limit, &bytes, err);
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
