/* png.c -- decoding by libpng, and writing.
 *
 * libpng reports errors as libjpeg does: a function that must not return jumps back into rm_png_decode, which
 * releases what hangs on the decoder struct. Its simplified interface returns instead, but changes pixels: it
 * applies gAMA, takes 16 bits without gAMA for linear light, and mixes gray in linear light (libpng 1.6.39). */
#include "data/png.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "data/exif.h"
#include "data/image_rows.h"
#include "io/atomic_file.h"
#include "memory/alloc.h"

typedef struct {
  png_structp png;
  png_infop info;
  const uint8_t *at; /* what is still to be read */
  size_t left;
  jmp_buf back;
  char message[128];
  bool starved; /* memory ran out, for which libpng and zlib have many words */
  size_t most; /* bytes that libpng may ask for at once */
  uint8_t palette[256][3];
  uint8_t *rows; /* one, or all of an interlaced picture */
  size_t bytes;
  uint8_t *colors; /* a row of a palette's colors */
  size_t color_bytes;
  rm_tensor *image;
} png_decoder;

static void png_escape(png_structp png, png_const_charp message) {
  png_decoder *d = png_get_error_ptr(png);
  snprintf(d->message, sizeof d->message, "%s", message);
  longjmp(d->back, 1);
}

/* libpng 1.6.39 may ask for far more memory than file and picture have bytes, and a limit that it is told of
 * (png_set_chunk_malloc_max) it treats as a warning. Nothing that it rightly asks for is larger than the file and a row
 * of the largest picture together. */
static png_voidp png_allocate(png_structp png, png_alloc_size_t bytes) {
  png_decoder *d = png_get_mem_ptr(png);
  if (bytes > d->most) return NULL;
  void *block = malloc(bytes);
  d->starved |= !block;
  return block;
}

static void png_release(png_structp png, png_voidp block) {
  (void)png;
  free(block);
}

static void png_hush(png_structp png, png_const_charp message) { (void)png, (void)message; }

static void read_bytes(png_structp png, png_bytep to, size_t n) {
  png_decoder *d = png_get_io_ptr(png);
  if (n > d->left) png_error(png, "the file ends early");
  memcpy(to, d->at, n);
  d->at += n;
  d->left -= n;
}

static int chunk_orientation(const png_decoder *d) {
  png_bytep exif;
  png_uint_32 size;
  return png_get_eXIf_1(d->png, d->info, &size, &exif) ? rm_exif_orientation(exif, size) : 1;
}

/* Places beyond the end of the file's palette are shades of gray, as in Pillow. */
static void read_palette(png_decoder *d) {
  png_colorp colors;
  int n = 0;
  for (size_t i = 0; i < 256; i++) memset(d->palette[i], (int)i, 3);
  png_get_PLTE(d->png, d->info, &colors, &n);
  for (int i = 0; i < n; i++) {
    d->palette[i][0] = colors[i].red;
    d->palette[i][1] = colors[i].green;
    d->palette[i][2] = colors[i].blue;
  }
}

static void put_row(png_decoder *d, size_t y, const uint8_t *row, size_t row_channels, bool indexed) {
  size_t w = d->image->shape[2];
  if (!indexed) {
    rm_image_put_row(d->image, y, row, row_channels);
    return;
  }
  for (size_t x = 0; x < w; x++) memcpy(d->colors + 3 * x, d->palette[row[x]], 3);
  rm_image_put_row(d->image, y, d->colors, 3);
}

