/* resize.c -- separable antialiased bilinear scaling.
 *
 * Output pixel i of a line looks at the source around center (i + 1/2) * scale, through
 * a triangle of half-width max(1, scale). First all lines are scaled across, then down;
 * between the passes values are rounded to bytes, as in Pillow.
 * Source: Pillow, src/libImaging/Resample.c. */
#include "data/resize.h"

#include <math.h>
#include "base/elementary.h"
#include "memory/alloc.h"

enum { FIXED_BITS = 22 }; /* 32 - 8 bits of pixel - 2 bits of headroom */

/* Taps of one axis: output i is the sum of weights[i * width + k] * source[first[i] + k]. */
typedef struct {
  size_t outputs, width;
  size_t *first;
  size_t *count;
  int32_t *weights;
  void *block; /* what all three live in */
  size_t bytes;
} taps;

static double triangle(double x) {
  x = fabs(x);
  return x < 1 ? 1 - x : 0;
}

static void taps_free(taps *t) { rm_free(t->block, t->bytes); }

static void taps_of_output(taps *t, size_t i, size_t inputs, double scale, double support) {
  double center = ((double)i + 0.5) * scale, total = 0;
  double stretch = support > 1 ? 1 / support : 1;
  double low = center - support + 0.5, high = center + support + 0.5;
  size_t begin = low > 0 ? (size_t)low : 0;
  size_t end = high < (double)inputs ? (size_t)high : inputs;
  int32_t *weights = t->weights + i * t->width;
  for (size_t k = begin; k < end; k++) total += triangle(((double)k - center + 0.5) * stretch);
  for (size_t k = begin; k < end; k++) {
    double weight = triangle(((double)k - center + 0.5) * stretch) / total;
    weights[k - begin] = (int32_t)(0.5 + weight * (1 << FIXED_BITS));
  }
  t->first[i] = begin;
  t->count[i] = end - begin;
}

static rm_status taps_new(size_t inputs, size_t outputs, taps *t, rm_error *err) {
  double scale = (double)inputs / (double)outputs;
  double support = scale > 1 ? scale : 1;
  t->outputs = outputs;
  t->width = 2 * (size_t)ceil(support) + 1;
  t->bytes = outputs * (2 * sizeof(size_t) + t->width * sizeof(int32_t));
  t->block = rm_alloc(t->bytes);
  if (!t->block) return rm_fail(err, RM_ERR_MEMORY, "resize: no memory for %zu taps", outputs);
  t->first = t->block;
  t->count = t->first + outputs;
  t->weights = (int32_t *)(t->count + outputs);
  for (size_t i = 0; i < outputs; i++) taps_of_output(t, i, inputs, scale, support);
  return RM_OK;
}

