/* norm_k.c -- batch normalization over a matrix of rows by c columns.
 *
 * Channels-last, an activation is such a matrix: a row is a pixel, a column a channel,
 * and everything batch norm does runs along columns. So each loop walks over rows outside
 * and columns inside; four rows at a time where sums are taken, so that the sums are loaded
 * and stored once for four rows. Memory is the limit: a large result goes past the
 * caches.
 *
 * The normalized value is always (x - mean) * scale + shift, in this order, in every kernel:
 * backward recomputes it to find where relu cut, and must find the same sign as forward did.
 * The difference first also keeps the digits when the mean is large against the deviation.
 *
 * Sums are float: a caller passes a block of some dozen rows and adds blocks in double. Every sum goes from the first
 * row to the last in the groups of rows that are written here, whatever the vectors. */
#include "kernels/isa.h"

/* --- one value, or a vector of them ------------------------------------------------------ */
RM_INLINE float normal1(float x, float mean, float scale, float shift) { return rm_fma1(x - mean, scale, shift); }
RM_INLINE rm_vec normal(rm_vec x, rm_vec mean, rm_vec scale, rm_vec shift) { return rm_fma(x - mean, scale, shift); }

/* What relu lets pass is written as bits where c is a multiple of 16: value i of all has bit i % 16 of word i / 16. */
enum { WORD = 16, VECTORS = WORD / RM_VL };

RM_INLINE uint16_t passing_word(const rm_vec v[VECTORS]) {
  uint16_t word = 0;
  for (int k = 0; k < VECTORS; k++) {
    rm_veci cut = v[k] <= 0;
#if defined(__FMA__) && RM_VL == 16
    word = (uint16_t)~_mm512_movepi32_mask((__m512i)cut);
#elif defined(__FMA__) && RM_VL == 8
    word |= (uint16_t)((~_mm256_movemask_ps((__m256)cut) & 255) << 8 * k);
#else
    for (int i = 0; i < RM_VL; i++) word |= (uint16_t)((cut[i] == 0) << (RM_VL * k + i));
#endif
  }
  return word;
}

/* All ones in the lanes of vector k that pass. */
RM_INLINE rm_veci passing(uint16_t word, int k) {
  rm_veci bit;
  for (int i = 0; i < RM_VL; i++) bit[i] = 1 << i;
  return (((word >> RM_VL * k) - (rm_veci){0}) & bit) != 0;
}

/* --- forward ------------------------------------------------------------------------- */
enum { PLAIN, PAST_CACHES }; /* how y is stored */

RM_INLINE void forward(size_t rows, size_t c, const float *restrict x, const float *restrict mean,
                       const float *restrict scale, const float *restrict shift, const float *restrict add,
                       bool has_add, bool relu, float *restrict y, int store, uint16_t *restrict words) {
  for (size_t r = 0; r < rows; r++, x += c, y += c) {
    size_t j = 0;
    for (; j + WORD <= c; j += WORD) {
      rm_vec v[VECTORS];
      for (int k = 0; k < VECTORS; k++) {
        size_t at = j + RM_VL * (size_t)k;
        v[k] = normal(rm_load(x + at), rm_load(mean + at), rm_load(scale + at), rm_load(shift + at));
        if (has_add) v[k] += rm_load(add + at);
        rm_vec out = relu ? rm_keep(~(v[k] < 0), v[k]) : v[k];
        if (store == PAST_CACHES) rm_stream(y + at, out);
        else rm_store(y + at, out);
      }
      if (words) *words++ = passing_word(v);
    }
    for (; j < c; j++) {
      float v = normal1(x[j], mean[j], scale[j], shift[j]);
      if (has_add) v += add[j];
      y[j] = relu && v < 0 ? 0 : v;
    }
    if (has_add) add += c;
  }
  if (store == PAST_CACHES) rm_stream_fence();
}

/* y = (x - mean) * scale + shift, plus add unless NULL, then relu if asked for. `stream`: past the caches; then y is
 * aligned to 64 bytes and c a multiple of 16. words: NULL, or gets the bits of what relu lets pass, with add. */
void RM_ISA(norm_forward)(size_t rows, size_t c, const float *x, const float *mean, const float *scale,
                          const float *shift, const float *add, bool relu, float *y, bool stream, uint16_t *words) {
#define FORWARD(add_, relu_, words_) \
  do { \
    if (stream) forward(rows, c, x, mean, scale, shift, add, add_, relu_, y, PAST_CACHES, words_); \
    else forward(rows, c, x, mean, scale, shift, add, add_, relu_, y, PLAIN, words_); \
  } while (0)
  if (add && relu && words) FORWARD(true, true, words);
  else if (add && relu) FORWARD(true, true, NULL);
  else if (add) FORWARD(true, false, NULL);
  else if (relu) FORWARD(false, true, NULL);
  else FORWARD(false, false, NULL);
}

