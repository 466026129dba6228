/* image.h -- pictures: JPEG and PNG files to uint8 tensors (C, H, W).
 *
 * The first bytes of a file say what it is, not its name. Decoded images are gray (C = 1) or RGB (C = 3), and
 * equal, bit for bit, what Pillow's Image.open(path).convert("L") or convert("RGB") gives:
 *
 *   - color becomes gray by ITU-R BT.601, (19595 R + 38470 G + 7471 B + 32768) >> 16, whatever the file's kind;
 *   - an alpha channel and transparent colors are dropped; the colors below them stay as they are in the file;
 *   - gAMA, sRGB, cHRM and color profiles are not applied: a number in the file is a number in the tensor;
 *   - CMYK (and YCCK) JPEG files hold inverted ink, as Adobe writes them, with a marker of Adobe's or without.
 *
 * One difference is on purpose: of 16 bits the upper 8 are kept, in gray as in color. Pillow 9.4 does this for
 * color, but clips gray to 255, which makes a 16-bit gray picture white.
 *
 * Files that are cut short or corrupt are errors, as are pictures beyond RM_IMAGE_MAX_SIDE (image_rows.h), and headers
 * that promise more pixels than the bytes of the file can hold. */
#ifndef RM_DATA_IMAGE_H
#define RM_DATA_IMAGE_H

#include "core/tensor.h"

/* channels: 1 or 3. orient: turned as the file's EXIF orientation says, as people want to see it; without, the
 * rows stand as the file has them. `name` stands in error messages. */
rm_status rm_image_decode(const char *name, const uint8_t *bytes, size_t size, size_t channels, bool orient,
                          rm_tensor **out, rm_error *err);
rm_status rm_image_load(const char *path, size_t channels, bool orient, rm_tensor **out, rm_error *err);

#endif