/* Bytes, one of gray or of a palette, or three of color: the upper 8 of 16 bits, no alpha. */
static size_t plain_bytes(png_decoder *d, int type) {
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_packing(d->png);
  else if (type == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(d->png);
  png_set_strip_16(d->png);
  png_set_strip_alpha(d->png);
  return type & PNG_COLOR_MASK_COLOR && type != PNG_COLOR_TYPE_PALETTE ? 3 : 1;
}

/* What runs under the trap: it may be left at any libpng call. */
static rm_status png_rows(png_decoder *d, const char *name, size_t channels, int *orientation, rm_error *err) {
  size_t size = d->left;
  png_set_read_fn(d->png, d, read_bytes);
  png_set_user_limits(d->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* refused below, with the sides named */
  png_set_option(d->png, PNG_MAXIMUM_INFLATE_WINDOW, PNG_OPTION_ON);
  png_read_info(d->png, d->info);
  size_t w = png_get_image_width(d->png, d->info), h = png_get_image_height(d->png, d->info);
  int type = png_get_color_type(d->png, d->info), depth = png_get_bit_depth(d->png, d->info);
  /* deflate makes at most 1032 bytes of one */
  double bits = (double)depth * png_get_channels(d->png, d->info);
  RM_TRY(rm_image_check_sides(name, w, h, 1032.0 * 8 * (double)size / bits, err));
  bool indexed = type == PNG_COLOR_TYPE_PALETTE;
  size_t row_channels = plain_bytes(d, type), passes = (size_t)png_set_interlace_handling(d->png);
  if (indexed) read_palette(d);
  png_read_update_info(d->png, d->info);
  size_t row_bytes = png_get_rowbytes(d->png, d->info);
  if (row_bytes != w * row_channels)
    return rm_fail(err, RM_ERR_FORMAT, "%s: PNG rows of %zu bytes, expected %zu", name, row_bytes, w * row_channels);
  const size_t shape[3] = {channels, h, w};
  RM_TRY(rm_tensor_new(RM_UINT8, 3, shape, &d->image, err));
  d->bytes = row_bytes * (passes > 1 ? h : 1);
  d->rows = rm_alloc(d->bytes);
  if (d->rows && indexed) d->colors = rm_alloc(d->color_bytes = 3 * w);
  if (!d->rows || (indexed && !d->colors)) return rm_fail(err, RM_ERR_MEMORY, "%s: no memory for its rows", name);
  for (size_t pass = 0; pass < passes; pass++)
    for (size_t y = 0; y < h; y++) {
      uint8_t *row = d->rows + (passes > 1 ? y * row_bytes : 0);
      png_read_row(d->png, row, NULL);
      if (pass + 1 == passes) put_row(d, y, row, row_channels, indexed);
    }
  png_read_end(d->png, d->info);
  *orientation = chunk_orientation(d);
  return RM_OK;
}

rm_status rm_png_decode(const char *name, const uint8_t *bytes, size_t size, size_t channels, rm_tensor **out,
                        int *orientation, rm_error *err) {
  png_decoder d;
  memset(&d, 0, sizeof d);
  d.at = bytes;
  d.left = size;
  d.most = size + ((size_t)8 * RM_IMAGE_MAX_SIDE + (1 << 16)); /* zlib's window is in the latter */
  rm_status status;
  if (setjmp(d.back) == 0) {
    d.png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &d, png_escape, png_hush, &d, png_allocate, png_release);
    d.info = d.png ? png_create_info_struct(d.png) : NULL;
    status = d.info ? png_rows(&d, name, channels, orientation, err)
                    : rm_fail(err, RM_ERR_MEMORY, "%s: no memory for libpng", name);
  } else if (d.starved) {
    status = rm_fail(err, RM_ERR_MEMORY, "%s: no memory for libpng", name);
  } else {
    status = rm_fail(err, RM_ERR_FORMAT, "%s: corrupt PNG: %s", name, d.message);
  }
  png_destroy_read_struct(&d.png, &d.info, NULL);
  rm_free(d.rows, d.bytes);
  rm_free(d.colors, d.color_bytes);
  if (status == RM_OK) *out = d.image;
  else rm_tensor_release(d.image);
  return status;
}

/* --- writing ------------------------------------------------------------------ */

static rm_status check_picture(const char *path, const rm_tensor *t, rm_error *err) {
  char text[RM_SHAPE_TEXT];
  if (t->dtype != RM_UINT8)
    return rm_fail(err, RM_ERR_TYPE, "write_png: %s: image is %s, expected uint8", path, rm_dtype_name(t->dtype));
  if (t->ndim != 3 || (t->shape[0] != 1 && t->shape[0] != 3))
    return rm_fail(err, RM_ERR_SHAPE, "write_png: %s: image is %s, expected (1 or 3, H, W)", path,
                   rm_tensor_text(t, text));
  return rm_image_check_sides(path, t->shape[2], t->shape[1], (double)t->numel, err);
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
  if (png_image_write_to_memory(&png, file, &used, 0, pixels, 0, NULL)) status = write_file(path, file, used, err);
  else /* the pixels are right and the room is enough: only memory can be missing */
    status = rm_fail(err, RM_ERR_MEMORY, "write_png: %s: no memory for libpng (%s)", path, png.message);
  rm_free(file, room);
  return status;
}

rm_status rm_png_write(const char *path, rm_tensor *image, rm_error *err) {
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
        pixels[(y * w + x) * channels + c] = from[(ptrdiff_t)c * s[0] + (ptrdiff_t)y * s[1] + (ptrdiff_t)x * s[2]];
  rm_status status = encode_png(path, image, pixels, err);
  rm_free(pixels, bytes);
  return status;
}
