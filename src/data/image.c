/* image.c -- decoding by libjpeg and libpng.
 *
 * libjpeg reports errors by calling a function that must not return: here it jumps
 * back into decode_jpeg, and everything allocated meanwhile hangs on the decoder
 * struct of the caller, which releases it. libpng's simplified interface returns. */
#include "data/image.h"

#include <stdio.h>     /* before jpeglib.h, which needs it */
#include <jpeglib.h>
#include <jerror.h>   /* after jpeglib.h */
#include <png.h>
#include <setjmp.h>
#include <string.h>
#include "memory/alloc.h"
#include "io/atomic_file.h"
#include "io/files.h"

static const size_t FILE_LIMIT = (size_t)256 << 20;

static rm_status check_sides(const char *name, size_t w, size_t h, rm_error *err) {
  if (w < 1 || h < 1 || w > RM_IMAGE_MAX_SIDE || h > RM_IMAGE_MAX_SIDE)
    return rm_fail(err, RM_ERR_FORMAT, "%s: image of %zux%zu, expected sides from 1 to %d", name, w,
                   h, RM_IMAGE_MAX_SIDE);
  return RM_OK;
}

/* One row of interleaved pixels into the planes of image (C, H, W). */
static void split_row(const uint8_t *restrict row, size_t channels, size_t w, size_t y, rm_tensor *image) {
  size_t plane = image->shape[1] * image->shape[2];
  uint8_t *restrict to = rm_tensor_u8(image) + y * w;
  if (channels == 1) memcpy(to, row, w);
  else
    for (size_t c = 0; c < 3; c++)
      for (size_t x = 0; x < w; x++) to[c * plane + x] = row[x * 3 + c];
}

/* --- JPEG --------------------------------------------------------------------- */

typedef struct {
  struct jpeg_error_mgr manager;   /* first: libjpeg hands back a pointer to it */
  jmp_buf back;
  char message[JMSG_LENGTH_MAX];
} jpeg_trap;

typedef struct {
  struct jpeg_decompress_struct jpeg;
  jpeg_trap trap;
  rm_tensor *image;
  uint8_t *row;
  size_t row_bytes;
} jpeg_decoder;

static void jpeg_escape(j_common_ptr jpeg) {
  jpeg_trap *trap = (jpeg_trap *)jpeg->err;
  trap->manager.format_message(jpeg, trap->message);
  longjmp(trap->back, 1);
}

/* Warnings pass, but not those that say that pixels are missing. */
static void jpeg_message(j_common_ptr jpeg, int level) {
  int code = jpeg->err->msg_code;
  if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER)) jpeg_escape(jpeg);
}

/* What runs under the trap: it may be left at any libjpeg call. */
static rm_status jpeg_rows(jpeg_decoder *d, const char *name, const uint8_t *bytes, size_t size,
                           size_t channels, rm_error *err) {
  jpeg_create_decompress(&d->jpeg);
  jpeg_mem_src(&d->jpeg, bytes, size);
  jpeg_read_header(&d->jpeg, TRUE);
  RM_TRY(check_sides(name, d->jpeg.image_width, d->jpeg.image_height, err));
  d->jpeg.out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&d->jpeg);
  size_t w = d->jpeg.output_width, h = d->jpeg.output_height;
  const size_t shape[3] = {channels, h, w};
  RM_TRY(rm_tensor_new(RM_UINT8, 3, shape, &d->image, err));
  d->row_bytes = w * channels;
  d->row = rm_alloc(d->row_bytes);
  if (!d->row) return rm_fail(err, RM_ERR_MEMORY, "%s: no memory for a row", name);
  for (size_t y = 0; y < h; y++) {
    jpeg_read_scanlines(&d->jpeg, &d->row, 1);
    split_row(d->row, channels, w, y, d->image);
  }
  jpeg_finish_decompress(&d->jpeg);
  return RM_OK;
}

static rm_status decode_jpeg(const char *name, const uint8_t *bytes, size_t size, size_t channels,
                             rm_tensor **out, rm_error *err) {
  jpeg_decoder d;
  memset(&d, 0, sizeof d);
  d.jpeg.err = jpeg_std_error(&d.trap.manager);
  d.trap.manager.error_exit = jpeg_escape;
  d.trap.manager.emit_message = jpeg_message;
  rm_status status;
  if (setjmp(d.trap.back) == 0)
    status = jpeg_rows(&d, name, bytes, size, channels, err);
  else
    status = rm_fail(err, RM_ERR_FORMAT, "%s: corrupt JPEG: %s", name, d.trap.message);
  jpeg_destroy_decompress(&d.jpeg);
  rm_free(d.row, d.row_bytes);
  if (status == RM_OK) *out = d.image;
  else rm_tensor_release(d.image);
  return status;
}

/* --- PNG ---------------------------------------------------------------------- */

