/* image.c -- which decoder reads a file, what a row becomes, and turning by the EXIF orientation. */
#include "data/image.h"

#include <string.h>
#include "data/exif.h"
#include "data/files.h"
#include "data/image_file.h"

static const size_t FILE_LIMIT = (size_t)256 << 20;

rm_status rm_image_check_sides(const char *name, size_t w, size_t h, double most, rm_error *err) {
  if (w < 1 || h < 1 || w > RM_IMAGE_MAX_SIDE || h > RM_IMAGE_MAX_SIDE)
    return rm_fail(err, RM_ERR_FORMAT, "%s: image of %zux%zu, expected sides from 1 to %d", name, w,
                   h, RM_IMAGE_MAX_SIDE);
  if ((double)w * (double)h > most)
    return rm_fail(err, RM_ERR_FORMAT, "%s: its header says %zux%zu pixels, more than the file can hold", name, w, h);
  return RM_OK;
}

void rm_image_put_row(rm_tensor *image, size_t y, const uint8_t *restrict row, size_t row_channels) {
  size_t w = image->shape[2], plane = image->shape[1] * w;
  uint8_t *restrict to = rm_tensor_u8(image) + y * w;
  if (row_channels == 1)
    for (size_t c = 0; c < image->shape[0]; c++) memcpy(to + c * plane, row, w);
  else if (image->shape[0] == 1)
    for (size_t x = 0; x < w; x++)
      to[x] = (uint8_t)((row[3 * x] * 19595u + row[3 * x + 1] * 38470u + row[3 * x + 2] * 7471u + 0x8000u) >> 16);
  else
    for (size_t c = 0; c < 3; c++)
      for (size_t x = 0; x < w; x++) to[c * plane + x] = row[x * 3 + c];
}

rm_status rm_image_decode(const char *name, const uint8_t *bytes, size_t size, size_t channels, bool orient,
                          rm_tensor **out, rm_error *err) {
  int orientation = 1;
  rm_tensor *image = NULL;
  if (channels != 1 && channels != 3)
    return rm_fail(err, RM_ERR_VALUE, "%s: channels must be 1 or 3, got %zu", name, channels);
  if (size >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0)
    RM_TRY(rm_jpeg_decode(name, bytes, size, channels, &image, &orientation, err));
  else if (size >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0)
    RM_TRY(rm_png_decode(name, bytes, size, channels, &image, &orientation, err));
  else
    return rm_fail(err, RM_ERR_FORMAT, "%s: is neither a JPEG nor a PNG image (%zu bytes)", name, size);
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
  RM_TRY(rm_file_read(path, FILE_LIMIT, &bytes, err));
  rm_status status = rm_image_decode(path, bytes.data, bytes.size, channels, orient, out, err);
  rm_bytes_free(&bytes);
  return status;
}
