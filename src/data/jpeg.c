/* jpeg.c -- decoding by libjpeg.
 *
 * libjpeg reports errors by calling a function that must not return: here it jumps back into rm_jpeg_decode, and
 * everything allocated meanwhile hangs on the decoder struct of that function, which releases it.
 *
 * The library is left at its defaults (the exact integer transform, smooth upsampling of chroma), which are
 * Pillow's as well. */
#include "data/jpeg.h"

#include <stdio.h> /* before jpeglib.h, which needs it */
#include <jpeglib.h>
#include <jerror.h> /* after jpeglib.h */
#include <setjmp.h>
#include <string.h>
#include "data/exif.h"
#include "data/image_rows.h"
#include "memory/alloc.h"

/* A progressive file may repeat its scans without end, each over the whole picture; real ones have about 10. */
enum { MOST_SCANS = 500 };

typedef struct {
  struct jpeg_error_mgr manager; /* first: libjpeg hands back a pointer to it */
  jmp_buf back;
  char message[JMSG_LENGTH_MAX];
} jpeg_trap;

typedef struct {
  struct jpeg_decompress_struct jpeg;
  jpeg_trap trap;
  struct jpeg_progress_mgr progress;
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

static void count_scans(j_common_ptr jpeg) {
  if (!jpeg->is_decompressor || ((j_decompress_ptr)jpeg)->input_scan_number <= MOST_SCANS) return;
  jpeg_trap *trap = (jpeg_trap *)jpeg->err;
  snprintf(trap->message, sizeof trap->message, "more than %d scans", MOST_SCANS);
  longjmp(trap->back, 1);
}

/* The orientation in the first Exif marker. */
static int marked_orientation(const struct jpeg_decompress_struct *jpeg) {
  for (jpeg_saved_marker_ptr m = jpeg->marker_list; m; m = m->next)
    if (m->marker == JPEG_APP0 + 1 && m->data_length >= 6 && memcmp(m->data, "Exif\0", 5) == 0)
      return rm_exif_orientation(m->data + 6, m->data_length - 6);
  return 1;
}

/* Ink to light, in place: w pixels of 4 bytes, 255 - C, M, Y, K, become 3. As Pillow rounds it. */
static void cmyk_to_rgb(uint8_t *row, size_t w) {
  const uint8_t *from = row;
  for (size_t x = 0; x < w; x++, from += 4, row += 3)
    for (size_t c = 0, k = from[3]; c < 3; c++) {
      size_t shade = (255u - from[c]) * k + 128;
      row[c] = (uint8_t)(k - (((shade >> 8) + shade) >> 8));
    }
}

/* Huffman codes spend at least a bit on each block of 8x8 pixels; arithmetic coding may spend next to nothing. */
static double most_pixels(const struct jpeg_decompress_struct *jpeg, size_t size) {
  return (double)size * (jpeg->arith_code ? 1e5 : 8 * 64.0) + 64 * 64;
}

/* What runs under the trap: it may be left at any libjpeg call. */
static rm_status jpeg_rows(jpeg_decoder *d, const char *name, const uint8_t *bytes, size_t size, size_t channels,
                           int *orientation, rm_error *err) {
  jpeg_create_decompress(&d->jpeg);
  d->progress.progress_monitor = count_scans;
  d->jpeg.progress = &d->progress;
  jpeg_mem_src(&d->jpeg, bytes, size);
  jpeg_save_markers(&d->jpeg, JPEG_APP0 + 1, 0xffff);
  jpeg_read_header(&d->jpeg, TRUE);
  RM_TRY(rm_image_check_sides(name, d->jpeg.image_width, d->jpeg.image_height, most_pixels(&d->jpeg, size), err));
  *orientation = marked_orientation(&d->jpeg);
  int components = d->jpeg.num_components;
  if (components != 1 && components != 3 && components != 4)
    return rm_fail(err, RM_ERR_FORMAT, "%s: JPEG of %d components, expected 1 (gray), 3 (color) or 4 (CMYK)", name,
                   components);
  d->jpeg.out_color_space = components == 1 ? JCS_GRAYSCALE : components == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_start_decompress(&d->jpeg);
  size_t w = d->jpeg.output_width, h = d->jpeg.output_height;
  const size_t shape[3] = {channels, h, w};
  RM_TRY(rm_tensor_new(RM_UINT8, 3, shape, &d->image, err));
  d->row_bytes = w * (size_t)components;
  d->row = rm_alloc(d->row_bytes);
  if (!d->row) return rm_fail(err, RM_ERR_MEMORY, "%s: no memory for a row", name);
  for (size_t y = 0; y < h; y++) {
    jpeg_read_scanlines(&d->jpeg, &d->row, 1);
    if (components == 4) cmyk_to_rgb(d->row, w);
    rm_image_put_row(d->image, y, d->row, components == 1 ? 1 : 3);
  }
  jpeg_finish_decompress(&d->jpeg);
  return RM_OK;
}

rm_status rm_jpeg_decode(const char *name, const uint8_t *bytes, size_t size, size_t channels, rm_tensor **out,
                         int *orientation, rm_error *err) {
  jpeg_decoder d;
  memset(&d, 0, sizeof d);
  d.jpeg.err = jpeg_std_error(&d.trap.manager);
  d.trap.manager.error_exit = jpeg_escape;
  d.trap.manager.emit_message = jpeg_message;
  rm_status status;
  if (setjmp(d.trap.back) == 0) status = jpeg_rows(&d, name, bytes, size, channels, orientation, err);
  else if (d.trap.manager.msg_code == JERR_OUT_OF_MEMORY)
    status = rm_fail(err, RM_ERR_MEMORY, "%s: no memory for libjpeg", name);
  else status = rm_fail(err, RM_ERR_FORMAT, "%s: corrupt JPEG: %s", name, d.trap.message);
  jpeg_destroy_decompress(&d.jpeg);
  rm_free(d.row, d.row_bytes);
  if (status == RM_OK) *out = d.image;
  else rm_tensor_release(d.image);
  return status;
}
