/* conv_direct.c -- convolution straight from the images; kernels/direct_k.c has the loops.
 *
 * Everything is one form: output pixel (i, j) of a class reads input pixels
 * (i*step + a, j*step + b) for the (a, b) of the class's taps.
 *
 *   forward         one class, step = stride, (a, b) = tap * dilation - padding
 *   input gradient  output and input change places. Pixels of x whose coordinates leave the same
 *                   remainders by the stride form a class; they read dy with step 1, through
 *                   those taps that divide evenly
 *
 * A thread takes a band of rows of an image small enough for its second-level cache, copies the
 * input under it with the padding around it as zeros (unless nothing of it is padding), and hands
 * the kernel pointers to pixels. Taps that follow each other in memory are one run.
 *
 * The weight gradient reads the forward class, chunks of images adding up their own sums. */
#include <string.h>
#include "core/alloc.h"
#include "core/threads.h"
#include "kernels/kernels.h"
#include "ops/conv_method.h"

enum {
  MAX_TAPS = 64,
  MAX_CLASSES = 16,
  BAND_FLOATS = 48 * 1024, /* of input under a band */
  PIXELS = 192,            /* handed over at a time; a multiple of 6 and 8 */
  GRADIENT_FLOATS = 4096,  /* of dy at a time: half of the first-level cache */
  MAX_CHUNKS = 32,
  MIN_CHUNKS = 2,
  PARTS_FLOATS = 1024 * 1024
};

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

typedef struct {
  size_t taps;
  size_t tap[MAX_TAPS];                    /* r * S + s */
  ptrdiff_t a[MAX_TAPS], b[MAX_TAPS];      /* the pixel it reads, from (i*step, j*step) */
  size_t rows, cols, first_row, first_col; /* the class's output pixels */
  size_t runs, length;
  ptrdiff_t offsets[MAX_TAPS]; /* of the runs, from the pixel (i*step + lo) */
  float *packed;               /* weights, group by group */
} pixel_class;

typedef struct {
  size_t n, in_h, in_w, in_c, out_h, out_w, out_c, groups, in_cg, out_cg;
  size_t step_h, step_w, out_step_h, out_step_w;
  ptrdiff_t lo_h, hi_h, lo_w, hi_w; /* of a and b over all classes */
  size_t rows, cols;                /* of the largest class */
  size_t band, bands;               /* rows of a band, bands of an image */
  bool inside;                      /* no window reaches into the padding */
  size_t pitch;                     /* pixels in a row of what the kernel reads */
  size_t classes;
  pixel_class class[MAX_CLASSES];
  const float *in;
  rm_conv_finish finish;
  float *out;
  const float *dy; /* weight gradient */
  float *dw;
  size_t dy_pad, pixels; /* columns of dy in whole vectors; pixels at a time */
  size_t chunks, part;
} job;

static bool fits(const rm_conv_shape *s) {
  return s->r * s->s <= MAX_TAPS && s->stride_h * s->stride_w <= MAX_CLASSES;
}

/* Many thin groups leave the vectors empty, but im2col does no better there. */
static bool pays(const rm_conv_shape *s) {
  (void)s;
  return true;
}

/* --- classes -------------------------------------------------------------------------- */
static void forward_class(const rm_conv_shape *s, pixel_class *c) {
  *c = (pixel_class){.rows = s->oh, .cols = s->ow};
  for (size_t r = 0; r < s->r; r++)
    for (size_t t = 0; t < s->s; t++, c->taps++) {
      c->tap[c->taps] = r * s->s + t;
      c->a[c->taps] = (ptrdiff_t)(r * s->dil_h) - (ptrdiff_t)s->pad_h;
      c->b[c->taps] = (ptrdiff_t)(t * s->dil_w) - (ptrdiff_t)s->pad_w;
    }
}

/* If pixel p of x is read by tap t of some output: that output, from p / stride. */
static bool divides(size_t p, size_t pad, size_t t, size_t dilation, size_t stride, ptrdiff_t *output) {
  ptrdiff_t distance = (ptrdiff_t)(p + pad) - (ptrdiff_t)(t * dilation);
  *output = distance / (ptrdiff_t)stride;
  return distance % (ptrdiff_t)stride == 0;
}

