/* picture.h -- what both kinds of picture are asked. */
#ifndef RM_TEST_FUZZ_PICTURE_H
#define RM_TEST_FUZZ_PICTURE_H

#include "fuzz.h"
#include "data/exif.h"
#include "data/image.h"
#include "data/jpeg.h"
#include "data/png.h"
#include "data/probe.h"

typedef rm_status (*fuzz_decoder)(const char *name, const uint8_t *bytes, size_t size, size_t channels, rm_tensor **out,
                                  int *orientation, rm_error *err);

/* Large pictures are good ones, too, and would be all that there is time for. */
enum { FUZZ_PIXELS = 1 << 18 };

/* Decoded in gray and in color, as the file has it and as people want to see it; the header says the same sizes. */
static void fuzz_picture(fuzz_decoder decode, const uint8_t *data, size_t size) {
  rm_error err;
  rm_image_info info;
  const char *path = fuzz_file("in", data, size);
  rm_images_probe(1, &path, &info);
  if (info.is_image && (size_t)info.width * info.height > FUZZ_PIXELS) return;
  for (size_t channels = 1; channels <= 3; channels += 2) {
    rm_tensor *image = NULL, *turned = NULL;
    int orientation = 0;
    if (!fuzz_ok(decode("fuzz", data, size, channels, &image, &orientation, &err), &err)) continue;
    fuzz_require(orientation >= 1 && orientation <= 8, "orientation %d", orientation);
    fuzz_require(image->ndim == 3 && image->shape[0] == channels, "%zu channels", image->shape[0]);
    fuzz_require(info.is_image && image->shape[1] == info.height && image->shape[2] == info.width,
                 "%zu x %zu pixels, of which the header says %u x %u", image->shape[2], image->shape[1], info.width,
                 info.height);
    if (fuzz_ok(rm_image_decode("fuzz", data, size, channels, true, &turned, &err), &err))
      fuzz_require(turned->numel == image->numel, "turning changes the number of pixels");
    rm_tensor_release(turned);
    rm_tensor_release(image);
  }
}

#endif