/* --- relu of few rows, from the caches to the caches ------------------------------------ */
/* `vectors` of columns, whose three numbers stay in registers. */
RM_INLINE void relu_columns(size_t rows, size_t c, int vectors, const float *restrict x, const float *restrict mean,
                            const float *restrict scale, const float *restrict shift, float *restrict y) {
  rm_vec m[2], s[2], b[2];
  for (int k = 0; k < vectors; k++) {
    m[k] = rm_load(mean + k * RM_VL);
    s[k] = rm_load(scale + k * RM_VL);
    b[k] = rm_load(shift + k * RM_VL);
  }
  for (size_t r = 0; r < rows; r++, x += c, y += c)
    for (int k = 0; k < vectors; k++) {
      rm_vec v = normal(rm_load(x + k * RM_VL), m[k], s[k], b[k]);
      rm_store(y + k * RM_VL, rm_keep(~(v < 0), v));
    }
}

/* y = relu((x - mean) * scale + shift), the same bits as norm_forward gives. */
void RM_ISA(norm_relu)(size_t rows, size_t c, const float *x, const float *mean, const float *scale, const float *shift,
                       float *y) {
  enum { BLOCK = 2048 }; /* floats of x that are gone through once for every few columns */
  size_t step = c < BLOCK / 8 ? BLOCK / c : 8;
  for (size_t r = 0; r < rows; r += step, x += step * c, y += step * c) {
    size_t n = rows - r < step ? rows - r : step, j = 0;
    for (; j + 2 * RM_VL <= c; j += 2 * RM_VL) relu_columns(n, c, 2, x + j, mean + j, scale + j, shift + j, y + j);
    for (; j + RM_VL <= c; j += RM_VL) relu_columns(n, c, 1, x + j, mean + j, scale + j, shift + j, y + j);
    for (; j < c; j++)
      for (size_t i = 0; i < n; i++) {
        float v = normal1(x[i * c + j], mean[j], scale[j], shift[j]);
        y[i * c + j] = v < 0 ? 0 : v;
      }
  }
}

/* --- backward ------------------------------------------------------------------------ */
/* The gradient in front of relu is dy where the output was not cut to 0; at NaN dy, as relu_backward has it. The
 * output is recomputed from x (FROM_X), or was stored (FROM_Y), or bits of it (FROM_WORDS). */
enum { NO_RELU, FROM_X, FROM_Y, FROM_WORDS, MASK = 7, TWO = 8 /* or with it: dy is the sum of dy and more */ };

typedef struct {
  const float *x, *y, *dy, *more, *mean, *scale, *shift;
  const uint16_t *words; /* of these rows */
} source;

/* Column j of the row at `row` floats from the first. */
RM_INLINE float masked1(int how, const source *s, size_t row, size_t j) {
  int relu = how & MASK;
  float dy = s->dy[row + j];
  if (how & TWO) dy += s->more[row + j];
  float y = relu == FROM_Y ? s->y[row + j] : 1;
  if (relu == FROM_X) y = normal1(s->x[row + j], s->mean[j], s->scale[j], s->shift[j]);
  if (relu == FROM_WORDS) y = s->words[(row + j) / WORD] >> (row + j) % WORD & 1;
  return relu != NO_RELU && y <= 0 ? 0 : dy;
}
RM_INLINE rm_vec masked(int how, const source *s, size_t row, size_t j) {
  int relu = how & MASK;
  rm_vec dy = rm_load(s->dy + row + j);
  if (how & TWO) dy += rm_load(s->more + row + j);
  if (relu == NO_RELU) return dy;
  if (relu == FROM_WORDS) return rm_keep(passing(s->words[(row + j) / WORD], (int)(j % WORD / RM_VL)), dy);
  rm_vec y = relu == FROM_Y
                 ? rm_load(s->y + row + j)
                 : normal(rm_load(s->x + row + j), rm_load(s->mean + j), rm_load(s->scale + j), rm_load(s->shift + j));
  return rm_keep(~(y <= 0), dy);
}

/* n rows are added to sum and dot, one after the other. g, unless NULL, gets the masked gradients; it may be dy. */
RM_INLINE void add_rows(size_t n, size_t c, const source *s, size_t row, float *restrict sum, float *restrict dot,
                        float *g, bool keep, int how) {
  size_t j = 0;
  for (; j + RM_VL <= c; j += RM_VL) {
    rm_vec a = rm_load(sum + j), b = rm_load(dot + j), mean = rm_load(s->mean + j);
    for (size_t i = 0; i < n; i++) {
      size_t at = row + i * c;
      rm_vec v = masked(how, s, at, j);
      a += v;
      b = rm_fma(v, rm_load(s->x + at + j) - mean, b);
      if (keep) rm_store(g + at + j, v);
    }
    rm_store(sum + j, a);
    rm_store(dot + j, b);
  }
  for (; j < c; j++)
    for (size_t i = 0; i < n; i++) {
      size_t at = row + i * c;
      float v = masked1(how, s, at, j);
      sum[j] += v;
      dot[j] = rm_fma1(v, s->x[at + j] - s->mean[j], dot[j]);
      if (keep) g[at + j] = v;
    }
}

