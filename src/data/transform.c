/* transform.c -- a step at a time; what one gives is released when the next has read it. */
#include "data/transform.h"

#include <string.h>
#include "data/erase.h"
#include "data/resize.h"

/* height x width of the image from (top, left) on, as rows of bytes. */
static void copy_box(const rm_tensor *image, size_t top, size_t left, size_t height, size_t width, uint8_t *to,
                     size_t to_row, size_t to_plane) {
  const ptrdiff_t *s = image->strides;
  for (size_t c = 0; c < image->shape[0]; c++)
    for (size_t y = 0; y < height; y++) {
      const uint8_t *from = rm_tensor_u8(image) + (ptrdiff_t)c * s[0] + (ptrdiff_t)(top + y) * s[1] +
                            (ptrdiff_t)left * s[2];
      uint8_t *row = to + c * to_plane + y * to_row;
      for (size_t x = 0; x < width; x++) row[x] = from[(ptrdiff_t)x * s[2]];
    }
}

static void mirror_rows(uint8_t *pixels, size_t rows, size_t width) {
  for (size_t y = 0; y < rows; y++, pixels += width)
    for (size_t a = 0, b = width - 1; a < b; a++, b--) {
      uint8_t kept = pixels[a];
      pixels[a] = pixels[b];
      pixels[b] = kept;
    }
}

static rm_status check_inside(const rm_tensor *image, const rm_step *step, const char *op, rm_error *err) {
  if (image->shape[1] >= step->height && image->shape[2] >= step->width) return RM_OK;
  return rm_fail(err, RM_ERR_SHAPE, "%s: image is %zux%zu, expected at least %zux%zu", op, image->shape[1],
                 image->shape[2], step->height, step->width);
}

static rm_status shorter(const rm_step *step, rm_tensor *image, rm_tensor **out, rm_error *err) {
  size_t h = image->shape[1], w = image->shape[2], size = step->height;
  size_t longer = size * (h < w ? w : h) / (h < w ? h : w);
  return rm_image_resize(image, rm_box_whole(image), h <= w ? size : longer, h <= w ? longer : size, out, err);
}

static rm_status pad(const rm_step *step, rm_tensor *image, rm_tensor **out, rm_error *err) {
  size_t h = image->shape[1], w = image->shape[2];
  const size_t shape[3] = {image->shape[0], h + 2 * step->height, w + 2 * step->width};
  RM_TRY(rm_tensor_new(RM_UINT8, 3, shape, out, err));
  memset(rm_tensor_u8(*out), 0, (*out)->numel);
  copy_box(image, 0, 0, h, w, rm_tensor_u8(*out) + step->height * shape[2] + step->width, shape[2],
           shape[1] * shape[2]);
  return RM_OK;
}

static rm_status center_crop(const rm_step *step, rm_tensor *image, rm_tensor **out, rm_error *err) {
  RM_TRY(check_inside(image, step, "center_crop", err));
  const size_t shape[3] = {image->shape[0], step->height, step->width};
  rm_box box = rm_box_center(image, step->height, step->width);
  RM_TRY(rm_tensor_new(RM_UINT8, 3, shape, out, err));
  copy_box(image, box.top, box.left, box.height, box.width, rm_tensor_u8(*out), box.width, box.height * box.width);
  return RM_OK;
}

static rm_status ten_crop(const rm_step *step, rm_tensor *image, rm_tensor **out, rm_error *err) {
  RM_TRY(check_inside(image, step, "ten_crop", err));
  size_t h = step->height, w = step->width, bottom = image->shape[1] - h, right = image->shape[2] - w;
  rm_box center = rm_box_center(image, h, w);
  const size_t at[5][2] = {{0, 0}, {0, right}, {bottom, 0}, {bottom, right}, {center.top, center.left}};
  const size_t shape[4] = {10, image->shape[0], h, w};
  size_t size = shape[1] * h * w;
  RM_TRY(rm_tensor_new(RM_UINT8, 4, shape, out, err));
  uint8_t *to = rm_tensor_u8(*out);
  for (size_t k = 0; k < 5; k++) copy_box(image, at[k][0], at[k][1], h, w, to + k * size, w, h * w);
  /* of the mirrored image: what it has at the left lies at the right here */
  for (size_t k = 0; k < 5; k++) copy_box(image, at[k][0], right - at[k][1], h, w, to + (5 + k) * size, w, h * w);
  mirror_rows(to + 5 * size, 5 * shape[1] * h, w);
  return RM_OK;
}

/* A contiguous copy, to be changed in place. */
static rm_status copy_image(const rm_tensor *image, rm_tensor **out, rm_error *err) {
  RM_TRY(rm_tensor_new(RM_UINT8, 3, image->shape, out, err));
  copy_box(image, 0, 0, image->shape[1], image->shape[2], rm_tensor_u8(*out), image->shape[2],
           image->shape[1] * image->shape[2]);
  return RM_OK;
}

