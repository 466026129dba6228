/* probe.h -- what an image file says of itself in its header, without decoding it. */
#ifndef RM_DATA_PROBE_H
#define RM_DATA_PROBE_H

#include "io/filekind.h"

typedef struct {
  rm_file_kind kind;
  int reason;    /* errno where the file could not be read, else 0 */
  bool is_image; /* a JPEG or PNG whose header tells the sizes */
  unsigned width, height;
  unsigned channels; /* 1 gray, 3 color, 4 CMYK; alpha does not count */
  unsigned bits;     /* of a channel */
} rm_image_info;

/* The infos of n files, on all threads. */
void rm_images_probe(size_t n, const char *const paths[], rm_image_info infos[]);

#endif
