/* image.c -- which decoder reads a file, and turning what it gives by the EXIF orientation. */
#include "data/image.h"

#include <stdio.h>
#include <string.h>
#include "data/exif.h"
#include "data/jpeg.h"
#include "data/png.h"
#include "io/filekind.h"
#include "io/files.h"

static const size_t FILE_LIMIT = (size_t)256 << 20;

/* What else it is, such as a GIF, is said where its bytes tell. */
static rm_status refuse(const char *name, const uint8_t *bytes, size_t size, rm_error *err) {
  char reason[80];
  snprintf(reason, sizeof reason, "is neither a JPEG nor a PNG image (%zu bytes)", size);
  return rm_kind_refuse(name, bytes, size, "a JPEG or PNG image", reason, err);
}

static bool is_jpeg(const uint8_t *bytes, size_t size) { return size >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0; }

static bool is_png(const uint8_t *bytes, size_t size) {
  return size >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0;
}

static rm_status look(void *ctx, const char *path, const uint8_t *head, size_t n, size_t *limit, rm_error *err) {
  (void)ctx, (void)limit;
  if (is_jpeg(head, n) || is_png(head, n)) return RM_OK;
  if (n < RM_FILE_HEAD) return refuse(path, head, n, err);
  return rm_kind_refuse(path, head, n, "a JPEG or PNG image", "is neither a JPEG nor a PNG image", err);
}

rm_status rm_image_decode(const char *name, const uint8_t *bytes, size_t size, size_t channels, bool orient,
                          rm_tensor **out, rm_error *err) {
  int orientation = 1;
  rm_tensor *image = NULL;
  if (channels != 1 && channels != 3)
    return rm_fail(err, RM_ERR_VALUE, "%s: channels must be 1 or 3, got %zu", name, channels);
  if (is_jpeg(bytes, size)) RM_TRY(rm_jpeg_decode(name, bytes, size, channels, &image, &orientation, err));
  else if (is_png(bytes, size)) RM_TRY(rm_png_decode(name, bytes, size, channels, &image, &orientation, err));
  else return refuse(name, bytes, size, err);
  if (!orient || orientation == 1) {
    *out = image;
    return RM_OK;
  }
  rm_status status = rm_exif_turn(image, orientation, out, err);
  rm_tensor_release(image);
  return status;
}

rm_status rm_image_load(const char *path, size_t channels, bool orient, rm_tensor **out, rm_error *err) {
  rm_bytes bytes;
  RM_TRY(rm_file_read(path, FILE_LIMIT, look, NULL, &bytes, err));
  rm_status status = rm_image_decode(path, bytes.data, bytes.size, channels, orient, out, err);
  rm_bytes_free(&bytes);
  return status;
}
