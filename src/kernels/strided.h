/* strided.h -- where things lie in the transform domain of a 3x3 convolution with stride 2 and padding 1.
 *
 * Along one axis output i reads x[2i-1], x[2i] and x[2i+1]. With u[i] = x[2i-1] and v[i] = x[2i] these are two
 * convolutions with stride 1: taps 0 and 2 read u[i] and u[i+1], tap 1 reads v[i]. Four outputs cost Winograd's F(4,2)
 * five multiplications for u, and v four: nine instead of twelve, and in two dimensions 81 instead of 144.
 *
 * So a tile, which is 4x4 outputs, 9x9 pixels of x and 8x8 of its gradient, has 9x9 places; the first five along
 * each axis are points, the others pixels. Pixels share their weights, which have 6x6 positions. Places with the same
 * position follow each other. Each place is a matrix of its own, (tiles, channels); RM_STRIDED_PAD floats between two of
 * them, and between rows of many channels, keep them from meeting in few sets of a cache.
 *
 * Source: Lavin and Gray 2016, arXiv:1509.09308, for F(m, r); Huang et al. 2020, arXiv:2002.00552, for stride 2. */
#ifndef RM_KERNELS_STRIDED_H
#define RM_KERNELS_STRIDED_H

#include <stddef.h>
#include "kernels/winograd.h"

enum {
  RM_STRIDED_PLACES = 81,
  RM_STRIDED_POSITIONS = 36,
  RM_STRIDED_PAD = 16,
  RM_STRIDED_PANEL = 32,           /* channels that come back to pixels at a time */
  RM_STRIDED_GROUP = RM_WINO_GROUP /* tiles whose outputs' moments (moments.h) are taken together */
};

/* The first place of a position, and how many it has. */
static inline size_t rm_strided_first(size_t position) {
  size_t a = position / 6, b = position % 6;
  return a < 5 ? 9 * a + b : b < 5 ? 45 + 4 * b : 65;
}
static inline size_t rm_strided_count(size_t position) {
  return (position / 6 < 5 ? 1 : 4) * (position % 6 < 5 ? 1 : 4);
}

/* Floats from tile to tile in a place. */
static inline size_t rm_strided_row(size_t channels) { return channels % 64 ? channels : channels + RM_STRIDED_PAD; }
/* Floats from position to position of the weights and of their gradient. */
static inline size_t rm_strided_weights(size_t rows, size_t columns) { return rows * columns + RM_STRIDED_PAD; }

/* Images, channels-last, and their tiles: `large` is the input of the convolution, the other is half as large. Tiles
 * count through all images, row by row. */
typedef struct {
  size_t h, w, c;      /* of an image, or c of its channels: a multiple of 16 */
  size_t pixel;        /* floats from pixel to pixel: all its channels */
  size_t down, across; /* tiles in an image */
  size_t row;          /* floats from tile to tile in a place */
  size_t tiles;        /* room for tiles in a place: a multiple of 8 */
} rm_strided_images;

/* Floats from place to place: an odd number of cache lines. */
static inline size_t rm_strided_place(const rm_strided_images *g) { return g->tiles * g->row + RM_STRIDED_PAD; }

/* Pixels of zeros that the transforms of pixels need, in a row. */
enum { RM_STRIDED_ZEROS = 9 };

#endif
