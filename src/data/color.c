/* color.c -- a pass over the pixels for each property. */
#include "data/color.h"

#include <math.h>

static const char *const names[RM_COLORS] = {"adjust_brightness", "adjust_contrast", "adjust_saturation", "adjust_hue"};

static uint8_t byte_of(float x) { return x < 0 ? 0 : x > 255 ? 255 : (uint8_t)x; }

/* Of a pixel whose channels are `plane` bytes apart. */
static uint8_t gray_of(const uint8_t *p, size_t plane) {
  return (uint8_t)(0.2989f * p[0] + 0.587f * p[plane] + 0.114f * p[2 * plane]);
}

static rm_status check(const rm_tensor *image, const char *op, rm_error *err) {
  if (image->shape[0] == 1 || image->shape[0] == 3) return RM_OK;
  return rm_fail(err, RM_ERR_SHAPE, "%s: image has %zu channels, expected 1 or 3", op, image->shape[0]);
}

/* x -> factor * x + (1 - factor) * other, the same other for all. */
static void blend(rm_tensor *image, double factor, float other) {
  uint8_t *x = rm_tensor_u8(image);
  const float share = (float)factor, rest = (float)(1 - factor);
  for (size_t i = 0; i < image->numel; i++) x[i] = byte_of(share * x[i] + rest * other);
}

static float mean_of_gray(const rm_tensor *image) {
  const uint8_t *x = rm_tensor_u8(image);
  size_t plane = image->shape[1] * image->shape[2];
  uint64_t sum = 0;
  for (size_t i = 0; i < plane; i++) sum += image->shape[0] == 3 ? gray_of(x + i, plane) : x[i];
  return (float)sum / (float)plane;
}

static void saturate(rm_tensor *image, double factor) {
  size_t plane = image->shape[1] * image->shape[2];
  const float share = (float)factor, rest = (float)(1 - factor);
  uint8_t *x = rm_tensor_u8(image);
  for (size_t i = 0; i < plane; i++) {
    float gray = gray_of(x + i, plane);
    for (size_t c = 0; c < 3; c++) x[c * plane + i] = byte_of(share * x[c * plane + i] + rest * gray);
  }
}

static float unit(float x) { return x < 0 ? 0 : x > 1 ? 1 : x; }

/* Hue (0 to 1), saturation and value of a color from 0 to 1, as Pillow works them out. */
static void to_hsv(const float rgb[3], float hsv[3]) {
  float r = rgb[0], g = rgb[1], b = rgb[2];
  float most = fmaxf(r, fmaxf(g, b)), least = fminf(r, fminf(g, b)), range = most - least;
  hsv[2] = most;
  if (range == 0) {
    hsv[0] = hsv[1] = 0;
    return;
  }
  float rc = (most - r) / range, gc = (most - g) / range, bc = (most - b) / range;
  float h = most == r ? bc - gc : most == g ? 2 + rc - bc : 4 + gc - rc;
  hsv[0] = fmodf(h / 6 + 1, 1);
  hsv[1] = range / most;
}

static void to_rgb(const float hsv[3], float rgb[3]) {
  float v = hsv[2], s = hsv[1], sector = floorf(hsv[0] * 6), f = hsv[0] * 6 - sector;
  float p = unit(v * (1 - s)), q = unit(v * (1 - s * f)), t = unit(v * (1 - s * (1 - f)));
  const float of[6][3] = {{v, t, p}, {q, v, p}, {p, v, t}, {p, q, v}, {t, p, v}, {v, p, q}};
  const float *color = of[(int)sector % 6];
  for (size_t c = 0; c < 3; c++) rgb[c] = color[c];
}

static void turn_hue(rm_tensor *image, double factor) {
  size_t plane = image->shape[1] * image->shape[2];
  uint8_t *x = rm_tensor_u8(image);
  for (size_t i = 0; i < plane; i++) {
    float rgb[3], hsv[3];
    for (size_t c = 0; c < 3; c++) rgb[c] = x[c * plane + i] / 255.0f;
    to_hsv(rgb, hsv);
    hsv[0] = fmodf(hsv[0] + (float)factor, 1);
    if (hsv[0] < 0) hsv[0] += 1;
    to_rgb(hsv, rgb);
    for (size_t c = 0; c < 3; c++) x[c * plane + i] = byte_of(rgb[c] * 255.0f);
  }
}

rm_status rm_image_color(rm_tensor *image, rm_color which, double factor, rm_error *err) {
  bool fits = which == RM_COLOR_HUE ? fabs(factor) <= 0.5 : factor >= 0 && isfinite(factor);
  if (!fits)
    return rm_fail(err, RM_ERR_VALUE, "%s: factor is %g, expected %s", names[which], factor,
                   which == RM_COLOR_HUE ? "-0.5 to 0.5" : "a number from 0");
  if (which != RM_COLOR_BRIGHTNESS) RM_TRY(check(image, names[which], err));
  switch (which) {
    case RM_COLOR_BRIGHTNESS: blend(image, factor, 0); break;
    case RM_COLOR_CONTRAST: blend(image, factor, mean_of_gray(image)); break;
    case RM_COLOR_SATURATION:
      if (image->shape[0] == 3) saturate(image, factor);
      break;
    default:
      if (image->shape[0] == 3) turn_hue(image, factor);
  }
  return RM_OK;
}

rm_status rm_image_gray(rm_tensor *image, rm_error *err) {
  RM_TRY(check(image, "grayscale", err));
  if (image->shape[0] == 1) return RM_OK;
  size_t plane = image->shape[1] * image->shape[2];
  uint8_t *x = rm_tensor_u8(image);
  for (size_t i = 0; i < plane; i++) x[i] = x[plane + i] = x[2 * plane + i] = gray_of(x + i, plane);
  return RM_OK;
}

rm_status rm_image_jitter(rm_tensor *image, const double factors[RM_COLORS][2], rm_rng *rng, rm_error *err) {
  rm_color order[RM_COLORS] = {RM_COLOR_BRIGHTNESS, RM_COLOR_CONTRAST, RM_COLOR_SATURATION, RM_COLOR_HUE};
  double drawn[RM_COLORS];
  for (size_t i = RM_COLORS - 1; i > 0; i--) {
    size_t j = (size_t)rm_rng_below(rng, i + 1);
    rm_color kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
  for (size_t i = 0; i < RM_COLORS; i++)
    drawn[i] = factors[i][0] + (factors[i][1] - factors[i][0]) * rm_rng_double(rng);
  for (size_t i = 0; i < RM_COLORS; i++) {
    rm_color which = order[i];
    double nothing = which == RM_COLOR_HUE ? 0 : 1;
    if (factors[which][0] == nothing && factors[which][1] == nothing) continue;
    RM_TRY(rm_image_color(image, which, drawn[which], err));
  }
  return RM_OK;
}
