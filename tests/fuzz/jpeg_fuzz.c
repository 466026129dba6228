/* jpeg_fuzz.c -- pictures: JPEG files. */
#include "picture.h"

const char *const fuzz_readers[] = {"jpeg", NULL};

void fuzz_one(const uint8_t *data, size_t size) { fuzz_picture(rm_jpeg_decode, data, size); }