static rm_status png_pixels(png_image *png, const char *name, size_t channels, rm_tensor **out,
                            rm_error *err) {
  size_t w = png->width, h = png->height, bytes = w * h * channels;
  RM_TRY(check_sides(name, w, h, err));
  png->format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  uint8_t *pixels = rm_alloc(bytes);
  if (!pixels) return rm_fail(err, RM_ERR_MEMORY, "%s: no memory for its pixels", name);
  static const png_color white = {255, 255, 255};
  rm_status status = RM_OK;
  if (!png_image_finish_read(png, &white, pixels, 0, NULL))
    status = rm_fail(err, RM_ERR_FORMAT, "%s: corrupt PNG: %s", name, png->message);
  const size_t shape[3] = {channels, h, w};
  if (status == RM_OK) status = rm_tensor_new(RM_UINT8, 3, shape, out, err);
  if (status == RM_OK)
    for (size_t y = 0; y < h; y++) split_row(pixels + y * w * channels, channels, w, y, *out);
  rm_free(pixels, bytes);
  return status;
}

static rm_status decode_png(const char *name, const uint8_t *bytes, size_t size, size_t channels,
                            rm_tensor **out, rm_error *err) {
  png_image png = {.version = PNG_IMAGE_VERSION};
  if (!png_image_begin_read_from_memory(&png, bytes, size))
    return rm_fail(err, RM_ERR_FORMAT, "%s: corrupt PNG: %s", name, png.message);
  rm_status status = png_pixels(&png, name, channels, out, err);
  png_image_free(&png);
  return status;
}

/* --- both --------------------------------------------------------------------- */

rm_status rm_image_decode(const char *name, const uint8_t *bytes, size_t size, size_t channels,
                          rm_tensor **out, rm_error *err) {
  if (channels != 1 && channels != 3)
    return rm_fail(err, RM_ERR_VALUE, "%s: channels must be 1 or 3, got %zu", name, channels);
  if (size >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0)
    return decode_jpeg(name, bytes, size, channels, out, err);
  if (size >= 8 && png_sig_cmp(bytes, 0, 8) == 0)
    return decode_png(name, bytes, size, channels, out, err);
  return rm_fail(err, RM_ERR_FORMAT, "%s: is neither a JPEG nor a PNG image (%zu bytes)", name, size);
}

rm_status rm_image_load(const char *path, size_t channels, rm_tensor **out, rm_error *err) {
  rm_bytes bytes;
  RM_TRY(rm_file_read(path, FILE_LIMIT, &bytes, err));
  rm_status status = rm_image_decode(path, bytes.data, bytes.size, channels, out, err);
  rm_bytes_free(&bytes);
  return status;
}

/* --- writing ------------------------------------------------------------------ */

static rm_status check_picture(const char *path, const rm_tensor *t, rm_error *err) {
  char text[RM_SHAPE_TEXT];
  if (t->dtype != RM_UINT8)
    return rm_fail(err, RM_ERR_TYPE, "write_png: %s: image is %s, expected uint8", path,
                   rm_dtype_name(t->dtype));
  if (t->ndim != 3 || (t->shape[0] != 1 && t->shape[0] != 3))
    return rm_fail(err, RM_ERR_SHAPE, "write_png: %s: image is %s, expected (1 or 3, H, W)", path,
                   rm_tensor_text(t, text));
  return check_sides(path, t->shape[2], t->shape[1], err);
}

static rm_status write_file(const char *path, const void *bytes, size_t size, rm_error *err) {
  rm_atomic_file *file;
  RM_TRY(rm_atomic_open("write_png", path, &file, err));
  rm_status status = rm_atomic_write(file, bytes, size, err);
  if (status == RM_OK) return rm_atomic_commit(file, err);
  rm_atomic_abandon(file);
  return status;
}

static rm_status encode_png(const char *path, const rm_tensor *t, const uint8_t *pixels, rm_error *err) {
  png_image png = {.version = PNG_IMAGE_VERSION,
                   .width = (png_uint_32)t->shape[2],
                   .height = (png_uint_32)t->shape[1],
                   .format = t->shape[0] == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB};
  size_t room = PNG_IMAGE_PNG_SIZE_MAX(png), used = room;
  uint8_t *file = rm_alloc(room);
  if (!file) return rm_fail(err, RM_ERR_MEMORY, "write_png: %s: no memory", path);
  rm_status status;
  if (png_image_write_to_memory(&png, file, &used, 0, pixels, 0, NULL))
    status = write_file(path, file, used, err);
  else
    status = rm_fail(err, RM_ERR_FORMAT, "write_png: %s: %s", path, png.message);
  rm_free(file, room);
  return status;
}

rm_status rm_image_write_png(const char *path, rm_tensor *image, rm_error *err) {
  RM_TRY(check_picture(path, image, err));
  size_t channels = image->shape[0], h = image->shape[1], w = image->shape[2];
  size_t bytes = channels * h * w;
  uint8_t *pixels = rm_alloc(bytes);
  if (!pixels) return rm_fail(err, RM_ERR_MEMORY, "write_png: %s: no memory", path);
  const uint8_t *from = rm_tensor_u8(image);
  const ptrdiff_t *s = image->strides;
  for (size_t y = 0; y < h; y++)
    for (size_t x = 0; x < w; x++)
      for (size_t c = 0; c < channels; c++)
        pixels[(y * w + x) * channels + c] =
            from[(ptrdiff_t)c * s[0] + (ptrdiff_t)y * s[1] + (ptrdiff_t)x * s[2]];
  rm_status status = encode_png(path, image, pixels, err);
  rm_free(pixels, bytes);
  return status;
}