RM_INLINE void sums(size_t rows, size_t c, const source *s, float *restrict sum, float *restrict dot, float *g,
                    bool keep, int how) {
  enum { FEW = 4 };
  for (size_t j = 0; j < c; j++) sum[j] = dot[j] = 0;
  size_t r = 0;
  for (; r + FEW <= rows; r += FEW) {
    add_rows(FEW, c, s, r * c, sum, dot, g, keep, how);
  }
  for (; r < rows; r++) add_rows(1, c, s, r * c, sum, dot, g, keep, how);
}

/* With g the gradient in front of relu: sum[j] = sum of g, dot[j] = sum of g * (x - mean). With relu the mask comes
 * from y or from words, of which at most one is not NULL, or is recomputed. dadd, unless NULL, gets g; it may be dy.
 * more: NULL, or another part of dy, which may be dadd, too; then dadd is not NULL. */
void RM_ISA(norm_sums)(size_t rows, size_t c, const float *x, const float *y, const uint16_t *words, const float *dy,
                       const float *more, const float *mean, const float *scale, const float *shift, bool relu,
                       float *sum, float *dot, float *dadd) {
  source s = {x, y, dy, more, mean, scale, shift, words};
  if (more && !relu) sums(rows, c, &s, sum, dot, dadd, true, NO_RELU | TWO);
  else if (more && words) sums(rows, c, &s, sum, dot, dadd, true, FROM_WORDS | TWO);
  else if (more && y) sums(rows, c, &s, sum, dot, dadd, true, FROM_Y | TWO);
  else if (more) sums(rows, c, &s, sum, dot, dadd, true, FROM_X | TWO);
  else if (!relu) sums(rows, c, &s, sum, dot, NULL, false, NO_RELU);
  else if (words && dadd) sums(rows, c, &s, sum, dot, dadd, true, FROM_WORDS);
  else if (words) sums(rows, c, &s, sum, dot, NULL, false, FROM_WORDS);
  else if (y && dadd) sums(rows, c, &s, sum, dot, dadd, true, FROM_Y);
  else if (y) sums(rows, c, &s, sum, dot, NULL, false, FROM_Y);
  else sums(rows, c, &s, sum, dot, NULL, false, FROM_X);
}

RM_INLINE void backward(size_t rows, size_t c, const source *s, const float *restrict slope,
                        const float *restrict offset, float *dx, int store, int relu) {
  for (size_t r = 0; r < rows; r++) {
    size_t j = 0, row = r * c;
    for (; j + RM_VL <= c; j += RM_VL) {
      rm_vec g = masked(relu, s, row, j), d = rm_load(s->x + row + j) - rm_load(s->mean + j);
      rm_vec v = rm_fma(g, rm_load(s->scale + j), rm_fma(d, rm_load(slope + j), rm_load(offset + j)));
      if (store == PAST_CACHES) rm_stream(dx + row + j, v);
      else rm_store(dx + row + j, v);
    }
    for (; j < c; j++) {
      float g = masked1(relu, s, row, j);
      dx[row + j] = rm_fma1(g, s->scale[j], rm_fma1(s->x[row + j] - s->mean[j], slope[j], offset[j]));
    }
  }
  if (store == PAST_CACHES) rm_stream_fence();
}

/* dx = g * scale + (x - mean) * slope + offset, with g as above. dx may be dy. `stream` as in norm_forward. */
void RM_ISA(norm_backward)(size_t rows, size_t c, const float *x, const float *y, const uint16_t *words,
                           const float *dy, const float *mean, const float *scale, const float *shift, bool relu,
                           const float *slope, const float *offset, float *dx, bool stream) {
  source s = {x, y, dy, NULL, mean, scale, shift, words};
  int how = !relu ? NO_RELU : words ? FROM_WORDS : y ? FROM_Y : FROM_X;
  if (stream && how == NO_RELU) backward(rows, c, &s, slope, offset, dx, PAST_CACHES, NO_RELU);
  else if (stream && how == FROM_X) backward(rows, c, &s, slope, offset, dx, PAST_CACHES, FROM_X);
  else if (stream && how == FROM_WORDS) backward(rows, c, &s, slope, offset, dx, PAST_CACHES, FROM_WORDS);
  else if (how == NO_RELU) backward(rows, c, &s, slope, offset, dx, PLAIN, NO_RELU);
  else if (how == FROM_X) backward(rows, c, &s, slope, offset, dx, PLAIN, FROM_X);
  else if (how == FROM_WORDS) backward(rows, c, &s, slope, offset, dx, PLAIN, FROM_WORDS);
  else backward(rows, c, &s, slope, offset, dx, PLAIN, FROM_Y);
}
