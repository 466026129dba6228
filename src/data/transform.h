/* transform.h -- what is made of an image before it goes into a batch: steps, one after another.
 *
 * Each takes uint8 (C, H, W) and gives uint8 (C, H', W'). Ten crops are a step that can only be the last: it gives
 * (10, C, H', W'). What is random is drawn from the generator passed in, in the order of the steps. */
#ifndef RM_DATA_TRANSFORM_H
#define RM_DATA_TRANSFORM_H

#include "data/color.h"
#include "data/rotate.h"

typedef enum {
  RM_STEP_RESIZE,              /* to height x width */
  RM_STEP_SHORTER,             /* the shorter side to height; the proportions stay */
  RM_STEP_PAD,                 /* height black rows above and below, width black columns at both sides */
  RM_STEP_CENTER_CROP,         /* the height x width center, unscaled */
  RM_STEP_TEN_CROP,            /* corners and center, then those of the mirrored image */
  RM_STEP_COVER,               /* the largest centered part of the proportions height : width, scaled to them */
  RM_STEP_RANDOM_RESIZED_CROP, /* a random part (rm_box_random), scaled to height x width */
  RM_STEP_FLIP,                /* mirrored with probability p */
  RM_STEP_COLOR,               /* the one property `color` changed by factors[color][0] */
  RM_STEP_COLOR_JITTER,        /* all four, by factors drawn from their ranges (rm_image_jitter) */
  RM_STEP_GRAYSCALE,           /* gray, with the channels that there are */
  RM_STEP_RANDOM_GRAYSCALE,    /* that with probability p */
  RM_STEP_ROTATE,              /* by degrees[0] */
  RM_STEP_RANDOM_ROTATION,     /* by an angle drawn from degrees[0] to degrees[1] */
  RM_STEP_RANDOM_ERASING,      /* with probability p a rectangle (rm_erase_box) painted with value */
} rm_step_kind;

typedef struct {
  rm_step_kind kind;
  size_t height, width;
  double scale[2], ratio[2]; /* of random_resized_crop */
  double p;                  /* of flip, random_grayscale and random_erasing */
  rm_color color;
  double factors[RM_COLORS][2];
  double degrees[2];
  rm_rotation rotation;
  double value; /* of random_erasing, 0 to 255; below 0: random bytes */
} rm_step;

typedef struct {
  size_t n;
  const rm_step *steps;
} rm_transform;

rm_status rm_transform_apply(const rm_transform *transform, rm_tensor *image, rm_rng *rng, rm_tensor **out,
                             rm_error *err);

#endif
