/* pool_rows.h -- the maxima of rows of 2x2 windows that touch but do not overlap.
 *
 * No include guard: pool_k.c reads it once for each width of vectors, with LANES defined, and ROW(name), the name of a
 * function or type of that width. With fewer channels than lanes a vector reaches into the next pixels: what it
 * writes there is overwritten when their turn comes, so only the end of a row needs partial vectors. */

typedef float ROW(floats) __attribute__((vector_size(4 * LANES), may_alias, aligned(4)));
typedef int32_t ROW(mask) __attribute__((vector_size(4 * LANES), may_alias, aligned(4)));

RM_INLINE size_t ROW(lanes_at)(size_t windows, size_t j, size_t c, size_t k) {
  size_t n = c <= LANES ? (windows - j) * c : c - k;
  return n < LANES ? n : LANES;
}

RM_INLINE ROW(floats) ROW(load)(const float *p, size_t n) {
  if (n == LANES) return *(const ROW(floats) *)p;
  ROW(floats) v = {0};
  memcpy(&v, p, n * sizeof(float));
  return v;
}

RM_INLINE void ROW(store)(float *p, ROW(floats) v, size_t n) {
  if (n == LANES) *(ROW(floats) *)p = v;
  else memcpy(p, &v, n * sizeof(float));
}

RM_INLINE ROW(floats) ROW(keep)(ROW(mask) mask, ROW(floats) v) { return (ROW(floats))(mask & (ROW(mask))v); }

RM_INLINE ROW(floats) ROW(larger)(ROW(floats) best, ROW(floats) v) { /* NaN wins */
  ROW(mask) take = (v > best) | ~(v == v);
  return (ROW(floats))((take & (ROW(mask))v) | (~take & (ROW(mask))best));
}

/* y (windows, c) from two rows of 2 windows pixels. */
static void ROW(max_row)(size_t windows, size_t c, const float *upper, const float *lower, float *y) {
  for (size_t j = 0; j < windows; j++)
    for (size_t k = 0; k < c; k += LANES) {
      size_t n = ROW(lanes_at)(windows, j, c, k), at = 2 * j * c + k;
      ROW(floats) best = ROW(larger)(ROW(load)(upper + at, n), ROW(load)(upper + at + c, n));
      best = ROW(larger)(best, ROW(load)(lower + at, n));
      ROW(store)(y + j * c + k, ROW(larger)(best, ROW(load)(lower + at + c, n)), n);
    }
}

/* Writes both rows of dx: dy at the first pixel, in row order, that holds the maximum, 0 elsewhere. Whether a
 * maximum is NaN: its window has got 0 only. */
static bool ROW(max_row_backward)(size_t windows, size_t c, const float *upper, const float *lower, const float *y,
                                  const float *dy, float *dx_upper, float *dx_lower) {
  ROW(mask) unordered = {0};
  for (size_t j = 0; j < windows; j++)
    for (size_t k = 0; k < c; k += LANES) {
      size_t n = ROW(lanes_at)(windows, j, c, k), at = 2 * j * c + k;
      ROW(floats) best = ROW(load)(y + j * c + k, n), g = ROW(load)(dy + j * c + k, n);
      unordered |= best != best;
      ROW(mask) first = ROW(load)(upper + at, n) == best, second = ROW(load)(upper + at + c, n) == best;
      ROW(mask) third = ROW(load)(lower + at, n) == best, fourth = ROW(load)(lower + at + c, n) == best;
      ROW(store)(dx_upper + at, ROW(keep)(first, g), n);
      ROW(store)(dx_upper + at + c, ROW(keep)(second & ~first, g), n);
      ROW(store)(dx_lower + at, ROW(keep)(third & ~(first | second), g), n);
      ROW(store)(dx_lower + at + c, ROW(keep)(fourth & ~(first | second | third), g), n);
    }
  for (size_t i = 0; i < LANES; i++)
    if (unordered[i]) return true;
  return false;
}
