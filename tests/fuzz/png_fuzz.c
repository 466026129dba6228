/* png_fuzz.c -- pictures: PNG files. */
#include "picture.h"

const char *const fuzz_readers[] = {"png", NULL};

void fuzz_one(const uint8_t *data, size_t size) { fuzz_picture(rm_png_decode, data, size); }