/* Pixels (row + i*stride, col + j*stride) of x. Taps from last to first: their places ascend. */
static void gradient_class(const rm_conv_shape *s, size_t row, size_t col, pixel_class *c) {
  *c = (pixel_class){.first_row = row,
                     .first_col = col,
                     .rows = row < s->h ? (s->h - row - 1) / s->stride_h + 1 : 0,
                     .cols = col < s->w ? (s->w - col - 1) / s->stride_w + 1 : 0};
  for (size_t r = s->r; r-- > 0;)
    for (size_t t = s->s; t-- > 0;) {
      ptrdiff_t a, b;
      if (!divides(row, s->pad_h, r, s->dil_h, s->stride_h, &a)) continue;
      if (!divides(col, s->pad_w, t, s->dil_w, s->stride_w, &b)) continue;
      c->tap[c->taps] = r * s->s + t;
      c->a[c->taps] = a;
      c->b[c->taps++] = b;
    }
}

/* Taps that lie one behind the other become one run, where all runs get the same length. */
static void find_runs(const job *q, pixel_class *c) {
  for (size_t t = 0; t < c->taps; t++)
    c->offsets[t] =
        ((c->a[t] - q->lo_h) * (ptrdiff_t)q->pitch + c->b[t] - q->lo_w) * (ptrdiff_t)q->in_c;
  c->runs = c->taps;
  c->length = q->in_cg;
  size_t each = 1;
  while (each < c->taps && c->offsets[each] == c->offsets[0] + (ptrdiff_t)(each * c->length)) each++;
  if (c->taps == 0 || c->taps % each != 0) return;
  for (size_t t = 0; t < c->taps; t++)
    if (c->offsets[t] != c->offsets[t / each * each] + (ptrdiff_t)(t % each * c->length)) return;
  for (size_t r = 0; r < c->taps / each; r++) c->offsets[r] = c->offsets[r * each];
  c->runs = c->taps / each;
  c->length *= each;
}

/* Extents over all classes, bands, runs. */
static void plan(job *q) {
  bool any = false;
  for (size_t i = 0; i < q->classes; i++) {
    pixel_class *c = &q->class[i];
    q->rows = larger(q->rows, c->rows);
    q->cols = larger(q->cols, c->cols);
    for (size_t t = 0; t < c->taps; t++, any = true) {
      q->lo_h = !any || c->a[t] < q->lo_h ? c->a[t] : q->lo_h;
      q->hi_h = !any || c->a[t] > q->hi_h ? c->a[t] : q->hi_h;
      q->lo_w = !any || c->b[t] < q->lo_w ? c->b[t] : q->lo_w;
      q->hi_w = !any || c->b[t] > q->hi_w ? c->b[t] : q->hi_w;
    }
  }
  ptrdiff_t last_h = (ptrdiff_t)((q->rows - 1) * q->step_h) + q->hi_h;
  ptrdiff_t last_w = (ptrdiff_t)((q->cols - 1) * q->step_w) + q->hi_w;
  q->inside =
      q->lo_h >= 0 && q->lo_w >= 0 && last_h < (ptrdiff_t)q->in_h && last_w < (ptrdiff_t)q->in_w;
  q->pitch = q->inside ? q->in_w : (size_t)(last_w - q->lo_w + 1);
  size_t row = q->pitch * q->in_c * q->step_h;
  q->band = smaller(q->rows, larger(BAND_FLOATS / row, 1));
  q->bands = (q->rows + q->band - 1) / q->band;
  for (size_t i = 0; i < q->classes; i++) find_runs(q, &q->class[i]);
}

/* Rows of input under `rows` rows of output. */
static size_t rows_under(const job *q, size_t rows) {
  return (rows - 1) * q->step_h + (size_t)(q->hi_h - q->lo_h) + 1;
}

static size_t band_bytes(const job *q) {
  return q->inside ? 0 : rows_under(q, q->band) * q->pitch * q->in_c * sizeof(float);
}

