/* shape.c -- arithmetic on extents and strides. */
#include "core/shape.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { LARGEST_ELEMENT = 8 };

rm_status rm_shape_numel(size_t ndim, const size_t shape[], size_t *numel, rm_error *err) {
  size_t n = 1, nonzero = 1;
  for (size_t d = 0; d < ndim; d++) {
    /* An empty tensor, too, needs strides that do not overflow. */
    size_t extent = shape[d] ? shape[d] : 1;
    if (nonzero > (size_t)PTRDIFF_MAX / LARGEST_ELEMENT / extent) {
      char text[RM_SHAPE_TEXT];
      return rm_fail(err, RM_ERR_VALUE, "shape %s has more elements than memory can hold",
                     rm_shape_text(ndim, shape, text));
    }
    nonzero *= extent;
    n *= shape[d];
  }
  *numel = n;
  return RM_OK;
}

bool rm_shape_equal(size_t ndim_a, const size_t a[], size_t ndim_b, const size_t b[]) {
  return ndim_a == ndim_b && memcmp(a, b, ndim_a * sizeof *a) == 0;
}

void rm_strides_contiguous(size_t ndim, const size_t shape[], ptrdiff_t strides[]) {
  ptrdiff_t step = 1;
  for (size_t d = ndim; d-- > 0;) {
    strides[d] = step;
    step *= (ptrdiff_t)(shape[d] ? shape[d] : 1);
  }
}

void rm_strides_channels_last(const size_t shape[4], ptrdiff_t strides[4]) {
  static const size_t inner_first[4] = {1, 3, 2, 0}; /* C, W, H, N */
  ptrdiff_t step = 1;
  for (size_t i = 0; i < 4; i++) {
    size_t d = inner_first[i];
    strides[d] = step;
    step *= (ptrdiff_t)(shape[d] ? shape[d] : 1);
  }
}

/* Whether strides equal `expected` wherever the extent is not 1. */
static bool strides_match(size_t ndim, const size_t shape[], const ptrdiff_t strides[], const ptrdiff_t expected[]) {
  for (size_t d = 0; d < ndim; d++)
    if (shape[d] != 1 && strides[d] != expected[d]) return false;
  return true;
}

bool rm_strides_are_contiguous(size_t ndim, const size_t shape[], const ptrdiff_t strides[]) {
  ptrdiff_t expected[RM_MAX_DIMS];
  rm_strides_contiguous(ndim, shape, expected);
  return strides_match(ndim, shape, strides, expected);
}

bool rm_strides_are_channels_last(size_t ndim, const size_t shape[], const ptrdiff_t strides[]) {
  if (ndim != 4) return false;
  ptrdiff_t expected[4];
  rm_strides_channels_last(shape, expected);
  return strides_match(ndim, shape, strides, expected);
}

bool rm_strides_are_dense(size_t ndim, const size_t shape[], const ptrdiff_t strides[]) {
  /* Take the dimensions from the inside out: each must start where the last ended. */
  bool taken[RM_MAX_DIMS] = {false};
  size_t left = 0;
  for (size_t d = 0; d < ndim; d++) {
    taken[d] = shape[d] == 1;
    if (shape[d] == 0) return true; /* nothing there to have gaps */
    if (!taken[d]) left++;
  }
  for (ptrdiff_t step = 1; left > 0; left--) {
    size_t d = 0;
    while (d < ndim && (taken[d] || strides[d] != step)) d++;
    if (d == ndim) return false;
    taken[d] = true;
    step *= (ptrdiff_t)shape[d];
  }
  return true;
}

rm_status rm_shape_broadcast(const char *op, size_t ndim_a, const size_t a[], size_t ndim_b, const size_t b[],
                             size_t *ndim, size_t shape[RM_MAX_DIMS], rm_error *err) {
  size_t n = ndim_a > ndim_b ? ndim_a : ndim_b;
  size_t result[RM_MAX_DIMS];
  for (size_t i = 0; i < n; i++) { /* from the last dimension backwards */
    size_t ea = i < ndim_a ? a[ndim_a - 1 - i] : 1, eb = i < ndim_b ? b[ndim_b - 1 - i] : 1;
    if (ea != eb && ea != 1 && eb != 1) {
      char ta[RM_SHAPE_TEXT], tb[RM_SHAPE_TEXT];
      return rm_fail(err, RM_ERR_SHAPE, "%s: shapes %s and %s do not broadcast: %zu against %zu, %zu from the end", op,
                     rm_shape_text(ndim_a, a, ta), rm_shape_text(ndim_b, b, tb), ea, eb, i + 1);
    }
    result[n - 1 - i] = ea == 1 ? eb : ea;
  }
  *ndim = n;
  memcpy(shape, result, n * sizeof *shape);
  return RM_OK;
}

char *rm_shape_text(size_t ndim, const size_t shape[], char buf[RM_SHAPE_TEXT]) {
  size_t used = 1;
  strcpy(buf, "(");
  for (size_t d = 0; d < ndim; d++)
    used += (size_t)snprintf(buf + used, RM_SHAPE_TEXT - used, d ? ", %zu" : "%zu", shape[d]);
  snprintf(buf + used, RM_SHAPE_TEXT - used, ")");
  return buf;
}
