/* exif_fuzz.c -- the orientation in a picture's EXIF block. */
#include "fuzz.h"
#include "data/exif.h"

const char *const fuzz_readers[] = {"exif", NULL};

void fuzz_one(const uint8_t *data, size_t size) {
  int orientation = rm_exif_orientation(data, size);
  fuzz_require(orientation >= 1 && orientation <= 8, "orientation %d", orientation);
}