/* --- the input of a band ----------------------------------------------------------------- */
static void copy_row(const job *q, const float *image, ptrdiff_t h, float *to) {
  size_t left = q->lo_w < 0 ? smaller((size_t)-q->lo_w, q->pitch) : 0,
         from = q->lo_w > 0 ? (size_t)q->lo_w : 0;
  size_t width = from < q->in_w ? smaller(q->in_w - from, q->pitch - left) : 0;
  if (h < 0 || h >= (ptrdiff_t)q->in_h) {
    memset(to, 0, q->pitch * q->in_c * sizeof(float));
    return;
  }
  memset(to, 0, left * q->in_c * sizeof(float));
  memcpy(to + left * q->in_c, image + ((size_t)h * q->in_w + from) * q->in_c,
         width * q->in_c * sizeof(float));
  memset(to + (left + width) * q->in_c, 0, (q->pitch - left - width) * q->in_c * sizeof(float));
}

/* What the first pixel of the band reads at (lo_h, lo_w). */
static const float *band_input(const job *q, size_t image, size_t first, size_t rows) {
  const float *in = q->in + image * q->in_h * q->in_w * q->in_c;
  ptrdiff_t h = (ptrdiff_t)(first * q->step_h) + q->lo_h;
  if (q->inside) return in + ((size_t)h * q->in_w + (size_t)q->lo_w) * q->in_c;
  float *copy = rm_scratch(0, band_bytes(q));
  for (size_t i = 0; i < rows_under(q, rows); i++)
    copy_row(q, in, h + (ptrdiff_t)i, copy + i * q->pitch * q->in_c);
  return copy;
}

/* --- forward and input gradient ----------------------------------------------------------- */
/* Pixels begin .. begin+count-1 of a band of the class, for all groups. */
static void class_pixels(const job *q, const pixel_class *c, const float *in, float *out, size_t begin,
                         size_t count) {
  const rm_kernels *kernels = rm_kernel_table();
  const float *from[PIXELS];
  float *to[PIXELS];
  size_t packed = kernels->direct_packed(c->runs * c->length, q->out_cg);
  for (size_t g = 0; g < q->groups; g++) {
    size_t i = begin / c->cols, j = begin % c->cols;
    for (size_t p = 0; p < count; p++, j + 1 < c->cols ? j++ : (i++, j = 0)) {
      from[p] = in + (i * q->step_h * q->pitch + j * q->step_w) * q->in_c + g * q->in_cg;
      to[p] = out + (i * q->out_step_h * q->out_w + j * q->out_step_w) * q->out_c + g * q->out_cg;
    }
    rm_conv_finish finish = q->finish;
    if (finish.bias) finish.bias += g * q->out_cg;
    kernels->direct_forward(count, from, to, c->runs, c->offsets, c->length, c->packed + g * packed,
                            q->out_cg, &finish, q->out);
  }
}

static void convolve_bands(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  for (size_t band = begin; band < end; band++) {
    size_t image = band / q->bands, first = band % q->bands * q->band;
    const float *in = band_input(q, image, first, smaller(q->band, q->rows - first));
    for (size_t i = 0; i < q->classes; i++) {
      const pixel_class *c = &q->class[i];
      size_t rows = c->rows > first ? smaller(q->band, c->rows - first) : 0, pixels = rows * c->cols;
      size_t row = image * q->out_h + c->first_row + first * q->out_step_h;
      float *out = q->out + (row * q->out_w + c->first_col) * q->out_c;
      for (size_t p = 0; p < pixels; p += PIXELS)
        class_pixels(q, c, in, out, p, smaller(PIXELS, pixels - p));
    }
  }
}

/* --- weights ------------------------------------------------------------------------------ */
typedef struct {
  const rm_conv_shape *s;
  const job *q;
  const float *w;
  bool backward;
} packing;

