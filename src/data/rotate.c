/* rotate.c -- for each pixel of the result, where it comes from.
 *
 * Positions go through coordinates from -1 to 1, as in PyTorch's grid_sample (align_corners = False): what is computed
 * in float32 there is so here, since the nearest pixel of a position half way between two depends on it. */
#include "data/rotate.h"

#include <math.h>
#include "base/elementary.h"

typedef struct {
  const uint8_t *from;
  size_t channels, h, w;
  rm_rotation how;
} source;

/* The pixel of a plane, or nothing outside. */
static bool inside(const source *s, float x, float y) { return x >= 0 && y >= 0 && x < (float)s->w && y < (float)s->h; }

static void nearest(const source *s, float x, float y, uint8_t *to) {
  float column = nearbyintf(x), row = nearbyintf(y);
  size_t plane = s->h * s->w;
  bool there = inside(s, column, row);
  size_t at = there ? (size_t)row * s->w + (size_t)column : 0;
  for (size_t c = 0; c < s->channels; c++)
    to[c * plane] = there ? s->from[c * plane + at] : (uint8_t)nearbyintf((float)s->how.fill);
}

/* Where some of the four pixels are outside, torchvision 0.14 weighs the others twice: their sum already has zeros for
 * what is missing, and is multiplied by the share that is there (_apply_grid_transform), which darkens an edge. */
static void bilinear(const source *s, float x, float y, uint8_t *to) {
  float left = floorf(x), top = floorf(y), west = x - left, north = y - top, east = 1 - west, south = 1 - north;
  const float weights[4] = {south * east, south * west, north * east, north * west};
  size_t plane = s->h * s->w, at[4];
  bool there[4];
  float share = 0;
  for (size_t k = 0; k < 4; k++) {
    float column = left + (float)(k & 1), row = top + (float)(k >> 1);
    there[k] = inside(s, column, row);
    at[k] = there[k] ? (size_t)row * s->w + (size_t)column : 0;
    if (there[k]) share += weights[k];
  }
  for (size_t c = 0; c < s->channels; c++) {
    float sum = 0;
    for (size_t k = 0; k < 4; k++)
      if (there[k]) sum += s->from[c * plane + at[k]] * weights[k];
    to[c * plane] = (uint8_t)nearbyintf(sum * share + (1 - share) * (float)s->how.fill);
  }
}

rm_status rm_image_rotate(const rm_tensor *image, double degrees, rm_rotation how, rm_tensor **out, rm_error *err) {
  if (!isfinite(degrees)) return rm_fail(err, RM_ERR_VALUE, "rotate: %g degrees, expected a number", degrees);
  if (!(how.fill >= 0 && how.fill <= 255))
    return rm_fail(err, RM_ERR_VALUE, "rotate: fill is %g, expected 0 to 255", how.fill);
  RM_TRY(rm_tensor_new(RM_UINT8, 3, image->shape, out, err));
  source s = {rm_tensor_u8(image), image->shape[0], image->shape[1], image->shape[2], how};
  const float w = (float)s.w, h = (float)s.h;
  double angle = -degrees * (3.14159265358979323846 / 180);
  const float cosine = (float)rm_math_cos(angle), sine = (float)rm_math_sin(angle);
  const float xx = cosine / (0.5f * w), xy = sine / (0.5f * w), yx = -sine / (0.5f * h), yy = cosine / (0.5f * h);
  for (size_t i = 0; i < s.h; i++)
    for (size_t j = 0; j < s.w; j++) {
      float across = (float)j - 0.5f * w + 0.5f, down = (float)i - 0.5f * h + 0.5f;
      float x = (across * xx + down * xy + 1) * (0.5f * w) - 0.5f;
      float y = (across * yx + down * yy + 1) * (0.5f * h) - 0.5f;
      uint8_t *to = rm_tensor_u8(*out) + i * s.w + j;
      if (how.bilinear) bilinear(&s, x, y, to);
      else nearest(&s, x, y, to);
    }
  return RM_OK;
}
