/* winograd.h -- where things lie in the transform domain of F(4x4, 3x3).
 *
 * A tile is 4x4 pixels of the output and the 6x6 pixels of the input they depend on; its
 * transform has 36 positions. Channels are kept in blocks of 16, with zeros after the last:
 *
 *   inputs, outputs            [channel block][tile][slot][16]          of a block of tiles
 *   weights, their gradients   [position][panel of columns][row][width] row = input, column = output channel
 *
 * Each position is one matrix product, and nothing is repacked between transform and product.
 * A transform works on 36 neighboring cache lines from one address; a product finds its
 * tiles 37 lines apart: an odd number, so that they spread over all sets of the first-level
 * cache. The slot to spare has a second use: with inputs in slots 1 to 36, outputs may go to slots 0
 * to 35 of the same memory, position by position, each to where the inputs are no longer needed.
 * Positions of the weights are kept apart by 16 floats more than they need: a power of two
 * would not spread, either.
 *
 * All kernels take any columns that begin at a multiple of 16: pointers are moved, `columns` or the images' `c`
 * says how many there are. */
#ifndef RM_KERNELS_WINOGRAD_H
#define RM_KERNELS_WINOGRAD_H

#include <stddef.h>

enum {
  RM_WINO_BLOCK = 16,
  RM_WINO_POSITIONS = 36,
  RM_WINO_TILE = 37 * RM_WINO_BLOCK, /* floats from tile to tile */
  RM_WINO_PAD = 16,
  RM_WINO_GROUP = 8 /* tiles whose outputs' moments (moments.h) are taken together; blocks are made of such groups */
};

/* Channels in whole blocks. */
static inline size_t rm_wino_padded(size_t channels) { return (channels + 15) / 16 * 16; }

/* Floats of a block of transformed tiles. */
static inline size_t rm_wino_tiles_floats(size_t tiles, size_t channels) {
  return tiles * RM_WINO_TILE * (rm_wino_padded(channels) / RM_WINO_BLOCK);
}
/* Floats from a position of the weights to the next. */
static inline size_t rm_wino_weights_stride(size_t rows, size_t columns) {
  return rm_wino_padded(rows) * rm_wino_padded(columns) + RM_WINO_PAD;
}

/* Images and their tiles. Tiles count through all images, row by row. */
typedef struct {
  size_t h, w, c;      /* of an image, or c of its channels; channels-last */
  size_t pixel;        /* floats from pixel to pixel: all its channels */
  size_t across, down; /* tiles in an image */
  ptrdiff_t pad;       /* input tiles: tile (i, j) begins at pixel (4i - pad, 4j - pad) */
  size_t tiles;        /* room for tiles in a block: a multiple of 24 */
} rm_wino_images;

/* Floats that wino_input and wino_output_gradient need to work with. */
static inline size_t rm_wino_patch_floats(const rm_wino_images *g) {
  return 6 * rm_wino_padded(g->pixel) + RM_WINO_POSITIONS * rm_wino_padded(g->c);
}

#endif