/* Rows of all groups' matrices of all classes, counted through: (class, group, tap, input channel). */
static void pack_rows(void *ctx, size_t begin, size_t end) {
  const packing *p = ctx;
  const rm_conv_shape *s = p->s;
  size_t size = s->r * s->s, first = 0;
  for (size_t i = 0; i < p->q->classes; i++) {
    const pixel_class *c = &p->q->class[i];
    size_t depth = c->taps * p->q->in_cg, rows = depth * s->groups;
    size_t packed = rm_kernel_table()->direct_packed(depth, p->q->out_cg);
    for (size_t row = begin > first ? begin - first : 0; row < rows && first + row < end; row++) {
      size_t g = row / depth, d = row % depth, tap = c->tap[d / p->q->in_cg], channel = d % p->q->in_cg;
      const float *w = p->w + g * s->kg * s->cg * size + tap;
      rm_kernel_table()->direct_pack(d, p->q->out_cg, w + channel * (p->backward ? s->cg * size : size),
                                     p->backward ? size : s->cg * size, depth, c->packed + g * packed);
    }
    first += rows;
  }
}

static size_t packed_floats(const job *q, const pixel_class *c) {
  return q->groups * rm_kernel_table()->direct_packed(c->taps * q->in_cg, q->out_cg);
}

static rm_status convolve(job *q, const rm_conv_shape *s, const float *w, bool backward,
                          rm_error *err) {
  size_t floats = 0, rows = 0;
  float *packed;
  RM_TRY(rm_scratch_reserve(0, band_bytes(q) + 64, err));
  for (size_t i = 0; i < q->classes; i++) floats += packed_floats(q, &q->class[i]);
  RM_TRY(rm_conv_alloc(floats, &packed, err));
  for (size_t i = 0, at = 0; i < q->classes; i++) {
    q->class[i].packed = packed + at;
    at += packed_floats(q, &q->class[i]);
    rows += q->class[i].taps * q->in_cg * q->groups;
  }
  rm_parallel(rows, 64, pack_rows, &(packing){s, q, w, backward});
  rm_parallel(q->n * q->bands, 1, convolve_bands, q);
  rm_conv_free(packed, floats);
  return RM_OK;
}

static void forward_job(const rm_conv_shape *s, job *q) {
  *q = (job){.n = s->n,
             .in_h = s->h,
             .in_w = s->w,
             .in_c = s->c,
             .out_h = s->oh,
             .out_w = s->ow,
             .out_c = s->k,
             .groups = s->groups,
             .in_cg = s->cg,
             .out_cg = s->kg,
             .step_h = s->stride_h,
             .step_w = s->stride_w,
             .out_step_h = 1,
             .out_step_w = 1,
             .classes = 1};
  forward_class(s, &q->class[0]);
  plan(q);
}

static rm_status forward(const rm_conv_shape *s, const float *x, const float *w, const rm_conv_finish *finish,
                         float *y, rm_error *err) {
  job q;
  forward_job(s, &q);
  q.in = x;
  q.finish = *finish;
  q.out = y;
  return convolve(&q, s, w, false, err);
}

static rm_status input_gradient(const rm_conv_shape *s, const float *dy, const float *w, float *dx,
                                rm_error *err) {
  job q = {.n = s->n,
           .in_h = s->oh,
           .in_w = s->ow,
           .in_c = s->k,
           .out_h = s->h,
           .out_w = s->w,
           .out_c = s->c,
           .groups = s->groups,
           .in_cg = s->kg,
           .out_cg = s->cg,
           .step_h = 1,
           .step_w = 1,
           .out_step_h = s->stride_h,
           .out_step_w = s->stride_w,
           .in = dy,
           .out = dx};
  for (size_t row = 0; row < s->stride_h; row++)
    for (size_t col = 0; col < s->stride_w; col++) gradient_class(s, row, col, &q.class[q.classes++]);
  plan(&q);
  return convolve(&q, s, w, true, err);
}

/* --- weight gradient ------------------------------------------------------------------------ */
static void add_band(const job *q, size_t image, size_t first, float *dw) {
  const rm_kernels *kernels = rm_kernel_table();
  const pixel_class *c = &q->class[0];
  size_t rows = smaller(q->band, q->rows - first), pixels = rows * q->cols;
  const float *in = band_input(q, image, first, rows), *from[PIXELS];
  const float *dy = q->dy + (image * q->rows + first) * q->cols * q->out_c;
  float *packed = rm_scratch(1, q->pixels * q->dy_pad * sizeof(float));
  for (size_t begin = 0; begin < pixels; begin += q->pixels)
    for (size_t g = 0; g < q->groups; g++) {
      size_t count = smaller(q->pixels, pixels - begin), i = begin / q->cols, j = begin % q->cols;
      for (size_t p = 0; p < count; p++, j + 1 < q->cols ? j++ : (i++, j = 0))
        from[p] = in + (i * q->step_h * q->pitch + j * q->step_w) * q->in_c + g * q->in_cg;
      kernels->direct_pack_gradient(count, q->out_cg, dy + begin * q->out_c + g * q->out_cg, q->out_c,
                                    packed);
      kernels->direct_weights(count, from, packed, c->runs, c->offsets, c->length, q->dy_pad,
                              dw + g * c->taps * q->in_cg * q->dy_pad);
    }
}

