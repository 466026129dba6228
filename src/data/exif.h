/* exif.h -- how a camera was held: the orientation in a picture's EXIF block. */
#ifndef RM_DATA_EXIF_H
#define RM_DATA_EXIF_H

#include "core/tensor.h"

/* Of a TIFF block as JPEG and PNG files carry it, from 1 (upright) to 8; 1 where it says nothing that makes sense.
 * Only the first directory is read, each entry within the block. */
int rm_exif_orientation(const uint8_t *tiff, size_t size);

/* image (C, H, W), contiguous, as it is to be looked at: 2 mirrored left to right, 3 turned by 180 degrees, 4 mirrored
 * top to bottom; (C, W, H) for 5 rows and columns exchanged, 6 turned by 90 degrees clockwise, 7 exchanged and turned
 * by 180 degrees, 8 turned by 90 degrees the other way. */
rm_status rm_exif_turn(const rm_tensor *image, int orientation, rm_tensor **out, rm_error *err);

#endif
