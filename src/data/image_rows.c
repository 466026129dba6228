/* image_rows.c -- checking sides, and writing rows into planes. */
#include "data/image_rows.h"

#include <string.h>

rm_status rm_image_check_sides(const char *name, size_t w, size_t h, double most, rm_error *err) {
  if (w < 1 || h < 1 || w > RM_IMAGE_MAX_SIDE || h > RM_IMAGE_MAX_SIDE)
    return rm_fail(err, RM_ERR_FORMAT, "%s: image of %zux%zu, expected sides from 1 to %d", name, w, h,
                   RM_IMAGE_MAX_SIDE);
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