static void add_chunks(void *ctx, size_t begin, size_t end) {
  const job *q = ctx;
  for (size_t chunk = begin; chunk < end; chunk++) {
    float *dw = q->dw + chunk * q->part;
    memset(dw, 0, q->part * sizeof(float));
    for (size_t band = chunk * q->n * q->bands / q->chunks;
         band < (chunk + 1) * q->n * q->bands / q->chunks; band++)
      add_band(q, band / q->bands, band % q->bands * q->band, dw);
  }
}

typedef struct {
  const job *q;
  size_t taps;
  float *to;
} unpacking;

/* Blocks of 16 output channels (of each group): their sums in the order of the weights. Reading
 * 16 at a time and writing 16 rows side by side, neither side leaves the first-level cache. */
static void unpack(void *ctx, size_t begin, size_t end) {
  const unpacking *u = ctx;
  const job *q = u->q;
  size_t blocks = (q->out_cg + 15) / 16, row = q->in_cg * u->taps;
  for (size_t i = begin; i < end; i++) {
    size_t g = i / blocks, k0 = i % blocks * 16, k1 = smaller(k0 + 16, q->out_cg);
    for (size_t c = 0; c < q->in_cg; c++)
      for (size_t t = 0; t < u->taps; t++) {
        const float *from = q->dw + ((g * u->taps + t) * q->in_cg + c) * q->dy_pad;
        float *to = u->to + g * q->out_cg * row + c * u->taps + t;
        for (size_t k = k0; k < k1; k++) to[k * row] = from[k];
      }
  }
}

/* Where x itself is the matrix and the weights outgrow the cache, OpenBLAS's blocking is better. */
static bool is_large_product(const rm_conv_shape *s) {
  return s->r * s->s == 1 && s->stride_h * s->stride_w == 1 && s->pad_h + s->pad_w == 0 &&
         s->cg * s->kg > 64 * 1024;
}

static rm_status weight_gradient(const rm_conv_shape *s, const float *x, const float *dy, float *dw,
                                 rm_error *err) {
  if (is_large_product(s)) return rm_conv_im2col.weight_gradient(s, x, dy, dw, err);
  job q;
  float *parts;
  forward_job(s, &q);
  q.in = x;
  q.dy = dy;
  q.dy_pad = rm_kernel_table()->direct_packed(1, s->kg);
  q.pixels = smaller(larger(GRADIENT_FLOATS / q.dy_pad, 32), PIXELS);
  q.part = s->groups * s->r * s->s * s->cg * q.dy_pad;
  q.chunks = smaller(larger(smaller(PARTS_FLOATS / q.part, MAX_CHUNKS), MIN_CHUNKS), q.n * q.bands);
  RM_TRY(rm_scratch_reserve(0, band_bytes(&q) + 64, err));
  RM_TRY(rm_scratch_reserve(1, q.pixels * q.dy_pad * sizeof(float), err));
  RM_TRY(rm_conv_alloc(q.chunks * q.part, &parts, err));
  q.dw = parts;
  rm_parallel(q.chunks, 1, add_chunks, &q);
  rm_conv_sum_parts(q.part, q.chunks, q.part, parts, parts);
  rm_parallel(s->groups * ((s->kg + 15) / 16), 1, unpack, &(unpacking){&q, s->r * s->s, dw});
  rm_conv_free(parts, q.chunks * q.part);
  return RM_OK;
}

const rm_conv_method rm_conv_direct = {"direct", fits, pays, forward, input_gradient, weight_gradient};
