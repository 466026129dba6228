/* exif.c -- one entry of a TIFF directory, and the eight ways to hold a camera.
 * Source: Exif 2.3 (CIPA DC-008), section 4.6.4, tag 0x0112; TIFF 6.0, section 2. */
#include "data/exif.h"

#include <string.h>

enum { ORIENTATION = 0x0112, BYTE = 1, SHORT = 3, LONG = 4, ENTRY = 12 };

/* n bytes as a number, least significant first or last. */
static uint32_t number(const uint8_t *p, size_t n, bool little) {
  uint32_t v = 0;
  for (size_t i = 0; i < n; i++) v |= (uint32_t)p[i] << 8 * (little ? i : n - 1 - i);
  return v;
}

int rm_exif_orientation(const uint8_t *tiff, size_t size) {
  if (size < 8) return 1;
  bool little = memcmp(tiff, "II\x2a\0", 4) == 0;
  if (!little && memcmp(tiff, "MM\0\x2a", 4) != 0) return 1;
  size_t at = number(tiff + 4, 4, little);
  if (at > size - 2) return 1;
  size_t entries = number(tiff + at, 2, little);
  at += 2;
  for (size_t i = 0; i < entries && at + ENTRY <= size; i++, at += ENTRY) {
    const uint8_t *entry = tiff + at;
    uint32_t type = number(entry + 2, 2, little);
    if (number(entry, 2, little) != ORIENTATION) continue;
    if (type != BYTE && type != SHORT && type != LONG) return 1;
    uint32_t v = number(entry + 8, type == BYTE ? 1 : type == SHORT ? 2 : 4, little);
    return v >= 1 && v <= 8 ? (int)v : 1;
  }
  return 1;
}

rm_status rm_exif_turn(const rm_tensor *image, int orientation, rm_tensor **out, rm_error *err) {
  bool across = orientation >= 5;
  bool right = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  bool bottom = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  size_t c = image->shape[0], h = image->shape[across ? 2 : 1], w = image->shape[across ? 1 : 2];
  const size_t shape[3] = {c, h, w};
  ptrdiff_t line = (ptrdiff_t)image->shape[2], down = across ? 1 : line, along = across ? line : 1;
  RM_TRY(rm_tensor_new(RM_UINT8, 3, shape, out, err));
  const uint8_t *plane = rm_tensor_u8(image);
  uint8_t *to = rm_tensor_u8(*out);
  if (bottom) plane += (ptrdiff_t)(h - 1) * down, down = -down;
  if (right) plane += (ptrdiff_t)(w - 1) * along, along = -along;
  for (size_t k = 0; k < c; k++, plane += h * w)
    for (size_t y = 0; y < h; y++)
      for (size_t x = 0; x < w; x++) *to++ = plane[(ptrdiff_t)y * down + (ptrdiff_t)x * along];
  return RM_OK;
}