static uint8_t to_byte(int64_t fixed) {
  int64_t v = fixed >> FIXED_BITS;
  return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* A line of pixels `step` apart into one whose pixels are `out_step` apart. */
static void scale_line(const taps *t, const uint8_t *in, ptrdiff_t step, uint8_t *out, size_t out_step) {
  for (size_t i = 0; i < t->outputs; i++) {
    const int32_t *weights = t->weights + i * t->width;
    const uint8_t *from = in + (ptrdiff_t)t->first[i] * step;
    int64_t sum = 1 << (FIXED_BITS - 1);
    for (size_t k = 0; k < t->count[i]; k++) sum += (int64_t)weights[k] * from[(ptrdiff_t)k * step];
    out[i * out_step] = to_byte(sum);
  }
}

static void scale_plane(const taps *across, const taps *down, const uint8_t *in, ptrdiff_t row_step, ptrdiff_t step,
                        size_t rows, uint8_t *middle, uint8_t *out) {
  size_t w = across->outputs;
  for (size_t y = 0; y < rows; y++) scale_line(across, in + (ptrdiff_t)y * row_step, step, middle + y * w, 1);
  for (size_t x = 0; x < w; x++) scale_line(down, middle + x, (ptrdiff_t)w, out + x, w);
}

static rm_status check_image(const rm_tensor *t, rm_box box, size_t h, size_t w, rm_error *err) {
  char text[RM_SHAPE_TEXT];
  if (t->dtype != RM_UINT8 || t->ndim != 3)
    return rm_fail(err, RM_ERR_SHAPE, "resize: image is %s %s, expected uint8 (C, H, W)", rm_dtype_name(t->dtype),
                   rm_tensor_text(t, text));
  if (h < 1 || w < 1 || h > 1 << 16 || w > 1 << 16)
    return rm_fail(err, RM_ERR_VALUE, "resize: size %zux%zu, expected sides from 1 to 65536", h, w);
  if (box.height < 1 || box.width < 1 || box.top + box.height > t->shape[1] || box.left + box.width > t->shape[2])
    return rm_fail(err, RM_ERR_VALUE, "resize: box of %zux%zu at (%zu, %zu) leaves the image %s", box.height, box.width,
                   box.top, box.left, rm_tensor_text(t, text));
  return RM_OK;
}

static rm_status resize_with(rm_tensor *image, rm_box box, const taps *across, const taps *down, rm_tensor **out,
                             rm_error *err) {
  const size_t shape[3] = {image->shape[0], down->outputs, across->outputs};
  size_t plane = shape[1] * shape[2], bytes = box.height * shape[2];
  rm_tensor *y;
  uint8_t *middle = rm_alloc(bytes);
  if (!middle) return rm_fail(err, RM_ERR_MEMORY, "resize: no memory for %zu bytes", bytes);
  rm_status status = rm_tensor_new(RM_UINT8, 3, shape, &y, err);
  if (status == RM_OK) {
    const ptrdiff_t *s = image->strides;
    const uint8_t *from = rm_tensor_u8(image) + (ptrdiff_t)box.top * s[1] + (ptrdiff_t)box.left * s[2];
    for (size_t c = 0; c < shape[0]; c++)
      scale_plane(across, down, from + (ptrdiff_t)c * s[0], s[1], s[2], box.height, middle,
                  rm_tensor_u8(y) + c * plane);
    *out = y;
  }
  rm_free(middle, bytes);
  return status;
}

rm_status rm_image_resize(rm_tensor *image, rm_box box, size_t height, size_t width, rm_tensor **out, rm_error *err) {
  RM_TRY(check_image(image, box, height, width, err));
  taps across, down;
  RM_TRY(taps_new(box.width, width, &across, err));
  rm_status status = taps_new(box.height, height, &down, err);
  if (status == RM_OK) {
    status = resize_with(image, box, &across, &down, out, err);
    taps_free(&down);
  }
  taps_free(&across);
  return status;
}

rm_status rm_image_flip(rm_tensor *image, rm_tensor **out, rm_error *err) {
  RM_TRY(check_image(image, rm_box_whole(image), 1, 1, err));
  size_t c = image->shape[0], h = image->shape[1], w = image->shape[2];
  const ptrdiff_t *s = image->strides;
  rm_tensor *y;
  RM_TRY(rm_tensor_new(RM_UINT8, 3, image->shape, &y, err));
  for (size_t row = 0; row < c * h; row++) {
    const uint8_t *from = rm_tensor_u8(image) + (ptrdiff_t)(row / h) * s[0] + (ptrdiff_t)(row % h) * s[1];
    uint8_t *to = rm_tensor_u8(y) + row * w;
    for (size_t x = 0; x < w; x++) to[x] = from[(ptrdiff_t)(w - 1 - x) * s[2]];
  }
  *out = y;
  return RM_OK;
}

/* --- boxes -------------------------------------------------------------------- */

rm_box rm_box_whole(const rm_tensor *image) { return (rm_box){0, 0, image->shape[1], image->shape[2]}; }

static size_t half_to_even(size_t n) { return n / 2 + (n % 4 == 3); }

rm_box rm_box_center(const rm_tensor *image, size_t height, size_t width) {
  size_t h = image->shape[1], w = image->shape[2];
  if (height > h) height = h;
  if (width > w) width = w;
  return (rm_box){half_to_even(h - height), half_to_even(w - width), height, width};
}

/* In the middle, half a pixel further up and left where it does not fit evenly. */
static rm_box middle(size_t h, size_t w, double height, double width) {
  size_t tall = (size_t)fmax(1, rint(height)), wide = (size_t)fmax(1, rint(width));
  return (rm_box){(h - tall) / 2, (w - wide) / 2, tall, wide};
}

rm_box rm_box_cover(const rm_tensor *image, size_t height, size_t width) {
  double h = (double)image->shape[1], w = (double)image->shape[2];
  double proportion = (double)height / (double)width;
  bool tall = h > w * proportion;
  return middle(image->shape[1], image->shape[2], tall ? w * proportion : h, tall ? w : h / proportion);
}

static double between(rm_rng *rng, double low, double high) { return low + (high - low) * rm_rng_double(rng); }

rm_box rm_box_random(const rm_tensor *image, const double scale[2], const double ratio[2], rm_rng *rng) {
  size_t h = image->shape[1], w = image->shape[2];
  double area = (double)h * (double)w;
  for (int attempt = 0; attempt < 10; attempt++) {
    double share = between(rng, scale[0], scale[1]) * area;
    double r = rm_math_exp(between(rng, rm_math_log(ratio[0]), rm_math_log(ratio[1])));
    size_t width = (size_t)rint(sqrt(share * r)), height = (size_t)rint(sqrt(share / r));
    if (width < 1 || height < 1 || width > w || height > h) continue;
    size_t top = rm_rng_below(rng, h - height + 1);
    return (rm_box){top, rm_rng_below(rng, w - width + 1), height, width};
  }
  double own = (double)w / (double)h;
  if (own < ratio[0]) return middle(h, w, (double)w / ratio[0], (double)w);
  if (own > ratio[1]) return middle(h, w, (double)h, (double)h * ratio[1]);
  return rm_box_whole(image);
}