static void random_erasing(const rm_step *step, rm_tensor *image, rm_rng *rng) {
  rm_box box;
  if (rm_erase_box(image->shape[1], image->shape[2], step->scale, step->ratio, rng, &box))
    rm_image_erase(image, box, step->value < 0 ? 0 : (uint8_t)step->value, step->value < 0 ? rng : NULL);
}

/* The steps that leave the size as it is, on a copy of the image. */
static rm_status change(const rm_step *step, rm_tensor *image, rm_rng *rng, rm_tensor **out, rm_error *err) {
  rm_tensor *copy;
  RM_TRY(copy_image(image, &copy, err));
  rm_status status = RM_OK;
  double degrees = step->degrees[0];
  switch (step->kind) {
    case RM_STEP_COLOR: status = rm_image_color(copy, step->color, step->factors[step->color][0], err); break;
    case RM_STEP_COLOR_JITTER: status = rm_image_jitter(copy, step->factors, rng, err); break;
    case RM_STEP_RANDOM_GRAYSCALE:
    case RM_STEP_GRAYSCALE: status = rm_image_gray(copy, err); break;
    case RM_STEP_RANDOM_ERASING: random_erasing(step, copy, rng); break;
    default: {
      if (step->kind == RM_STEP_RANDOM_ROTATION) degrees += (step->degrees[1] - degrees) * rm_rng_double(rng);
      rm_tensor *turned;
      status = rm_image_rotate(copy, degrees, step->rotation, &turned, err);
      rm_tensor_release(copy);
      if (status == RM_OK) *out = turned;
      return status;
    }
  }
  if (status == RM_OK) *out = copy;
  else rm_tensor_release(copy);
  return status;
}

static bool draws(rm_step_kind kind) {
  return kind == RM_STEP_FLIP || kind == RM_STEP_RANDOM_RESIZED_CROP || kind == RM_STEP_COLOR_JITTER ||
         kind == RM_STEP_RANDOM_GRAYSCALE || kind == RM_STEP_RANDOM_ROTATION || kind == RM_STEP_RANDOM_ERASING;
}

static rm_status apply_step(const rm_step *step, rm_tensor *image, rm_rng *rng, rm_tensor **out, rm_error *err) {
  rm_box box;
  if (!rng && draws(step->kind)) return rm_fail(err, RM_ERR_VALUE, "transform: what is random needs a generator");
  switch (step->kind) {
    case RM_STEP_SHORTER: return shorter(step, image, out, err);
    case RM_STEP_PAD: return pad(step, image, out, err);
    case RM_STEP_CENTER_CROP: return center_crop(step, image, out, err);
    case RM_STEP_TEN_CROP: return ten_crop(step, image, out, err);
    case RM_STEP_FLIP:
      if (rm_rng_double(rng) < step->p) return rm_image_flip(image, out, err);
      *out = rm_tensor_retain(image);
      return RM_OK;
    case RM_STEP_RANDOM_GRAYSCALE:
    case RM_STEP_RANDOM_ERASING:
      if (rm_rng_double(rng) < step->p) return change(step, image, rng, out, err);
      *out = rm_tensor_retain(image);
      return RM_OK;
    case RM_STEP_COLOR:
    case RM_STEP_COLOR_JITTER:
    case RM_STEP_GRAYSCALE:
    case RM_STEP_ROTATE:
    case RM_STEP_RANDOM_ROTATION: return change(step, image, rng, out, err);
    case RM_STEP_COVER: box = rm_box_cover(image, step->height, step->width); break;
    case RM_STEP_RANDOM_RESIZED_CROP: box = rm_box_random(image, step->scale, step->ratio, rng); break;
    default: box = rm_box_whole(image);
  }
  return rm_image_resize(image, box, step->height, step->width, out, err);
}

rm_status rm_transform_apply(const rm_transform *transform, rm_tensor *image, rm_rng *rng, rm_tensor **out,
                             rm_error *err) {
  rm_tensor *now = rm_tensor_retain(image);
  rm_rng before = rng ? *rng : (rm_rng){0};
  for (size_t i = 0; i < transform->n; i++) {
    rm_tensor *next;
    rm_status status = now->ndim == 3 ? apply_step(&transform->steps[i], now, rng, &next, err)
                                      : rm_fail(err, RM_ERR_VALUE, "ten_crop: must be the last step of a transform");
    rm_tensor_release(now);
    if (status != RM_OK) {
      if (rng) *rng = before; /* nothing was drawn */
      return status;
    }
    now = next;
  }
  *out = now;
  return RM_OK;
}
