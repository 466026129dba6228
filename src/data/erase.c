/* erase.c -- drawing a rectangle, and painting it. */
#include "data/erase.h"

#include <math.h>
#include <string.h>
#include "base/elementary.h"

bool rm_erase_box(size_t h, size_t w, const double scale[2], const double ratio[2], rm_rng *rng, rm_box *box) {
  double low = rm_math_log(ratio[0]), high = rm_math_log(ratio[1]);
  for (int attempt = 0; attempt < 10; attempt++) {
    double area = (double)(h * w) * (scale[0] + (scale[1] - scale[0]) * rm_rng_double(rng));
    double aspect = rm_math_exp(low + (high - low) * rm_rng_double(rng));
    double height = nearbyint(sqrt(area * aspect)), width = nearbyint(sqrt(area / aspect));
    if (!(height < (double)h && width < (double)w)) continue;
    box->height = (size_t)height;
    box->width = (size_t)width;
    box->top = (size_t)rm_rng_below(rng, h - box->height + 1);
    box->left = (size_t)rm_rng_below(rng, w - box->width + 1);
    return true;
  }
  return false;
}

void rm_image_erase(rm_tensor *image, rm_box box, uint8_t value, rm_rng *rng) {
  for (size_t c = 0; c < image->shape[0]; c++)
    for (size_t y = 0; y < box.height; y++) {
      uint8_t *row = rm_tensor_u8(image) + (c * image->shape[1] + box.top + y) * image->shape[2] + box.left;
      if (!rng) memset(row, value, box.width);
      else
        for (size_t x = 0; x < box.width; x++) row[x] = (uint8_t)rm_rng_below(rng, 256);
    }
}
